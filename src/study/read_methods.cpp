// What [design] says of its method.
#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "design/interface/bad_term.hpp"
#include "study/study_parts.hpp"

namespace windrow::detail {

namespace {

const Method& method_of(std::string_view name) {
  return *std::ranges::find(methods(), name, &Method::name);  // the reader has checked the name
}

/// "`halton`, `sobol` and `saltelli`"
std::string owners_of(std::string_view key) {
  std::vector<std::string> owners;
  for (const Method& method : methods()) {
    if (std::ranges::find(method.keys, key, &MethodKey::name) == method.keys.end()) continue;
    owners.push_back(fmt::format("`{}`", method.name));
  }
  if (owners.size() < 2) return fmt::format("{}", fmt::join(owners, ""));
  const std::string last = owners.back();
  owners.pop_back();
  return fmt::format("{} and {}", fmt::join(owners, ", "), last);
}

/// A number for all parameters, or { name = number, ... }.
MethodValue read_numbers(const TomlTable& design, const MethodKey& key) {
  const std::string name(key.name);
  const auto one = [&](const TomlTable& table, const std::string& at) {
    if (key.kind == MethodKeyKind::numbers) return *table.number(at);
    return static_cast<double>(*table.integer(at, static_cast<std::int64_t>(key.least), std::int64_t{1} << 53));
  };
  const TomlTable::Member& member = *design.find(name);
  std::vector<std::pair<std::string, double>> numbers;
  if (std::holds_alternative<std::shared_ptr<const TomlTable>>(member.node.value)) {
    const TomlTable& table = *design.table(name);
    for (const TomlTable::Member& parameter : table.members()) {
      numbers.emplace_back(parameter.key, one(table, parameter.key));
    }
  } else if (std::holds_alternative<std::int64_t>(member.node.value) ||
             std::holds_alternative<double>(member.node.value)) {
    numbers.emplace_back("", one(design, name));
  } else {
    design.wrong_type(member, fmt::format("{} for all parameters, or a table such as {{ x = 1, y = 2 }}",
                                          key.kind == MethodKeyKind::numbers ? "a number" : "an integer"));
  }
  return numbers;
}

std::string read_word(const TomlTable& design, const MethodKey& key) {
  const std::string word = *design.text(key.name);
  if (std::ranges::find(key.words, word) == key.words.end()) {
    design.wrong_value(*design.find(key.name), fmt::format("one of \"{}\"", fmt::join(key.words, "\", \"")));
  }
  return word;
}

MethodValue read_key(const TomlTable& design, const MethodKey& key) {
  switch (key.kind) {
    case MethodKeyKind::count:
      return static_cast<std::uint64_t>(*design.integer(key.name, static_cast<std::int64_t>(key.least)));
    case MethodKeyKind::number:
      return *design.number(key.name);
    case MethodKeyKind::truth:
      return *design.boolean(key.name);
    case MethodKeyKind::word:
      return read_word(design, key);
    case MethodKeyKind::texts:
      return *design.texts(key.name);
    default:
      return read_numbers(design, key);
  }
}

}  // namespace

std::vector<std::string> method_names() {
  std::vector<std::string> names;
  for (const Method& method : methods()) names.emplace_back(method.name);
  names.emplace_back("table");
  return names;
}

std::vector<std::string> method_keys() {
  std::vector<std::string> keys;
  for (const Method& method : methods()) {
    for (const MethodKey& key : method.keys) {
      if (std::ranges::find(keys, key.name) == keys.end()) keys.emplace_back(key.name);
    }
  }
  return keys;
}

void check_method_keys(const TomlTable& design, std::string_view method) {
  const auto known = std::ranges::find(methods(), method, &Method::name);
  const std::vector<MethodKey> own = known == methods().end() ? std::vector<MethodKey>() : known->keys;
  for (const MethodKey& key : own) {
    if (!key.required || design.has(key.name)) continue;
    design.fail(key.name, fmt::format("missing {}: method `{}` needs it", design.name_of(key.name), method));
  }
  for (const std::string& key : method_keys()) {
    if (!design.has(key) || std::ranges::find(own, key, &MethodKey::name) != own.end()) continue;
    if (method == "list" && key == "points") continue;  // the points themselves
    design.fail(key, fmt::format("{} has no meaning for method `{}`: it belongs to {}", design.name_of(key), method,
                                 owners_of(key)));
  }
}

bool is_centred(const TomlTable* design, std::string_view method) {
  return design != nullptr && method == "one_at_a_time" && (design->has("step") || design->has("steps"));
}

bool has_whole_steps(const TomlTable& design, const std::string& parameter) {
  const TomlTable::Member* step = design.find("step");
  if (step == nullptr) return false;
  if (const auto* table = std::get_if<std::shared_ptr<const TomlTable>>(&step->node.value)) {
    step = (*table)->find(parameter);
  }
  return step != nullptr && std::holds_alternative<std::int64_t>(step->node.value);
}

Design read_method(const TomlTable& root, const std::string& method, const std::vector<Parameter>& parameters,
                   std::uint64_t seed) {
  const TomlTable* design = root.table("design");
  std::vector<MethodOption> options;
  for (const MethodKey& key : method_of(method).keys) {
    if (design != nullptr && design->has(key.name)) {
      options.push_back({std::string(key.name), read_key(*design, key)});
    }
  }
  try {
    return designed(method, parameters, options, seed);
  } catch (const BadTerm& bad) {
    design->fail(bad.name(), bad.message(design->name_of(bad.name())));
  } catch (const UnfitParameter& bad) {
    root.table("parameters")->fail(bad.name(), bad.what());
  } catch (const SpecError& error) {
    root.fail(design ? "design" : "parameters", error.what());
  }
}

namespace {

/// Rows of a list, each a table by names or a list in the order of [parameters].
class PointList {
 public:
  /// @param names  in their order; of points that are tables: of the first, if there is no [parameters]
  PointList(const TomlTable& design, std::vector<std::string> names) : design_(design), names_(std::move(names)) {
    const TomlTable::Member& member = design.required("points");
    const auto* rows = std::get_if<TomlNode::Array>(&member.node.value);
    if (rows == nullptr) design.wrong_type(member, "a list of points, such as [{ x = 1, y = 2 }, { x = 3, y = 4 }]");
    if (rows->empty()) design.fail("points", design.name_of("points") + " is empty");
    if (names_.empty()) take_names(rows->front());
    columns_.resize(names_.size());
    for (const TomlNode& row : *rows) {
      add(row);
      ++number_;
    }
  }

  const std::vector<std::string>& names() const { return names_; }
  const TomlNode::Array& column(std::size_t place) const { return columns_[place]; }

 private:
  using TablePtr = std::shared_ptr<const TomlTable>;

  [[noreturn]] void wrong_row(const std::string& message) const {
    design_.fail("points", fmt::format("{}: point {} {}", design_.name_of("points"), number_, message));
  }

  void take_names(const TomlNode& first) {
    const auto* table = std::get_if<TablePtr>(&first.value);
    if (table == nullptr)
      wrong_row("is no table by the names of parameters; a list needs [parameters], whose order it has");
    for (const TomlTable::Member& member : (*table)->members()) names_.push_back(member.key);
    if (names_.empty()) wrong_row("has no parameters");
  }

  void add(const TomlNode& row) {
    if (const auto* table = std::get_if<TablePtr>(&row.value)) return add_table(**table);
    const auto* list = std::get_if<TomlNode::Array>(&row.value);
    if (list == nullptr) wrong_row("must be a table such as { x = 1, y = 2 } or a list, not " + row.kind());
    if (list->size() != names_.size()) {
      wrong_row(fmt::format("has {} values for the parameters `{}`", list->size(), fmt::join(names_, "`, `")));
    }
    for (std::size_t i = 0; i < names_.size(); ++i) columns_[i].push_back((*list)[i]);
  }

  void add_table(const TomlTable& row) {
    row.allow_only(names_);
    for (std::size_t i = 0; i < names_.size(); ++i) {
      const TomlTable::Member* member = row.find(names_[i]);
      if (member == nullptr) wrong_row(fmt::format("has no `{}`", names_[i]));
      columns_[i].push_back(member->node);
    }
  }

  const TomlTable& design_;
  std::vector<std::string> names_;
  std::vector<TomlNode::Array> columns_{};
  std::size_t number_ = 1;  ///< of the point that is read
};

}  // namespace

TomlTable read_point_list(const TomlTable& root) {
  std::vector<std::string> names;
  if (const TomlTable* parameters = root.table("parameters")) {
    for (const auto& member : parameters->members()) names.push_back(member.key);
  }
  const TomlTable& design = *root.table("design");
  const PointList list(design, std::move(names));
  const std::size_t line = design.find("points")->line;
  std::vector<TomlTable::Member> members;
  for (std::size_t i = 0; i < list.names().size(); ++i) {
    members.push_back({list.names()[i], line, TomlNode{line, list.column(i)}});
  }
  return TomlTable(root.file(), "design.points", line, std::move(members));
}

}  // namespace windrow::detail
