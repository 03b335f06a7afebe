#pragma once

#include <cstdint>
#include <optional>

#include "sqlite.hpp"

namespace windrow::detail {

struct Total;

/// How long evaluations took, in all: in whole nanoseconds, so that the same evaluations have the same sum in whatever
/// order they are added.
class ElapsedSum {
 public:
  ElapsedSum() = default;
  ElapsedSum(std::int64_t seconds, std::int64_t nanoseconds) : seconds_(seconds), nanoseconds_(nanoseconds) {}

  /// What is no time (NaN, or more than 30 years) counts as 0 s.
  void add(double elapsed) { change(elapsed, 1); }
  void remove(double elapsed) { change(elapsed, -1); }
  std::int64_t whole_seconds() const { return seconds_; }
  std::int64_t nanoseconds() const { return nanoseconds_; }  ///< beside them, below 10^9
  double seconds() const { return static_cast<double>(seconds_) + 1e-9 * static_cast<double>(nanoseconds_); }

 private:
  void change(double elapsed, std::int64_t sign);

  std::int64_t seconds_ = 0;
  std::int64_t nanoseconds_ = 0;
};

/// The table `elapsed` has one row: the sum over `evaluations`, the total of that table which it belongs to, and a
/// checksum. Who changes evaluations and does not know it leaves a row that fits no more, and so does whoever damages
/// it: then the rows are added up.
/// @param evaluations  the total of that table
/// @return nothing if there is no such row, or not of this total, or damaged
std::optional<ElapsedSum> read_elapsed(Connection& connection, const Total& evaluations);
/// Makes the table, if need be.
void write_elapsed(Connection& connection, const Total& evaluations, const ElapsedSum& sum);
/// Adds up all rows if the stored sum is not that of now.
void require_elapsed(Connection& connection);

}  // namespace windrow::detail
