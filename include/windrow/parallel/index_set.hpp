#pragma once

#include <cstdint>
#include <vector>

namespace windrow {

/// Indices first, first + 1, ..., first + count - 1.
struct IndexRange {
  std::uint64_t first = 0;
  std::uint64_t count = 0;
  friend bool operator==(const IndexRange&, const IndexRange&) = default;
};

/// A set of indices kept as sorted, disjoint, non-adjacent ranges: all of 10^9 points take one entry.
class IndexSet {
 public:
  IndexSet() = default;
  /// 0 .. count - 1
  static IndexSet first(std::uint64_t count);

  std::uint64_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  bool contains(std::uint64_t index) const;

  /// Adds one index; constant time when indices come in ascending order.
  void insert(std::uint64_t index);
  void insert(IndexRange range);

  /// The indices of 0 .. total - 1 that are not in this set.
  IndexSet complement(std::uint64_t total) const;

  /// Removes and returns the lowest `count` indices (fewer if there are fewer), as ranges.
  std::vector<IndexRange> take(std::uint64_t count);

  const std::vector<IndexRange>& ranges() const { return ranges_; }

 private:
  std::vector<IndexRange> ranges_;
  std::size_t head_ = 0;  // ranges before it have been taken
  std::uint64_t size_ = 0;
};

}  // namespace windrow
