// What does running a program at each point cost? `windrow run`, with outputs captured, extracted and stored, beside a
// bare loop over posix_spawn and a pipe, xargs, make and GNU Parallel (Debian package parallel), all with two programs
// at a time.
//
//   bench-commands [--anyway] [--json FILE] [--repetitions N] [--directory DIR]
//   bench-commands --measure WHAT PROGRAM POINTS DIR SEED   one measurement; used by the former
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "commands/measurements.hpp"
#include "dispatch/experiments.hpp"
#include "dispatch/report.hpp"
#include "measure.hpp"

namespace {

using bench::Experiment;
using bench::Printed;
using bench::Quantity;
using bench::Target;

constexpr int kRecordRepetitions = 7;

struct Options {
  int repetitions = kRecordRepetitions;
  bool anyway = false;
  std::string json;
  std::string directory = std::filesystem::temp_directory_path();
};

void describe(CLI::App& app, Options& options) {
  app.description(
      "Prints for each row the median (minimum to maximum) of interleaved repetitions, its target, and\n"
      "whether it is met. Programs that are not installed or fail are left out. Takes a few minutes.");
  app.add_option("--repetitions", options.repetitions, "of each measurement; 7 or more for the record")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_flag("--anyway", options.anyway, "measure although other processes use the cores");
  app.add_option("--json", options.json, "write the figures to a file too")->type_name("FILE");
  app.add_option("--directory", options.directory, "results and logs go to a directory of their own below it")
      ->type_name("DIR")
      ->check(CLI::ExistingDirectory)
      ->capture_default_str();
}

Quantity over(Quantity a, Quantity b) {
  return [a = std::move(a), b = std::move(b)](const Printed& printed) { return a(printed) / b(printed); };
}

/// One program, run in all ways.
class Builder {
 public:
  Builder(std::string self, std::string directory, std::string program, std::string about)
      : self_(std::move(self)), directory_(std::move(directory)) {
    experiment_.name = std::move(program);
    experiment_.about = std::move(about);
  }

  /// @return seconds per point, by the clock
  Quantity add(const std::string& what, int points, const std::string& name) {
    const std::size_t at = experiment_.commands.size();
    experiment_.commands.push_back(
        fmt::format("{} --measure {} {} {} {}", self_, what, experiment_.name, points, directory_));
    const Quantity clock = [at](const Printed& printed) { return printed[at].at(0); };
    experiment_.rows.push_back({name, "us a point", clock});
    const Quantity cpu = [at](const Printed& printed) { return printed[at].at(1); };
    experiment_.rows.push_back({name + ", CPU time", "us a point", cpu});
    return clock;
  }
  void add_ratio(const std::string& name, Quantity a, Quantity b, std::optional<Target> target = {}) {
    experiment_.rows.push_back({name, "x", over(std::move(a), std::move(b)), target});
  }
  Experiment take() { return std::move(experiment_); }

 private:
  std::string self_;
  std::string directory_;
  Experiment experiment_;
};

Experiment all_ways(const std::string& self, const std::string& directory, const std::string& program,
                    const std::string& about) {
  constexpr int points = 3000;
  constexpr int points_of_slow_peers = 300;
  Builder builder(self, directory, program, about);
  const Quantity bare = builder.add("bare", points, "bare loop over posix_spawn");
  const Quantity own = builder.add("windrow", points, "windrow run --workers 2");
  builder.add_ratio("windrow run beside the bare loop", own, bare, Target{Target::Kind::at_most, 1.05});
#ifdef WINDROW_HAS_MPI
  const Quantity mpi = builder.add("mpi", points, "mpirun -n 2 windrow run, less the run of one point");
  builder.add_ratio("mpirun -n 2 windrow run beside the bare loop", mpi, bare, Target{Target::Kind::at_most, 1.05});
#endif
  for (const auto& [peer, name, number] :
       {std::tuple("xargs", "xargs -P2 -n1", points), std::tuple("make", "make -j2", points),
        std::tuple("parallel", "GNU Parallel -j2 --joblog --results", points_of_slow_peers)}) {
    if (!bench::is_installed(peer)) {
      fmt::print("{} is not installed (or another program has its name): left out\n", name);
      continue;
    }
    const bool has_target = peer == std::string("parallel");
    builder.add_ratio(name + std::string(" beside windrow run"), builder.add(peer, number, name), own,
                      has_target ? std::optional(Target{Target::Kind::at_least, 8.0}) : std::nullopt);
  }
  return builder.take();
}

/// What fails is not run again, and the rows that need it are left out: the others are figures all the same.
bench::Finished run(Experiment experiment, int repetitions, std::vector<std::string>& remarks) {
  constexpr double none = std::numeric_limits<double>::quiet_NaN();
  const bench::OtherProcesses others;
  std::vector<Printed> printed;
  std::vector<bool> has_failed(experiment.commands.size(), false);
  for (int seed = 0; seed < repetitions; ++seed) {
    Printed repetition;
    for (std::size_t i = 0; i < experiment.commands.size(); ++i) {
      std::vector<double> numbers;
      if (!has_failed[i]) numbers = bench::numbers_if_printed_by(fmt::format("{} {}", experiment.commands[i], seed));
      if (!has_failed[i] && numbers.size() < 2) {
        has_failed[i] = true;
        remarks.push_back(fmt::format("failed, and is left out: {}", experiment.commands[i]));
      }
      repetition.push_back(has_failed[i] ? std::vector{none, none} : std::move(numbers));
    }
    printed.push_back(std::move(repetition));
  }
  std::erase_if(experiment.rows, [&printed](const bench::Row& row) {
    return std::ranges::any_of(printed, [&row](const Printed& one) { return std::isnan(row.value(one)); });
  });
  return bench::finish(experiment, printed, others.cores());
}

/// @return the exit code: 1 if something speaks against the figures and nobody said `--anyway`
int run_all(const std::string& self, const Options& options) {
  std::vector<std::string> remarks;
  if (options.repetitions < kRecordRepetitions) remarks.emplace_back("fewer than 7 repetitions");
  fmt::print("two programs at a time, start to end; median (minimum to maximum) of {} interleaved repetitions\n",
             options.repetitions);
  std::vector<bench::Finished> all;
  for (const auto& [program, about] : {std::pair("true", "/bin/true, no outputs"),
                                       std::pair("echo", "/bin/echo and the point's number, one output")}) {
    all.push_back(run(all_ways(self, options.directory, program, about), options.repetitions, remarks));
    bench::print(all.back());
    if (all.back().cores_of_others > bench::kCoresOfOthers) {
      remarks.push_back(fmt::format("other processes used {:.2f} cores", all.back().cores_of_others));
    }
  }
  bench::print_totals(all);
  for (const std::string& remark : remarks) fmt::print("REMARK: not for the record: {}\n", remark);
  if (!options.json.empty() && !bench::write_json(options.json, all, remarks)) {
    fmt::print(stderr, "bench-commands: cannot write {}\n", options.json);
    return 1;
  }
  return remarks.empty() || options.anyway ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc > 5 && std::string(argv[1]) == "--measure") {
    const bench::Cost cost = bench::measure_programs(argv[2], argv[3], std::atoi(argv[4]), argv[5]);
    fmt::print("{} {}\n", cost.clock * 1e6, cost.cpu * 1e6);
    return 0;
  }
  Options options;
  CLI::App app;
  describe(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Error& error) {
    return app.exit(error);
  }
  if (!bench::may_measure(options.anyway)) return 1;
  bench::set_defaults_of_open_mpi();
  return run_all(std::filesystem::absolute(argv[0]), options);
} catch (const std::exception& error) {
  fmt::print(stderr, "bench-commands: {}\n", error.what());
  return 2;
}
