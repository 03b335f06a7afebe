#pragma once

#include <string_view>

namespace windrow {

/// Which worker evaluates what.
enum class Schedule {
  /// Contiguous shares fixed beforehand: with q, m = divmod(N, R), the first m workers get q + 1 points, the others q.
  static_split,
  /// Self-scheduling: a worker gets the next points as it finishes; how many at a time follows their measured time.
  dynamic,
};

/// "static" or "dynamic"
std::string_view name_of(Schedule schedule);

}  // namespace windrow
