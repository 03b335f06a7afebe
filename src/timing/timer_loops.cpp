// Loops of a timer: which stamps may occur again, and what belongs to which iteration.
#include <fmt/format.h>

#include "timing/timer_state.hpp"

namespace windrow {
namespace detail::timing {

/// A name that was stamped since the level began may be stamped again only in a later iteration of a loop that it was
/// stamped in before, be it the innermost loop or one around it.
/// @return when it was stamped first: in this level, or in the present iteration of the loop that allows it
/// @throws TimingError unless allowed
Serial TimerState::first_stamp(const Level& level, Node::Number stamp, bool may_repeat) const {
  const Entry& entry = level.node->entry(stamp);
  if (entry.last < level.since) return serial;
  if (may_repeat) return entry.first;
  for (std::size_t i = open_loops; i-- > level.loops;) {
    if (entry.first < loops[i].id || entry.last >= loops[i].iteration) continue;
    return i + 1 == open_loops ? entry.first : serial;
  }
  throw TimingError(
      fmt::format("`{}` was stamped before in {}level `{}`; accumulate() allows that", level.node->stamp_name(stamp),
                  innermost_loop(level) != nullptr ? "this iteration of a loop of the " : "the ", level.node->name()));
}

const LoopFrame* TimerState::innermost_loop(const Level& level) const {
  for (std::size_t i = open_loops; i-- > level.loops;) {
    if (loops[i].iteration != 0) return &loops[i];
  }
  return nullptr;
}

void TimerState::record(Level& level, Node::Number stamp, nanoseconds time) {
  const LoopFrame* loop = innermost_loop(level);
  if (loop == nullptr) {
    level.node->record(stamp, time, serial, 0, 0, 0);
  } else {
    level.node->record(stamp, time, serial, loop->id, loop->iteration, loop->index);
  }
}

/// Opens a loop in the present level. @return its position among the open ones
std::size_t TimerState::open_loop(const LoopOptions& options) {
  Level& level = enter_running("begin a loop");
  const time_point begin = now();
  if (loops.size() == open_loops) loops.emplace_back();
  LoopFrame& loop = loops[open_loops];
  loop.stamps.clear();
  for (const TimerName& name : options.stamps) loop.stamps.push_back(level.node->stamp_number(name.text()));
  loop.id = ++serial;
  loop.iteration = 0;
  loop.has_level = !options.name.text().empty();
  charge_since(begin);
  return open_loops++;
}

/// @pre the loop is the innermost one of the present level
void TimerState::next_iteration(LoopFrame& loop, std::uint64_t index) {
  const time_point begin = now();
  finish_iteration(loop, begin);
  loop.iteration = ++serial;
  loop.index = index;
  loop.total_before = current().total_at(begin);
  charge_since(begin);
}

void TimerState::finish_iteration(LoopFrame& loop, time_point time) {
  if (loop.iteration == 0) return;
  Level& level = current();
  for (const Node::Number stamp : loop.stamps) {
    const Serial last = level.node->entry(stamp).last;
    if (last >= loop.iteration) continue;
    level.node->miss(stamp, serial, loop.index);
    if (last < level.since) level.node->entry(stamp).first = serial;
  }
  if (loop.has_level) level.node->iterations.push_back({loop.index, level.total_at(time) - loop.total_before});
}

/// Ends the innermost loops until `count` are left.
void TimerState::close_loops(std::size_t count, time_point time) {
  for (; open_loops > count; --open_loops) finish_iteration(loops[open_loops - 1], time);
}

}  // namespace detail::timing

namespace timing = detail::timing;

TimedLoop::TimedLoop(Timer& timer, LoopOptions options) : timer_(timer), named_(!options.name.text().empty()) {
  timing::TimerState& state = *timer_.state_;
  if (named_) state.open_level(options.name.text());
  try {
    position_ = state.open_loop(options);
  } catch (...) {
    if (named_) state.close_level(state.now());
    throw;
  }
  depth_ = state.levels.size() - 1;
  level_id_ = state.current().id;
  id_ = state.loops[position_].id;
}

TimedLoop::~TimedLoop() {
  try {
    end();
  } catch (const std::bad_alloc&) {  // the loop ends with the level around it
  }
}

/// After a reset of the root, or in a forked child, the loop is no longer there.
bool TimedLoop::is_open() {
  const timing::TimerState& state = *timer_.state_;
  timer_.state_->enter();
  return state.levels.size() > depth_ && state.levels[depth_].id == level_id_ && state.open_loops > position_ &&
         state.loops[position_].id == id_;
}

void TimedLoop::next() {
  next(next_index_);
}

void TimedLoop::next(std::uint64_t index) {
  next_index_ = index + 1;
  if (!is_open()) return;
  timing::TimerState& state = *timer_.state_;
  state.close_levels_above(depth_);
  state.close_loops(position_ + 1, state.now());
  state.next_iteration(state.loops[position_], index);
}

void TimedLoop::end() {
  if (!is_open()) return;
  timing::TimerState& state = *timer_.state_;
  if (named_) {
    state.close_levels_above(depth_ - 1);
  } else {
    state.close_levels_above(depth_);
    state.close_loops(position_, state.now());
  }
}

}  // namespace windrow
