// How long does `windrow run` of one trivial command take, from start to end, beside starting that command alone?
// Prints the median, minimum and maximum of interleaved repetitions; refuses while other processes use the cores
// (--anyway: measures all the same, and says so).
#include <fmt/format.h>
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

namespace {

constexpr int kRepetitions = 21;

double run_seconds(std::vector<std::string> arguments) {
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  int status = 1;
  const double seconds = bench::seconds_of([&] {
    pid_t pid = 0;
    if (::posix_spawnp(&pid, argv[0], nullptr, nullptr, argv.data(), environ) == 0) ::waitpid(pid, &status, 0);
  });
  if (status != 0) {
    fmt::print(stderr, "bench-startup: {} failed\n", arguments.front());
    std::exit(1);
  }
  return seconds;
}

void print_row(const std::string& name, const std::vector<double>& seconds) {
  const auto [median, low, high] = bench::figures_of(seconds);
  fmt::print("{:<40} {:7.2f} ms  ({:.2f} to {:.2f})\n", name, median * 1e3, low * 1e3, high * 1e3);
}

}  // namespace

int main(int argc, char** argv) {
  if (!bench::may_measure(bench::anyway_given(argc, argv))) return 1;
  namespace fs = std::filesystem;
  std::string folder = (fs::temp_directory_path() / "windrow-startup-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) return 1;
  const std::string study = folder + "/one.toml";
  std::ofstream(study) << "[parameters.x]\nvalues = [1]\n[command]\nrun = [\"true\"]\n";

  std::vector<double> windrow;
  std::vector<double> bare;
  for (int i = -1; i < kRepetitions; ++i) {  // the first pair warms the caches
    fs::remove_all(folder + "/one.windrow");
    const double first = run_seconds({WINDROW_PROGRAM, "run", study, "--quiet"});
    const double second = run_seconds({"true"});
    if (i < 0) continue;
    windrow.push_back(first);
    bare.push_back(second);
  }
  fs::remove_all(folder);
  fmt::print("start to end, median of {} (minimum to maximum)\n", kRepetitions);
  print_row("windrow run, one point, program `true`", windrow);
  print_row("`true` alone", bare);
}
