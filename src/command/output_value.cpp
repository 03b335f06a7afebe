#include "output_value.hpp"

#include <cctype>
#include <cmath>
#include <limits>
#include <vector>

#include "windrow/base/number.hpp"

namespace windrow::detail {
namespace {

std::string_view without_blanks(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n\f\v";
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::optional<Value> boolean_in(std::string_view text) {
  std::string word(text);
  for (char& c : word) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (const char* yes : {"true", "yes", "on", "1", "t", ".true."}) {
    if (word == yes) return Value(true);
  }
  for (const char* no : {"false", "no", "off", "0", "f", ".false."}) {
    if (word == no) return Value(false);
  }
  return {};
}

std::optional<Value> number_in(std::string_view text) {
  const auto number = text::parse_number(text);
  if (!number) return {};
  constexpr double exact_integers = 0x1p53;
  if (!(std::abs(*number) >= exact_integers) || !text::is_whole_number(text)) return Value(*number);
  if (const auto whole = text::parse_whole(text)) return Value(*whole);
  return text::loses_digits(text) ? std::nullopt : std::optional<Value>(*number);
}

}  // namespace

const std::vector<std::string>& names_of_output_types() {
  static const std::vector<std::string> names = {"number", "integer", "boolean", "string"};
  return names;
}

std::optional<Value> value_of_type(std::string_view text, const std::string& type) {
  if (type == "string") return Value(std::string(text));
  text = without_blanks(text);
  if (type == "boolean") return boolean_in(text);
  if (type == "number") return number_in(text);
  const auto whole = text::parse_whole(text);
  return whole ? std::optional<Value>(*whole) : std::nullopt;
}

std::optional<Value> value_of_type(const JsonNode& node, const std::string& type) {
  if (node.kind == JsonNode::Kind::list || node.kind == JsonNode::Kind::object) return {};
  const bool is_text = node.kind == JsonNode::Kind::text;
  if (!is_text || type == "string" || type == "boolean") return value_of_type(node.text, type);
  // Who has no NaN in his numbers writes "NaN".
  const auto number = value_of_type(node.text, type);
  return number && type == "number" && !std::isfinite(number->number()) ? number : std::nullopt;
}

std::string why_not_of_type(std::string_view text, const std::string& type) {
  text = without_blanks(text);
  if (type != "number" && type != "integer") return {};
  if (text::loses_digits(text)) {
    return type == "number" ? "; it has more digits than a number keeps: with the type string, all of them stay"
                            : "; it is beyond the 64 bits of an integer: with the type string, all of its digits stay";
  }
  const bool overflowed = !text.empty() && text.find_first_not_of('*') == std::string_view::npos;
  if (overflowed) return "; the program's format has no room for the number";
  const bool is_numeral = !text.empty() && text.find_first_not_of("+-.0123456789eEdD") == std::string_view::npos &&
                          text.find_first_of("eEdD") != std::string_view::npos &&
                          text.find_first_of("0123456789") != std::string_view::npos;
  if (type == "number" && is_numeral) return "; if it is one, it is too large";
  return {};
}

Value missing_value() {
  return std::numeric_limits<double>::quiet_NaN();
}

bool is_missing_value(const Value& value) {
  return value.is_number() && std::isnan(value.number());
}

}  // namespace windrow::detail
