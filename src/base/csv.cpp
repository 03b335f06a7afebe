#include "windrow/base/csv.hpp"

#include "windrow/error.hpp"

namespace windrow::csv {

std::string field(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

void write_record(std::ostream& out, const std::vector<std::string>& fields) {
  if (fields.size() == 1 && fields[0].empty()) {
    out << "\"\"\n";  // an empty line would read as no record at all
    return;
  }
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) out << ',';
    out << field(fields[i]);
  }
  out << '\n';
}

Reader::Reader(std::istream& in, std::string name) : in_(in), name_(std::move(name)) {}

bool Reader::read_line(std::string& text) {
  if (!std::getline(in_, text)) {
    if (in_.bad()) throw SpecError(name_ + ": cannot be read");
    return false;
  }
  ++line_;
  if (line_ == 1 && text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  return true;
}

/// Reads the quoted field that begins at text[position]; returns the position behind its closing quote.
std::size_t Reader::read_quoted(std::string& text, std::size_t position, std::string& field) {
  const std::size_t first_line = line_;
  ++position;
  while (true) {
    const std::size_t quote = text.find('"', position);
    field.append(text, position, quote == std::string::npos ? quote : quote - position);
    if (quote == std::string::npos) {
      if (!read_line(text)) fail(first_line, "a quoted field is not closed");
      field += '\n';
      position = 0;
    } else if (quote + 1 < text.size() && text[quote + 1] == '"') {
      field += '"';
      position = quote + 2;
    } else {
      return quote + 1;
    }
  }
}

bool Reader::next(std::vector<std::string>& fields) {
  fields.clear();
  quoted_.clear();
  std::string text;
  do {
    if (!read_line(text)) return false;
  } while (text.empty() || text == "\r");
  record_line_ = line_;

  const auto at_end = [&](std::size_t i) { return i == text.size() || (i + 1 == text.size() && text[i] == '\r'); };
  std::size_t position = 0;
  while (true) {
    std::string& field = fields.emplace_back();
    quoted_.push_back(position < text.size() && text[position] == '"');
    if (quoted_.back()) {
      position = read_quoted(text, position, field);
      if (!at_end(position) && text[position] != ',') fail(line_, "text follows a closed quote");
    } else {
      const std::size_t begin = position;
      while (!at_end(position) && text[position] != ',') ++position;
      field.assign(text, begin, position - begin);
    }
    if (at_end(position)) return true;
    ++position;
  }
}

void Reader::fail(std::size_t line, const std::string& message) const {
  throw SpecError(name_ + ":" + std::to_string(line) + ": " + message);
}

}  // namespace windrow::csv
