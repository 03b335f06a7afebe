#include "dispatch/experiments.hpp"

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <utility>

namespace bench {
namespace {

#ifdef WINDROW_HAS_MPI
constexpr bool kMpi = true;
#else
constexpr bool kMpi = false;
#endif

Target at_most(double value) {
  return {Target::Kind::at_most, value};
}

Target at_least(double value) {
  return {Target::Kind::at_least, value};
}

/// Builds an experiment: add() takes a command and returns the quantity that is the first number it prints.
class Builder {
 public:
  Builder(const Settings& settings, std::string name, std::string about)
      : settings_(settings), experiment_{std::move(name), std::move(about)} {}

  Quantity add(const std::string& command) {
    const std::size_t at = experiment_.commands.size();
    experiment_.commands.push_back(command);
    return [at](const Printed& printed) { return printed[at].front(); };
  }
  /// This program, on forked ranks or without any.
  Quantity add_own(const std::string& words) { return add(settings_.program + " --measure " + words); }
  Quantity add_mpi(int ranks, const std::string& words) {
    return add(mpirun(ranks) + settings_.program + " --measure " + words);
  }
  /// Ranks that keep their cores while they wait: quickest, as long as each has one.
  Quantity add_spinning_mpi(int ranks, const std::string& words) {
    return add(mpirun(ranks) + "--mca mpi_yield_when_idle 0 " + settings_.program + " --measure " + words);
  }
  Quantity add_peer(const std::string& words) { return add(python() + words); }
  Quantity add_mpi_peer(int ranks, const std::string& words) { return add(mpirun(ranks) + python() + words); }
  /// The second number that the last command prints.
  Quantity second_number() const {
    const std::size_t at = experiment_.commands.size() - 1;
    return [at](const Printed& printed) { return printed[at].at(1); };
  }
  void row(Row row) { experiment_.rows.push_back(std::move(row)); }
  Experiment once() {
    experiment_.once = true;
    return std::move(experiment_);
  }
  Experiment take() { return std::move(experiment_); }

 private:
  static std::string mpirun(int ranks) { return fmt::format("mpirun --oversubscribe --bind-to none -n {} ", ranks); }
  static std::string python() { return "/usr/bin/python3 " WINDROW_PEERS " "; }

  const Settings& settings_;
  Experiment experiment_;
};

Quantity ratio(Quantity a, Quantity b) {
  return [a = std::move(a), b = std::move(b)](const Printed& printed) { return a(printed) / b(printed); };
}

Experiment no_op(const Settings& settings) {
  Builder builder(settings, "noop",
                  "no-op points under auto, a rank that coordinates and one that works, doubles in index order at the "
                  "root");
  builder.row({"fork", "us a point", builder.add_own("noop 5000000 fork 1"), at_most(0.1)});
  if (kMpi) {
    const Quantity own = builder.add_mpi(2, "noop 5000000 mpi");
    const Quantity raw = builder.add_spinning_mpi(2, "raw 1000000");
    builder.row({"MPI", "us a point", own, at_most(0.1)});
    builder.row({"by hand over MPI: 64 bytes a task, 16 in flight", "us a task", raw});
    builder.row({"MPI, beside the loop by hand", "x its time", ratio(own, raw), at_most(1.0)});
  }
  return builder.take();
}

Experiment efficiency(const Settings& settings) {
  Builder builder(settings, "efficiency",
                  "busy points on two cores: time of the same loops halved between two bare processes / time with "
                  "windrow");
  const std::array<std::pair<int, double>, 4> lengths = {{{1, 0.90}, {10, 0.97}, {100, 0.99}, {1000, 0.99}}};
  for (const auto& [microseconds, target] : lengths) {
    for (const char* spread : {"fixed", "random"}) {
      const std::string points = fmt::format("{} {} {:.6g}", spread, microseconds, settings.steps_per_microsecond);
      const std::string what = spread == std::string("fixed") ? fmt::format("{} us", microseconds)
                                                              : fmt::format("0 to {} us", 2 * microseconds);
      const Quantity bound = builder.add_own("bound " + points);
      if (kMpi) {
        const Quantity own = builder.add_mpi(2, fmt::format("busy {} mpi", points));
        builder.row({what + ": MPI, the root evaluates too", "", ratio(bound, own), at_least(target)});
      }
      const Quantity own = builder.add_own(fmt::format("busy {} fork 2", points));
      builder.row({what + ": fork, two workers", "", ratio(bound, own), at_least(target)});
    }
  }
  return builder.take();
}

Experiment fairness(const Settings& settings) {
  Builder builder(settings, "fairness",
                  "10,000 busy points of 1 us and 20 of 100 ms, shuffled, under auto on two cores: makespan / that of "
                  "two bare processes in balance");
  const std::string points = fmt::format("jump 1 {:.6g}", settings.steps_per_microsecond);
  const Quantity bound = builder.add_own("bound " + points);
  if (kMpi) {
    const Quantity own = builder.add_mpi(2, fmt::format("busy {} mpi", points));
    builder.row({"MPI, the root evaluates too", "x the bound", ratio(own, bound), at_most(1.1)});
  }
  const Quantity own = builder.add_own(fmt::format("busy {} fork 2", points));
  builder.row({"fork, two workers", "x the bound", ratio(own, bound), at_most(1.1)});
  return builder.take();
}

Experiment tails(const Settings& settings) {
  Builder builder(settings, "tails",
                  "2,000 sleeping points on 32 forked ranks: makespan / max(longest, sum / workers)");
  for (const char* lengths : {"constant", "lognormal", "bimodal"}) {
    for (const char* schedule : {"static", "cyclic", "dynamic", "guided", "auto", "longest_first"}) {
      const std::string words = fmt::format("tail {} {} peers 32", schedule, lengths);
      Row row{fmt::format("{}: {}", lengths, schedule), "x the bound", builder.add_own(words)};
      if (schedule == std::string("dynamic")) {
        row.target = at_most(1.10);
        row.without_overhead = builder.second_number();
      }
      if (schedule == std::string("longest_first")) {
        row.what += ", known costs";
        row.target = at_most(1.03);
      }
      builder.row(std::move(row));
    }
    builder.row({fmt::format("{}: longest_first, learned as it goes", lengths), "x the bound",
                 builder.add_own(fmt::format("learned {} parameters 32", lengths)), at_most(1.06)});
    builder.row({fmt::format("{}: longest_first, times of an earlier run", lengths), "x the bound",
                 builder.add_own(fmt::format("learned {} earlier 32", lengths)), at_most(1.06)});
  }
  return builder.take();
}

Experiment tails_mpi(const Settings& settings) {
  Builder builder(settings, "tails-mpi", "the same points on 32 ranks of MPI, once");
  for (const char* lengths : {"constant", "lognormal", "bimodal"}) {
    builder.row({fmt::format("{}: auto", lengths), "x the bound",
                 builder.add_mpi(32, fmt::format("tail auto {} mpi", lengths))});
  }
  return builder.once();
}

Experiment idle(const Settings& settings) {
  Builder builder(settings, "idle",
                  fmt::format("8 ranks, one of which has a point of {:g} s left: CPU time of all ranks, once",
                              settings.tail_seconds));
  const std::string words = fmt::format("idle {} ", settings.tail_seconds);
  if (kMpi) builder.row({"MPI", "% of a core", builder.add_mpi(8, words + "mpi"), at_most(1.0)});
  builder.row({"forked peers", "% of a core", builder.add_own(words + "peers 8"), at_most(1.0)});
  builder.row({"fork, 8 workers", "% of a core", builder.add_own(words + "fork 8"), at_most(1.0)});
  return builder.once();
}

/// Rows of one backend: peak memory for each number of points, and how it grows.
void memory_rows(Builder& builder, const std::string& backend, const std::function<Quantity(const std::string&)>& add) {
  std::vector<Quantity> peaks;
  for (const char* points : {"100000", "1000000", "10000000"}) {
    peaks.push_back(add(fmt::format("memory {} ", points)));
    builder.row({fmt::format("{}: {:>8} points", backend, points), "MiB", peaks.back()});
  }
  // From 10^6 on, when every buffer has been in use: a single bit kept for each point would make it 1.07 MiB.
  const auto growth = [from = peaks[1], to = peaks[2]](const Printed& printed) { return to(printed) - from(printed); };
  builder.row({backend + ": growth from 10^6 to 10^7 points", "MiB", growth, at_most(1.0)});
}

Experiment memory(const Settings& settings) {
  Builder builder(settings, "memory", "most memory that the root of a fresh program had, points streamed to a counter");
  if (kMpi) memory_rows(builder, "MPI", [&](const std::string& words) { return builder.add_mpi(2, words + "mpi"); });
  memory_rows(builder, "fork", [&](const std::string& words) { return builder.add_own(words + "fork 1"); });
  return builder.take();
}

Experiment peers(const Settings& settings) {
  Builder builder(settings, "peers",
                  "no-op points beside mpi4py.futures and multiprocessing.Pool, one worker each; windrow under auto");
  const auto beside = [&](const std::string& peer, const Quantity& items_per_second, const Quantity& own,
                          std::optional<Target> target) {
    const Quantity microseconds = [=](const Printed& printed) { return 1e6 / items_per_second(printed); };
    builder.row({peer, "us an item", microseconds});
    builder.row({peer + " / windrow", "x", ratio(microseconds, own), target});
  };
  const Quantity fork = builder.add_own("noop 5000000 fork 1");
  builder.row({"windrow, fork", "us a point", fork});
  const Quantity pool = builder.add_peer("multiprocessing-imap 30000 1 1");
  beside("Pool.imap_unordered, chunk 1", pool, fork, at_least(50.0));
  const Quantity pool100 = builder.add_peer("multiprocessing-imap 300000 1 100");
  beside("Pool.imap_unordered, chunk 100", pool100, fork, {});
  if (kMpi) {
    const Quantity mpi = builder.add_mpi(2, "noop 5000000 mpi");
    builder.row({"windrow, MPI", "us a point", mpi});
    beside("mpi4py.futures, chunk 1", builder.add_mpi_peer(2, "mpi4py 10000 1 1"), mpi, at_least(50.0));
    beside("mpi4py.futures, chunk 100", builder.add_mpi_peer(2, "mpi4py 200000 1 100"), mpi, {});
  }
  return builder.take();
}

}  // namespace

std::vector<Experiment> experiments(const Settings& settings) {
  std::vector<Experiment> all = {no_op(settings), efficiency(settings), fairness(settings), tails(settings)};
  if (kMpi) all.push_back(tails_mpi(settings));
  all.push_back(idle(settings));
  all.push_back(memory(settings));
  all.push_back(peers(settings));
  return all;
}

}  // namespace bench
