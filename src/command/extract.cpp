#include "extract.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/regex.hpp>
#include <cctype>
#include <cmath>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "excerpt.hpp"
#include "windrow/arrays/npy.hpp"
#include "windrow/base/csv.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {

namespace fs = std::filesystem;
using nlohmann::json;

namespace {

constexpr std::size_t shown_lines = 3;
constexpr double exact_integers = 9007199254740992.0;  // 2^53: beyond, a double no longer tells integers apart

const std::vector<std::string>& type_names() {
  static const std::vector<std::string> names = {"number", "integer", "boolean", "string"};
  return names;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n\f\v");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n\f\v") - first + 1);
}

std::string lower_case(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

std::optional<Value> integer_of(double number) {
  if (std::floor(number) != number || std::abs(number) > exact_integers) return {};
  return Value(static_cast<std::int64_t>(number));
}

std::optional<double> number_of(std::string_view text) {
  if (const auto number = text::parse_double(text)) return number;
  std::string fortran = lower_case(text);  // 1.0D+03
  const std::size_t exponent = fortran.find('d');
  if (exponent == std::string::npos || fortran.find('e') != std::string::npos) return {};
  fortran[exponent] = 'e';
  return text::parse_double(fortran);
}

std::optional<Value> boolean_of(std::string_view text) {
  const std::string word = lower_case(text);
  for (const char* yes : {"true", "yes", "on", "1", "t", ".true."}) {
    if (word == yes) return Value(true);
  }
  for (const char* no : {"false", "no", "off", "0", "f", ".false."}) {
    if (word == no) return Value(false);
  }
  return {};
}

std::optional<Value> value_of_json(const json& node, const std::string& type) {
  if (type == "string") return node.is_string() ? std::optional<Value>(node.get<std::string>()) : std::nullopt;
  if (type == "boolean") return node.is_boolean() ? std::optional<Value>(node.get<bool>()) : std::nullopt;
  if (!node.is_number()) return {};
  if (type == "number") return Value(node.get<double>());
  if (node.is_number_float()) return integer_of(node.get<double>());
  if (node.is_number_unsigned() && node.get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX)) return {};
  return Value(node.get<std::int64_t>());
}

std::ifstream open_file(const fs::path& path) {
  std::error_code error;
  if (!fs::exists(path, error)) throw BadOutput(fmt::format("there is no file {}", path.string()));
  if (!fs::is_regular_file(path, error)) throw BadOutput(fmt::format("{} is no regular file", path.string()));
  std::ifstream in(path, std::ios::binary);
  if (!in) throw BadOutput(fmt::format("{} cannot be read", path.string()));
  return in;
}

std::string read_file(const fs::path& path) {
  std::ifstream in = open_file(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string what_is_there(const fs::path& path) {
  const std::string lines = last_lines(path, shown_lines);
  return lines.empty() ? "; the file is empty" : "; the file ends:" + lines;
}

Value checked(const std::string& text, const OutputSpec& spec, const fs::path& path) {
  if (auto value = value_of_type(text, spec.type)) return *std::move(value);
  throw BadOutput(fmt::format("{} in {} is not of the type {}{}", in_quotes(made_visible(text.substr(0, 100))),
                              path.string(), spec.type, what_is_there(path)));
}

/// The text of the last match that is not empty (`.*` matches nothing at the end of every text): of the first group
/// that took part, or of all of it.
std::optional<std::string> last_match(const boost::regex& pattern, const std::string& content) {
  boost::smatch last;
  const boost::sregex_iterator end;
  for (boost::sregex_iterator match(content.begin(), content.end(), pattern); match != end; ++match) {
    if (last.empty() || match->length() > 0) last = *match;
  }
  if (last.empty()) return {};
  for (std::size_t group = 1; group < last.size(); ++group) {
    if (last[static_cast<int>(group)].matched) return last.str(static_cast<int>(group));
  }
  return last.str();
}

Value extract_regex(const RegexSource& source, const boost::regex& pattern, const OutputSpec& spec,
                    const fs::path& path) {
  const std::string content = read_file(path);
  std::optional<std::string> text;
  try {
    text = last_match(pattern, content);
  } catch (const std::runtime_error& error) {  // the pattern needs too many steps on this text
    throw BadOutput(
        fmt::format("the regular expression `{}` gave up on {}: {}", source.pattern, path.string(), error.what()));
  }
  if (!text) {
    throw BadOutput(fmt::format("the regular expression `{}` matches nothing in {}{}", source.pattern, path.string(),
                                what_is_there(path)));
  }
  return checked(*text, spec, path);
}

json read_json(const fs::path& path) {
  std::ifstream in = open_file(path);
  try {
    return json::parse(in);
  } catch (const json::exception& error) {
    throw BadOutput(
        fmt::format("{} is no valid JSON: {}{}", path.string(), made_visible(error.what()), what_is_there(path)));
  }
}

Value extract_json(const JsonSource& source, const json::json_pointer& pointer, const OutputSpec& spec,
                   const fs::path& path) {
  const json document = read_json(path);
  try {
    const json& node = document.at(pointer);
    if (auto value = value_of_json(node, spec.type)) return *std::move(value);
    throw BadOutput(fmt::format("{} at {} in {} is not of the type {}", made_visible(node.dump().substr(0, 100)),
                                in_quotes(source.pointer), path.string(), spec.type));
  } catch (const json::exception&) {
    throw BadOutput(
        fmt::format("there is nothing at {} in {}{}", in_quotes(source.pointer), path.string(), what_is_there(path)));
  }
}

std::size_t find_column(const std::vector<std::string>& header, const CsvSource& source, const fs::path& path) {
  const auto is_wanted = [&source](const std::string& name) { return trimmed(name) == source.column; };
  const auto found = std::find_if(header.begin(), header.end(), is_wanted);
  if (found != header.end()) return static_cast<std::size_t>(found - header.begin());
  throw BadOutput(fmt::format("there is no column `{}` in {}{}", source.column, path.string(),
                              made_visible(text::suggestion(source.column, header))));
}

Value extract_csv(const CsvSource& source, const OutputSpec& spec, const fs::path& path) {
  std::ifstream in = open_file(path);
  csv::Reader reader(in, path.string());
  std::vector<std::string> fields;
  try {
    if (!reader.next(fields)) throw BadOutput(fmt::format("{} is empty", path.string()));
    const std::size_t column = find_column(fields, source, path);
    std::optional<std::string> text;
    std::uint64_t rows = 0;
    while (!(source.row && rows > *source.row) && reader.next(fields)) {
      if (!source.row || rows == *source.row) {
        if (fields.size() <= column) {
          throw BadOutput(
              fmt::format("{}:{}: the row ends before column `{}`", path.string(), reader.line(), source.column));
        }
        text = fields[column];
      }
      ++rows;
    }
    if (text) return checked(*text, spec, path);
    throw BadOutput(source.row ? fmt::format("there is no row {} in {}: it has {}", *source.row, path.string(), rows)
                               : fmt::format("there is no row below the header in {}", path.string()));
  } catch (const SpecError& error) {
    throw BadOutput(made_visible(error.what()));
  }
}

Value extract_array(const fs::path& path) {
  try {
    return path.extension() == ".npy" ? npy::read(path) : npy::read_text(path);
  } catch (const SpecError& error) {
    throw BadOutput(made_visible(error.what()));
  }
}

boost::regex compile(const std::string& pattern) {
  try {
    // `^` and `$` match at lines, and `.` stops at their ends, as users of line-oriented output expect.
    return boost::regex(pattern, boost::regex::perl | boost::regex::no_mod_s);
  } catch (const boost::regex_error& error) {
    throw SpecError(fmt::format("the regular expression `{}` is invalid: {}", pattern, error.what()));
  }
}

json::json_pointer compile_pointer(const std::string& pointer) {
  try {
    return json::json_pointer(pointer);
  } catch (const json::exception&) {
    throw SpecError(
        fmt::format("{} is no JSON pointer: it is a list of names and indices, each after a slash, such as "
                    "\"/results/0/mass\"",
                    in_quotes(pointer)));
  }
}

}  // namespace

std::optional<Value> value_of_type(std::string_view text, const std::string& type) {
  if (type == "string") return Value(std::string(text));
  text = trimmed(text);
  if (type == "boolean") return boolean_of(text);
  if (type == "integer") {
    if (const auto integer = text::parse_integer(text)) return Value(*integer);
  }
  const auto number = number_of(text);
  if (!number) return {};
  return type == "integer" ? integer_of(*number) : Value(*number);
}

struct Extractor::Impl {
  OutputSpec spec;
  boost::regex pattern;
  json::json_pointer pointer;

  const std::string& file() const {
    return std::visit([](const auto& source) -> const std::string& { return source.file; }, spec.source);
  }
};

Extractor::Extractor(const OutputSpec& spec) : impl_(std::make_unique<Impl>()) {
  impl_->spec = spec;
  try {
    const bool is_array = std::holds_alternative<ArraySource>(spec.source);
    if (is_array != (spec.type == "array"))
      throw SpecError("the type `array` goes with an array's file, and only with it");
    if (!is_array && std::find(type_names().begin(), type_names().end(), spec.type) == type_names().end()) {
      throw SpecError(fmt::format("unknown type `{}`{}", spec.type, text::suggestion(spec.type, type_names())));
    }
    if (impl_->file().empty()) throw SpecError("no file to find it in");
    if (const auto* regex = std::get_if<RegexSource>(&spec.source)) impl_->pattern = compile(regex->pattern);
    if (const auto* node = std::get_if<JsonSource>(&spec.source)) impl_->pointer = compile_pointer(node->pointer);
  } catch (const SpecError& error) {
    throw SpecError(fmt::format("output `{}`: {}", spec.name, error.what()));
  }
}

Extractor::~Extractor() = default;
Extractor::Extractor(Extractor&&) noexcept = default;

Value Extractor::extract(const fs::path& directory) const {
  const OutputSpec& spec = impl_->spec;
  const fs::path path = directory / impl_->file();
  try {
    if (const auto* regex = std::get_if<RegexSource>(&spec.source)) {
      return extract_regex(*regex, impl_->pattern, spec, path);
    }
    if (const auto* node = std::get_if<JsonSource>(&spec.source))
      return extract_json(*node, impl_->pointer, spec, path);
    if (std::holds_alternative<ArraySource>(spec.source)) return extract_array(path);
    return extract_csv(std::get<CsvSource>(spec.source), spec, path);
  } catch (const BadOutput& error) {
    throw BadOutput(fmt::format("output `{}`: {}", spec.name, error.what()));
  }
}

std::optional<fs::path> Extractor::array_file(const fs::path& directory) const {
  if (!std::holds_alternative<ArraySource>(impl_->spec.source)) return std::nullopt;
  const fs::path path = directory / impl_->file();
  if (path.extension() != ".npy") return std::nullopt;
  try {
    npy::read_header(path);
  } catch (const SpecError& error) {
    throw BadOutput(fmt::format("output `{}`: {}", impl_->spec.name, made_visible(error.what())));
  }
  return path;
}

std::string Extractor::definition() const {
  const OutputSpec& spec = impl_->spec;
  if (const auto* array = std::get_if<ArraySource>(&spec.source))
    return fmt::format("array({})", in_quotes(array->file));
  if (const auto* regex = std::get_if<RegexSource>(&spec.source)) {
    return fmt::format("{} regex({}, {})", spec.type, in_quotes(regex->file), in_quotes(regex->pattern));
  }
  if (const auto* node = std::get_if<JsonSource>(&spec.source)) {
    return fmt::format("{} json({}, {})", spec.type, in_quotes(node->file), in_quotes(node->pointer));
  }
  const auto& table = std::get<CsvSource>(spec.source);
  return fmt::format("{} csv({}, {}, {})", spec.type, in_quotes(table.file), in_quotes(table.column),
                     table.row ? std::to_string(*table.row) : "last");
}

}  // namespace windrow::detail
