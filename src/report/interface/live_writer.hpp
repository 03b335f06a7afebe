#pragma once

#include <chrono>
#include <filesystem>

#include "windrow/report/live.hpp"

namespace windrow::detail {

/// Writes `live.json` about once a second, and seldom enough that it takes less than a hundredth of the time. What goes
/// wrong with it is nobody's concern: the file is then old, or missing.
class LiveWriter {
 public:
  using Clock = std::chrono::steady_clock;

  explicit LiveWriter(std::filesystem::path store) : store_(std::move(store)) {}
  bool is_due(Clock::time_point now) const { return now >= next_; }
  /// Fills in host, process, time and revision.
  void write(LiveStatus status) noexcept;

 private:
  std::filesystem::path store_;
  std::uint64_t revisions_ = 0;
  Clock::time_point next_;
};

}  // namespace windrow::detail
