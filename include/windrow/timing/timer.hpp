#pragma once

#include <fmt/core.h>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <span>  // and the concepts of std::ranges: <ranges> itself, with all its views, takes .2 s to compile
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "windrow/timing/record.hpp"

namespace [[gnu::visibility("default")]] windrow {

/// Where a Timer reads the time. The default is std::chrono::steady_clock.
struct TimerClock {
  using time_point = std::chrono::steady_clock::time_point;
  time_point (*read)(void* context) = nullptr;  ///< must not go backwards, nor throw
  void* context = nullptr;
};

class Subdivision;
class TimedLoop;

namespace detail::timing {
struct TimerState;

template <class T>
concept Text = std::convertible_to<const T&, std::string_view>;
}  // namespace detail::timing

/// What names can be printed from: numbers, and everything else that has a fmt::formatter.
template <class T>
concept PrintableName = !detail::timing::Text<T> && fmt::is_formattable<T>::value;

/// A name as options take it. Text is referred to, and must outlive this; anything else is printed at once.
class TimerName {
 public:
  TimerName() = default;
  template <detail::timing::Text Name>
  TimerName(const Name& name) : text_(name) {}  // NOLINT: stands for its text
  template <PrintableName Name>
  TimerName(const Name& name) : printed_(fmt::format("{}", name)) {}  // NOLINT: stands for its text

  std::string_view text() const { return printed_.empty() ? text_ : printed_; }

 private:
  std::string_view text_;
  std::string printed_;
};

/// A hierarchical timer. Time flows into the interval since the last stamp; a stamp closes that interval under a name:
///
///     windrow::Timer timer("solver");
///     read_mesh();
///     timer.stamp("read");
///     {
///       windrow::Subdivision level(timer, "newton");     // stamps go to this level until the end of the block
///       assemble();
///       timer.stamp("assemble");
///       solve();
///       timer.stamp("solve");
///     }
///     timer.stamp("compute");                            // "newton" belongs to this stamp
///     std::cout << windrow::report(timer.snapshot());
///
/// Names of stamps, levels, loops and groups are text, or anything that fmt can print: timer.stamp(3) is "3".
/// What timing itself takes is measured, and is in no stamp and no total. Every call that is out of order throws
/// TimingError and changes nothing. For one thread at a time. A forked child starts clean, with the name and nothing
/// else, at the moment of the fork (with a clock of its own: at its first call).
class Timer {
 public:
  using time_point = TimerClock::time_point;

  /// Starts at once.
  explicit Timer(std::string name = "main", TimerClock clock = {});
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  /// Ends the interval since the last stamp. The name must be new in this level, in a loop: in this iteration; neither
  /// empty nor kUnassigned. Subdivisions and attached records that wait belong to this stamp from now on.
  /// @return now
  time_point stamp(std::string_view name);
  template <PrintableName Name>
  time_point stamp(const Name& name);

  /// The same, for a name that may occur again: its times add up.
  time_point accumulate(std::string_view name);
  template <PrintableName Name>
  time_point accumulate(const Name& name);

  /// As if stamped at `time`, which must lie between the last stamp (or start) and now. @return `time`
  time_point stamp_at(std::string_view name, time_point time);
  template <PrintableName Name>
  time_point stamp_at(const Name& name, time_point time);
  time_point accumulate_at(std::string_view name, time_point time);
  template <PrintableName Name>
  time_point accumulate_at(const Name& name, time_point time);

  /// Begins a new interval; the one since the last stamp is in no stamp, but in the total. What waits for a stamp is
  /// unassigned.
  time_point discard();

  /// The level begins now. @throws TimingError if it has stamps, subdivisions or attached records: reset() drops them
  time_point start();

  /// No time passes in this level until resume(); the open interval is in no stamp, but in the total.
  time_point pause();
  time_point resume();

  /// Ends the level's time, after a stamp if a name is given. Final until reset().
  time_point stop();
  time_point stop(std::string_view last_stamp);
  template <PrintableName Name>
  time_point stop(const Name& last_stamp);

  /// Forgets what the present level has measured since its parent's last stamp, and starts it anew.
  time_point reset();

  /// Forgets everything, open subdivisions and loops too: a timer as new, with this name or the one it has.
  void reset_root();
  void reset_root(std::string name);

  /// Names the root, as in "rank 3 on node7".
  void rename(std::string name);

  /// Opens a level by hand; Subdivision closes it by itself.
  void subdivide(std::string_view name);
  template <PrintableName Name>
  void subdivide(const Name& name);
  /// @throws TimingError at the root
  void end_subdivision();

  /// Calls `function(arguments...)` in a subdivision, which also ends if it throws.
  template <class Function, class... Arguments>
  decltype(auto) wrap(const TimerName& name, Function&& function, Arguments&&... arguments);

  /// Records of what ran elsewhere since the last stamp: other threads, processes, ranks. They belong to the next
  /// stamp. The same name again, at the same position and group, is a further iteration of the same source (see merge).
  /// @throws TimingError if two records have the same name
  void attach(const TimerName& group, std::span<const TimingRecord> records);

  /// Everything measured so far, as values. May be taken at any time, inside open subdivisions and loops too, and
  /// disturbs nothing: open levels are there with the time they have had, as unassigned subdivisions of their parents.
  TimingRecord snapshot();

  /// Subdivisions that are open.
  std::size_t depth();
  bool is_paused();
  bool is_stopped();

 private:
  friend class Subdivision;
  friend class TimedLoop;
  std::unique_ptr<detail::timing::TimerState> state_;
};

/// A timer of its own for every thread, for code that is not handed one.
Timer& this_thread_timer();

/// A level of a timer for as long as this lives. At its end (also by an exception) whatever was opened inside and left
/// open ends with it. An ended subdivision belongs to its parent's next stamp.
class Subdivision {
 public:
  Subdivision(Timer& timer, std::string_view name);
  template <PrintableName Name>
  Subdivision(Timer& timer, const Name& name) : Subdivision(timer, TimerName(name).text()) {}
  ~Subdivision();
  Subdivision(const Subdivision&) = delete;
  Subdivision& operator=(const Subdivision&) = delete;

 private:
  Timer& timer_;
  std::size_t depth_ = 0;
  std::uint64_t id_ = 0;
};

struct LoopOptions {
  /// With a name the loop has a level of its own, which also knows the times of whole iterations; without one its
  /// stamps are in the level around it.
  TimerName name = {};
  /// Names that every iteration is expected to stamp. One that does not is listed with 0 s in the iterations of the
  /// stamp; count, mean, minimum and maximum are of those that do.
  std::vector<TimerName> stamps = {};
};

/// A loop whose stamps keep the time of each iteration:
///
///     windrow::TimedLoop loop(timer, {.name = "steps"});
///     while (t < end) {
///       loop.next();
///       advance();
///       timer.stamp("advance");
///     }
///
/// Ends when it is destroyed. See also timed().
class TimedLoop {
 public:
  explicit TimedLoop(Timer& timer, LoopOptions options = {});
  ~TimedLoop();
  TimedLoop(const TimedLoop&) = delete;
  TimedLoop& operator=(const TimedLoop&) = delete;

  /// Begins the next iteration, whose index is one more than the last one's, at first 0.
  void next();
  /// Begins the iteration `index`: of work that is shared out, the index it has for everybody.
  void next(std::uint64_t index);
  /// Ends the last iteration and the loop; a second call does nothing.
  void end();

 private:
  bool is_open();

  Timer& timer_;
  std::size_t depth_ = 0;  // where its level and its loop are, and what they must be to be still the same
  std::uint64_t level_id_ = 0;
  std::size_t position_ = 0;
  std::uint64_t id_ = 0;
  std::uint64_t next_index_ = 0;
  bool named_;
};

/// The elements of a range, each an iteration of a TimedLoop: `for (const Mesh& mesh : windrow::timed(timer, meshes))`.
template <std::ranges::input_range Range>
class TimedRange {
 public:
  TimedRange(Timer& timer, Range range, LoopOptions options)
      : range_(std::forward<Range>(range)), loop_(timer, std::move(options)) {}

  class iterator {
   public:
    using difference_type = std::ptrdiff_t;
    using value_type = std::ranges::range_value_t<Range>;
    iterator(TimedLoop& loop, std::ranges::iterator_t<Range> at, std::ranges::sentinel_t<Range> end)
        : loop_(&loop), at_(std::move(at)), end_(std::move(end)) {
      tell_loop();
    }
    decltype(auto) operator*() const { return *at_; }
    iterator& operator++() {
      ++at_;
      tell_loop();
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const { return at_ == end_; }

   private:
    void tell_loop() { at_ == end_ ? loop_->end() : loop_->next(); }

    TimedLoop* loop_;
    std::ranges::iterator_t<Range> at_;
    std::ranges::sentinel_t<Range> end_;
  };

  /// For one pass.
  iterator begin() { return {loop_, std::ranges::begin(range_), std::ranges::end(range_)}; }
  std::default_sentinel_t end() const { return {}; }

 private:
  Range range_;
  TimedLoop loop_;
};

template <std::ranges::input_range Range>
TimedRange<Range> timed(Timer& timer, Range&& range, LoopOptions options = {}) {
  return {timer, std::forward<Range>(range), std::move(options)};
}

// -------------------------------------------------------------------------------------------------------------------

template <PrintableName Name>
Timer::time_point Timer::stamp(const Name& name) {
  return stamp(TimerName(name).text());
}

template <PrintableName Name>
Timer::time_point Timer::accumulate(const Name& name) {
  return accumulate(TimerName(name).text());
}

template <PrintableName Name>
Timer::time_point Timer::stamp_at(const Name& name, time_point time) {
  return stamp_at(TimerName(name).text(), time);
}

template <PrintableName Name>
Timer::time_point Timer::accumulate_at(const Name& name, time_point time) {
  return accumulate_at(TimerName(name).text(), time);
}

template <PrintableName Name>
Timer::time_point Timer::stop(const Name& last_stamp) {
  return stop(TimerName(last_stamp).text());
}

template <PrintableName Name>
void Timer::subdivide(const Name& name) {
  subdivide(TimerName(name).text());
}

template <class Function, class... Arguments>
decltype(auto) Timer::wrap(const TimerName& name, Function&& function, Arguments&&... arguments) {
  const Subdivision level(*this, name.text());
  return std::invoke(std::forward<Function>(function), std::forward<Arguments>(arguments)...);
}

}  // namespace windrow
