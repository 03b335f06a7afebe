// Large results: how fast they get to the disk, beside a loop that writes and syncs files of the same sizes, and what
// memory that takes. `bench-arrays memory [POINTS [MB]] [root]`, also under mpirun, measures the memory alone: of
// a sweep whose workers write, or whose arrays travel through the root.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <numeric>

#include "measure.hpp"
#include "windrow/parallel/fork_manager.hpp"
#include "windrow/parallel/launch.hpp"
#include "windrow/run/sweep.hpp"

namespace {

using namespace windrow;
namespace fs = std::filesystem;

constexpr int kRepetitions = 7;
constexpr int kWorkers = 2;

/// Points of `megabytes` MB (10^6 bytes) each. They are computed once, so that the sweep measures what comes after.
Sweep sweep_of(std::uint64_t points, std::size_t megabytes) {
  const std::size_t size = megabytes * 125'000;
  return Sweep(
      zip({linear("x", 0, static_cast<double>(points - 1), points)}), [size] { return std::vector<double>(size); },
      [](std::vector<double>& field, const Point& p) -> std::vector<Value> {
        if (field.front() == 0.0) std::iota(field.begin(), field.end(), 1.0);
        field.front() = p["x"].number() + 1.0;
        return {Array(field), bench::memory_mib("VmHWM")};
      },
      {{"field", "", "array", ""}, {"peak", "MiB", "number", ""}});
}

void write_and_sync(const fs::path& directory, std::uint64_t points, std::size_t megabytes) {
  const std::vector<double> field(megabytes * 125'000, 1.0);
  for (std::uint64_t i = 0; i < points; ++i) {
    const int fd = ::open((directory / std::to_string(i)).c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666);
    const auto* at = reinterpret_cast<const char*>(field.data());
    for (std::size_t left = field.size() * sizeof(double); left > 0;) {
      const ssize_t count = ::write(fd, at, std::min<std::size_t>(left, 1U << 20U));
      if (count <= 0) std::abort();
      at += count;
      left -= static_cast<std::size_t>(count);
    }
    if (::fdatasync(fd) != 0) std::abort();
    ::close(fd);
  }
}

void compare(const fs::path& directory, std::uint64_t points, std::size_t megabytes) {
  std::vector<double> plain;
  std::vector<double> direct;
  std::vector<double> through_root;
  for (int i = 0; i < kRepetitions; ++i) {
    const auto run = [&](bool by_root) {
      fs::remove_all(directory);
      ForkManager manager(kWorkers);
      SweepOptions options;
      options.store = directory;
      options.arrays_through_root = by_root;
      return bench::seconds_of([&] { sweep_of(points, megabytes).run(manager, options); });
    };
    fs::remove_all(directory);
    fs::create_directories(directory);
    plain.push_back(bench::seconds_of([&] { write_and_sync(directory, points, megabytes); }));
    direct.push_back(run(false));
    through_root.push_back(run(true));
  }
  fs::remove_all(directory);
  const double volume = static_cast<double>(points * megabytes);
  const auto report = [&](const char* what, const std::vector<double>& seconds) {
    const bench::Figures figures = bench::figures_of(seconds);
    fmt::print("  {:<34} {:>6.0f} MB/s ({:.0f} to {:.0f})\n", what, volume / figures.median, volume / figures.high,
               volume / figures.low);
  };
  fmt::print("{} results of {} MB, {} forked workers, median of {}\n", points, megabytes, kWorkers, kRepetitions);
  report("write and fdatasync, one process", plain);
  report("sweep, workers write", direct);
  report("sweep, through the root", through_root);
}

/// @return whether all bytes are right
bool check_and_remove(const fs::path& directory, std::uint64_t points) {
  const StoreReader reader(directory);
  bool right = true;
  for (std::uint64_t i = 0; i < points; ++i) {
    const Array field = reader.array(i, "field");
    right = right && field.values.front() == static_cast<double>(i + 1);
    for (std::size_t at = 1; at < field.values.size(); ++at) {
      right = right && field.values[at] == static_cast<double>(at + 1);
    }
    fs::remove(reader.array_file(i, "field").file);
  }
  return right;
}

int measure_memory(ParallelManager& manager, const fs::path& directory, std::uint64_t points, std::size_t megabytes,
                   bool through_root) {
  SweepOptions options;
  options.store = directory;
  options.root = RootRole::coordinates;
  options.arrays_through_root = through_root;
  const double before = bench::memory_mib("VmHWM");
  const SweepResult result = sweep_of(points, megabytes).run(manager, options);
  const double after = bench::memory_mib("VmHWM");
  if (!manager.is_root()) return 0;
  double peak = 0.0;
  StoreReader(directory).for_each(
      [&peak](const Record& record) { peak = std::max(peak, record.outcome.value()[1].number()); });
  fmt::print(
      "{} x {} MB on {} workers ({}), {}: root {:.1f} MiB, {:.1f} before; a worker at most {:.0f} MiB; {:.1f} s\n",
      result.succeeded, megabytes, result.workers, name_of(manager.backend()),
      through_root ? "through the root" : "workers write", after, before, peak, result.elapsed);
  const bool right = check_and_remove(directory, points);
  fmt::print("  bytes: {}\n", right ? "right" : "WRONG");
  fs::remove_all(directory);
  return right ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  std::erase(words, "--anyway");
  const fs::path directory = fs::path("bench-arrays.tmp");
  if (!words.empty() && words[0] == "memory") {
    const auto number = [&](std::size_t at, std::uint64_t otherwise) {
      return words.size() > at ? std::strtoull(words[at].c_str(), nullptr, 10) : otherwise;
    };
    LaunchOptions options;
    options.peers = false;
    return launch(
        argc, argv,
        [&](ParallelManager& manager) {
          return measure_memory(manager, directory, number(1, 40), number(2, 100), words.back() == "root");
        },
        options);
  }
  if (!bench::may_measure(bench::anyway_given(argc, argv))) return 1;
  compare(directory, 200, 1);
  compare(directory, 6, 100);
  return 0;
}
