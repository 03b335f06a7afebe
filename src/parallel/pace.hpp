#pragma once

#include <cstdint>
#include <optional>

#include "windrow/parallel/schedule.hpp"

namespace windrow::detail {

/// How many points travel at a time, and whether the next ones are handed out ahead, by what has been measured so far.
/// src/parallel/DESIGN.md says why these rules.
class Pace {
 public:
  Pace(Schedule schedule, int workers) : schedule_(schedule), workers_(static_cast<std::uint64_t>(workers)) {}

  /// Points have come back: what each took, and the bytes of each result.
  void observe(double seconds, std::uint64_t bytes, std::uint64_t points = 1);
  /// A point was handed out with a parameter of so many bytes.
  void observe_parameter(std::uint64_t bytes);
  /// A point is still running that has taken so long.
  void observe_running(double seconds);
  /// The coordinator was busy for `busy` of the last `wall` seconds.
  void observe_load(double busy, double wall);

  /// Points for a worker's next assignment. @param available  to it; @param left  to all; @pre available > 0
  std::uint64_t chunk(std::uint64_t available, std::uint64_t left) const;
  /// Assignments that a worker may have at once.
  std::uint64_t ahead(std::uint64_t left) const;
  /// As in AssignmentHead, for an assignment of so many points.
  double budget(std::uint64_t points) const;
  bool gives_back() const { return schedule_ == Schedule::automatic; }
  /// As in AssignmentHead. @param knows_point  if the worker is lost, the point that it was evaluating is known
  double patience(bool knows_point) const;
  /// Seconds within which most points end: by mean and deviation, and no more than the longest took. 0 before any has.
  double most_end_within() const;

 private:
  bool has_shares() const { return schedule_ == Schedule::static_split || schedule_ == Schedule::cyclic; }
  double assignment_seconds() const;
  double round_seconds() const;
  /// Seconds that the next point should take, rather too many than too few. @pre count_ > 0
  double expected() const;

  Schedule schedule_;
  std::uint64_t workers_;
  double count_ = 0.0;
  double seconds_ = 0.0;  // of all points
  double squares_ = 0.0;  // of their seconds
  double longest_ = 0.0;
  double bytes_ = 0.0;
  double parameters_ = 0.0;       // handed out
  double parameter_bytes_ = 0.0;  // of all of them
  double recent_ = 0.0;           // mean seconds of a point, recent ones weighing more
  double stretch_ = 1.0;
};

}  // namespace windrow::detail
