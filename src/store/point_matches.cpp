#include "point_matches.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <tuple>
#include <utility>

namespace windrow::detail {
namespace {

/// A study of these parameters alone, whatever it evaluates.
StudyIdentity study_of_columns(const std::vector<Column>& columns, const std::vector<std::size_t>& positions) {
  StudyIdentity study;
  for (const std::size_t i : positions) study.parameters.push_back(columns[i]);
  return study;
}

/// Whole numbers are written in two ways, 100000 and 1e+05, by the kind of their value; here they are one.
Value with_one_spelling(const Value& value) {
  constexpr double most = 9007199254740992.0;
  const auto* number = std::get_if<double>(&value.variant());
  const bool whole = number != nullptr && std::abs(*number) < most && std::trunc(*number) == *number;
  return whole && !(*number == 0.0 && std::signbit(*number)) ? Value(static_cast<std::int64_t>(*number)) : value;
}

}  // namespace

PointKey::PointKey(const std::vector<Column>& columns, std::vector<std::size_t> positions)
    : positions_(std::move(positions)),
      hash_(study_of_columns(columns, positions_), study_of_columns(columns, positions_)) {}

Hash128 PointKey::operator()(const std::vector<Value>& parameters) {
  values_.clear();
  for (const std::size_t i : positions_) values_.push_back(with_one_spelling(parameters[i]));
  return hash_(0, values_);
}

KeyedPoints::KeyedPoints(const StoreReader& run, const std::vector<std::size_t>& shared,
                         const std::vector<std::size_t>& own) {
  const std::vector<Column>& columns = run.identity().parameters;
  PointKey key(columns, shared);
  PointKey rest(columns, own);
  points_.reserve(run.outcomes());
  run.for_each([&](const Record& record) {
    const auto other = own.empty() ? 0U : static_cast<std::uint32_t>(rest(record.parameters).low);
    points_.push_back({.key = key(record.parameters), .rest = other, .index = record.index});
  });
  std::ranges::sort(points_, {}, [](const Keyed& point) { return std::tie(point.key, point.index); });
  for_each_key([&](std::size_t begin, std::size_t end) {
    const auto differs = [&](const Keyed& point) { return point.rest != points_[begin].rest; };
    if (std::none_of(points_.begin() + static_cast<std::ptrdiff_t>(begin),
                     points_.begin() + static_cast<std::ptrdiff_t>(end), differs)) {
      return;
    }
    points_[begin].ambiguous = 1;
    ambiguous_ += end - begin;
  });
}

std::size_t KeyedPoints::find(const Hash128& key) const {
  const auto found = std::ranges::lower_bound(points_, key, {}, &Keyed::key);
  return found != points_.end() && found->key == key ? static_cast<std::size_t>(found - points_.begin())
                                                     : points_.size();
}

void KeyedPoints::for_each_key(const std::function<void(std::size_t, std::size_t)>& visit) const {
  for (std::size_t begin = 0; begin < points_.size();) {
    std::size_t end = begin + 1;
    while (end < points_.size() && points_[end].key == points_[begin].key) ++end;
    visit(begin, end);
    begin = end;
  }
}

bool KeyedPoints::is_ambiguous(const Hash128& key) const {
  const std::size_t begin = find(key);
  return begin < points_.size() && points_[begin].ambiguous != 0;
}

std::optional<std::uint64_t> KeyedPoints::take(const Hash128& key) {
  const std::size_t begin = find(key);
  if (begin == points_.size() || points_[begin].ambiguous != 0) return std::nullopt;
  const std::size_t next = begin + points_[begin].taken;
  if (next == points_.size() || points_[next].key != key) return std::nullopt;
  ++points_[begin].taken;
  return points_[next].index;
}

std::vector<std::uint64_t> KeyedPoints::left(std::size_t most) const {
  std::vector<std::uint64_t> lowest;  // a heap: the highest of them first
  for_each_key([&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin + points_[begin].taken; i < end; ++i) {
      lowest.push_back(points_[i].index);
      std::ranges::push_heap(lowest);
      if (lowest.size() <= most) continue;
      std::ranges::pop_heap(lowest);
      lowest.pop_back();
    }
  });
  std::ranges::sort(lowest);
  return lowest;
}

}  // namespace windrow::detail
