#include "nested_status.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "common.hpp"
#include "json.hpp"
#include "verbs.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"

namespace windrow::app {
namespace {

/// What one of the stores says.
struct SweepState {
  NestedStore store;
  std::string study;
  std::uint64_t points = 0, succeeded = 0, failed = 0;
  bool running = false;
  std::string problem;  ///< why the numbers are not there, or not all

  std::uint64_t done() const { return succeeded + failed; }
  bool complete() const { return problem.empty() && done() == points; }
};

void read_sweep(SweepState& state) try {
  const StoreStatus status = StoreReader(state.store.directory).status();
  state.study = status.name;
  state.points = status.points;
  state.succeeded = status.succeeded;
  state.failed = status.failed;
  state.running = status.running;
} catch (const StoreEmpty&) {
  state.problem = "no run has begun yet";
} catch (const StoreError& error) {
  state.problem = error.what();
}

SweepState sweep_state(const NestedStore& store) {
  SweepState state{.store = store, .study = {}, .problem = {}};
  try {
    if (const auto shards = windrow::shards_status(store.directory, points_of_shards)) {
      state.study = shards->name;
      state.points = shards->points;
      state.succeeded = shards->succeeded;
      state.failed = shards->failed;
      state.running = shards->any_running();
      state.problem = unmerged(store.directory);
      return state;
    }
  } catch (const StoreError& error) {
    state.problem = error.what();
    return state;
  }
  read_sweep(state);
  return state;
}

std::string sweep_line(const SweepState& state, std::size_t width) {
  const std::string name = state.store.name();
  std::string line = fmt::format("  {}{}", name, std::string(width - text::width(name), ' '));
  if (!state.study.empty()) {
    line += fmt::format("  {} of {}", text::with_thousands(state.done()), counted(state.points, "point"));
  }
  if (state.failed > 0) line += fmt::format(", {} failed", text::with_thousands(state.failed));
  if (state.running) line += ", running";
  if (!state.problem.empty()) line += (state.study.empty() ? "  " : ": ") + state.problem;
  return line;
}

/// Of many, those that are not complete.
void print_sweep_lines(const std::vector<SweepState>& sweeps) {
  constexpr std::size_t kAll = 40;
  constexpr std::size_t kOfMany = 20;
  const bool all = sweeps.size() <= kAll;
  std::size_t width = 0, shown = 0, left_out = 0;
  for (const SweepState& sweep : sweeps) width = std::max(width, text::width(sweep.store.name()));
  for (const SweepState& sweep : sweeps) {
    if (!all && sweep.complete() && sweep.failed == 0) continue;
    if (!all && ++shown > kOfMany) {
      ++left_out;
    } else {
      show("{}\n", sweep_line(sweep, width));
    }
  }
  if (left_out > 0) show("  and {} more that are not complete, or have failures\n", left_out);
}

SweepState sum_of_sweeps(const std::vector<SweepState>& sweeps) {
  SweepState sum{.store = {}, .study = sweeps.front().study, .problem = {}};
  for (const SweepState& sweep : sweeps) {
    sum.points += sweep.points;
    sum.succeeded += sweep.succeeded;
    sum.failed += sweep.failed;
    sum.running = sum.running || sweep.running;
    if (sweep.study != sum.study) sum.study.clear();
  }
  return sum;
}

Json sweep_json(const SweepState& sweep) {
  Json json = {{"study", sweep.study},
               {"points", sweep.points},
               {"succeeded", sweep.succeeded},
               {"failed", sweep.failed},
               {"left", sweep.points - sweep.done()},
               {"running", sweep.running}};
  return json;
}

void print_sweeps_json(const std::vector<SweepState>& sweeps) {
  Json json = sweep_json(sum_of_sweeps(sweeps));
  json["from"] = "nested";
  for (const SweepState& sweep : sweeps) {
    Json one = {{"sweep", sweep.store.name()}, {"loops", Json::object()}};
    for (const LoopValue& loop : sweep.store.loops) one["loops"][loop.name] = json_of(loop.value);
    one.update(sweep_json(sweep));
    if (!sweep.problem.empty()) one["problem"] = sweep.problem;
    json["sweeps"].push_back(std::move(one));
  }
  print(json);
}

}  // namespace

int nested_status(const std::filesystem::path& directory, bool json) {
  std::vector<SweepState> sweeps;
  for (const NestedStore& store : find_nested_stores(directory)) sweeps.push_back(sweep_state(store));
  if (json) {
    print_sweeps_json(sweeps);
    return kSuccess;
  }
  const SweepState sum = sum_of_sweeps(sweeps);
  const auto complete = std::ranges::count_if(sweeps, &SweepState::complete);
  show("{} of {} complete: {} of {} evaluated, {} failed, {} left{}\n", complete, counted(sweeps.size(), "sweep"),
       text::with_thousands(sum.done()), counted(sum.points, "point"), text::with_thousands(sum.failed),
       text::with_thousands(sum.points - sum.done()), sum.running ? ", running" : "");
  print_sweep_lines(sweeps);
  return kSuccess;
}

}  // namespace windrow::app
