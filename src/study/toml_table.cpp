#include "study/toml_table.hpp"

#include <fmt/core.h>
#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "study/toml_advice.hpp"
#include "windrow/base/text.hpp"

namespace windrow::detail {

namespace {

std::size_t line_of(const toml::source_region& source) {
  return std::max<std::size_t>(source.begin.line, 1);
}

TomlTable copy_table(const toml::table& table, const std::string& file, const std::string& path, std::size_t line);

TomlNode copy_node(const toml::node& node, const std::string& file, const std::string& path, std::size_t line) {
  TomlNode copy{line, TomlNode::Time{}};
  if (const auto* table = node.as_table()) {
    copy.value = std::make_shared<const TomlTable>(copy_table(*table, file, path, line));
  } else if (const auto* array = node.as_array()) {
    TomlNode::Array elements;
    for (const toml::node& element : *array) {
      elements.push_back(copy_node(element, file, path, line_of(element.source())));
    }
    copy.value = std::move(elements);
  } else if (const auto* text = node.as_string()) {
    copy.value = text->get();
  } else if (const auto* integer = node.as_integer()) {
    copy.value = integer->get();
  } else if (const auto* number = node.as_floating_point()) {
    copy.value = number->get();
  } else if (const auto* boolean = node.as_boolean()) {
    copy.value = boolean->get();
  }
  return copy;
}

/// toml++ sorts a table by key; the order of the file is in the keys' positions.
TomlTable copy_table(const toml::table& table, const std::string& file, const std::string& path, std::size_t line) {
  std::vector<std::pair<const toml::key*, const toml::node*>> in_file_order;
  for (const auto& [key, node] : table) in_file_order.emplace_back(&key, &node);
  std::stable_sort(in_file_order.begin(), in_file_order.end(),
                   [](const auto& a, const auto& b) { return a.first->source().begin < b.first->source().begin; });
  std::vector<TomlTable::Member> members;
  for (const auto& [key, node] : in_file_order) {
    const std::string name(key->str());
    const std::size_t key_line = line_of(key->source());
    members.push_back(
        {name, key_line, copy_node(*node, file, path.empty() ? name : fmt::format("{}.{}", path, name), key_line)});
  }
  return TomlTable(file, path, line, std::move(members));
}

/// Other names of what the words of a choice mean; of several, the first that is one of the words.
constexpr std::array<std::pair<std::string_view, std::string_view>, 17> kOtherNames = {{
    {"lhs", "latin_hypercube"},
    {"lhc", "latin_hypercube"},
    {"latin", "latin_hypercube"},
    {"mc", "monte_carlo"},
    {"random", "monte_carlo"},
    {"uniform", "monte_carlo"},
    {"full", "grid"},
    {"factorial", "grid"},
    {"fullfactorial", "grid"},
    {"cartesian", "grid"},
    {"product", "grid"},
    {"paired", "zip"},
    {"csv", "table"},
    {"halton", "sobol"},
    {"halton", "latin_hypercube"},
    {"quasirandom", "sobol"},
    {"quasirandom", "latin_hypercube"},
}};

/// "; did you mean `latin_hypercube`?" of "LHS" or "latin-hypercube"; what else is valid, if nothing is meant.
std::string meant(std::string_view word, const std::vector<std::string>& words) {
  const auto plain = [](std::string_view text) {
    std::string letters;
    for (const char c : text) {
      if (c != '-' && c != '_' && c != ' ') letters += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return letters;
  };
  const std::string letters = plain(word);
  for (const std::string& valid : words) {
    if (plain(valid) == letters) return fmt::format("; did you mean `{}`?", valid);
  }
  for (const auto& [other, name] : kOtherNames) {
    if (other != letters || std::ranges::find(words, name) == words.end()) continue;
    return fmt::format("; did you mean `{}`? Valid: `{}`", name, fmt::join(words, "`, `"));
  }
  return text::suggestion(word, words);
}

constexpr std::string_view duration_form = "a duration such as \"30s\"";

/// What is nested is read, and let go of, level by level, on a stack that has an end. The parser limits the levels of
/// arrays and inline tables, not those of the dots in names.
void check_depth(std::string_view source, const std::string& file) {
  constexpr std::size_t kDeepest = 256;
  std::vector<std::size_t> around;  // the levels around each bracket that is open
  std::size_t level = 0;
  for (std::size_t at = 0; at < source.size();) {
    const char c = source[at];
    if (c == '"' || c == '\'' || c == '#') {
      at = end_of_text(source, at);
      continue;
    }
    if (c == '.') ++level;
    if (c == '[' || c == '{') around.push_back(++level);
    if ((c == ']' || c == '}') && !around.empty()) around.pop_back();
    if (c == ',' || c == ']' || c == '}' || c == '\n') level = around.empty() ? 0 : around.back();
    if (level > kDeepest) {
      const auto line = 1 + std::count(source.begin(), source.begin() + static_cast<std::ptrdiff_t>(at), '\n');
      throw SpecError(fmt::format("{}:{}: tables and lists are nested more than {} deep", file, line, kDeepest));
    }
    ++at;
  }
}

}  // namespace

std::string TomlNode::kind() const {
  static constexpr const char* kinds[] = {"a date or time", "a boolean", "an integer", "a number",
                                          "a string",       "an array",  "a table"};
  return kinds[value.index()];
}

std::string TomlNode::shown() const {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return std::to_string(*integer);
  if (const auto* number = std::get_if<double>(&value)) return text::render(*number);
  if (const auto* string = std::get_if<std::string>(&value)) return '"' + *string + '"';
  return kind();
}

TomlTable TomlTable::parse(std::string_view source, const std::string& file) {
  check_depth(source, file);
  try {
    return copy_table(toml::parse(source, file), file, "", 1);
  } catch (const toml::parse_error& error) {
    const std::size_t line = line_of(error.source());
    throw SpecError(
        fmt::format("{}:{}: {}{}", file, line, error.description(), toml_advice(source, line, error.description())));
  }
}

TomlTable::TomlTable(std::string file, std::string path, std::size_t line, std::vector<Member> members)
    : file_(std::move(file)), path_(std::move(path)), line_(line), members_(std::move(members)) {}

const TomlTable::Member* TomlTable::find(std::string_view key) const {
  const auto found = std::find_if(members_.begin(), members_.end(), [&](const Member& m) { return m.key == key; });
  return found == members_.end() ? nullptr : &*found;
}

const TomlTable::Member& TomlTable::required(std::string_view key) const {
  if (const Member* member = find(key)) return *member;
  fail(key, "missing " + name_of(key));
}

void TomlTable::allow_only(std::initializer_list<std::string_view> keys) const {
  allow_only(std::vector<std::string>(keys.begin(), keys.end()));
}

void TomlTable::allow_only(const std::vector<std::string>& keys) const {
  for (const Member& member : members_) {
    if (std::find(keys.begin(), keys.end(), member.key) != keys.end()) continue;
    fail(member.key, "unknown key " + name_of(member.key) + text::suggestion(member.key, keys));
  }
}

template <typename T>
const T* TomlTable::get(std::string_view key, std::string_view expected) const {
  const Member* member = find(key);
  if (!member) return nullptr;
  const T* value = std::get_if<T>(&member->node.value);
  if (!value) wrong_type(*member, expected);
  return value;
}

const TomlTable* TomlTable::table(std::string_view key) const {
  const auto* found = get<std::shared_ptr<const TomlTable>>(key, "a table");
  return found ? found->get() : nullptr;
}

std::optional<std::string> TomlTable::text(std::string_view key) const {
  const auto* found = get<std::string>(key, "a string");
  return found ? std::optional(*found) : std::nullopt;
}

std::optional<bool> TomlTable::boolean(std::string_view key) const {
  const auto* found = get<bool>(key, "a boolean");
  return found ? std::optional(*found) : std::nullopt;
}

std::optional<double> TomlTable::number(std::string_view key) const {
  const Member* member = find(key);
  if (!member) return {};
  if (const auto* integer = std::get_if<std::int64_t>(&member->node.value)) {
    if (text::is_rounded_whole(std::to_string(*integer))) {
      fail(key, fmt::format("{} is {}, a whole number that loses digits as a number: list it among `values`",
                            name_of(key), *integer));
    }
    return static_cast<double>(*integer);
  }
  return *get<double>(key, "a number");
}

std::optional<std::int64_t> TomlTable::integer(std::string_view key, std::int64_t least, std::int64_t most) const {
  const Member* member = find(key);
  if (!member) return {};
  const std::string expected = most == std::numeric_limits<std::int64_t>::max()
                                   ? least == std::numeric_limits<std::int64_t>::min()
                                         ? "an integer"
                                         : fmt::format("an integer of at least {}", least)
                                   : fmt::format("an integer from {} to {}", least, most);
  std::int64_t value = 0;
  if (const auto* number = std::get_if<double>(&member->node.value)) {
    if (!(std::abs(*number) < 0x1p63) || std::trunc(*number) != *number) wrong_value(*member, expected);
    value = static_cast<std::int64_t>(*number);
  } else {
    value = *get<std::int64_t>(key, expected);
  }
  if (value < least || value > most) wrong_value(*member, expected);
  return value;
}

std::optional<std::vector<std::string>> TomlTable::texts(std::string_view key) const {
  const auto* array = get<TomlNode::Array>(key, "a list of strings");
  if (!array) return {};
  std::vector<std::string> texts;
  for (const TomlNode& element : *array) {
    const auto* text = std::get_if<std::string>(&element.value);
    if (!text) {
      throw SpecError(fmt::format("{}:{}: {} must be a list of strings; item {} is {}", file_, element.line,
                                  name_of(key), texts.size() + 1, element.kind()));
    }
    texts.push_back(*text);
  }
  return texts;
}

std::optional<bool> TomlTable::truth(std::string_view key) const {
  const auto* found = get<bool>(key, "true or false");
  return found ? std::optional(*found) : std::nullopt;
}

std::optional<std::chrono::nanoseconds> TomlTable::duration(std::string_view key) const {
  const Member* member = find(key);
  if (!member) return {};
  const auto* text = std::get_if<std::string>(&member->node.value);
  if (!text && !std::holds_alternative<double>(member->node.value)) get<std::int64_t>(key, duration_form);
  const auto duration = text::parse_duration(text ? *text : member->node.shown());
  if (!duration) wrong_value(*member, duration_form);
  return duration;
}

std::optional<std::string> TomlTable::choice(std::string_view key,
                                             std::initializer_list<std::string_view> valid) const {
  return choice(key, std::vector<std::string>(valid.begin(), valid.end()));
}

std::optional<std::string> TomlTable::choice(std::string_view key, const std::vector<std::string>& words) const {
  const auto* word = get<std::string>(key, fmt::format("one of \"{}\"", fmt::join(words, "\", \"")));
  if (!word) return {};
  if (std::find(words.begin(), words.end(), *word) == words.end()) {
    fail(key, fmt::format("unknown {} `{}` in [{}]{}", key, *word, path_, meant(*word, words)));
  }
  return *word;
}

void TomlTable::fail(std::string_view key, const std::string& message) const {
  throw SpecError(where(key) + message);
}

void TomlTable::wrong_type(const Member& member, std::string_view expected) const {
  fail(member.key, fmt::format("{} must be {}, not {}", name_of(member.key), expected, member.node.kind()));
}

void TomlTable::wrong_value(const Member& member, std::string_view expected) const {
  fail(member.key, fmt::format("{} must be {}, not {}", name_of(member.key), expected, member.node.shown()));
}

std::string TomlTable::name_of(std::string_view key) const {
  return path_.empty() ? fmt::format("`{}`", key) : fmt::format("`{}` in [{}]", key, path_);
}

std::string TomlTable::where(std::string_view key) const {
  const Member* member = find(key);
  return fmt::format("{}:{}: ", file_, member ? member->line : line_);
}

}  // namespace windrow::detail
