// Whether the dispatcher does what it promises: cost of a point, efficiency, balance, idle cost and memory, beside a
// loop over MPI by hand and Python's pools (Debian packages python3, python3-mpi4py). `bench-dispatch --help` tells the
// rest.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

#include "dispatch/experiments.hpp"
#include "dispatch/programs.hpp"
#include "dispatch/report.hpp"
#include "dispatch/work.hpp"
#include "measure.hpp"

namespace {

struct Options {
  std::vector<std::string> only;
  int repetitions = 7;
  double tail_seconds = 60.0;
  bool anyway = false;
  bool list = false;
  std::string json;
};

void describe(CLI::App& app, Options& options) {
  app.description(
      "Prints for each row the median (minimum to maximum) of interleaved repetitions, its target, and\n"
      "whether it is met. Takes about a quarter of an hour.");
  app.add_option("--only", options.only, "only this experiment (may be repeated)")->type_name("NAME");
  app.add_option("--repetitions", options.repetitions, "of each measurement; 7 or more for the record")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_option("--tail", options.tail_seconds, "seconds that ranks idle in the experiment `idle`")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_flag("--anyway", options.anyway, "measure although other processes use the cores");
  app.add_flag("--list", options.list, "names of the experiments");
  app.add_option("--json", options.json, "write the figures to a file too")->type_name("FILE");
}

bench::Finished run(const bench::Experiment& experiment, int repetitions) {
  const bench::OtherProcesses others;
  std::vector<bench::Printed> printed;
  for (int seed = 0; seed < (experiment.once ? 1 : repetitions); ++seed) {
    bench::Printed repetition;
    for (const std::string& command : experiment.commands) {
      repetition.push_back(bench::numbers_printed_by(fmt::format("{} {}", command, seed)));
    }
    printed.push_back(std::move(repetition));
  }
  return bench::finish(experiment, printed, others.cores());
}

/// @throws CLI::ValidationError for a name that none has
std::vector<bench::Experiment> chosen(std::vector<bench::Experiment> all, const std::vector<std::string>& names) {
  if (names.empty()) return all;
  for (const std::string& name : names) {
    const auto has_name = [&](const bench::Experiment& experiment) { return experiment.name == name; };
    if (std::none_of(all.begin(), all.end(), has_name)) {
      throw CLI::ValidationError("--only", fmt::format("there is no experiment `{}` (--list)", name));
    }
  }
  std::erase_if(all, [&](const bench::Experiment& experiment) {
    return std::find(names.begin(), names.end(), experiment.name) == names.end();
  });
  return all;
}

/// What speaks against taking the figures for good.
std::vector<std::string> remarks_on(const Options& options, const std::vector<bench::Finished>& all) {
  std::vector<std::string> remarks;
  if (options.repetitions < 7) remarks.push_back("fewer than 7 repetitions");
  if (options.tail_seconds < 60.0) remarks.push_back("ranks idled for less than 60 s");
  double most = 0.0;
  for (const bench::Finished& finished : all) most = std::max(most, finished.cores_of_others);
  if (most > bench::kCoresOfOthers) remarks.push_back(fmt::format("other processes used up to {:.2f} cores", most));
  return remarks;
}

/// @return the exit code: 1 if something speaks against the figures and nobody said `--anyway`
int run_all(const Options& options, const std::vector<bench::Experiment>& experiments) {
  fmt::print("median (minimum to maximum) of {} interleaved repetitions\n", options.repetitions);
  std::vector<bench::Finished> all;
  for (const bench::Experiment& experiment : experiments) {
    all.push_back(run(experiment, options.repetitions));
    bench::print(all.back());
  }
  bench::print_totals(all);
  const auto remarks = remarks_on(options, all);
  for (const std::string& remark : remarks) fmt::print("REMARK: not for the record: {}\n", remark);
  if (!options.json.empty() && !bench::write_json(options.json, all, remarks)) {
    fmt::print(stderr, "bench-dispatch: cannot write {}\n", options.json);
    return 1;
  }
  return remarks.empty() || options.anyway ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc > 4 && std::string(argv[1]) == "--measure") return bench::measure(argc, argv);
  Options options;
  CLI::App app;
  describe(app, options);
  try {
    app.parse(argc, argv);
    if (!options.list && !bench::may_measure(options.anyway)) return 1;
    bench::set_defaults_of_open_mpi();
    const double steps = options.list ? 1.0 : bench::steps_per_microsecond();
    const auto experiments = chosen(bench::experiments({argv[0], options.tail_seconds, steps}), options.only);
    if (!options.list) return run_all(options, experiments);
    for (const auto& experiment : experiments) fmt::print("{:<11} {}\n", experiment.name, experiment.about);
    return 0;
  } catch (const CLI::Error& error) {
    return app.exit(error);
  }
} catch (const std::exception& error) {
  fmt::print(stderr, "bench-dispatch: {}\n", error.what());
  return 2;
}
