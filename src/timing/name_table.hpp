#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace windrow::detail::timing {

/// Names with numbers 0, 1, 2, ... that never change. Programs ask for their names in cycles, so each name remembers
/// the one that was asked for after it: such a question costs one comparison, any other a hash.
class NameTable {
 public:
  using Number = std::uint32_t;
  static constexpr Number none = std::numeric_limits<Number>::max();

  /// The number of `name`, or none.
  Number find(std::string_view name) {
    const Number expected = last_ == none ? first_ : items_[last_].successor;
    if (expected != none && items_[expected].name == name) return last_ = expected;
    return find_by_hash(name);
  }

  /// @pre find(name) was none
  Number add(std::string_view name);

  const std::string& operator[](Number number) const { return items_[number].name; }
  std::size_t size() const { return items_.size(); }

 private:
  struct Item {
    std::string name;
    std::size_t hash;
    Number successor = none;
  };

  Number find_by_hash(std::string_view name);
  void enter(Number number);
  void follow(Number number);

  std::vector<Item> items_;
  std::vector<Number> buckets_;  // open addressing; a power of two, at most half full
  Number first_ = none;          // what was asked for first
  Number last_ = none;           // what was asked for last
};

}  // namespace windrow::detail::timing
