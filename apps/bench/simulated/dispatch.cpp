// One job on simulated ranks, under smpirun: rank 0 coordinates, all others evaluate points that take simulated time.
// Options are NAME=VALUE, times in seconds; see Options. Prints one line of figures, or the reason and exit code 1.

#include <fmt/format.h>
#include <mpi.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "charged_mpi.hpp"
#include "parallel/coordinator.hpp"
#include "parallel/mpi/mpi_workers.hpp"
#include "parallel/worker_loop.hpp"
#include "simulated_rank.hpp"
#include "windrow/base/clock.hpp"

namespace {

using namespace windrow;
using namespace windrow::detail;

struct Options {
  std::string schedule = "auto";
  double point = 1e-3;  ///< mean time of a point
  bool random = false;  ///< points take 0 to 2x the mean, uniformly, instead of the mean
  double work = 1.0;    ///< per rank: fixes the number of points
  simulated::MessageCosts messages;
  double outcome = 20e-9;      ///< per outcome, at the root
  double evaluation = 100e-9;  ///< per point, at its worker, beside the point itself
};

double number(std::string_view text) {
  double value = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) throw Error(fmt::format("not a number: {}", text));
  return value;
}

Options read_options(int argc, char** argv) {
  Options options;
  simulated::MessageCosts& messages = options.messages;
  const std::map<std::string_view, double*> numbers = {
      {"point", &options.point},      {"work", &options.work},
      {"outcome", &options.outcome},  {"evaluation", &options.evaluation},
      {"receive", &messages.receive}, {"send", &messages.send},
      {"look", &messages.look},
  };
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const auto name = argument.substr(0, argument.find('='));
    const auto value = argument.substr(std::min(name.size() + 1, argument.size()));
    if (name == "schedule") {
      options.schedule = value;
    } else if (name == "lengths" && (value == "fixed" || value == "random")) {
      options.random = value == "random";
    } else if (numbers.contains(name)) {
      *numbers.at(name) = number(value);
    } else {
      throw Error(fmt::format("unknown option {}", argument));
    }
  }
  return options;
}

/// The time that a point takes: the same whoever asks.
double length_of(const Options& options, std::uint64_t index) {
  if (!options.random) return options.point;
  std::uint64_t bits = index + 0x9e3779b97f4a7c15;  // SplitMix64: Steele, Lea & Flood 2014, doi:10.1145/2660193.2660195
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9;
  bits = (bits ^ (bits >> 27)) * 0x94d049bb133111eb;
  bits ^= bits >> 31;
  return options.point * 2.0 * static_cast<double>(bits >> 11) * 0x1p-53;
}

/// Every point once, and with the value that its worker was to give.
class TimesDone {
 public:
  explicit TimesDone(std::uint64_t points) : seen_(points) {}

  void enter(const Completed& completed) {
    ByteReader in(completed.payload);
    if (completed.failure != nullptr) throw Error(describe(*completed.failure));
    if (in.get<std::uint64_t>() != completed.index) throw Error(fmt::format("wrong result of {}", completed.index));
    if (seen_.at(completed.index)) throw Error(fmt::format("two outcomes of point {}", completed.index));
    seen_[completed.index] = true;
    ++entered_;
  }
  bool complete() const { return entered_ == seen_.size(); }

 private:
  std::vector<bool> seen_;
  std::uint64_t entered_ = 0;
};

class Sleep : public Evaluation {
 public:
  explicit Sleep(const Options& options) : options_(options) {}
  std::optional<TaskFailure> evaluate(const Assigned& assigned, WorkerContext&, ByteWriter& result) override {
    simulated::spend(length_of(options_, assigned.index) + options_.evaluation);
    result.put(assigned.index);
    return std::nullopt;
  }

 private:
  const Options& options_;
};

class Root : public JobObserver {
 public:
  Root(const Options& options, std::uint64_t points) : times_done(points), options_(options) {}
  void completed(const Completed& completed) override {
    simulated::spend(options_.outcome);
    times_done.enter(completed);
    sum += length_of(options_, completed.index);
  }

  TimesDone times_done;
  double sum = 0.0;  ///< seconds of all points

 private:
  const Options& options_;
};

void coordinate_job(const Options& options, int ranks) {
  const auto points =
      static_cast<std::uint64_t>(std::llround(options.work * static_cast<double>(ranks - 1) / options.point));
  Root root(options, points);

  const std::vector<std::string> hosts(static_cast<std::size_t>(ranks), "simulated");
  MpiWorkers workers(MPI_COMM_WORLD, hosts, nullptr, nullptr, nullptr, nullptr);
  const double begin = monotonic_seconds();
  coordinate(workers, {.schedule = schedule(options.schedule), .pending = IndexSet::first(points)}, root);
  simulated::settle();
  const double makespan = monotonic_seconds() - begin;
  if (!root.times_done.complete()) throw Error("a point has no outcome");
  const double busy = makespan - workers.slept().value_or(0.0);
  // ranks schedule lengths point points makespan, efficiency without and with the root, share of its time that the
  // root was busy, messages that it received and sent
  fmt::print("{} {} {} {:g} {} {:.6f} {:.4f} {:.4f} {:.4f} {} {}\n", ranks, options.schedule,
             options.random ? "random" : "fixed", options.point, points, makespan, root.sum / ((ranks - 1) * makespan),
             root.sum / (ranks * makespan), busy / makespan, simulated::messages().received,
             simulated::messages().sent);
}

void run(int argc, char** argv) {
  const Options options = read_options(argc, argv);
  simulated::charge(options.messages);
  int rank = 0;
  int ranks = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  if (ranks < 2) throw Error("needs two ranks or more");
  if (rank == 0) return coordinate_job(options, ranks);
  Sleep evaluation(options);
  MpiRootLink link(MPI_COMM_WORLD, nullptr, nullptr, nullptr);
  WorkerLoop(link, evaluation, rank, "simulated").run();
}

}  // namespace

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  try {
    run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    std::_Exit(1);  // ends all ranks, which are one process; MPI_Abort() would leave with 0
  }
  MPI_Finalize();
}
