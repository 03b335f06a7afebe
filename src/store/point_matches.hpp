#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "content.hpp"
#include "windrow/base/hash.hpp"
#include "windrow/store/store.hpp"

/// Finds the points of one run in another, by the parameters that both have.
namespace windrow::detail {

/// What a point is known by: the values of some of a run's parameters.
class PointKey {
 public:
  PointKey(const std::vector<Column>& columns, std::vector<std::size_t> positions);
  Hash128 operator()(const std::vector<Value>& parameters);

 private:
  std::vector<std::size_t> positions_;
  PointHash hash_;
  std::vector<Value> values_;
};

/// The points of a run by their keys: 32 bytes for each.
class KeyedPoints {
 public:
  /// @param shared  positions of the parameters that the other run has, too
  /// @param own     ... of the others
  KeyedPoints(const StoreReader& run, const std::vector<std::size_t>& shared, const std::vector<std::size_t>& own);

  /// Whether there are points of this key that only the other parameters tell apart.
  bool is_ambiguous(const Hash128& key) const;
  /// How many such points there are.
  std::uint64_t ambiguous() const { return ambiguous_; }
  /// The next point of this key, each once; none if it is ambiguous.
  std::optional<std::uint64_t> take(const Hash128& key);
  /// The lowest indices of the points that were not taken.
  std::vector<std::uint64_t> left(std::size_t most) const;
  std::uint64_t size() const { return points_.size(); }

 private:
  struct Keyed {
    Hash128 key;
    std::uint32_t rest = 0;  // a hash of the other parameters
    // Of those with this key, in the first of them:
    std::uint32_t taken : 31 = 0;
    std::uint32_t ambiguous : 1 = 0;
    std::uint64_t index = 0;
  };
  std::size_t find(const Hash128& key) const;  // the first of them, or size()
  /// Calls `visit` for each range of points of one key.
  void for_each_key(const std::function<void(std::size_t begin, std::size_t end)>& visit) const;

  std::vector<Keyed> points_;  // sorted by key and index
  std::uint64_t ambiguous_ = 0;
};

}  // namespace windrow::detail
