#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "windrow/design/value.hpp"

namespace [[gnu::visibility("default")]] windrow {

/// Values that go together, each set of them under a name: materials with their constants. Entries have the same
/// fields, in any order.
///
/// A parameter whose source is a bundle has the names as its levels, texts. A design of it has a further parameter
/// `NAME.FIELD` for every field, whose value follows from the name; nothing is varied by it.
class Bundle {
 public:
  struct Entry {
    std::string name;
    std::vector<std::pair<std::string, Value>> fields;
  };

  /// @throws SpecError that names the entry and the field: for no entry, an empty name or one that is there twice, a
  ///         field that is no identifier or there twice, one that other entries do not have, and an array
  explicit Bundle(std::vector<Entry> entries);

  std::size_t size() const;
  /// Names of the fields, as the first entry has them.
  const std::vector<std::string>& fields() const;
  /// @throws std::out_of_range
  const std::string& name(std::size_t entry) const;
  const Value& value(std::size_t entry, std::size_t field) const;
  /// None if no entry has the name.
  std::optional<std::size_t> find(std::string_view name) const;

  /// @throws SpecError for an unknown field, with the nearest valid one
  Bundle& unit(std::string_view field, std::string text);
  const std::string& unit(std::size_t field) const;

  /// "bundle("steel" E 2.1e+11 nu 0.3, "aluminium" E 7e+10 nu 0.33)"; units are no part of it.
  std::string definition() const;

 private:
  struct Together;
  std::shared_ptr<const Together> together_;
  std::vector<std::string> units_;
};

/// The values of one field of a bundle, entry by entry. The only source of a parameter whose name has a dot.
struct BundleField {
  Bundle bundle;
  std::size_t field;
};

}  // namespace windrow
