#include "windrow/store/compare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

#include "point_matches.hpp"
#include "value_distance.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"

namespace windrow {
namespace {

/// Positions of a column in both runs.
struct ColumnPair {
  std::size_t first;
  std::size_t second;
};

/// The columns that both runs have, in the order of the first, and those that one has alone.
struct PairedColumns {
  std::vector<ColumnPair> both;
  std::vector<std::size_t> only_first;
  std::vector<std::size_t> only_second;
};

/// @param chosen  names; empty: all
PairedColumns pair_columns(const std::vector<Column>& first, const std::vector<Column>& second,
                           const std::vector<std::string>& chosen = {}) {
  const auto is_chosen = [&](const Column& column) {
    return chosen.empty() || std::ranges::find(chosen, column.name) != chosen.end();
  };
  PairedColumns paired;
  for (std::size_t i = 0; i < first.size(); ++i) {
    if (!is_chosen(first[i])) continue;
    const auto found = std::ranges::find(second, first[i].name, &Column::name);
    if (found == second.end()) {
      paired.only_first.push_back(i);
    } else {
      paired.both.push_back({i, static_cast<std::size_t>(found - second.begin())});
    }
  }
  for (std::size_t i = 0; i < second.size(); ++i) {
    if (is_chosen(second[i]) && std::ranges::find(first, second[i].name, &Column::name) == first.end())
      paired.only_second.push_back(i);
  }
  return paired;
}

std::vector<std::size_t> positions_in(const std::vector<ColumnPair>& pairs, std::size_t ColumnPair::*run) {
  std::vector<std::size_t> positions;
  for (const ColumnPair& pair : pairs) positions.push_back(pair.*run);
  return positions;
}

std::vector<std::string> names_at(const std::vector<Column>& columns, const std::vector<std::size_t>& positions) {
  std::vector<std::string> names;
  for (const std::size_t i : positions) names.push_back(columns[i].name);
  return names;
}

void require_valid(const StudyIdentity& first, const StudyIdentity& second, const ComparisonOptions& options) {
  if (!std::isfinite(options.tolerance) || options.tolerance < 0) {
    throw SpecError(fmt::format("a tolerance of {} is no number from 0", options.tolerance));
  }
  std::vector<std::string> valid;
  for (const StudyIdentity* run : {&first, &second}) {
    for (const Column& output : run->outputs) {
      if (std::ranges::find(valid, output.name) == valid.end()) valid.push_back(output.name);
    }
  }
  for (const std::string& name : options.outputs) {
    if (std::ranges::find(valid, name) != valid.end()) continue;
    throw SpecError(fmt::format("neither run has an output `{}`{}", name, text::suggestion(name, valid)));
  }
}

/// The file of an array; nothing if the output is none, or missing.
const ArrayFile* array_at(const Record& record, const std::vector<Column>& outputs, std::size_t position) {
  const std::vector<Value>& values = record.outcome.value();
  const auto is_array = [&](std::size_t i) { return detail::is_array_type(outputs[i].type) && !values[i].is_number(); };
  if (!is_array(position)) return nullptr;
  std::size_t before = 0;
  for (std::size_t i = 0; i < position; ++i) before += is_array(i) ? 1 : 0;
  return &record.arrays[before];
}

/// @param a, b  null: it is no array, or missing
detail::ValueDistance distance_of_arrays(const ArrayFile* a, const ArrayFile* b) {
  const bool equal = a != nullptr && b != nullptr && a->checksum == b->checksum && a->size == b->size;
  return equal ? detail::ValueDistance{} : detail::kFarApart;
}

std::string described(const ArrayFile& array) {
  return fmt::format("{} {}, checksum {:016x}", render_shape(array.shape), array.type, array.checksum);
}

/// Keeps the larger one; of equal ones that of the lower index.
void keep_larger(std::optional<LargestDifference>& largest, double value, std::uint64_t point) {
  if (!std::isfinite(value)) return;
  if (largest && std::pair(-largest->value, largest->point) <= std::pair(-value, point)) return;
  largest = LargestDifference{value, point};
}

/// Keeps the first `most` of a list by `key`.
template <typename T, typename Key>
void keep_first(std::vector<T>& kept, T one, std::size_t most, const Key& key) {
  if (kept.size() == most && (most == 0 || key(kept.back()) <= key(one))) return;
  const auto place = std::ranges::upper_bound(kept, key(one), {}, key);
  kept.insert(place, std::move(one));
  if (kept.size() > most) kept.pop_back();
}

class Comparing {
 public:
  Comparing(const StoreReader& first, const StoreReader& second, const ComparisonOptions& options)
      : first_(first),
        second_(second),
        options_(options),
        parameters_(pair_columns(first.identity().parameters, second.identity().parameters)),
        outputs_(pair_columns(first.identity().outputs, second.identity().outputs, options.outputs)) {
    for (const ColumnPair& pair : outputs_.both) {
      result_.outputs.push_back({.column = first.identity().outputs[pair.first]});
    }
    describe_columns();
  }

  Comparison run() {
    const auto in_first = positions_in(parameters_.both, &ColumnPair::first);
    const auto in_second = positions_in(parameters_.both, &ColumnPair::second);
    detail::KeyedPoints points(first_, in_first, parameters_.only_first);
    std::optional<detail::KeyedPoints> others;
    if (!parameters_.only_second.empty()) others.emplace(second_, in_second, parameters_.only_second);
    detail::PointKey key(second_.identity().parameters, in_second);
    std::uint64_t matched = 0;
    second_.for_each([&](const Record& record) {
      const detail::Hash128 hash = key(record.parameters);
      const bool is_ambiguous = others && others->is_ambiguous(hash);
      const std::optional<std::uint64_t> index = is_ambiguous ? std::nullopt : points.take(hash);
      const std::optional<Record> earlier = index ? first_.find(*index) : std::nullopt;
      if (earlier) {
        ++matched;
        compare(*earlier, record);
      } else {
        ++result_.only_second.points;
        if (result_.only_second.shown.size() < options_.shown) result_.only_second.shown.push_back(record);
      }
    });
    result_.only_first.points = points.size() - matched;
    result_.only_first.ambiguous = points.ambiguous();
    result_.only_second.ambiguous = others ? others->ambiguous() : 0;
    for (const std::uint64_t index : points.left(options_.shown)) {
      if (std::optional<Record> record = first_.find(index)) result_.only_first.shown.push_back(std::move(*record));
    }
    return std::move(result_);
  }

 private:
  void describe_columns() {
    const StudyIdentity& first = first_.identity();
    const StudyIdentity& second = second_.identity();
    result_.only_first.parameters = names_at(first.parameters, parameters_.only_first);
    result_.only_second.parameters = names_at(second.parameters, parameters_.only_second);
    result_.only_first.outputs = names_at(first.outputs, outputs_.only_first);
    result_.only_second.outputs = names_at(second.outputs, outputs_.only_second);
    const auto add = [&](const Column& a, const Column& b) {
      if (a.unit != b.unit) result_.units.push_back({a.name, a.unit, b.unit});
    };
    for (const ColumnPair& pair : parameters_.both) add(first.parameters[pair.first], second.parameters[pair.second]);
    for (const ColumnPair& pair : outputs_.both) add(first.outputs[pair.first], second.outputs[pair.second]);
  }

  void compare(const Record& first, const Record& second) {
    const ComparedPoint point{first.index, second.index, first.parameters};
    if (first.outcome.ok() && second.outcome.ok()) {
      ++(compare_outputs(point, first, second) ? result_.equal : result_.different);
    } else if (first.outcome.ok()) {
      add({point, {}, second.outcome.failure()}, result_.failed_in_second);
    } else if (second.outcome.ok()) {
      add({point, first.outcome.failure(), {}}, result_.failed_in_first);
    } else {
      const TaskFailure& was = first.outcome.failure();
      const TaskFailure& is = second.outcome.failure();
      if (was.kind == is.kind && was.code == is.code) {
        ++result_.failed_alike;
      } else {
        add({point, was, is}, result_.failed_otherwise);
      }
    }
  }

  void add(FailureDifference difference, FailureDifferences& differences) const {
    ++differences.points;
    keep_first(differences.shown, std::move(difference), options_.shown,
               [](const FailureDifference& one) { return one.point.first; });
  }

  /// @return whether all of them are equal
  bool compare_outputs(const ComparedPoint& point, const Record& first, const Record& second) {
    bool equal = true;
    for (std::size_t i = 0; i < outputs_.both.size(); ++i) {
      const ColumnPair& pair = outputs_.both[i];
      const ArrayFile* a = array_at(first, first_.identity().outputs, pair.first);
      const ArrayFile* b = array_at(second, second_.identity().outputs, pair.second);
      const Value& x = first.outcome.value()[pair.first];
      const Value& y = second.outcome.value()[pair.second];
      const detail::ValueDistance distance =
          a == nullptr && b == nullptr ? detail::distance_of(x, y) : distance_of_arrays(a, b);
      if (distance.relative <= options_.tolerance) continue;
      equal = false;
      OutputDifference difference{point, a != nullptr ? Value(described(*a)) : x,
                                  b != nullptr ? Value(described(*b)) : y, distance.absolute, distance.relative};
      add(std::move(difference), result_.outputs[i]);
    }
    return equal;
  }

  void add(OutputDifference difference, ComparedOutput& output) const {
    ++output.different;
    keep_larger(output.absolute, difference.absolute, difference.point.first);
    keep_larger(output.relative, difference.relative, difference.point.first);
    keep_first(output.largest, std::move(difference), options_.shown,
               [](const OutputDifference& one) { return std::tuple(-one.relative, -one.absolute, one.point.first); });
  }

  const StoreReader& first_;
  const StoreReader& second_;
  const ComparisonOptions& options_;
  PairedColumns parameters_;
  PairedColumns outputs_;
  Comparison result_;
};

}  // namespace

std::uint64_t Comparison::points() const {
  return equal + different + failed_alike + failed_otherwise.points + failed_in_first.points + failed_in_second.points;
}

bool Comparison::agrees() const {
  return equal + failed_alike == points() && only_first.points == 0 && only_second.points == 0 &&
         only_first.outputs.empty() && only_second.outputs.empty();
}

Comparison compare_results(const StoreReader& first, const StoreReader& second, const ComparisonOptions& options) {
  require_valid(first.identity(), second.identity(), options);
  return Comparing(first, second, options).run();
}

}  // namespace windrow
