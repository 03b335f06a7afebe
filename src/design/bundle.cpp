#include "windrow/design/bundle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "design/literal.hpp"
#include "design/table_text.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"

namespace windrow {

struct Bundle::Together {
  std::vector<std::string> fields;
  std::vector<std::string> names;
  std::vector<Value> values;  ///< entry by entry
  std::unordered_map<std::string, std::size_t> entry_of;
};

namespace {

std::string place_of(const Bundle::Entry& entry) {
  return fmt::format("entry `{}`", entry.name);
}

void check_field_names(const Bundle::Entry& entry) {
  for (std::size_t i = 0; i < entry.fields.size(); ++i) {
    const auto& [name, value] = entry.fields[i];
    if (!detail::is_identifier(name) || name == "name") {
      throw SpecError(
          fmt::format("{}: `{}` cannot name a field; a name is letters, digits and underscores, not a "
                      "digit first, and not `name`",
                      place_of(entry), name));
    }
    if (value.is_array()) throw SpecError(fmt::format("{}: the field `{}` is an array", place_of(entry), name));
    const auto same = [&name = name](const auto& other) { return other.first == name; };
    if (std::count_if(entry.fields.begin(), entry.fields.end(), same) > 1) {
      throw SpecError(fmt::format("{}: two fields are named `{}`", place_of(entry), name));
    }
  }
}

/// In the order of `fields`.
std::vector<Value> values_of(const Bundle::Entry& entry, const std::vector<std::string>& fields,
                             const std::string& first) {
  check_field_names(entry);
  std::vector<Value> values;
  for (const std::string& field : fields) {
    const auto found = std::ranges::find(entry.fields, field, [](const auto& pair) { return pair.first; });
    if (found == entry.fields.end()) {
      throw SpecError(fmt::format("{} lacks the field `{}`, which `{}` has", place_of(entry), field, first));
    }
    values.push_back(found->second);
  }
  for (const auto& [name, value] : entry.fields) {
    if (std::ranges::find(fields, name) != fields.end()) continue;
    throw SpecError(fmt::format("{} has the field `{}`, which `{}` lacks", place_of(entry), name, first));
  }
  return values;
}

}  // namespace

Bundle::Bundle(std::vector<Entry> entries) {
  if (entries.empty()) throw SpecError("an empty list of entries");
  auto together = std::make_shared<Together>();
  for (const auto& field : entries.front().fields) together->fields.push_back(field.first);
  if (together->fields.empty()) {
    throw SpecError(fmt::format("{} has no field besides its name: list the names alone", place_of(entries.front())));
  }
  for (Entry& entry : entries) {
    if (entry.name.empty()) throw SpecError(fmt::format("entry {} has no name", together->names.size() + 1));
    std::vector<Value> values = values_of(entry, together->fields, entries.front().name);
    std::ranges::move(values, std::back_inserter(together->values));
    if (!together->entry_of.emplace(entry.name, together->names.size()).second) {
      throw SpecError(fmt::format("two entries are named `{}`", entry.name));
    }
    together->names.push_back(entry.name);
  }
  units_.resize(together->fields.size());
  together_ = std::move(together);
}

std::size_t Bundle::size() const {
  return together_->names.size();
}

const std::vector<std::string>& Bundle::fields() const {
  return together_->fields;
}

const std::string& Bundle::name(std::size_t entry) const {
  return together_->names.at(entry);
}

const Value& Bundle::value(std::size_t entry, std::size_t field) const {
  return together_->values.at(entry * fields().size() + field);
}

std::optional<std::size_t> Bundle::find(std::string_view name) const {
  const auto found = together_->entry_of.find(std::string(name));
  return found == together_->entry_of.end() ? std::nullopt : std::optional(found->second);
}

Bundle& Bundle::unit(std::string_view field, std::string text) {
  const auto found = std::ranges::find(fields(), field);
  if (found == fields().end()) {
    throw SpecError(fmt::format("there is no field `{}`{}", field, text::suggestion(field, fields())));
  }
  units_[static_cast<std::size_t>(found - fields().begin())] = std::move(text);
  return *this;
}

const std::string& Bundle::unit(std::size_t field) const {
  return units_.at(field);
}

std::string Bundle::definition() const {
  std::string inside;
  for (std::size_t entry = 0; entry < size(); ++entry) {
    inside += (entry == 0 ? "" : ", ") + detail::literal(Value(name(entry)));
    for (std::size_t field = 0; field < fields().size(); ++field) {
      inside += fmt::format(" {} {}", fields()[field], detail::literal(value(entry, field)));
    }
  }
  return "bundle(" + inside + ")";
}

}  // namespace windrow
