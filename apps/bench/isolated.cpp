// What does an isolated evaluation cost? No-op points of a sweep, per point, beside bare fork + wait of a small process
// in the same run, while this process holds 10 MB and 1 GB. Refuses while other processes use the cores (--anyway:
// measures all the same, and says so).
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "measure.hpp"
#include "windrow/parallel/launch.hpp"
#include "windrow/parallel/serial_manager.hpp"
#include "windrow/process/fork_server.hpp"
#include "windrow/run/sweep.hpp"

namespace {

constexpr int kRepetitions = 15;
constexpr int kForks = 200;

/// Forks and waits, in a process that stays small whatever the benchmark allocates.
class BareForks : public windrow::ForkedModel {
 public:
  windrow::Bytes evaluate(std::span<const std::byte>) override {
    const double each = bench::seconds_of([] {
                          for (int i = 0; i < kForks; ++i) {
                            const pid_t pid = ::fork();
                            if (pid == 0) ::_exit(0);
                            ::waitpid(pid, nullptr, 0);
                          }
                        }) /
                        kForks;
    windrow::Bytes bytes(sizeof each);
    std::memcpy(bytes.data(), &each, sizeof each);
    return bytes;
  }
};

std::unique_ptr<windrow::ForkedModel> make_bare_forks(std::span<const std::byte>) {
  return std::make_unique<BareForks>();
}

double bare(windrow::ForkSession& forks) {
  double each = 0.0;
  const windrow::EvaluationEnd end = forks.evaluate({});
  if (!end.result || end.result->size() != sizeof each) throw windrow::Error("the bare forks failed: " + end.message);
  std::memcpy(&each, end.result->data(), sizeof each);
  return each;
}

/// Seconds per point of a sweep on one worker, the start of its processes included.
double sweep_seconds(std::uint64_t points, windrow::Isolation isolation, std::uint64_t evaluations_per_process) {
  windrow::SerialManager manager;
  windrow::Sweep sweep(
      windrow::zip({windrow::linear("x", 0.0, 1.0, points)}), [] { return 0; },
      [](int&, const windrow::Point& point) { return point["x"].number(); }, {{"result"}},
      {.isolated = windrow::Isolated{.where = isolation, .evaluations_per_process = evaluations_per_process}});
  windrow::SweepResult result;
  const double seconds = bench::seconds_of([&] { result = sweep.run(manager); });
  if (result.succeeded != points) throw windrow::Error("points failed: " + result.summary());
  return seconds / static_cast<double>(points);
}

void print_row(const std::string& name, const std::vector<double>& seconds, double bare_median) {
  const auto [median, low, high] = bench::figures_of(seconds);
  fmt::print("  {:<52} {:8.1f} us  ({:.1f} to {:.1f})  {:5.2f} x\n", name, median * 1e6, low * 1e6, high * 1e6,
             median / bare_median);
}

void measure(std::size_t heap, windrow::ForkSession& forks) {
  const std::vector<char> held(heap, 1);
  std::vector<double> small, isolated, several, forked;
  for (int i = -1; i < kRepetitions; ++i) {  // the first round warms the caches
    const std::vector<double> row = {bare(forks), sweep_seconds(kForks, windrow::Isolation::process, 1),
                                     sweep_seconds(10 * kForks, windrow::Isolation::process, 100),
                                     sweep_seconds(20, windrow::Isolation::fork, 1)};
    if (i < 0) continue;
    small.push_back(row[0]);
    isolated.push_back(row[1]);
    several.push_back(row[2]);
    forked.push_back(row[3]);
  }
  const double bare_median = bench::figures_of(small).median;
  fmt::print("this process holds {:.0f} MB\n", static_cast<double>(held.size()) / 1e6);
  print_row("bare fork + wait of a small process", small, bare_median);
  print_row("isolation = process", isolated, bare_median);
  print_row("isolation = process, 100 evaluations per process", several, bare_median);
  print_row("isolation = fork", forked, bare_median);
}

}  // namespace

int main(int argc, char** argv) {
  windrow::prepare();
  const windrow::ForkServer server;
  windrow::ForkSession forks = server.open(make_bare_forks, {});
  if (!bench::may_measure(bench::anyway_given(argc, argv))) return 1;
  fmt::print(
      "seconds per point of a sweep of no-ops on one worker; median of {} (minimum to maximum), and its ratio to "
      "the bare fork\n",
      kRepetitions);
  for (const std::size_t heap : {std::size_t{10'000'000}, std::size_t{1'000'000'000}}) measure(heap, forks);
}
