#include "parallel/coordinator.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "parallel/callbacks.hpp"
#include "parallel/interface/wire.hpp"
#include "parallel/simulated_workers.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

/// A job over `count` points and all that came of it.
struct Study {
  explicit Study(std::uint64_t count, Schedule schedule) {
    job.schedule = schedule;
    job.pending = IndexSet::first(count);
    job.on_completed = [this](const Completed& completed) {
      ++times[completed.index];
      worker_of[completed.index] = completed.worker;
      order.push_back(completed.index);
      if (completed.failure != nullptr) {
        failures[completed.index] = *completed.failure;
      } else {
        std::uint64_t value = 0;
        EXPECT_EQ(completed.payload.size(), sizeof value);
        std::memcpy(&value, completed.payload.data(), sizeof value);
        EXPECT_EQ(value, completed.index * 2);
      }
    };
  }
  void expect_each_once(std::uint64_t count) const {
    EXPECT_EQ(times.size(), count);
    for (const auto& [index, n] : times) EXPECT_EQ(n, 1) << "point " << index;
  }

  TestJob job;
  std::map<std::uint64_t, int> times;
  std::map<std::uint64_t, int> worker_of;
  std::map<std::uint64_t, TaskFailure> failures;
  std::vector<std::uint64_t> order;
};

class AllSchedulesTest : public testing::TestWithParam<Schedule> {};
INSTANTIATE_TEST_SUITE_P(CoordinatorTest, AllSchedulesTest, testing::ValuesIn(all_schedules),
                         [](const auto& p) { return std::string(name_of(p.param)); });

TEST_P(AllSchedulesTest, every_point_completes_once_and_every_worker_is_released_once) {
  for (const int workers : {1, 2, 3, 7}) {
    for (const std::uint64_t count : {0U, 1U, 2U, 6U, 7U, 8U, 1000U}) {
      FakeWorkers fake(workers);
      fake.seconds = [](std::uint64_t index) { return 1e-4 * static_cast<double>(index % 7 + 1); };
      Study study(count, GetParam());
      study.job.on_conclude = [&] {
        EXPECT_TRUE(fake.ends.empty()) << "workers have ended their part, but are not yet released";
        return Bytes(3);
      };
      const JobReport report = coordinate(fake, study.job);
      study.expect_each_once(count);
      EXPECT_TRUE(study.failures.empty());
      EXPECT_EQ(report.conclusion.size(), 3U);
      EXPECT_FALSE(report.stopped);
      EXPECT_EQ(report.unfinished, 0U);
      EXPECT_EQ(fake.ends.size(), static_cast<std::size_t>(workers));
      for (const auto& [worker, times] : fake.ends) EXPECT_EQ(times, 1);
    }
  }
}

TEST(CoordinatorTest, static_shares_are_contiguous_and_the_first_workers_get_one_more) {
  FakeWorkers fake(3);
  fake.seconds = [](std::uint64_t index) { return index < 4 ? 100.0 : 0.1; };  // the first worker is the slowest by far
  Study study(11, Schedule::static_split);
  coordinate(fake, study.job);
  std::vector<int> workers;
  for (const auto& [index, worker] : study.worker_of) workers.push_back(worker);
  EXPECT_THAT(workers, ElementsAre(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2));
}

TEST(CoordinatorTest, the_automatic_schedule_leaves_a_slow_point_to_one_worker_and_the_rest_to_the_others) {
  FakeWorkers fake(3);
  fake.seconds = [](std::uint64_t index) { return index == 0 ? 100.0 : 1.0; };
  Study study(60, Schedule::automatic);
  coordinate(fake, study.job);
  study.expect_each_once(60);
  EXPECT_EQ(study.worker_of[0], 0);
  EXPECT_EQ(std::count_if(study.worker_of.begin(), study.worker_of.end(), [](auto& p) { return p.second == 0; }), 1);
  EXPECT_EQ(study.order.back(), 0U) << "outcomes are told as they arrive";
}

TEST_P(AllSchedulesTest, what_workers_do_can_be_asked_while_they_work) {
  FakeWorkers fake(3);
  fake.seconds = [](std::uint64_t) { return 0.5; };
  Study study(20, GetParam());
  std::uint64_t asked = 0, busiest = 0;
  study.job.on_handed_out = [&](RunningJob& running) {
    ++asked;
    std::uint64_t evaluated = 0, busy = 0;
    const auto activity = running.activity();
    ASSERT_EQ(activity.size(), 3U);
    for (const WorkerActivity& at : activity) {
      EXPECT_EQ(at.worker, &at - activity.data());
      EXPECT_EQ(at.host, fake.host(at.worker));
      evaluated += at.evaluated;
      busy += at.point ? 1 : 0;
      EXPECT_FALSE(at.point && study.times.contains(*at.point)) << "it has an outcome already";
      EXPECT_TRUE(at.point || at.seconds == 0.0);
      EXPECT_GE(at.seconds, 0.0);
    }
    EXPECT_EQ(evaluated, study.times.size());
    busiest = std::max(busiest, busy);
  };
  coordinate(fake, study.job);
  EXPECT_GT(asked, 5U);
  EXPECT_EQ(busiest, 3U);
}

TEST(CoordinatorTest, slow_points_are_handed_out_one_at_a_time_and_not_ahead) {
  FakeWorkers fake(4);
  fake.seconds = [](std::uint64_t) { return 0.5; };
  Study study(200, Schedule::automatic);
  coordinate(fake, study.job);
  for (const auto& handed : fake.handed) EXPECT_EQ(handed.points, 1U);
  EXPECT_EQ(fake.most_ahead, 1U);
}

TEST(CoordinatorTest, fast_points_are_handed_out_in_chunks_that_shrink_towards_the_end) {
  FakeWorkers fake(4);
  fake.seconds = [](std::uint64_t) { return 1e-6; };
  Study study(1'000'000, Schedule::automatic);
  fake.pending = 1'000'000;
  coordinate(fake, study.job);
  std::uint64_t largest = 0;
  for (const auto& handed : fake.handed) {
    largest = std::max(largest, handed.points);
    EXPECT_LE(handed.points, std::max<std::uint64_t>(100, handed.left_before / 16)) << "a fair part of what is left";
  }
  EXPECT_EQ(fake.handed.front().points, 1U) << "before any time is known";
  EXPECT_GE(largest, 5000U);
  EXPECT_LE(largest, 10'100U) << "about 10 ms of work";
  EXPECT_LE(fake.handed.back().points, 100U) << "0.1 ms of work";
  EXPECT_LT(fake.handed.size(), 1000U);
  EXPECT_EQ(fake.most_ahead, 2U) << "the next chunk waits at the worker";
}

TEST(CoordinatorTest, outcomes_wait_less_at_workers_whose_end_would_not_tell_the_point_that_they_were_at) {
  FakeWorkers fake(2);
  fake.seconds = [](std::uint64_t) { return 0.005; };
  fake.unseen = {1};
  Study study(1000, Schedule::automatic);
  coordinate(fake, study.job);
  std::set<int> workers;
  for (const auto& handed : fake.handed) {
    workers.insert(handed.worker);
    if (handed.worker == 1) {
      EXPECT_EQ(handed.patience, 0.001);
    } else {
      EXPECT_GE(handed.patience, 0.01);
    }
  }
  EXPECT_EQ(workers, (std::set<int>{0, 1}));
}

TEST(CoordinatorTest, points_that_take_no_time_at_all_are_no_trouble) {
  FakeWorkers fake(2);
  fake.seconds = [](std::uint64_t) { return 0.0; };
  Study study(100'000, Schedule::automatic);
  coordinate(fake, study.job);
  study.expect_each_once(100'000);
}

TEST_P(AllSchedulesTest, the_point_that_ends_a_worker_fails_and_the_others_take_over_the_rest) {
  for (const std::uint64_t fatal : {0U, 5U, 19U}) {
    FakeWorkers fake(3);
    fake.crashing = {fatal};
    Study study(20, GetParam());
    const JobReport report = coordinate(fake, study.job);
    study.expect_each_once(20);
    ASSERT_EQ(study.failures.size(), 1U);
    const TaskFailure& failure = study.failures.begin()->second;
    EXPECT_EQ(failure.index, fatal);
    EXPECT_EQ(failure.kind, FailureKind::crashed);
    EXPECT_EQ(failure.code, -11);
    EXPECT_EQ(failure.host, "node1");
    EXPECT_EQ(failure.rank, study.worker_of[fatal]);
    EXPECT_THAT(failure.message, HasSubstr("fell"));
    EXPECT_EQ(report.lost_workers.size(), 1U);
  }
}

TEST_P(AllSchedulesTest, a_replaced_worker_goes_on_whatever_number_of_its_points_is_fatal) {
  FakeWorkers fake(2);
  fake.replaceable = true;
  for (std::uint64_t i = 0; i < 50; ++i) fake.crashing.insert(i);
  Study study(50, GetParam());
  const JobReport report = coordinate(fake, study.job);
  study.expect_each_once(50);
  EXPECT_EQ(study.failures.size(), 50U);
  EXPECT_EQ(report.lost_workers.size(), 50U);
}

TEST(CoordinatorTest, a_replaced_worker_keeps_its_static_share) {
  FakeWorkers fake(2);
  fake.replaceable = true;
  fake.crashing = {1, 3};
  Study study(10, Schedule::static_split);
  coordinate(fake, study.job);
  for (const auto& [index, worker] : study.worker_of) EXPECT_EQ(worker, index < 5 ? 0 : 1);
}

TEST_P(AllSchedulesTest, workers_that_die_before_any_point_are_replaced_a_bounded_number_of_times) {
  FakeWorkers fake(4);
  fake.replaceable = true;
  fake.dying = {0, 1, 2, 3};
  Study study(1000, GetParam());
  const JobReport report = coordinate(fake, study.job);
  study.expect_each_once(1000);
  EXPECT_EQ(study.failures.size(), 1000U);
  EXPECT_EQ(fake.replacements, 4 * 2);
  EXPECT_EQ(report.lost_workers.size(), 4U * 3U);
  EXPECT_THAT(study.failures[7].message, HasSubstr("no worker is left"));
  EXPECT_THAT(study.failures[7].message, HasSubstr("fell"));
  EXPECT_EQ(study.failures[7].kind, FailureKind::crashed);
}

TEST(CoordinatorTest, a_whole_share_fails_with_its_worker_and_no_other) {
  FakeWorkers fake(3);
  fake.whole_share = true;
  fake.seconds = [](std::uint64_t) { return 1e-6; };
  fake.crashing = {7};
  fake.first_of_share = 4;
  Study study(12, Schedule::static_split);
  study.job.whole_shares = true;
  coordinate(fake, study.job);
  study.expect_each_once(12);
  std::vector<std::uint64_t> failed;
  for (const auto& [index, failure] : study.failures) failed.push_back(index);
  EXPECT_THAT(failed, ElementsAre(4, 5, 6, 7));
}

// All that a worker has fails with it, so what it took over from two others must not wait in one queue.
TEST(CoordinatorTest, a_worker_never_has_two_whole_shares_at_once) {
  FakeWorkers fake(3);
  fake.whole_share = true;
  fake.dying = {1, 2};
  fake.seconds = [](std::uint64_t index) { return index < 4 ? 1e-6 : index < 8 ? 1e-5 : 1.05e-5; };
  Study study(12, Schedule::static_split);
  study.job.whole_shares = true;
  coordinate(fake, study.job);
  study.expect_each_once(12);
  EXPECT_TRUE(study.failures.empty());
  EXPECT_EQ(fake.most_ahead, 1U);
}

TEST(CoordinatorTest, a_worker_that_cannot_be_built_fails_its_static_share) {
  FakeWorkers fake(3);
  fake.unbuildable = {1};
  Study study(12, Schedule::static_split);
  const JobReport report = coordinate(fake, study.job);
  study.expect_each_once(12);
  std::vector<std::uint64_t> failed;
  for (const auto& [index, failure] : study.failures) failed.push_back(index);
  EXPECT_THAT(failed, ElementsAre(4, 5, 6, 7));
  EXPECT_EQ(study.failures[4].message, "build failed: no licence");
  EXPECT_EQ(report.build_failures.size(), 1U);
}

TEST(CoordinatorTest, a_worker_that_cannot_be_built_leaves_its_dynamic_points_to_the_others) {
  FakeWorkers fake(3);
  fake.unbuildable = {0, 1};
  Study study(12, Schedule::dynamic);
  const JobReport report = coordinate(fake, study.job);
  study.expect_each_once(12);
  EXPECT_TRUE(study.failures.empty());
  EXPECT_EQ(report.build_failures.size(), 2U);
}

TEST_P(AllSchedulesTest, when_no_worker_can_be_built_every_point_says_so) {
  FakeWorkers fake(3);
  fake.unbuildable = {0, 1, 2};
  Study study(12, GetParam());
  coordinate(fake, study.job);
  study.expect_each_once(12);
  EXPECT_EQ(study.failures.size(), 12U);
  for (const auto& [index, failure] : study.failures) EXPECT_EQ(failure.message, "build failed: no licence");
}

TEST_P(AllSchedulesTest, a_stop_leaves_workers_at_rest_and_counts_what_is_unfinished) {
  for (const int after : {0, 1, 2, 5, 20}) {
    FakeWorkers fake(3);
    const std::uint64_t count = GetParam() == Schedule::guided ? 400000 : 40;  // so that more than 20 messages come
    Study study(count, GetParam());
    study.job.on_tick = [&, ticks = 0]() mutable { return ticks++ >= after; };
    const JobReport report = coordinate(fake, study.job);
    EXPECT_TRUE(report.stopped);
    EXPECT_EQ(fake.stops, 3);
    EXPECT_EQ(report.unfinished, count - study.order.size());
    EXPECT_GT(report.unfinished, 0U);
    for (const auto& [index, times] : study.times) EXPECT_EQ(times, 1);
    EXPECT_EQ(fake.ends.size(), 3U);
    EXPECT_FALSE(fake.waited_for_nobody);
  }
}

TEST(CoordinatorTest, a_worker_lost_after_a_stop_is_not_replaced) {
  FakeWorkers fake(2);
  fake.replaceable = true;
  Study study(10, Schedule::dynamic);
  study.job.on_tick = [&, ticks = 0]() mutable {
    if (ticks++ == 0) return false;
    fake.dying = {0, 1};
    return true;
  };
  const JobReport report = coordinate(fake, study.job);
  EXPECT_EQ(report.unfinished, 9U);
  EXPECT_EQ(report.lost_workers.size(), 1U);
  EXPECT_EQ(fake.replacements, 0);
}

// Wherever it comes: workers that serve the next job too must have finished and be released before the exception goes
// on.
TEST_P(AllSchedulesTest, an_exception_from_the_root_releases_every_worker_and_goes_on) {
  for (std::size_t at = 1; at <= 30; ++at) {
    FakeWorkers fake(3);
    fake.seconds = [](std::uint64_t) { return 1e-4; };
    Study study(30, GetParam());
    std::size_t completed = 0;
    study.job.on_completed = [&](const Completed&) {
      if (++completed == at) throw std::runtime_error("disk full");
    };
    try {
      coordinate(fake, study.job);
      ADD_FAILURE() << "no exception";
    } catch (const std::runtime_error& error) {
      EXPECT_STREQ(error.what(), "disk full");
    }
    EXPECT_EQ(completed, at) << "nothing is told after the exception";
    EXPECT_FALSE(fake.waited_for_nobody) << "when outcome " << at << " threw";
    EXPECT_EQ(fake.ends.size(), 3U);
    for (const auto& [worker, times] : fake.ends) EXPECT_EQ(times, 1);
  }
}

TEST(CoordinatorTest, an_exception_while_points_fail_for_want_of_workers_goes_on) {
  FakeWorkers fake(2);
  fake.unbuildable = {0, 1};
  Study study(5, Schedule::dynamic);
  study.job.on_completed = [](const Completed&) { throw std::runtime_error("disk full"); };
  EXPECT_THROW(coordinate(fake, study.job), std::runtime_error);
  EXPECT_EQ(fake.ends.size(), 2U);
}

TEST(CoordinatorTest, exceptions_from_ticks_and_conclusions_release_every_worker) {
  for (const bool in_tick : {true, false}) {
    FakeWorkers fake(3);
    Study study(10, Schedule::dynamic);
    if (in_tick) study.job.on_tick = []() -> bool { throw std::runtime_error("disk full"); };
    if (!in_tick) study.job.on_conclude = []() -> Bytes { throw std::runtime_error("disk full"); };
    EXPECT_THROW(coordinate(fake, study.job), std::runtime_error);
    EXPECT_EQ(fake.ends.size(), 3U);
    EXPECT_FALSE(fake.waited_for_nobody);
  }
}

/// Makespan over its lower bound, max(longest, sum / workers), on a clock without latencies.
double makespan_ratio(Schedule schedule, int workers, const std::vector<double>& lengths,
                      std::shared_ptr<CostModel> costs = nullptr) {
  FakeWorkers fake(workers);
  fake.seconds = [&](std::uint64_t index) { return lengths[index]; };
  Study study(lengths.size(), schedule);
  study.job.costs = std::move(costs);
  coordinate(fake, study.job);
  study.expect_each_once(lengths.size());
  double sum = 0.0;
  for (const double length : lengths) sum += length;
  return fake.latest / std::max(*std::max_element(lengths.begin(), lengths.end()), sum / workers);
}

std::vector<double> shuffled(std::vector<double> lengths, unsigned seed) {
  std::mt19937 random(seed);
  std::shuffle(lengths.begin(), lengths.end(), random);
  return lengths;
}

TEST(CoordinatorTest, point_times_that_jump_by_a_factor_of_100000_cost_little) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    std::vector<double> lengths(10'020, 1e-6);
    std::fill_n(lengths.begin(), 20, 0.1);
    EXPECT_LE(makespan_ratio(Schedule::automatic, 2, shuffled(lengths, seed)), 1.11) << "seed " << seed;
  }
}

TEST(CoordinatorTest, points_that_become_long_at_once_leave_no_worker_with_a_batch_of_them) {
  std::vector<double> lengths(100'000, 1e-6);
  std::fill(lengths.end() - 400, lengths.end(), 1.0);
  EXPECT_LE(makespan_ratio(Schedule::automatic, 8, lengths), 1.03);
}

TEST(CoordinatorTest, a_batch_that_turns_out_long_is_given_back_to_whoever_is_free) {
  std::vector<double> lengths(4000, 1e-6);
  std::fill(lengths.begin() + 2000, lengths.begin() + 2008, 1.0);  // side by side, in one worker's batch
  EXPECT_LE(makespan_ratio(Schedule::automatic, 4, lengths), 1.02);
}

TEST(CoordinatorTest, longest_first_with_known_costs_is_close_to_the_bound) {
  std::mt19937 random(7);
  std::lognormal_distribution<double> length(std::log(0.01), 1.0);
  std::vector<double> lengths(2000);
  for (double& l : lengths) l = length(random);
  const auto costs = known_costs([&](std::uint64_t index) { return lengths[index] * 1e6; });  // in any unit
  EXPECT_LE(makespan_ratio(Schedule::longest_first, 32, lengths, costs), 1.03);
  std::vector<double> bimodal(2000, 0.01);
  std::fill_n(bimodal.begin(), 100, 0.5);
  bimodal = shuffled(bimodal, 3);
  const auto known = known_costs([&](std::uint64_t index) { return bimodal[index]; });
  EXPECT_LE(makespan_ratio(Schedule::longest_first, 32, bimodal, known), 1.03);
}

TEST(CoordinatorTest, costs_are_told_of_every_point_that_succeeded) {
  class Listening : public CostModel {
   public:
    std::uint64_t revision() const override { return 0; }
    double cost(std::uint64_t) const override { return 0.0; }
    void observe(std::uint64_t index, double seconds) override { heard[index] = seconds; }
    std::map<std::uint64_t, double> heard;
  };
  FakeWorkers fake(3);
  fake.seconds = [](std::uint64_t index) { return static_cast<double>(index); };
  fake.crashing = {4};
  Study study(100, Schedule::automatic);
  const auto costs = std::make_shared<Listening>();
  study.job.costs = costs;
  coordinate(fake, study.job);
  EXPECT_EQ(costs->heard.size(), 99U);
  EXPECT_EQ(costs->heard.count(4), 0U);
  EXPECT_EQ(costs->heard[17], 17.0);
}

TEST(CoordinatorTest, ten_to_the_nine_points_start_at_once) {
  for (const Schedule schedule : {Schedule::static_split, Schedule::cyclic, Schedule::dynamic, Schedule::automatic}) {
    FakeWorkers fake(3);
    fake.seconds = [](std::uint64_t) { return 1.0; };
    Study study(1'000'000'000, schedule);
    study.job.on_tick = [&, ticks = 0]() mutable { return ticks++ == 3; };
    const JobReport report = coordinate(fake, study.job);
    EXPECT_GT(report.unfinished, 999'000'000U);
  }
}

/// Workers that send what no worker sends.
class StrangeWorkers : public FakeWorkers {
 public:
  explicit StrangeWorkers(Frame frame) : FakeWorkers(1), frame_(std::move(frame)) {}
  std::optional<WorkerEvent> next(std::chrono::nanoseconds) override { return WorkerEvent{0, frame_}; }

 private:
  Frame frame_;
};

TEST(CoordinatorTest, messages_that_make_no_sense_are_errors) {
  const auto message_about = [](std::uint64_t index, std::size_t length) {
    ResultWriter out;
    const Bytes payload(length);
    out.add({index, 0.0, 0.0, false, payload});
    const auto message = out.message(0);
    return Bytes(message.begin(), message.end());
  };
  const Bytes other_point = message_about(3, 0);
  Bytes too_short = message_about(0, 100);
  too_short.resize(too_short.size() - 60);
  for (const Frame& frame : {Frame{kAssign, {}}, Frame{77, Bytes(5)}, Frame{kResults, {}}, Frame{kResults, Bytes(9)},
                             Frame{kResults, other_point}, Frame{kResults, too_short}, Frame{kBuildFailed, Bytes(3)}}) {
    StrangeWorkers fake(frame);
    fake.lives_for_one_job = true;
    Study study(2, Schedule::dynamic);
    EXPECT_THROW(coordinate(fake, study.job), ParallelError) << frame.tag;
  }
}

}  // namespace
}  // namespace windrow::detail
