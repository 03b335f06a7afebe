#include <gmock/gmock.h>
#include <stdlib.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <numeric>
#include <set>

#include "evaluation/interface/evaluator.hpp"
#include "windrow/design/random.hpp"
#include "windrow/run/sweep.hpp"

namespace windrow {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;
using testing::StartsWith;

/// Plays a sweep's points one after another, by falling cost where costs are known, without evaluating them: each takes
/// the time that the test says.
class PlayedManager : public ParallelManager {
 public:
  explicit PlayedManager(std::function<double(std::uint64_t)> seconds) : seconds_(std::move(seconds)) {}

  Backend backend() const override { return Backend::serial; }
  int rank() const override { return 0; }
  int size() const override { return 1; }
  int worker_count() const override { return workers; }
  void sync() override {}

  detail::JobReport run_job(detail::JobSpec job, detail::Evaluation&, detail::JobObserver& observer) override {
    schedule = job.schedule;
    root = job.root;
    order.clear();
    std::vector<std::uint64_t> left;  // the next one last
    for (const IndexRange& range : job.pending.ranges()) {
      for (std::uint64_t i = 0; i < range.count; ++i) left.push_back(range.first + i);
    }
    std::reverse(left.begin(), left.end());
    std::uint64_t revision = 0;
    for (; !left.empty() && order.size() < most; left.pop_back()) {
      if (job.costs && job.costs->revision() != revision) {
        revision = job.costs->revision();
        std::stable_sort(left.begin(), left.end(),
                         [&](auto a, auto b) { return job.costs->cost(a) < job.costs->cost(b); });
      }
      finish(job, observer, left.back());
    }
    detail::JobReport report;
    report.conclusion = observer.conclude();
    return report;
  }

  int workers = 1;
  std::size_t most = ~std::size_t{0};    ///< points in one job
  std::set<std::uint64_t> failing;       ///< points
  std::vector<std::uint64_t> order;      ///< of the last job
  Schedule schedule = Schedule::cyclic;  ///< of the last job
  RootRole root = RootRole::automatic;   ///< of the last job

 protected:
  void broadcast_bytes(std::span<const std::byte>, detail::Room&) override {}
  void gather_bytes(std::span<const std::byte> data, detail::Room& room) override {
    const std::uint64_t size = data.size();
    room.make({&size, 1});
    std::copy(data.begin(), data.end(), room.of(0));
  }
  void all_gather_bytes(std::span<const std::byte> data, detail::Room& room) override { gather_bytes(data, room); }

 private:
  void finish(detail::JobSpec& job, detail::JobObserver& observer, std::uint64_t index) {
    order.push_back(index);
    const Bytes result = detail::encode({1, {1.0}});
    TaskFailure failure;
    failure.index = index;
    detail::Completed completed;
    completed.index = index;
    completed.elapsed = seconds_(index);
    if (failing.contains(index)) {
      completed.failure = &failure;
    } else {
      completed.payload = result;
      if (job.costs) job.costs->observe(index, completed.elapsed);
    }
    observer.completed(completed);
  }

  std::function<double(std::uint64_t)> seconds_;
};

class SweepCostsTest : public testing::Test {
 protected:
  SweepCostsTest() {
    std::string name = (std::filesystem::temp_directory_path() / "windrow-costs-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
  }
  ~SweepCostsTest() override { std::filesystem::remove_all(directory_); }
  std::filesystem::path path(const std::string& name) const { return directory_ / name; }

  static Design five() { return zip({values("x", {3.0, 1.0, 5.0, 2.0, 4.0})}); }
  static SweepResult run(PlayedManager& manager, const Design& design, const SweepOptions& options,
                         const std::string& version = "1") {
    Sweep sweep(
        design, [] { return 0; }, [](int&, const Point&) { return 1.0; }, {{"result"}}, {.version = version});
    return sweep.run(manager, options);
  }
  static std::string error(PlayedManager& manager, const Design& design, const SweepOptions& options) {
    try {
      run(manager, design, options);
    } catch (const Error& error) {
      return error.what();
    }
    return "(none)";
  }

 private:
  std::filesystem::path directory_;
};

double by_index(std::uint64_t index) {
  return static_cast<double>(index + 1);
}

TEST_F(SweepCostsTest, nothing_needs_to_be_chosen) {
  PlayedManager manager(by_index);
  const auto result = run(manager, five(), {});
  EXPECT_EQ(manager.schedule, Schedule::automatic);
  EXPECT_EQ(manager.root, RootRole::automatic);
  EXPECT_THAT(result.notes, IsEmpty());
}

TEST_F(SweepCostsTest, known_costs_are_asked_with_the_point) {
  PlayedManager manager(by_index);
  const auto result = run(manager, five(), {.schedule = Schedule::longest_first, .costs = [](const Point& p) {
                                              return p["x"].number() + (p.index() == 0 ? 100.0 : 0.0);
                                            }});
  EXPECT_EQ(manager.schedule, Schedule::longest_first);
  EXPECT_THAT(manager.order, ElementsAre(0, 2, 4, 3, 1));
  EXPECT_THAT(result.notes, IsEmpty());
}

TEST_F(SweepCostsTest, costs_that_nobody_would_use_are_refused) {
  PlayedManager manager(by_index);
  const auto cost = [](const Point&) { return 1.0; };
  EXPECT_EQ(error(manager, five(), {.costs = cost}),
            "the costs of points are for the schedule `longest_first`, but the schedule is `auto`");
  EXPECT_EQ(error(manager, five(), {.schedule = Schedule::guided, .costs = path("a")}),
            "the costs of points are for the schedule `longest_first`, but the schedule is `guided`");
  EXPECT_THAT(manager.order, IsEmpty());
}

TEST_F(SweepCostsTest, an_earlier_run_gives_the_times_of_each_point) {
  PlayedManager first([](std::uint64_t index) { return index == 2 ? 9.0 : by_index(index); });
  first.failing = {2};
  run(first, five(), {.store = path("a")});
  PlayedManager second(by_index);
  const auto result =
      run(second, five(), {.store = path("b"), .schedule = Schedule::longest_first, .costs = path("a")}, "2");
  EXPECT_THAT(second.order, ElementsAre(2, 4, 3, 1, 0));
  EXPECT_THAT(result.notes, IsEmpty());
}

TEST_F(SweepCostsTest, points_that_the_earlier_run_has_no_time_of_count_as_the_mean) {
  PlayedManager first(by_index);
  first.most = 3;
  run(first, five(), {.store = path("a")});
  PlayedManager second(by_index);
  const auto result =
      run(second, five(), {.store = path("b"), .schedule = Schedule::longest_first, .costs = path("a")});
  EXPECT_THAT(second.order, ElementsAre(2, 1, 3, 4, 0));  // 1, 2 and 3 s; 3 and 4 are taken for 2 s
  EXPECT_THAT(result.notes, ElementsAre(AllOf(StartsWith("2 of 5 points have no time in "),
                                              HasSubstr(": their costs were taken as the mean"))));
  PlayedManager itself(by_index);
  run(itself, five(), {.store = path("a"), .schedule = Schedule::longest_first, .costs = path("a")});
  EXPECT_THAT(itself.order, ElementsAre(3, 4));
}

TEST_F(SweepCostsTest, an_earlier_run_without_times_leaves_costs_to_be_learned) {
  PlayedManager manager(by_index);
  manager.most = 0;
  run(manager, five(), {.store = path("a")});
  manager.most = 5;
  const auto result =
      run(manager, five(), {.store = path("b"), .schedule = Schedule::longest_first, .costs = path("a")});
  EXPECT_THAT(manager.order, ElementsAre(0, 1, 2, 3, 4));
  EXPECT_THAT(result.notes, ElementsAre(AllOf(StartsWith("5 of 5 points have no time in "), Not(HasSubstr("mean"))),
                                        StartsWith("too few points to learn how long a point takes (5 of ")));
}

TEST_F(SweepCostsTest, times_of_another_design_are_refused_with_what_differs) {
  PlayedManager manager(by_index);
  run(manager, five(), {.store = path("a")});
  const SweepOptions options{.store = path("b"), .schedule = Schedule::longest_first, .costs = path("a")};
  EXPECT_THAT(error(manager, zip({values("x", {3.0, 1.0, 5.0, 2.0, 7.0})}), options),
              AllOf(HasSubstr("/a: costs cannot be taken from here"),
                    HasSubstr("\n  parameters.x: values(3.0, 1.0, 5.0, 2.0, 4.0) -> values(3.0, 1.0, 5.0, 2.0, 7.0)"),
                    Not(HasSubstr("outputs")), Not(HasSubstr("version"))));
  EXPECT_THAT(
      error(manager, zip({linear("y", 0, 1, 4)}), options),
      AllOf(HasSubstr("design.points: 5 -> 4"), HasSubstr("parameters.x: "), HasSubstr("parameters.y: (none)")));
  EXPECT_FALSE(std::filesystem::exists(path("b")));
  EXPECT_THAT(error(manager, five(), {.schedule = Schedule::longest_first, .costs = path("nowhere")}),
              AllOf(HasSubstr("nowhere"), HasSubstr("there are no results here")));
}

TEST_F(SweepCostsTest, costs_are_learned_as_points_finish) {
  const Design design = monte_carlo({normal("x", 0.0, 1.0)}, 300, 1);
  const auto seconds = [&](std::uint64_t index) { return std::exp(design.point(index)["x"]); };
  PlayedManager manager(seconds);
  const auto result = run(manager, design, {.schedule = Schedule::longest_first});
  const auto longest_left = std::max_element(manager.order.begin() + 28, manager.order.end(),
                                             [&](auto a, auto b) { return seconds(a) < seconds(b); });
  EXPECT_LT(longest_left - manager.order.begin(), 35);
  EXPECT_LT(seconds(manager.order.back()), 0.1);
  EXPECT_THAT(result.notes, ElementsAre(StartsWith("the order follows learned times (R2 = ")));
}

TEST_F(SweepCostsTest, times_that_nothing_predicts_are_said_to_be_so) {
  const Design design = monte_carlo({normal("x", 0.0, 1.0)}, 300, 1);
  PlayedManager manager([](std::uint64_t index) { return rng::uniform(3, 1, index); });
  const auto result = run(manager, design, {.schedule = Schedule::longest_first});
  EXPECT_TRUE(std::is_sorted(manager.order.begin(), manager.order.end()));
  EXPECT_THAT(result.notes,
              ElementsAre(AllOf(StartsWith("the parameters do not predict how long a point takes (R2 = "),
                                HasSubstr(" over 292 points): points were handed out in no special order"))));
  EXPECT_THAT(result.summary(), HasSubstr("  note: the parameters do not predict"));
}

TEST_F(SweepCostsTest, a_continued_run_has_learned_from_its_store) {
  const Design design = monte_carlo({normal("x", 0.0, 1.0)}, 300, 1);
  const auto seconds = [&](std::uint64_t index) { return std::exp(design.point(index)["x"]); };
  PlayedManager manager(seconds);
  manager.most = 100;
  manager.failing = {7};
  run(manager, design, {.store = path("a")});
  manager.most = 1000;
  const auto result = run(manager, design, {.store = path("a"), .schedule = Schedule::longest_first});
  EXPECT_EQ(manager.order.size(), 200U);
  EXPECT_LT(seconds(manager.order.back()), seconds(manager.order.front()) / 20.0);
  EXPECT_TRUE(std::is_sorted(manager.order.begin(), manager.order.begin() + 20,
                             [&](auto a, auto b) { return seconds(a) > 1.1 * seconds(b); }));
  EXPECT_THAT(result.notes, ElementsAre(HasSubstr("over 291 points")));  // all that succeeded but the first 8

  const auto nothing_left = run(manager, design, {.store = path("a"), .schedule = Schedule::longest_first});
  EXPECT_EQ(nothing_left.evaluated, 0U);
  EXPECT_THAT(nothing_left.notes, IsEmpty());
}

TEST_F(SweepCostsTest, the_store_keeps_how_points_were_handed_out) {
  PlayedManager manager(by_index);
  run(manager, five(), {.store = path("a"), .provenance = {{"who", "me"}}});
  run(manager, five(),
      {.store = path("a"), .schedule = Schedule::longest_first, .costs = path("a"), .root = RootRole::coordinates});
  EXPECT_EQ(manager.root, RootRole::coordinates);
  const auto runs = StoreReader(path("a")).runs();
  EXPECT_THAT(runs.at(0), AllOf(Contains(Pair("who", "me")), Contains(Pair("schedule", "auto")),
                                Contains(Pair("root", "auto")), Not(Contains(Pair("costs_from", testing::_)))));
  EXPECT_THAT(runs.at(1), AllOf(Contains(Pair("schedule", "longest_first")), Contains(Pair("root", "coordinates")),
                                Contains(Pair("costs_from", path("a").string()))));
}

}  // namespace
}  // namespace windrow
