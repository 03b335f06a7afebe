#pragma once

#include <string>
#include <vector>

#include "timing/node.hpp"
#include "windrow/timing/timer.hpp"

namespace windrow::detail::timing {

using time_point = TimerClock::time_point;

enum class Flow : std::uint8_t { running, paused, stopped };

/// A level that is open. What timing takes ("cost") is found by reading the clock twice in every call; it is kept apart
/// in four sums, since it must be left out of the open interval, out of the total, and out of both in every level
/// above.
struct Level {
  Node* node = nullptr;
  Serial id = 0;           ///< of this opening
  Serial since = 0;        ///< when it was opened or reset: names stamped before are free
  time_point start;        ///< of the stretch that runs
  time_point last;         ///< the last stamp: an interval is since then, less `interval_cost`
  nanoseconds earlier{0};  ///< of the stretches before `start`
  nanoseconds interval_cost{0};
  nanoseconds total_cost{0};
  nanoseconds own_cost{0};    ///< that of this level alone, to be reported
  nanoseconds whole_cost{0};  ///< with that of the levels below, of all time
  Flow flow = Flow::running;
  bool used = false;      ///< start() would lose something
  std::size_t loops = 0;  ///< those that are open outside

  nanoseconds total_at(time_point time) const {
    return earlier + (flow == Flow::running ? time - start : nanoseconds{0}) - total_cost;
  }
  void begin(time_point time);
  void charge(nanoseconds cost);
  void leave_out(nanoseconds cost);
};

/// A loop that is open.
struct LoopFrame {
  Serial id = 0;         ///< also: when it began
  Serial iteration = 0;  ///< when the present iteration began; 0: none has
  std::uint64_t index = 0;
  bool has_level = false;
  nanoseconds total_before{0};       ///< the level's, when the iteration began
  std::vector<Node::Number> stamps;  ///< those expected in every iteration
};

struct TimerState {
  TimerState(std::string name, TimerClock clock);

  time_point now() const {
    return clock.read == nullptr ? std::chrono::steady_clock::now() : clock.read(clock.context);
  }
  Level& current() { return levels.back(); }

  /// The present level. Every call of a timer begins with it, since the process may have been forked.
  Level& enter() {
    if (forks_seen != forks()) [[unlikely]]
      start_clean();
    return levels.back();
  }
  Level& enter_running(const char* what);

  void restart(std::string name, time_point time);
  time_point stamp(std::string_view name, bool may_repeat, const time_point* at = nullptr);
  void close_interval(Level& level, Node::Number stamp, time_point time);
  void open_level(std::string_view name);
  void close_levels_above(std::size_t depth) noexcept;
  void close_level(time_point time) noexcept;
  void charge_since(time_point time) { current().charge(now() - time); }

  Serial first_stamp(const Level& level, Node::Number stamp, bool may_repeat) const;
  const LoopFrame* innermost_loop(const Level& level) const;
  void record(Level& level, Node::Number stamp, nanoseconds time);
  std::size_t open_loop(const LoopOptions& options);
  void next_iteration(LoopFrame& loop, std::uint64_t index);
  void finish_iteration(LoopFrame& loop, time_point time);
  void close_loops(std::size_t count, time_point time);

  std::vector<OpenLevel> open_levels(time_point time) const;

  /// Forks between the start of the program and this process.
  static std::uint64_t forks();
  void start_clean();

  TimerClock clock;
  Serial serial = 1;
  std::uint64_t forks_seen;
  std::unique_ptr<Node> root;
  std::vector<Level> levels;
  std::vector<LoopFrame> loops;  // the first `open_loops`; the others are kept for what they have allocated
  std::size_t open_loops = 0;
};

}  // namespace windrow::detail::timing
