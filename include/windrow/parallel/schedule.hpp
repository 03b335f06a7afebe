#pragma once

#include <array>
#include <string_view>

namespace [[gnu::visibility("default")]] windrow {

/// Which worker evaluates what, and when. Results are the same under all of them; the time they take is not.
enum class Schedule {
  /// Contiguous shares fixed beforehand: with q, m = divmod(N, R), the first m workers get q + 1 points, the others q.
  static_split,
  /// Shares fixed beforehand, dealt like cards: worker w gets points w, w + R, w + 2 R, ...
  cyclic,
  /// Self-scheduling: the next point in index order to whoever is free, one at a time.
  dynamic,
  /// Self-scheduling with chunks of ceil(left / R) points, so that few messages suffice and the last chunks are single
  /// points. Source: Polychronopoulos & Kuck 1987, doi:10.1109/TC.1987.5009495
  guided,
  /// The most expensive points first, by given or learned costs (list scheduling: Graham 1969, doi:10.1137/0117039).
  longest_first,
  /// Self-scheduling without anything to tune: how many points travel at a time, and whether the next ones are handed
  /// out ahead, follows the measured times of the points and of the coordinator.
  automatic,
};

inline constexpr std::array<Schedule, 6> all_schedules = {Schedule::static_split,  Schedule::cyclic,
                                                          Schedule::dynamic,       Schedule::guided,
                                                          Schedule::longest_first, Schedule::automatic};

/// "static", "cyclic", "dynamic", "guided", "longest_first" or "auto"
std::string_view name_of(Schedule schedule);
/// @throws SpecError for an unknown name, listing the valid ones
Schedule schedule(std::string_view name);

}  // namespace windrow
