#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace [[gnu::visibility("default")]] windrow {

/// Indices first, first + 1, ..., first + count - 1.
struct IndexRange {
  std::uint64_t first = 0;
  std::uint64_t count = 0;
  friend bool operator==(const IndexRange&, const IndexRange&) = default;
};

/// A set of indices kept as sorted, disjoint, non-adjacent ranges: all of 10^9 points take one entry.
/// Indices are below 2^64 - 1.
class IndexSet {
 public:
  IndexSet() = default;
  /// 0 .. count - 1
  static IndexSet first(std::uint64_t count);

  std::uint64_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  /// Logarithmic in the number of ranges.
  bool contains(std::uint64_t index) const;

  /// Adds one index; constant time when indices come in ascending order, or when it belongs before all others.
  /// @throws SpecError if the index is 2^64 - 1
  void insert(std::uint64_t index) { insert(IndexRange{index, 1}); }
  /// @throws SpecError if the range passes 2^64 - 2
  void insert(IndexRange range);

  /// The indices of 0 .. total - 1 that are not in this set.
  IndexSet complement(std::uint64_t total) const;
  /// The indices of this set that are not in the other. Linear in the number of ranges of both, as the two below.
  IndexSet without(const IndexSet& other) const;
  /// The indices of this set, of the other, or of both.
  IndexSet united(const IndexSet& other) const;
  /// The indices of both.
  IndexSet intersected(const IndexSet& other) const;

  /// Removes and returns the lowest `count` indices (fewer if there are fewer), as ranges. Amortised constant time per
  /// range that is returned.
  std::vector<IndexRange> take(std::uint64_t count);

  /// Removes one index. Linear in the number of ranges. @return whether it was there
  bool remove(std::uint64_t index);
  /// The index that has `position` others before it. Linear in the number of ranges. @pre position < size()
  std::uint64_t at(std::uint64_t position) const;

  /// In ascending order. Valid until the set is changed.
  std::span<const IndexRange> ranges() const { return std::span(ranges_).subspan(head_); }

  friend bool operator==(const IndexSet& a, const IndexSet& b);

 private:
  std::size_t first_reaching(std::uint64_t index) const;
  void drop_taken();

  std::vector<IndexRange> ranges_;
  std::size_t head_ = 0;  // ranges before it have been taken
  std::uint64_t size_ = 0;
};

}  // namespace windrow
