#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "windrow/store/store.hpp"

namespace [[gnu::visibility("default")]] windrow {

struct ComparisonOptions {
  std::vector<std::string> outputs = {};  ///< these alone; empty: all
  /// Numbers x and y are equal if |x - y| <= tolerance * max(|x|, |y|). 0: exactly.
  double tolerance = 0.0;
  std::size_t shown = 10;  ///< how many examples of each kind of difference are kept
};

/// A point that both runs have.
struct ComparedPoint {
  std::uint64_t first = 0;             ///< its index in the first run
  std::uint64_t second = 0;            ///< ... and in the second
  std::vector<Value> parameters = {};  ///< as the first run has them
};

/// An output that differs at a point.
struct OutputDifference {
  ComparedPoint point;
  Value first = {};   ///< of an array what is known of it, as a text: "3 x 2 <f8, checksum 0123456789abcdef"
  Value second = {};  ///< the same
  /// |x - y|. Infinite if that cannot be said: of texts, truth values and arrays, if one of both is NaN or infinite,
  /// or of another kind.
  double absolute = std::numeric_limits<double>::infinity();
  double relative = std::numeric_limits<double>::infinity();  ///< |x - y| / max(|x|, |y|), or infinite
};

/// The largest of finite differences, and at which point.
struct LargestDifference {
  double value = 0.0;
  std::uint64_t point = 0;  ///< its index in the first run
};

/// An output that both runs have, at the points where both have a result.
struct ComparedOutput {
  Column column;  ///< as the first run has it
  std::uint64_t different = 0;
  std::optional<LargestDifference> absolute = {};  ///< none if no difference is finite
  std::optional<LargestDifference> relative = {};
  std::vector<OutputDifference> largest = {};  ///< by the relative difference, the largest first, then by index
};

/// A point whose outcome is a failure in one run alone, or in both in different ways.
struct FailureDifference {
  ComparedPoint point;
  std::optional<TaskFailure> first = {};   ///< none: it succeeded
  std::optional<TaskFailure> second = {};  ///< the same
};

struct FailureDifferences {
  std::uint64_t points = 0;
  std::vector<FailureDifference> shown = {};
};

/// What one of both runs alone has.
struct OnlyInOne {
  std::uint64_t points = 0;
  /// Of these, how many are told apart only by parameters that the other run does not have.
  std::uint64_t ambiguous = 0;
  std::vector<Record> shown = {};  ///< those of the lowest indices
  std::vector<std::string> parameters = {};
  std::vector<std::string> outputs = {};
};

/// A column whose unit differs; its values are compared as they are.
struct UnitDifference {
  std::string column;
  std::string first;
  std::string second;
};

/// What changed from one run to another.
struct Comparison {
  std::uint64_t equal = 0;              ///< points that succeeded in both, with equal outputs
  std::uint64_t different = 0;          ///< ... with an output that differs
  std::uint64_t failed_alike = 0;       ///< points that failed in both, in the same way: by kind and code
  FailureDifferences failed_otherwise;  ///< ... in another way
  FailureDifferences failed_in_first;   ///< points that succeeded in the second run alone
  FailureDifferences failed_in_second;  ///< ... in the first run alone
  std::vector<ComparedOutput> outputs;  ///< in the order of the first run
  OnlyInOne only_first;
  OnlyInOne only_second;
  std::vector<UnitDifference> units;

  /// How many points both runs have.
  std::uint64_t points() const;
  /// Whether both have the same points with the same outcomes, within the tolerance, and the same outputs. A parameter
  /// that one alone has does not count, nor does a unit.
  bool agrees() const;
};

/// Compares the outcomes of two runs point by point. A point that has no outcome is not there.
///
/// Points are matched by what they are, not by their index: by the names and values of the parameters that both runs
/// have, as a store recognises them (Value::identity_text(): 2 and 2.0 are the same). Points that are equal within a
/// run are matched in the order of their indices. Where a run has several points that differ in parameters which the
/// other does not have, and in no others, they are matched with none.
///
/// NaN equals NaN. Numbers count by their value, texts and truth values are equal or not; arrays are told by their
/// checksums, without their files. Reads the first run twice, the second once (twice, if it has parameters of its own).
/// Memory: 32 bytes for each point of the first run (of both, in that case).
/// @throws SpecError   for an output that neither run has, or a tolerance that is negative or no number
/// @throws StoreError  if a store is damaged
Comparison compare_results(const StoreReader& first, const StoreReader& second, const ComparisonOptions& options = {});

}  // namespace windrow
