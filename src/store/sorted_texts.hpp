#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "sqlite.hpp"
#include "windrow/design/value.hpp"

namespace windrow::detail {

/// Texts in the order of keys, kept by SQLite in a temporary file of its own: memory does not grow with their number.
/// Numbers are less than texts; of equal keys, the text that was added first comes first.
class SortedTexts {
 public:
  /// @param descending  the largest key first
  explicit SortedTexts(bool descending);

  /// @param key  null: none, it comes last whatever the order
  /// @throws StoreError if the file cannot be written
  void add(const Value* key, std::string_view text);
  /// Until `take` returns false. @throws StoreError
  void for_each(const std::function<bool(std::string_view)>& take);

 private:
  bool descending_;
  std::optional<Connection> connection_;
  std::optional<Statement> insert_;
};

}  // namespace windrow::detail
