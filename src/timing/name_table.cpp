#include "timing/name_table.hpp"

#include <functional>

namespace windrow::detail::timing {

NameTable::Number NameTable::find_by_hash(std::string_view name) {
  if (buckets_.empty()) return none;
  const std::size_t hash = std::hash<std::string_view>{}(name);
  const std::size_t mask = buckets_.size() - 1;
  for (std::size_t at = hash & mask; buckets_[at] != none; at = (at + 1) & mask) {
    const Number number = buckets_[at];
    if (items_[number].hash == hash && items_[number].name == name) {
      follow(number);
      return number;
    }
  }
  return none;
}

NameTable::Number NameTable::add(std::string_view name) {
  const auto number = static_cast<Number>(items_.size());
  items_.push_back({std::string(name), std::hash<std::string_view>{}(name)});
  if (2 * items_.size() > buckets_.size()) {
    buckets_.assign(buckets_.empty() ? 8 : 2 * buckets_.size(), none);
    for (Number other = 0; other < number; ++other) enter(other);
  }
  enter(number);
  follow(number);
  return number;
}

void NameTable::enter(Number number) {
  const std::size_t mask = buckets_.size() - 1;
  std::size_t at = items_[number].hash & mask;
  while (buckets_[at] != none) at = (at + 1) & mask;
  buckets_[at] = number;
}

void NameTable::follow(Number number) {
  (last_ == none ? first_ : items_[last_].successor) = number;
  last_ = number;
}

}  // namespace windrow::detail::timing
