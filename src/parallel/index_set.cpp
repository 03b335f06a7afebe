#include "windrow/parallel/index_set.hpp"

#include <algorithm>
#include <iterator>
#include <limits>

#include "windrow/error.hpp"

namespace windrow {
namespace {

std::uint64_t end_of(const IndexRange& range) {
  return range.first + range.count;
}

}  // namespace

IndexSet IndexSet::first(std::uint64_t count) {
  IndexSet set;
  set.insert(IndexRange{0, count});
  return set;
}

/// Position in ranges_ of the first range that ends at or after `index`: the first that holds it, or that it touches.
std::size_t IndexSet::first_reaching(std::uint64_t index) const {
  const auto begin = ranges_.begin() + static_cast<std::ptrdiff_t>(head_);
  const auto found = std::lower_bound(begin, ranges_.end(), index,
                                      [](const IndexRange& range, std::uint64_t i) { return end_of(range) < i; });
  return static_cast<std::size_t>(found - ranges_.begin());
}

bool IndexSet::contains(std::uint64_t index) const {
  if (index == std::numeric_limits<std::uint64_t>::max()) return false;
  const std::size_t at = first_reaching(index + 1);
  return at < ranges_.size() && ranges_[at].first <= index;
}

void IndexSet::insert(IndexRange range) {
  if (range.count == 0) return;
  if (range.count > std::numeric_limits<std::uint64_t>::max() - range.first) {
    throw SpecError("an index must be below 2^64 - 1");
  }
  // Ascending order: the new range begins at the end of the last one, or after it.
  const bool ascending = head_ < ranges_.size() && range.first >= ranges_.back().first;
  const std::size_t begin =
      ascending ? ranges_.size() - (range.first <= end_of(ranges_.back()) ? 1 : 0) : first_reaching(range.first);

  std::uint64_t merged_end = end_of(range);
  std::uint64_t merged_first = range.first;
  std::uint64_t already = 0;
  std::size_t end = begin;
  for (; end < ranges_.size() && ranges_[end].first <= end_of(range); ++end) {
    merged_first = std::min(merged_first, ranges_[end].first);
    merged_end = std::max(merged_end, end_of(ranges_[end]));
    already += ranges_[end].count;
  }
  const IndexRange merged{merged_first, merged_end - merged_first};
  size_ += merged.count - already;

  if (end > begin) {
    ranges_[begin] = merged;
    ranges_.erase(ranges_.begin() + static_cast<std::ptrdiff_t>(begin + 1),
                  ranges_.begin() + static_cast<std::ptrdiff_t>(end));
  } else if (begin == head_ && head_ > 0) {
    ranges_[--head_] = merged;
  } else {
    ranges_.insert(ranges_.begin() + static_cast<std::ptrdiff_t>(begin), merged);
  }
}

IndexSet IndexSet::complement(std::uint64_t total) const {
  IndexSet gaps;
  std::uint64_t next = 0;
  for (const IndexRange& range : ranges()) {
    if (range.first >= total) break;
    gaps.insert(IndexRange{next, range.first - next});
    next = end_of(range);
  }
  if (next < total) gaps.insert(IndexRange{next, total - next});
  return gaps;
}

IndexSet IndexSet::without(const IndexSet& other) const {
  IndexSet rest;
  const auto removed = other.ranges();
  auto next = removed.begin();
  for (IndexRange range : ranges()) {
    while (next != removed.end() && end_of(*next) <= range.first) ++next;
    for (auto hole = next; hole != removed.end() && hole->first < end_of(range); ++hole) {
      if (hole->first > range.first) rest.insert(IndexRange{range.first, hole->first - range.first});
      const std::uint64_t from = std::min(end_of(*hole), end_of(range));
      range = {from, end_of(range) - from};
    }
    rest.insert(range);
  }
  return rest;
}

IndexSet IndexSet::united(const IndexSet& other) const {
  std::vector<IndexRange> all;
  std::ranges::merge(ranges(), other.ranges(), std::back_inserter(all), {}, &IndexRange::first, &IndexRange::first);
  IndexSet united;
  for (const IndexRange& range : all) united.insert(range);  // in ascending order that is quick
  return united;
}

IndexSet IndexSet::intersected(const IndexSet& other) const {
  return without(without(other));
}

std::vector<IndexRange> IndexSet::take(std::uint64_t count) {
  std::vector<IndexRange> taken;
  while (count > 0 && head_ < ranges_.size()) {
    IndexRange& lowest = ranges_[head_];
    const std::uint64_t here = std::min(count, lowest.count);
    taken.push_back({lowest.first, here});
    lowest.first += here;
    lowest.count -= here;
    count -= here;
    size_ -= here;
    if (lowest.count == 0) ++head_;
  }
  drop_taken();
  return taken;
}

bool IndexSet::remove(std::uint64_t index) {
  if (!contains(index)) return false;
  const std::size_t at = first_reaching(index + 1);
  IndexRange& range = ranges_[at];
  const IndexRange after{index + 1, end_of(range) - index - 1};
  range.count = index - range.first;
  --size_;
  const auto next = ranges_.begin() + static_cast<std::ptrdiff_t>(at + 1);
  if (after.count > 0) ranges_.insert(next, after);
  if (ranges_[at].count == 0) ranges_.erase(ranges_.begin() + static_cast<std::ptrdiff_t>(at));
  return true;
}

std::uint64_t IndexSet::at(std::uint64_t position) const {
  for (const IndexRange& range : ranges()) {
    if (position < range.count) return range.first + position;
    position -= range.count;
  }
  throw SpecError("an index set has no such position");
}

/// Gives memory back once taken ranges outnumber the others, so that each range is moved at most once on average.
void IndexSet::drop_taken() {
  if (head_ == 0 || head_ < ranges_.size() - head_) return;
  ranges_.erase(ranges_.begin(), ranges_.begin() + static_cast<std::ptrdiff_t>(head_));
  head_ = 0;
}

bool operator==(const IndexSet& a, const IndexSet& b) {
  return std::ranges::equal(a.ranges(), b.ranges());
}

}  // namespace windrow
