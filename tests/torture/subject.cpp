// The sweep that is tortured: torture-subject EVALUATION RETRIES [retry-failed] [peers]
//   EVALUATION  function, process, fork (functions, isolated or not), or command
// Its results go to ./results, its number of failed points to stdout, and what it leaves of its own in a process that
// lives on to stderr, marked LEFT.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <set>
#include <string>

#include "faults/belongings.hpp"
#include "torture/work.hpp"
#include "windrow/parallel/launch.hpp"
#include "windrow/run/sweep.hpp"

namespace windrow {
namespace {

struct Chosen {
  std::string evaluation;
  int retries = 0;
  bool retry_failed = false;
  bool peers = false;
};

Chosen choice_of(const std::set<std::string>& words, const char* evaluation, const char* retries) {
  return {evaluation, std::stoi(retries), words.contains("retry-failed"), words.contains("peers")};
}

Design points() {
  return zip({linear("x", 0.0, static_cast<double>(test::kTorturePoints - 1), test::kTorturePoints)});
}

std::uint64_t index_of(const Point& point) {
  return static_cast<std::uint64_t>(point["x"].number());
}

Sweep commands() {
  CommandSpec spec;
  spec.run = std::vector<std::string>{TORTURE_POINT, "{{point.index}}"};
  spec.grace = std::chrono::milliseconds(100);
  spec.outputs = {{"value", RegexSource{"stdout", R"(value=(\S+))"}}};
  spec.study_directory = std::filesystem::current_path();
  spec.points_directory = std::filesystem::current_path() / "results" / "points";
  return Sweep(points(), Command(std::move(spec), points()));
}

Sweep functions(const std::string& evaluation) {
  const auto build = [] { return 0; };
  const std::vector<Column> outputs = {{"value", "", "number", ""}};
  if (evaluation != "process" && evaluation != "fork") {
    return Sweep(
        points(), build, [](int&, const Point& point) { return test::work(index_of(point), false); }, outputs);
  }
  return Sweep(points(), build, [](int&, const Point& point) { return test::work(index_of(point), true); }, outputs,
               {.isolated = Isolated{.where = *isolation(evaluation)}});
}

SweepResult run(ParallelManager& manager, const Chosen& choice) {
  SweepOptions options;
  options.store = "results";
  options.retry_failed = choice.retry_failed;
  options.failure_policy.retries = choice.retries;
  Sweep sweep = choice.evaluation == "command" ? commands() : functions(choice.evaluation);
  return sweep.run(manager, options);
}

// Less than before may be there, since something may have been killed; what took its place is no more.
void tell_what_is_left(const test::Belongings& before, int rank) {
  const test::Belongings after;
  if (after.children.size() > before.children.size()) {
    std::fprintf(stderr, "LEFT on rank %d: %zu children, where there were %zu\n", rank, after.children.size(),
                 before.children.size());
  }
  if (after.descriptors > before.descriptors) {
    std::fprintf(stderr, "LEFT on rank %d: %zu descriptors, where there were %zu\n", rank, after.descriptors,
                 before.descriptors);
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
      std::error_code gone;
      const auto target = std::filesystem::read_symlink(entry.path(), gone);
      std::fprintf(stderr, "  %s -> %s\n", entry.path().filename().c_str(), target.c_str());
    }
  }
}

int body(ParallelManager& manager, const Chosen& choice) {
  static_cast<void>(manager.all_gather(manager.rank()));  // connections are made at the first message
  const test::Belongings before;
  const SweepResult result = run(manager, choice);
  tell_what_is_left(before, manager.rank());
  if (!manager.is_root()) return 0;
  std::fprintf(stderr, "%s", result.summary().c_str());
  std::printf("failed=%llu\n", static_cast<unsigned long long>(result.failed));
  return result.unfinished() > 0 ? 75 : 0;
}

}  // namespace
}  // namespace windrow

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const windrow::Chosen choice = windrow::choice_of(std::set<std::string>(argv + 3, argv + argc), argv[1], argv[2]);
  windrow::LaunchOptions options;
  options.peers = choice.peers;
  options.runs_programs = choice.evaluation == "command";
  options.isolates_evaluations = choice.evaluation == "process";
  return windrow::launch(
      argc, argv, [&](windrow::ParallelManager& manager) { return windrow::body(manager, choice); }, options);
}
