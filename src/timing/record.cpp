#include "windrow/timing/record.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace windrow {

using std::chrono::nanoseconds;

namespace {

template <class Items, class Name>
auto find_name(Items& items, const Name& name) {
  return std::find_if(items.begin(), items.end(), [&](const auto& item) { return item.name == name; });
}

void merge_stamp(StampRecord& into, const StampRecord& next) {
  if (next.count > 0) {
    into.min = into.count == 0 ? next.min : std::min(into.min, next.min);
    into.max = into.count == 0 ? next.max : std::max(into.max, next.max);
  }
  into.cumulative += next.cumulative;
  into.count += next.count;
  into.iterations.insert(into.iterations.end(), next.iterations.begin(), next.iterations.end());
}

void check_distinct(std::span<const TimingRecord> records) {
  std::set<std::string_view> names;
  for (const TimingRecord& record : records) {
    if (names.insert(record.name).second) continue;
    throw TimingError(
        fmt::format("two records have the name `{}`: which is which? Timer::rename() gives each its own", record.name));
  }
}

}  // namespace

nanoseconds StampRecord::mean() const {
  return count == 0 ? nanoseconds{0} : cumulative / static_cast<std::int64_t>(count);
}

nanoseconds TimingRecord::stamps_sum() const {
  nanoseconds sum{0};
  for (const StampRecord& stamp : stamps) sum += stamp.cumulative;
  return sum;
}

const StampRecord* TimingRecord::find(std::string_view stamp) const {
  const auto found = find_name(stamps, stamp);
  return found == stamps.end() ? nullptr : &*found;
}

void merge(TimingRecord& into, const TimingRecord& next) {
  if (&into == &next) return merge(into, TimingRecord(next));
  into.total += next.total;
  into.overhead += next.overhead;
  into.count += next.count;
  into.iterations.insert(into.iterations.end(), next.iterations.begin(), next.iterations.end());
  for (const StampRecord& stamp : next.stamps) {
    const auto same = find_name(into.stamps, stamp.name);
    if (same == into.stamps.end()) {
      into.stamps.push_back(stamp);
    } else {
      merge_stamp(*same, stamp);
    }
  }
  for (const PlacedRecord& placed : next.subdivisions) {
    const auto same = std::find_if(into.subdivisions.begin(), into.subdivisions.end(), [&](const PlacedRecord& other) {
      return other.position == placed.position && other.record.name == placed.record.name;
    });
    if (same == into.subdivisions.end()) {
      into.subdivisions.push_back(placed);
    } else {
      merge(same->record, placed.record);
    }
  }
  for (const ParallelRecords& parallel : next.parallel) {
    const auto same = std::find_if(into.parallel.begin(), into.parallel.end(), [&](const ParallelRecords& other) {
      return other.position == parallel.position && other.group == parallel.group;
    });
    if (same == into.parallel.end()) {
      into.parallel.push_back(parallel);
    } else {
      merge(same->records, parallel.records);
    }
  }
}

void merge(std::vector<TimingRecord>& into, std::span<const TimingRecord> next) {
  check_distinct(next);
  if (into.empty()) {
    into.assign(next.begin(), next.end());
    return;
  }
  for (const TimingRecord& record : next) {
    const auto same = find_name(into, record.name);
    if (same == into.end()) {
      into.push_back(record);
    } else {
      merge(*same, record);
    }
  }
}

}  // namespace windrow
