// Levels of [parameters.NAME] that are tables: values that go together.
#include <fmt/core.h>

#include <algorithm>

#include "study/study_parts.hpp"

namespace windrow::detail {
namespace {

using Entries = std::vector<std::shared_ptr<const TomlTable>>;

Entries tables_of(const TomlTable& parameter, const TomlNode::Array& entries) {
  Entries tables;
  for (const TomlNode& node : entries) {
    const auto* table = std::get_if<std::shared_ptr<const TomlTable>>(&node.value);
    if (table == nullptr) {
      parameter.fail("values", fmt::format("{} must be a list of tables, as its first item is; item {} is {}",
                                           parameter.name_of("values"), tables.size() + 1, node.kind()));
    }
    tables.push_back(*table);
  }
  return tables;
}

std::string name_of(const TomlTable& entry, std::size_t number) {
  if (!entry.has("name")) {
    entry.fail("name", fmt::format("entry {} of {} has no `name`", number, entry.path()));
  }
  return *entry.text("name");
}

/// Whether one of a field's values has a fraction, which makes all numbers.
bool has_fraction(const Entries& entries, const std::string& field) {
  return std::ranges::any_of(entries, [&](const auto& entry) {
    const TomlTable::Member* member = entry->find(field);
    return member != nullptr && std::holds_alternative<double>(member->node.value);
  });
}

/// @param first  the entry whose fields are the model of the others
Value value_of(const TomlTable& entry, const std::string& name, const TomlTable::Member& member, const TomlTable& first,
               bool as_number) {
  const auto value = entry.locate(member.key, [&] { return to_value(member.node, as_number); });
  if (!value) {
    entry.fail(member.key, fmt::format("entry `{}`: `{}` must be a number, a string or a boolean, not {}", name,
                                       member.key, member.node.kind()));
  }
  const TomlTable::Member* model = first.find(member.key);
  if (model != nullptr && !same_kind(member.node, model->node)) {
    entry.fail(member.key, fmt::format("entry `{}`: `{}` is {}, but {} in the first entry", name, member.key,
                                       member.node.kind(), model->node.kind()));
  }
  return *value;
}

/// The first entry that makes what is wrong wrong.
void locate_entry(const TomlTable& parameter, const Entries& tables, const std::vector<Bundle::Entry>& entries) {
  for (std::size_t count = 1; count <= entries.size(); ++count) {
    tables[count - 1]->locate("", [&] {
      return Bundle({entries.begin(), entries.begin() + static_cast<std::ptrdiff_t>(count)});
    });
  }
  parameter.fail("values", "no bundle");
}

Bundle made_of(const TomlTable& parameter, const Entries& tables, const std::vector<Bundle::Entry>& entries) {
  try {
    return Bundle(entries);
  } catch (const SpecError&) {
    locate_entry(parameter, tables, entries);
    throw;
  }
}

}  // namespace

Bundle read_bundle(const TomlTable& parameter, const TomlNode::Array& nodes) {
  const Entries tables = tables_of(parameter, nodes);
  std::vector<Bundle::Entry> entries;
  for (const auto& table : tables) {
    Bundle::Entry entry{name_of(*table, entries.size() + 1), {}};
    for (const TomlTable::Member& member : table->members()) {
      if (member.key == "name") continue;
      entry.fields.emplace_back(
          member.key, value_of(*table, entry.name, member, *tables.front(), has_fraction(tables, member.key)));
    }
    entries.push_back(std::move(entry));
  }
  Bundle bundle = made_of(parameter, tables, entries);
  if (const TomlTable* units = parameter.table("units")) {
    for (const TomlTable::Member& unit : units->members()) {
      units->locate(unit.key, [&] { bundle.unit(unit.key, *units->text(unit.key)); });
    }
  }
  return bundle;
}

}  // namespace windrow::detail
