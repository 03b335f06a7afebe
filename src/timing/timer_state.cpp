#include "timing/timer_state.hpp"

#include <fmt/format.h>
#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <new>

namespace windrow::detail::timing {

namespace {

// In a forked child, written before anything else runs in it.
std::atomic<std::uint64_t> fork_count{0};
std::atomic<time_point::rep> fork_time{0};

void count_fork() {
  fork_time.store(std::chrono::steady_clock::now().time_since_epoch().count(), std::memory_order_relaxed);
  fork_count.fetch_add(1, std::memory_order_relaxed);
}

void check_bounds(const Level& level, std::string_view name, time_point time, time_point now) {
  if (time >= level.last && time <= now) return;
  const auto relative = [now](time_point other) {
    const double seconds = std::chrono::duration<double>(other - now).count();
    return fmt::format("now {} {} s", seconds < 0.0 ? '-' : '+', std::abs(seconds));
  };
  throw TimingError(fmt::format("cannot stamp `{}` at {}: it must be between the last stamp, {}, and now", name,
                                relative(time), relative(level.last)));
}

}  // namespace

std::uint64_t TimerState::forks() {
  return fork_count.load(std::memory_order_relaxed);
}

void Level::begin(time_point time) {
  start = last = time;
  earlier = interval_cost = total_cost = nanoseconds{0};
  flow = Flow::running;
  used = false;
}

/// A call in this level took so long.
void Level::charge(nanoseconds cost) {
  own_cost += cost;
  leave_out(cost);
}

/// The same for a call in this level or below.
void Level::leave_out(nanoseconds cost) {
  whole_cost += cost;
  if (flow != Flow::running) return;
  total_cost += cost;
  interval_cost += cost;
}

TimerState::TimerState(std::string name, TimerClock clock_) : clock(clock_), forks_seen(forks()) {
  static const int watching = pthread_atfork(nullptr, nullptr, count_fork);
  if (watching != 0) throw SystemError("cannot watch for forks", watching);
  restart(std::move(name), now());
}

void TimerState::restart(std::string name, time_point time) {
  root = std::make_unique<Node>(name);
  root->clear(++serial);
  root->opened = ++serial;
  root->count = 1;
  open_loops = 0;
  levels.clear();
  levels.push_back({});
  current().node = root.get();
  current().id = current().since = serial;
  current().begin(time);
}

void TimerState::start_clean() {
  forks_seen = forks();
  const time_point::duration forked(fork_time.load(std::memory_order_relaxed));
  restart(root->name(), clock.read == nullptr ? time_point(forked) : now());
}

Level& TimerState::enter_running(const char* what) {
  Level& level = enter();
  if (level.flow == Flow::running) return level;
  throw TimingError(fmt::format("cannot {}: the level `{}` is {}", what, level.node->name(),
                                level.flow == Flow::paused ? "paused" : "stopped (only a reset starts it again)"));
}

time_point TimerState::stamp(std::string_view name, bool may_repeat, const time_point* at) {
  Level& level = enter_running("stamp");
  const time_point begin = now();
  if (at != nullptr) check_bounds(level, name, *at, begin);
  const Node::Number number = level.node->stamp_number(name);
  const Serial first = first_stamp(level, number, may_repeat);
  const time_point time = at != nullptr ? *at : begin;
  close_interval(level, number, time);
  level.node->entry(number).first = first;
  level.charge(now() - begin);
  return time;
}

void TimerState::close_interval(Level& level, Node::Number number, time_point time) {
  const nanoseconds elapsed = time - level.last;
  const nanoseconds cost = std::min(level.interval_cost, elapsed);  // a stamp may lie before some of it
  record(level, number, elapsed - cost);
  level.node->assign_waiting(number, serial);
  level.interval_cost -= cost;
  level.last = time;
  level.used = true;
}

void TimerState::open_level(std::string_view name) {
  Level& parent = enter_running("subdivide");
  const time_point begin = now();
  Level level;
  level.node = &parent.node->open_child(name, serial);
  level.id = level.since = serial;
  level.loops = open_loops;
  parent.used = true;
  levels.push_back(level);
  const time_point end = now();
  levels[levels.size() - 2].charge(end - begin);
  current().begin(end);
}

/// Everything deeper than `depth` ends.
void TimerState::close_levels_above(std::size_t depth) noexcept {
  while (levels.size() > depth + 1) close_level(now());
}

void TimerState::close_level(time_point time) noexcept {
  Level& level = current();
  Node& node = *level.node;
  try {
    close_loops(level.loops, time);
    node.assign_waiting(Node::unassigned, serial);
  } catch (const std::bad_alloc&) {
    open_loops = level.loops;  // without memory what waits is lost, but the levels stay in order
  }
  node.total += level.total_at(time);
  node.overhead += level.own_cost;
  const nanoseconds cost = level.whole_cost;
  levels.pop_back();
  current().leave_out(cost);
  charge_since(time);
}

std::vector<OpenLevel> TimerState::open_levels(time_point time) const {
  std::vector<OpenLevel> open(levels.size());
  nanoseconds cost_below{0};
  for (std::size_t i = levels.size(); i-- > 0;) {
    open[i] = {levels[i].node, levels[i].total_at(time) - cost_below, levels[i].own_cost};
    cost_below += levels[i].whole_cost;
  }
  return open;
}

}  // namespace windrow::detail::timing
