#pragma once

#include <errno.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

/// What every benchmark needs: figures of repetitions, and whether the machine is fit to take any.
namespace bench {

/// A shared core spoils a figure long before it is used up: this many cores in use by others are too many.
inline constexpr double kCoresOfOthers = 0.1;

struct Figures {
  double median, low, high;
};

/// @pre values is not empty
inline Figures figures_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  const double median = values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2.0;
  return {median, values.front(), values.back()};
}

template <typename Call>
double seconds_of(Call&& call) {
  const auto begin = std::chrono::steady_clock::now();
  call();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// CPU seconds of this process (RUSAGE_SELF) or of its children that have ended (RUSAGE_CHILDREN).
inline double cpu_seconds(int who) {
  rusage usage{};
  ::getrusage(who, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// A memory figure of this process in MiB: "VmHWM", the most that was ever resident, or "VmRSS", what is now.
inline double memory_mib(std::string_view field) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(field)) return std::atof(line.c_str() + field.size() + 1) / 1024.0;
  }
  return 0.0;
}

/// How much of the machine processes use that are neither this one nor its ended children, since this was made.
class OtherProcesses {
 public:
  OtherProcesses() : begin_(std::chrono::steady_clock::now()), used_at_begin_(used()) {}

  /// Cores, on average.
  double cores() const {
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin_;
    return std::max(0.0, (used() - used_at_begin_) / elapsed.count());
  }

 private:
  // What the virtual machine's host took away (steal) counts as used by others.
  static double used() {
    std::ifstream stat("/proc/stat");
    std::string name;
    std::array<double, 8> ticks{};  // user nice system idle iowait irq softirq steal
    stat >> name;
    for (double& value : ticks) stat >> value;
    const double busy = ticks[0] + ticks[1] + ticks[2] + ticks[5] + ticks[6] + ticks[7];
    return busy / static_cast<double>(::sysconf(_SC_CLK_TCK)) - cpu_seconds(RUSAGE_SELF) - cpu_seconds(RUSAGE_CHILDREN);
  }

  std::chrono::steady_clock::time_point begin_;
  double used_at_begin_;
};

/// Watches the cores for a second. @return whether to go on: they are free, or `anyway`, with a remark among the
/// figures
inline bool may_measure(bool anyway) {
  const OtherProcesses others;
  std::this_thread::sleep_for(std::chrono::seconds(1));
  const double cores = others.cores();
  if (cores <= kCoresOfOthers) return true;
  if (anyway) {
    fmt::print("REMARK: not for the record: other processes used {:.2f} cores just before (--anyway)\n", cores);
    return true;
  }
  fmt::print(stderr,
             "{}: other processes use {:.2f} cores; figures would mean nothing (--anyway takes them all the same)\n",
             program_invocation_short_name, cores);
  return false;
}

/// @return whether one of the arguments is `--anyway`
inline bool anyway_given(int argc, char** argv) {
  return std::any_of(argv + 1, argv + argc, [](const char* word) { return std::strcmp(word, "--anyway") == 0; });
}

/// One host, no network; ranks that wait let others have the core. What the user has set stays.
inline void set_defaults_of_open_mpi() {
  constexpr std::array<std::pair<const char*, const char*>, 3> defaults = {
      {{"OMPI_MCA_pml", "ob1"}, {"OMPI_MCA_btl", "self,vader"}, {"OMPI_MCA_mpi_yield_when_idle", "1"}}};
  for (const auto& [name, value] : defaults) ::setenv(name, value, 0);
}

/// Runs a command line and reads the numbers that it prints. @return none if it fails
inline std::vector<double> numbers_if_printed_by(const std::string& command) {
  std::vector<double> numbers;
  std::FILE* pipe = ::popen(command.c_str(), "r");
  for (double number = 0.0; pipe != nullptr && std::fscanf(pipe, "%lf", &number) == 1;) numbers.push_back(number);
  if (pipe == nullptr || ::pclose(pipe) != 0) numbers.clear();
  return numbers;
}

/// The same, which ends this program if there are none.
inline std::vector<double> numbers_printed_by(const std::string& command) {
  std::vector<double> numbers = numbers_if_printed_by(command);
  if (numbers.empty()) {
    fmt::print(stderr, "{}: no figures from: {}\n", program_invocation_short_name, command);
    std::exit(1);
  }
  return numbers;
}

}  // namespace bench
