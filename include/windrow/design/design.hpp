#pragma once

#include <atomic>
#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "windrow/design/parameter.hpp"
#include "windrow/design/value.hpp"

namespace [[gnu::visibility("default")]] windrow {

/// One point of a design: an index and a value for every parameter.
class Point {
 public:
  Point(std::uint64_t index, std::shared_ptr<const std::vector<Parameter>> parameters, std::vector<Value> values,
        std::uint64_t study_seed = 0);

  std::uint64_t index() const {
    if (index_read_) index_read_->store(true, std::memory_order_relaxed);
    return index_;
  }
  /// Whether both are one point of a design; nobody notices it as asking for the index.
  bool has_index_of(const Point& other) const { return index_ == other.index_; }
  /// @throws SpecError for an unknown name, with the nearest valid one
  const Value& operator[](std::string_view name) const;
  const std::vector<Value>& values() const& { return values_; }
  std::vector<Value> values() && { return std::move(values_); }
  const std::vector<Parameter>& parameters() const { return *parameters_; }

  /// A seed of this point's own, from 0 to 2^63 - 1: a function of the design's seed and of the names and values of the
  /// parameters, not of the index, so that it stays when points are added or reordered.
  ///
  /// Points that differ in the integer parameter `replicate` alone never have the same seed. Others have with the odds
  /// of a hash: two among n points with n^2 / 2^64, which is one to 18 million for a million points.
  std::uint64_t seed() const;
  /// The same for programs whose seeds have 31 bits, from 1 to 2^31 - 1. Two among n points are the same with n^2 /
  /// 2^32: among 1000 points one to 4300, among 100000 almost surely; replicates of one point never.
  std::uint32_t seed31() const;

  /// From now on, sets `flag` when the index of this point, or of a copy of it, is asked for.
  void watch_index(std::shared_ptr<std::atomic<bool>> flag) { index_read_ = std::move(flag); }

 private:
  std::uint64_t index_;
  std::shared_ptr<const std::vector<Parameter>> parameters_;
  std::vector<Value> values_;
  std::uint64_t study_seed_;
  std::shared_ptr<std::atomic<bool>> index_read_;  // null: nobody watches
};

/// A point whose values are, and are written into programs, like those of an earlier one.
struct EqualPoint {
  std::uint64_t first;  ///< the index of the first of its kind
  std::uint64_t index;
  friend auto operator<=>(const EqualPoint&, const EqualPoint&) = default;
};

/// What one method lays out of a design.
struct DesignBlock {
  std::string method;
  std::uint64_t points;
  std::vector<std::string> parameters;
  bool redraw = false;  ///< draws of its own for each point of the blocks before it
};

/// Points of a design that stand together: from one index on, blocks that are crossed, each point so many times.
struct DesignPart {
  std::uint64_t first;
  std::uint64_t points;  ///< with replicates
  std::vector<DesignBlock> blocks;
  std::uint64_t replicates = 1;
};

/// A condition of a filter, and at how many candidates it is false, whatever the others are there.
struct Exclusion {
  std::string condition;
  std::uint64_t candidates = 0;
  friend bool operator==(const Exclusion&, const Exclusion&) = default;
};

/// A function from an index in [0, size) to a point. Pure, cheap to copy, constant memory (a table holds its file's
/// values): the same design gives the same points in every process, whatever the backend or the number of ranks.
class Design {
 public:
  class Kernel;  ///< what differs between methods

  Design(std::vector<Parameter> parameters, std::uint64_t seed, std::shared_ptr<const Kernel> kernel);

  std::uint64_t size() const;
  std::uint64_t seed() const { return seed_; }
  /// "grid", "zip", "table", or one of windrow/design/methods.hpp; "grid x latin_hypercube + grid" if it is composed
  std::string method() const;
  /// With the fields of bundles, each bundle's behind it.
  const std::vector<Parameter>& parameters() const { return *parameters_; }
  /// Whether points are random draws.
  bool draws() const;
  /// What it is composed of: one part of one block, unless it was crossed() or appended().
  std::vector<DesignPart> parts() const;

  /// @throws SpecError if index >= size()
  Point point(std::uint64_t index) const;

  /// What identifies the points, as (name, canonical text) pairs in a fixed order: ("design.method", "grid"),
  /// ("design.points", "5"), ("design.seed", "0"), ("parameters.length", "linear(0, 1, 5)"), ... Two designs with equal
  /// definitions have equal points. Units and descriptions are left out; so is the path of a table, whose columns are
  /// identified by a hash of their values. The seed is always in, because evaluations may use it.
  std::vector<std::pair<std::string, std::string>> definition() const;

  /// Rows of tables and lists that are there several times, and points of grids whose levels are; by the first of their
  /// kind, then by index. Samples are not looked at: none, whatever they drew. Takes time for each row, and 16 bytes
  /// for each point that is equal to an earlier one.
  std::vector<EqualPoint> equal_points() const;

  /// What a user should know of how the design was read, a sentence each: "points.csv: is no UTF-8, so ...".
  std::vector<std::string> notes() const;

  /// What a filter has left out, line by line; none without one.
  std::vector<Exclusion> exclusions() const;
  /// Of how many points a filter has made its choice; without one, size().
  std::uint64_t candidates() const;

 private:
  std::shared_ptr<const std::vector<Parameter>> laid_out_;    // what the kernel knows of
  std::shared_ptr<const std::vector<Parameter>> parameters_;  // with the fields of bundles
  std::uint64_t seed_;
  std::shared_ptr<const Kernel> kernel_;
};

/// Each point of a design `replicates` times, one beside the other, told apart by a last parameter `replicate`, an
/// integer from 1. More replicates leave those as they are that are there.
/// @throws SpecError if it is 0, a parameter is called `replicate`, or there are more than 2^62 points
Design replicated(const Design& design, std::uint64_t replicates);

/// Cartesian product of fixed parameters: the first varies slowest, the last fastest.
/// @throws SpecError if there is no parameter, two have one name, one is random, or the product is above 2^62
Design grid(std::vector<Parameter> parameters, std::uint64_t seed = 0);

/// Point i takes level i of every fixed parameter.
/// @throws SpecError as for a grid, or if the numbers of levels differ (they are named)
Design zip(std::vector<Parameter> parameters, std::uint64_t seed = 0);

/// Independent draws: drawn and listed parameters.
/// Random numbers: Philox4x32-10, counter-based, keyed by seed, parameter name and index.
/// @throws SpecError if points is 0 or above 2^62, or a parameter is a range
/// Source: Salmon et al. 2011, doi:10.1145/2063384.2063405
Design monte_carlo(std::vector<Parameter> parameters, std::uint64_t points, std::uint64_t seed = 0);

/// Latin hypercube: every parameter has one draw in each of `points` equally likely strata. The order of the strata is
/// a keyed permutation computed per index (a Feistel network with cycle walking), so that memory is constant. Sources:
/// McKay, Beckman & Conover 1979, doi:10.2307/1268522; Black & Rogaway 2002, doi:10.1007/3-540-45760-7_9
Design latin_hypercube(std::vector<Parameter> parameters, std::uint64_t points, std::uint64_t seed = 0);

/// The rows of a text file, a column a parameter, named by the header: windrow/design/table.hpp says how it is read.
/// @param annotations  units, descriptions, types and formats by name: each must be a column; their sources are ignored
/// @throws SpecError as the other table()
Design table(const std::string& path, const std::vector<Parameter>& annotations = {}, std::uint64_t seed = 0);

}  // namespace windrow
