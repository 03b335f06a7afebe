// Keys of methods whose values are texts.
#include <fmt/format.h>

#include <algorithm>

#include "c/handles.hpp"
#include "windrow/base/text.hpp"

namespace windrow::detail {
namespace {

[[noreturn]] void wrong_text(const MethodKey& key, const std::string& value, std::string_view form) {
  throw SpecError(fmt::format("option `{}`: `{}` is not {}", key.name, value, form));
}

std::uint64_t count_in(const MethodKey& key, const std::string& value, const std::string& text) {
  const auto count = text::parse_integer(text);
  if (!count || *count < static_cast<std::int64_t>(key.least)) {
    wrong_text(key, value, fmt::format("a whole number from {}", key.least));
  }
  return static_cast<std::uint64_t>(*count);
}

double number_in(const MethodKey& key, const std::string& value, const std::string& text) {
  const auto number = text::parse_double(text);
  if (!number) wrong_text(key, value, "a number");
  return *number;
}

std::string trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return std::string(text.substr(begin, text.find_last_not_of(" \t") - begin + 1));
}

/// What stands between commas.
std::vector<std::string> parts_of(std::string_view text) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    parts.push_back(trimmed(text.substr(at, end - at)));
    at = end + 1;
  }
  return parts;
}

/// "0.1", or "x = 0.1, y = 2"
std::vector<std::pair<std::string, double>> numbers_in(const MethodKey& key, const std::string& value) {
  std::vector<std::pair<std::string, double>> numbers;
  for (const std::string& part : parts_of(value)) {
    const std::size_t equals = part.find('=');
    const std::string text = equals == std::string::npos ? part : trimmed(part.substr(equals + 1));
    const double number = key.kind == MethodKeyKind::counts ? static_cast<double>(count_in(key, value, text))
                                                            : number_in(key, value, text);
    numbers.emplace_back(equals == std::string::npos ? "" : trimmed(part.substr(0, equals)), number);
  }
  return numbers;
}

MethodValue value_in(const MethodKey& key, const std::string& value) {
  switch (key.kind) {
    case MethodKeyKind::count:
      return count_in(key, value, value);
    case MethodKeyKind::number:
      return number_in(key, value, value);
    case MethodKeyKind::truth:
      if (value != "true" && value != "false") wrong_text(key, value, "true or false");
      return value == "true";
    case MethodKeyKind::word:
      if (std::ranges::find(key.words, value) == key.words.end()) {
        throw SpecError(
            fmt::format("option `{}`: unknown word `{}`{}", key.name, value, text::suggestion(value, key.words)));
      }
      return value;
    case MethodKeyKind::texts:
      return parts_of(value);
    default:
      return numbers_in(key, value);
  }
}

}  // namespace

MethodOption method_option(std::string_view method, const std::string& name, const std::string& value) {
  const Method& known = *std::ranges::find(methods(), method, &Method::name);
  std::vector<std::string> names;
  for (const MethodKey& key : known.keys) {
    if (key.name == "points") continue;  // is said with the method
    if (key.name == name) return {name, value_in(key, value)};
    names.emplace_back(key.name);
  }
  throw SpecError(fmt::format("unknown option `{}` of the method `{}`{}", name, method,
                              names.empty() ? ": it has none" : text::suggestion(name, names)));
}

}  // namespace windrow::detail
