// Kills parts of running sweeps at random moments, runs them again until they are complete, and looks at what must hold
// after each: torture [--rounds N] [--seed S] [--minutes M]
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <optional>
#include <random>
#include <string>

#include "torture/round.hpp"

namespace windrow::test {
namespace {

using Clock = std::chrono::steady_clock;

struct Options {
  std::uint64_t rounds = 300;
  std::uint64_t seed = std::random_device()();
  double minutes = 0.0;  ///< no round begins after that; 0: no limit
};

std::optional<Options> read_options(int argc, char** argv) {
  Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    const std::string text = argv[i + 1];
    const auto read = [&text](auto& number) {
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
      return error == std::errc() && end == text.data() + text.size();
    };
    const bool known = (name == "--rounds" && read(options.rounds)) || (name == "--seed" && read(options.seed)) ||
                       (name == "--minutes" && read(options.minutes));
    if (!known) return std::nullopt;
  }
  return argc % 2 == 1 ? std::optional(options) : std::nullopt;
}

/// Sums over rounds.
struct Totals {
  std::uint64_t rounds = 0;
  std::uint64_t bad = 0;
  int runs = 0;
  int hung_launchers = 0;
  std::size_t failed = 0;
  std::array<int, kRoles> kills{};
  double longest_end = 0.0;

  void add(const RoundReport& report) {
    ++rounds;
    bad += report.violations.empty() ? 0 : 1;
    runs += report.runs;
    failed += report.failed;
    hung_launchers += report.hung_launchers;
    for (std::size_t i = 0; i < kills.size(); ++i) kills[i] += report.kills[i];
    longest_end = std::max(longest_end, report.longest_end);
  }

  std::string text() const {
    std::string text =
        fmt::format("{} rounds, {} runs, {} points failed and were tried again; killed:", rounds, runs, failed);
    for (std::size_t i = 0; i < kills.size(); ++i) {
      text += fmt::format(" {} {}{}", kills[i], name_of(static_cast<Role>(i)), i + 1 < kills.size() ? "," : "");
    }
    if (hung_launchers > 0) text += fmt::format("; mpirun hung {} times", hung_launchers);
    return text + fmt::format("; the last process was gone at most {:.2f} s after a run\n{} rounds were bad\n",
                              longest_end, bad);
  }
};

void play(const Plan& plan, Paces& paces, Totals& totals) {
  fmt::print("seed {}: {}", plan.seed, describe(plan));
  std::fflush(stdout);
  const auto begin = Clock::now();
  Round round(plan, paces);
  const RoundReport report = round.play();
  fmt::print(" -> {} runs, {:.1f} s\n", report.runs, std::chrono::duration<double>(Clock::now() - begin).count());
  constexpr std::size_t most_shown = 20;
  for (std::size_t i = 0; i < std::min(most_shown, report.violations.size()); ++i) {
    fmt::print("  BAD: {}\n", report.violations[i]);
  }
  if (!report.violations.empty()) {
    fmt::print("  {} violations; `scripts/torture --rounds 1 --seed {}` repeats the round; see {}\n",
               report.violations.size(), plan.seed, round.directory().string());
  }
  std::fflush(stdout);
  totals.add(report);
}

int torture(const Options& options) {
#ifdef WINDROW_HAS_MPI
  constexpr bool with_mpi = true;
#else
  constexpr bool with_mpi = false;
#endif
  const auto begin = Clock::now();
  Paces paces;
  Totals totals;
  for (std::uint64_t i = 0; i < options.rounds; ++i) {
    const std::chrono::duration<double, std::ratio<60>> elapsed = Clock::now() - begin;
    if (options.minutes > 0.0 && elapsed.count() >= options.minutes) break;
    play(make_plan(options.seed + i, with_mpi), paces, totals);
  }
  fmt::print("{}", totals.text());
  return totals.bad == 0 ? 0 : 1;
}

}  // namespace
}  // namespace windrow::test

int main(int argc, char** argv) {
  const auto options = windrow::test::read_options(argc, argv);
  if (!options) {
    std::fprintf(stderr, "usage: torture [--rounds N] [--seed S] [--minutes M]\n");
    return 2;
  }
  return windrow::test::torture(*options);
}
