// What grows with a study, where nothing is evaluated: `export --csv` of 10^6 points beside sqlite3's own `.mode csv`
// of the same, `status` and a run that finds nothing to do at 10^7 points, `plan` and the start of a run with a table
// of 10^6 rows by 5 columns. Times and memory are those of whole processes. `bench-large [--anyway] [--points N]
// [--beside WINDROW] [DIRECTORY]`: N is the larger number; with another program of windrow, the two are measured by
// turns. Files go to a directory of their own below DIRECTORY (default: the one for temporary files) and are removed.
#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "measure.hpp"
#include "windrow/store/store.hpp"

namespace {

namespace fs = std::filesystem;
using Arguments = std::vector<std::string>;

constexpr int kRepetitions = 7;
constexpr std::uint64_t kSecondLevels = 1000;

struct Used {
  double seconds = 0.0;
  double mib = 0.0;
};

/// Runs a program, whose output goes to /dev/null.
Used used_by(Arguments arguments) {
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  int status = 1;
  rusage usage{};
  Used used;
  used.seconds = bench::seconds_of([&] {
    pid_t pid = 0;
    if (::posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), environ) == 0) ::wait4(pid, &status, 0, &usage);
  });
  ::posix_spawn_file_actions_destroy(&actions);
  if (status != 0) {
    fmt::print(stderr, "bench-large: failed: {}\n", fmt::join(arguments, " "));
    std::exit(1);
  }
  used.mib = static_cast<double>(usage.ru_maxrss) / 1024.0;
  return used;
}

/// One row of figures.
class Row {
 public:
  explicit Row(std::string what) : what_(std::move(what)) {}
  void add(const Used& used) {
    seconds_.push_back(used.seconds);
    mib_.push_back(used.mib);
  }
  void print() const {
    const auto [median, low, high] = bench::figures_of(seconds_);
    fmt::print("{:<52} {:7.3f} s  ({:.3f} to {:.3f})  {:6.1f} MiB\n", what_, median, low, high,
               bench::figures_of(mib_).median);
  }

 private:
  std::string what_;
  std::vector<double> seconds_, mib_;
};

/// The same of each program, by turns. @param prepare  is called before each
template <typename Prepare>
void measure(const std::string& what, const std::vector<Arguments>& commands, const Prepare& prepare) {
  std::vector<Row> rows;
  for (const Arguments& command : commands) rows.emplace_back(fmt::format("{} ({})", what, command.front()));
  for (int i = -1; i < kRepetitions; ++i) {  // the first warms the caches
    for (std::size_t at = 0; at < commands.size(); ++at) {
      prepare();
      const Used used = used_by(commands[at]);
      if (i >= 0) rows[at].add(used);
    }
  }
  for (const Row& row : rows) row.print();
}

void measure(const std::string& what, const std::vector<Arguments>& commands) {
  measure(what, commands, [] {});
}

std::vector<Arguments> by_each(const Arguments& programs, const Arguments& verb) {
  std::vector<Arguments> commands;
  for (const std::string& program : programs) {
    commands.push_back({program});
    commands.back().insert(commands.back().end(), verb.begin(), verb.end());
  }
  return commands;
}

/// A study whose points have outcomes, all of them, but for the program that would have made them.
void make_study(const fs::path& study, const std::string& program, std::uint64_t points) {
  std::ofstream(study) << fmt::format(
      "[parameters.a]\nvalues = {{ linear = {{ from = 0, to = {}, points = {} }} }}\n"
      "[parameters.b]\nvalues = {{ linear = {{ from = 0.0, to = 1.0, points = {} }} }}\n"
      "[command]\nrun = [\"echo\", \"{{{{b}}}}\"]\n[outputs]\ny = {{ stdout = '(.+)' }}\n",
      points / kSecondLevels - 1, points / kSecondLevels, kSecondLevels);
  used_by({program, "run", study, "--quiet", "--only", "0"});
  const fs::path directory = fs::path(study).replace_extension(".windrow");
  const windrow::StudyIdentity identity = windrow::StoreReader(directory).identity();
  windrow::Store store(directory, identity, {});
  windrow::Record record;
  record.host = "localhost";
  record.attempts = 1;
  for (record.index = 1; record.index < points; ++record.index) {
    const double b = static_cast<double>(record.index % kSecondLevels) / static_cast<double>(kSecondLevels - 1);
    record.parameters = {static_cast<double>(record.index / kSecondLevels), b};
    record.outcome = std::vector<windrow::Value>{b * static_cast<double>(record.index) / 7.0};
    record.started = 1.7e9 + 1e-3 * static_cast<double>(record.index);
    record.elapsed = 0.25 + 1e-9 * static_cast<double>(record.index);
    store.record(record);
  }
}

void measure_export(const fs::path& folder, const Arguments& programs, std::uint64_t points) {
  const fs::path study = folder / "export.toml";
  const fs::path directory = folder / "export.windrow";
  make_study(study, programs.front(), points);
  auto commands = by_each(programs, {"export", directory, "--csv", "-"});
  commands.push_back({"sqlite3", "-header", "-csv", directory / "results.sqlite",
                      "SELECT \"index\", p0 AS a, p1 AS b, o0 AS y, status FROM results"});
  measure(fmt::format("export of {} points", points), commands);
  fs::remove_all(directory);
}

void measure_state(const fs::path& folder, const Arguments& programs, std::uint64_t points) {
  const fs::path study = folder / "state.toml";
  const fs::path directory = folder / "state.windrow";
  make_study(study, programs.front(), points);
  measure(fmt::format("status at {} points", points), by_each(programs, {"status", directory}));
  // Each leaves its own account of the file beside it.
  std::vector<Row> rows;
  for (const std::string& program : programs) {
    rows.emplace_back(fmt::format("nothing left to run of {} points ({})", points, program));
    for (int i = -1; i < kRepetitions; ++i) {
      const Used used = used_by({program, "run", study, "--quiet"});
      if (i >= 0) rows.back().add(used);
    }
  }
  for (const Row& row : rows) row.print();
  fs::remove_all(directory);
}

void measure_table(const fs::path& folder, const Arguments& programs, std::uint64_t rows) {
  const fs::path table = folder / "table.csv";
  {
    std::ofstream out(table);
    out << "a,b,c,d,material\n";
    for (std::uint64_t i = 0; i < rows; ++i) {
      const auto x = static_cast<double>(i);
      out << fmt::format("{},{:.6f},{:.9f},{},{}\n", i, 0.25 * x / 7.0, 1.0 / (1.0 + x),
                         1.5 * static_cast<double>(i % 1000), i % 2 == 0 ? "steel" : "aluminium");
    }
  }
  const fs::path study = folder / "table.toml";
  std::ofstream(study)
      << "[design]\nmethod = \"table\"\nfile = \"table.csv\"\n[command]\nrun = [\"true\", \"{{a}}\"]\n";
  const double mib = static_cast<double>(fs::file_size(table)) / 1048576.0;
  measure(fmt::format("plan, a table of {} rows, {:.1f} MiB", rows, mib), by_each(programs, {"plan", study}));
  const fs::path directory = folder / "table.windrow";
  measure(fmt::format("run --only 0 of that table"), by_each(programs, {"run", study, "--quiet", "--only", "0"}),
          [&] { fs::remove_all(directory); });
}

}  // namespace

int main(int argc, char** argv) {
  if (!bench::may_measure(bench::anyway_given(argc, argv))) return 1;
  Arguments programs = {WINDROW_PROGRAM};
  fs::path parent = fs::temp_directory_path();
  std::uint64_t points = 10'000'000;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--beside" && i + 1 < argc) {
      programs.emplace_back(argv[++i]);
    } else if (word == "--points" && i + 1 < argc) {
      points = std::strtoull(argv[++i], nullptr, 10);
    } else if (word[0] != '-') {
      parent = word;
    }
  }
  const fs::path folder = parent / fmt::format("bench-large-{}", ::getpid());
  fs::create_directories(folder);
  fmt::print("median of {} (minimum to maximum), and the most memory\n", kRepetitions);
  measure_export(folder, programs, points / 10);
  measure_state(folder, programs, points);
  measure_table(folder, programs, points / 10);
  fs::remove_all(folder);
}
