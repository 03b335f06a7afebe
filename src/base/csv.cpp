#include "windrow/base/csv.hpp"

#include "windrow/error.hpp"

namespace windrow::csv {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace

std::string field(std::string_view text) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  const bool may_be_lost = !text.empty() && (text.front() == '#' || is_blank(text.front()) || is_blank(text.back()) ||
                                             text.starts_with(kByteOrderMark));
  if (!may_be_lost && text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
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

Reader::Reader(std::istream& in, std::string name, Dialect dialect)
    : in_(in), name_(std::move(name)), dialect_(dialect) {}

bool Reader::read_line(std::string& text) {
  if (!std::getline(in_, text)) {
    if (in_.bad()) throw SpecError(name_ + ": cannot be read");
    return false;
  }
  ++line_;
  if (line_ == 1 && text.starts_with(kByteOrderMark)) text.erase(0, kByteOrderMark.size());
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

bool Reader::is_blank(char c) const {
  return (c == ' ' || c == '\t') && (c != dialect_.separator || c == ' ');
}

void Reader::skip_blanks(const std::string& text, std::size_t& position) const {
  if (!dialect_.trims && dialect_.separator != ' ') return;
  while (position < text.size() && is_blank(text[position])) ++position;
}

bool Reader::next(std::vector<std::string>& fields) {
  fields.clear();
  quoted_.clear();
  is_comment_ = false;
  std::string text;
  std::size_t begin = 0;
  do {
    if (!read_line(text)) return false;
    begin = 0;
    skip_blanks(text, begin);
  } while (begin == text.size() || (begin + 1 == text.size() && text[begin] == '\r'));
  record_line_ = line_;
  if (dialect_.comment != '\0' && text[begin] == dialect_.comment) {
    if (text.back() == '\r') text.pop_back();
    is_comment_ = true;
    fields.push_back(std::move(text));
    quoted_.push_back(false);
    return true;
  }
  read_fields(text, fields);
  return true;
}

void Reader::read_fields(std::string& text, std::vector<std::string>& fields) {
  const bool by_blanks = dialect_.separator == ' ';
  const auto at_end = [&](std::size_t i) { return i == text.size() || (i + 1 == text.size() && text[i] == '\r'); };
  const auto at_separator = [&](std::size_t i) {
    return by_blanks ? is_blank(text[i]) : text[i] == dialect_.separator;
  };
  std::size_t position = 0;
  while (true) {
    skip_blanks(text, position);
    if (by_blanks && at_end(position)) return;
    std::string& field = fields.emplace_back();
    const bool quoted = position < text.size() && text[position] == '"';
    quoted_.push_back(quoted);
    if (quoted) {
      position = read_quoted(text, position, field);
      if (!by_blanks) skip_blanks(text, position);
      if (!at_end(position) && !at_separator(position)) fail(line_, "text follows a closed quote");
    } else {
      const std::size_t begin = position;
      while (!at_end(position) && !at_separator(position)) ++position;
      std::size_t end = position;
      while (dialect_.trims && end > begin && is_blank(text[end - 1])) --end;
      field.assign(text, begin, end - begin);
    }
    if (at_end(position)) return;
    ++position;
  }
}

void Reader::fail(std::size_t line, const std::string& message) const {
  throw SpecError(name_ + ":" + std::to_string(line) + ": " + message);
}

}  // namespace windrow::csv
