#include "windrow/timing/timer.hpp"

#include <fmt/format.h>

#include "timing/timer_state.hpp"

namespace windrow {

namespace timing = detail::timing;

using std::chrono::nanoseconds;
using timing::Flow;
using timing::Level;
using timing::Node;

Timer::Timer(std::string name, TimerClock clock)
    : state_(std::make_unique<timing::TimerState>(std::move(name), clock)) {}

Timer::~Timer() = default;

Timer::time_point Timer::stamp(std::string_view name) {
  return state_->stamp(name, false);
}

Timer::time_point Timer::accumulate(std::string_view name) {
  return state_->stamp(name, true);
}

Timer::time_point Timer::stamp_at(std::string_view name, time_point time) {
  return state_->stamp(name, false, &time);
}

Timer::time_point Timer::accumulate_at(std::string_view name, time_point time) {
  return state_->stamp(name, true, &time);
}

Timer::time_point Timer::discard() {
  Level& level = state_->enter_running("discard the interval");
  const time_point now = state_->now();
  level.node->assign_waiting(Node::unassigned, state_->serial);
  level.last = now;
  level.interval_cost = nanoseconds{0};
  state_->charge_since(now);
  return now;
}

Timer::time_point Timer::start() {
  Level& level = state_->enter();
  if (level.flow == Flow::stopped) state_->enter_running("start");
  if (level.used) {
    throw TimingError(
        fmt::format("cannot start: the level `{}` has measured something; reset() drops it", level.node->name()));
  }
  const time_point now = state_->now();
  level.begin(now);
  state_->charge_since(now);
  return now;
}

Timer::time_point Timer::pause() {
  Level& level = state_->enter_running("pause");
  const time_point now = state_->now();
  level.earlier += now - level.start;
  level.flow = Flow::paused;
  state_->charge_since(now);
  return now;
}

Timer::time_point Timer::resume() {
  Level& level = state_->enter();
  if (level.flow == Flow::running) {
    throw TimingError(fmt::format("cannot resume: the level `{}` is not paused", level.node->name()));
  }
  if (level.flow == Flow::stopped) state_->enter_running("resume");
  const time_point now = state_->now();
  level.start = level.last = now;
  level.interval_cost = nanoseconds{0};
  level.flow = Flow::running;
  state_->charge_since(now);
  return now;
}

Timer::time_point Timer::stop() {
  Level& level = state_->enter();
  if (level.flow == Flow::stopped) state_->enter_running("stop");
  const time_point now = state_->now();
  level.node->assign_waiting(Node::unassigned, state_->serial);
  if (level.flow == Flow::running) level.earlier += now - level.start;
  level.flow = Flow::stopped;
  state_->charge_since(now);
  return now;
}

Timer::time_point Timer::stop(std::string_view last_stamp) {
  Level& level = state_->enter();
  const nanoseconds cost = level.total_cost;
  const time_point end = stamp(last_stamp);
  level.total_cost = cost;  // what the stamp took is after the end
  level.earlier += end - level.start;
  level.flow = Flow::stopped;
  return end;
}

Timer::time_point Timer::reset() {
  Level& level = state_->enter();
  const time_point now = state_->now();
  level.since = ++state_->serial;
  level.node->clear(level.since);
  level.node->opened = level.since;
  level.node->count = 1;
  level.own_cost = nanoseconds{0};
  level.begin(now);
  for (std::size_t i = level.loops; i < state_->open_loops; ++i) state_->loops[i].total_before = nanoseconds{0};
  state_->charge_since(now);
  return now;
}

void Timer::reset_root() {
  reset_root(state_->root->name());
}

void Timer::reset_root(std::string name) {
  state_->enter();
  state_->restart(std::move(name), state_->now());
}

void Timer::rename(std::string name) {
  state_->enter();
  state_->root->rename(std::move(name));
}

void Timer::subdivide(std::string_view name) {
  state_->open_level(name);
}

void Timer::end_subdivision() {
  state_->enter();
  if (state_->levels.size() == 1) throw TimingError("no subdivision is open");
  state_->close_level(state_->now());
}

void Timer::attach(const TimerName& group, std::span<const TimingRecord> records) {
  Level& level = state_->enter();
  if (level.flow == Flow::stopped) state_->enter_running("attach");
  const time_point now = state_->now();
  level.node->attach(group.text(), records);
  level.used = true;
  state_->charge_since(now);
}

TimingRecord Timer::snapshot() {
  state_->enter();
  const time_point now = state_->now();
  TimingRecord record = state_->root->record(state_->open_levels(now));
  state_->charge_since(now);
  return record;
}

std::size_t Timer::depth() {
  state_->enter();
  return state_->levels.size() - 1;
}

bool Timer::is_paused() {
  return state_->enter().flow == Flow::paused;
}

bool Timer::is_stopped() {
  return state_->enter().flow == Flow::stopped;
}

Timer& this_thread_timer() {
  thread_local Timer timer;
  return timer;
}

Subdivision::Subdivision(Timer& timer, std::string_view name) : timer_(timer) {
  timer_.state_->open_level(name);
  depth_ = timer_.state_->levels.size() - 1;
  id_ = timer_.state_->current().id;
}

/// After a reset of the root, or in a forked child, or if it was ended by hand, the level is no longer there.
Subdivision::~Subdivision() {
  timing::TimerState& state = *timer_.state_;
  state.enter();
  if (state.levels.size() > depth_ && state.levels[depth_].id == id_) state.close_levels_above(depth_ - 1);
}

}  // namespace windrow
