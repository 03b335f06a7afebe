// What it costs the coordinator to place points that need several ranks or slots: bench-placement [RANKS NEEDED]
//
// No ranks and no messages: workers that answer at once, 64 on a host. Of each kind of need, the time until as many
// points have begun as fit, and from there the time for each point to be placed, evaluated and taken in, which takes a
// message to and from each of its ranks. The bounds are 2 s and 50 us.
#include <deque>
#include <memory>
#include <string>

#include "measure.hpp"
#include "parallel/coordinator.hpp"
#include "parallel/interface/wire.hpp"
#include "windrow/base/clock.hpp"
#include "windrow/parallel/job.hpp"

namespace {

using namespace windrow;
using namespace windrow::detail;

constexpr int kRounds = 7;
constexpr int kRanksOfHost = 64;
constexpr double kMostStartSeconds = 2.0;
constexpr double kMostPointSeconds = 50e-6;

/// Answer one after another, in the order of their points.
class PromptWorkers : public Workers {
 public:
  explicit PromptWorkers(int count) {
    for (int w = 0; w < count; ++w) hosts_.push_back(fmt::format("node{}", w / kRanksOfHost));
  }
  int count() const override { return static_cast<int>(hosts_.size()); }
  const std::string& host(int w) const override { return hosts_[static_cast<std::size_t>(w)]; }
  bool is_remote(int) const override { return true; }

  void send(int w, JobTag tag, std::span<const std::byte> payload) override {
    if (tag != kAssign) return;
    ByteReader in(payload);
    in.get<AssignmentHead>();
    given_.push_back({w, in.get<IndexRun>().first});
  }
  std::optional<WorkerEvent> next(std::chrono::nanoseconds) override {
    if (first_asked_ == 0.0) first_asked_ = monotonic_seconds();
    const Given given = given_.front();
    given_.pop_front();
    ResultWriter out;
    const double result = 1.0;
    out.add({given.index, 0.0, 1.0, false, std::as_bytes(std::span(&result, 1))});
    const auto message = out.message(1);
    return WorkerEvent{given.worker, Frame{kResults, Bytes(message.begin(), message.end())}};
  }
  double first_asked() const { return first_asked_; }

 private:
  struct Given {
    int worker;
    std::uint64_t index;
  };
  std::vector<std::string> hosts_;
  std::deque<Given> given_;
  double first_asked_ = 0.0;
};

class Needs : public PointNeeds {
 public:
  Needs(Kind kind, std::uint64_t count, bool mixed) : kind_(kind), count_(count), mixed_(mixed) {}
  Kind kind() const override { return kind_; }
  std::uint64_t of(std::uint64_t index) override { return mixed_ ? 1 + index * 7 % (2 * count_ - 1) : count_; }

 private:
  Kind kind_;
  std::uint64_t count_;
  bool mixed_;
};

class Nobody : public JobObserver {
 public:
  void completed(const Completed&) override {}
};

struct Case {
  const char* name;
  PointNeeds::Kind kind;
  int ranks;
  std::uint64_t needed;
  bool mixed = false;  ///< 1 to 2 x needed - 1
};

struct Times {
  double start;
  double point;
};

Times measure(const Case& what) {
  PromptWorkers workers(what.ranks);
  Nobody nobody;
  const std::uint64_t at_once = static_cast<std::uint64_t>(what.ranks) / what.needed;
  const std::uint64_t points = 4 * at_once;
  const double begin = monotonic_seconds();
  coordinate(workers,
             {.schedule = Schedule::dynamic,
              .pending = IndexSet::first(points),
              .needs = std::make_shared<Needs>(what.kind, what.needed, what.mixed)},
             nobody);
  const double end = monotonic_seconds();
  return {workers.first_asked() - begin, (end - workers.first_asked()) / static_cast<double>(points)};
}

void report(const Case& what) {
  std::vector<double> starts;
  std::vector<double> points;
  for (int round = 0; round < kRounds; ++round) {
    const Times times = measure(what);
    starts.push_back(times.start);
    points.push_back(times.point * 1e6);
  }
  const auto start = bench::figures_of(starts);
  const auto point = bench::figures_of(points);
  fmt::print(
      "{:<8} {:>7} {:>7}{}  {:8.4f} s ({:.4f} to {:.4f}, {:5.3f} of the bound)  {:8.2f} us ({:.2f} to {:.2f}, "
      "{:5.3f})\n",
      what.name, what.ranks, what.needed, what.mixed ? " mean" : "     ", start.median, start.low, start.high,
      start.median / kMostStartSeconds, point.median, point.low, point.high, point.median * 1e-6 / kMostPointSeconds);
}

}  // namespace

int main(int argc, char** argv) {
  fmt::print("kind       ranks  needed       start, medians of {} rounds            a point\n", kRounds);
  using Kind = PointNeeds::Kind;
  if (argc == 3) {
    report({"ranks", Kind::ranks, std::atoi(argv[1]), std::strtoull(argv[2], nullptr, 10)});
    return 0;
  }
  for (const Case& what : {Case{"ranks", Kind::ranks, 10'000, 2}, Case{"ranks", Kind::ranks, 30'000, 8},
                           Case{"ranks", Kind::ranks, 30'000, 8, true}, Case{"ranks", Kind::ranks, 100'000, 8},
                           Case{"slots", Kind::slots, 30'000, 8}, Case{"slots", Kind::slots, 30'000, 8, true}}) {
    report(what);
  }
}
