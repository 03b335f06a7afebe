// Points that are tried again, and jobs that are to end by a certain time: on a simulated clock.
#include <gmock/gmock.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "parallel/callbacks.hpp"
#include "parallel/coordinator.hpp"
#include "parallel/interface/wire.hpp"
#include "windrow/base/clock.hpp"
#include "windrow/parallel/serial_manager.hpp"

namespace windrow::detail {
namespace {

std::optional<double> simulated;  // seconds; none: the real clock

/// The clock stands still but for what a test does.
struct SimulatedClock {
  SimulatedClock() { simulated = 1000.0; }
  ~SimulatedClock() { simulated.reset(); }
};

}  // namespace

// In place of the library's clock, for all of this program.
double monotonic_seconds() {
  if (simulated) return *simulated;
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}
double unix_seconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}
void sleep_seconds(double seconds) {
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
}

namespace {

using testing::ElementsAre;

constexpr double kNever = std::numeric_limits<double>::infinity();

/// Workers whose points take simulated time; waiting for them takes simulated time, too.
class ClockedWorkers : public Workers {
 public:
  explicit ClockedWorkers(int count) : workers_(static_cast<std::size_t>(count)) {}

  std::function<double(std::uint64_t)> seconds = [](std::uint64_t) { return 1.0; };
  std::function<bool(std::uint64_t, int)> fails = [](std::uint64_t, int) { return false; };  // point, try from 1
  std::set<std::uint64_t> deadly;                // points that end their worker
  std::set<std::uint64_t> killed;                // points whose worker is killed from outside, once each
  int deaths = std::numeric_limits<int>::max();  // that deadly ones cause, all together
  WorkerLoss loss{TaskFailure::ended(ExitStatus::signalled(11), "worker fell"), {}};
  bool replaceable = true;

  std::map<std::uint64_t, std::vector<double>> begins;  // of each point, seconds from 0
  std::map<std::uint64_t, std::vector<int>> workers_of;
  std::vector<double> limits;  // that were told
  int stops = 0;

  int count() const override { return static_cast<int>(workers_.size()); }
  const std::string& host(int) const override { return host_; }
  bool is_remote(int) const override { return false; }
  bool disposable() const override { return false; }
  bool replace(int) override { return replaceable; }

  void send(int w, JobTag tag, std::span<const std::byte> payload) override {
    Worker& worker = workers_[static_cast<std::size_t>(w)];
    ByteReader in(payload);
    if (tag == kTimeLimit) limits.push_back(in.get<double>());
    if (tag == kStop) {
      ++stops;
      worker.stopped = true;
    }
    if (tag != kAssign) return;
    const auto head = in.get<AssignmentHead>();
    std::vector<std::uint64_t> points;
    for (std::uint64_t r = 0; r < head.runs; ++r) {
      const auto run = in.get<IndexRun>();
      for (std::uint64_t i = 0; i < run.count; ++i) points.push_back(run.first + i * run.step);
    }
    double begin = std::max(*simulated, worker.free_at);
    for (const std::uint64_t index : points) {
      begins[index].push_back(begin - 1000.0);
      workers_of[index].push_back(w);
      begin += seconds(index);
    }
    worker.assignments.push_back({points, begin});
    worker.free_at = begin;
  }

  std::optional<WorkerEvent> next(std::chrono::nanoseconds limit) override {
    int first = -1;
    for (int w = 0; w < count(); ++w) {
      if (end_of(w) < (first < 0 ? kNever : end_of(first))) first = w;
    }
    const double until = *simulated + std::chrono::duration<double>(limit).count();
    if (first < 0 || end_of(first) > until) {
      simulated = until;
      return std::nullopt;
    }
    simulated = std::max(*simulated, end_of(first));
    return event_of(first);
  }

 private:
  struct Assignment {
    std::vector<std::uint64_t> points;
    double end;
  };
  struct Worker {
    std::deque<Assignment> assignments;
    double free_at = 0.0;
    bool stopped = false;
  };

  double end_of(int w) const {
    const Worker& worker = workers_[static_cast<std::size_t>(w)];
    if (worker.assignments.empty()) return kNever;
    return worker.stopped ? *simulated : worker.assignments.front().end;
  }

  WorkerEvent event_of(int w) {
    Worker& worker = workers_[static_cast<std::size_t>(w)];
    ResultWriter out;
    const Assignment assignment = std::move(worker.assignments.front());
    worker.assignments.pop_front();
    for (const std::uint64_t index : assignment.points) {
      if (worker.stopped) break;
      if (deadly.count(index) != 0 && deaths > 0) {
        --deaths;
        worker = Worker();
        WorkerLoss told = loss;
        if (told.knows_point) told.evaluating = index;
        return {w, told};
      }
      if (killed.erase(index) != 0) {
        worker = Worker();
        return {w, WorkerLoss{TaskFailure::ended(ExitStatus::signalled(SIGKILL), "worker killed"), index}};
      }
      add(out, index);
    }
    const auto bytes = out.message(1);
    return {w, Frame{kResults, Bytes(bytes.begin(), bytes.end())}};
  }

  void add(ResultWriter& out, std::uint64_t index) {
    ByteWriter payload;
    const bool failed = fails(index, ++tries_[index]);
    if (failed) {
      TaskFailure failure;
      failure.index = index;
      failure.kind = FailureKind::exited;
      failure.elapsed = seconds(index);
      put_failure(payload, failure);
    }
    out.add({index, *simulated, seconds(index), failed, payload.bytes()});
  }

  std::vector<Worker> workers_;
  std::map<std::uint64_t, int> tries_;
  std::string host_ = "node1";
};

/// A job and what came of it.
struct Study {
  explicit Study(std::uint64_t count, Schedule schedule = Schedule::dynamic) {
    job.schedule = schedule;
    job.pending = IndexSet::first(count);
    job.on_completed = [this](const Completed& completed) {
      EXPECT_EQ(outcomes.count(completed.index), 0U) << "two outcomes of point " << completed.index;
      Outcome& outcome = outcomes[completed.index];
      outcome.earlier_attempts = completed.earlier_attempts;
      if (completed.failure != nullptr) outcome.failure = *completed.failure;
    };
  }
  struct Outcome {
    std::optional<TaskFailure> failure;
    int earlier_attempts = 0;
  };
  TestJob job;
  std::map<std::uint64_t, Outcome> outcomes;
  SimulatedClock clock;
};

/// Ranks, of which nobody knows why they end.
class LostRanks : public ClockedWorkers {
 public:
  LostRanks(int count, bool knows_point) : ClockedWorkers(count) {
    loss = {TaskFailure::lost("rank was lost"), {}, knows_point};
    replaceable = false;
  }
};

class EveryScheduleRetryTest : public testing::TestWithParam<Schedule> {};
INSTANTIATE_TEST_SUITE_P(RetryTest, EveryScheduleRetryTest,
                         testing::Values(Schedule::static_split, Schedule::cyclic, Schedule::dynamic, Schedule::guided,
                                         Schedule::longest_first, Schedule::automatic),
                         [](const auto& p) { return std::string(name_of(p.param)); });

TEST_P(EveryScheduleRetryTest, a_point_that_succeeds_at_the_third_try_succeeds_and_says_so) {
  for (const int workers : {1, 2, 5}) {
    Study study(20, GetParam());
    study.job.costs = known_costs([](std::uint64_t index) { return static_cast<double>(index + 1); });
    ClockedWorkers fake(workers);
    fake.fails = [](std::uint64_t index, int at) { return index % 4 == 3 && at < 3; };
    study.job.on_retry_after = [](const TaskFailure&, int tries) {
      return tries <= 2 ? std::optional(0.0) : std::nullopt;
    };
    const JobReport report = coordinate(fake, study.job);
    EXPECT_EQ(study.outcomes.size(), 20U);
    for (const auto& [index, outcome] : study.outcomes) {
      EXPECT_FALSE(outcome.failure) << index;
      EXPECT_EQ(outcome.earlier_attempts, index % 4 == 3 ? 2 : 0) << index;
    }
    EXPECT_FALSE(report.stopped);
    EXPECT_EQ(report.unfinished, 0U);
  }
}

TEST_P(EveryScheduleRetryTest, when_tries_run_out_the_failure_tells_of_all_of_them) {
  Study study(8, GetParam());
  ClockedWorkers fake(3);
  fake.fails = [](std::uint64_t index, int) { return index == 5; };
  study.job.on_retry_after = [](const TaskFailure& failure, int tries) {
    EXPECT_EQ(failure.attempts, tries);
    return tries <= 3 ? std::optional(0.5) : std::nullopt;
  };
  coordinate(fake, study.job);
  EXPECT_EQ(study.outcomes.size(), 8U);
  ASSERT_TRUE(study.outcomes[5].failure);
  EXPECT_EQ(study.outcomes[5].failure->attempts, 4);
  EXPECT_DOUBLE_EQ(study.outcomes[5].failure->elapsed, 4.0);
  EXPECT_EQ(study.outcomes[5].earlier_attempts, 3);
  EXPECT_EQ(fake.begins[5].size(), 4U);
}

TEST(RetryTest, a_delay_is_waited_for_and_meanwhile_others_go_on) {
  Study study(10);
  ClockedWorkers fake(1);
  fake.fails = [](std::uint64_t index, int at) { return index == 0 && at <= 2; };
  study.job.on_retry_after = [](const TaskFailure&, int tries) { return std::optional(tries == 1 ? 3.25 : 100.0); };
  coordinate(fake, study.job);
  EXPECT_EQ(study.outcomes.size(), 10U);
  ASSERT_EQ(fake.begins[0].size(), 3U);
  EXPECT_DOUBLE_EQ(fake.begins[1][0], 1.0) << "at once";
  EXPECT_GE(fake.begins[0][1], 1.0 + 3.25);
  EXPECT_LE(fake.begins[0][1], 1.0 + 3.25 + 1.0) << "as soon as its worker is free";
  EXPECT_GE(fake.begins[0][2], fake.begins[0][1] + 101.0);
  EXPECT_LE(fake.begins[0][2], fake.begins[0][1] + 101.0 + 1e-3) << "nothing else is left: no later than due";
}

TEST(RetryTest, a_point_that_ends_its_worker_is_tried_once_more_and_no_more) {
  for (const Schedule schedule : {Schedule::dynamic, Schedule::static_split, Schedule::automatic}) {
    Study study(12, schedule);
    ClockedWorkers fake(3);
    fake.deadly = {4};
    study.job.on_retry_after = [](const TaskFailure&, int) { return std::optional(0.0); };  // for ever
    const JobReport report = coordinate(fake, study.job);
    EXPECT_EQ(study.outcomes.size(), 12U);
    ASSERT_TRUE(study.outcomes[4].failure);
    EXPECT_EQ(study.outcomes[4].failure->kind, FailureKind::crashed);
    EXPECT_EQ(study.outcomes[4].failure->attempts, 2);
    EXPECT_EQ(report.lost_workers.size(), 2U);
  }
}

TEST(RetryTest, a_point_whose_worker_was_killed_is_tried_once_more_though_nothing_is_retried) {
  for (const Schedule schedule : {Schedule::dynamic, Schedule::static_split, Schedule::automatic}) {
    Study study(12, schedule);
    ClockedWorkers fake(3);
    fake.killed = {4};
    fake.deadly = {7};
    study.job.on_retry_after = [](const TaskFailure&, int) { return std::optional<double>(); };
    coordinate(fake, study.job);
    EXPECT_EQ(study.outcomes.size(), 12U);
    EXPECT_FALSE(study.outcomes[4].failure);
    EXPECT_EQ(study.outcomes[4].earlier_attempts, 1);
    ASSERT_TRUE(study.outcomes[7].failure);  // it ended its worker itself
    EXPECT_EQ(study.outcomes[7].failure->attempts, 1);
  }
}

TEST(RetryTest, points_that_wait_when_no_worker_is_left_fail) {
  Study study(6);
  ClockedWorkers fake(1);
  fake.fails = [](std::uint64_t index, int) { return index == 0; };
  fake.deadly = {2};
  fake.replaceable = false;
  study.job.on_retry_after = [](const TaskFailure&, int) { return std::optional(1000.0); };
  coordinate(fake, study.job);
  EXPECT_EQ(study.outcomes.size(), 6U);
  for (const std::uint64_t index : {0U, 2U, 3U, 4U, 5U}) {
    ASSERT_TRUE(study.outcomes[index].failure) << index;
    EXPECT_THAT(study.outcomes[index].failure->message, testing::HasSubstr("no worker is left"));
  }
  EXPECT_EQ(study.outcomes[0].failure->attempts, 2);
}

TEST(RetryTest, an_answer_of_infinity_leaves_the_point_for_another_job) {
  Study study(10);
  ClockedWorkers fake(2);
  fake.fails = [](std::uint64_t index, int) { return index == 3; };
  study.job.on_retry_after = [](const TaskFailure&, int) { return std::optional(kNever); };
  const JobReport report = coordinate(fake, study.job);
  EXPECT_EQ(study.outcomes.size(), 9U);
  EXPECT_EQ(study.outcomes.count(3), 0U);
  EXPECT_TRUE(report.stopped);
  EXPECT_EQ(report.unfinished, 1U);
}

TEST(RetryTest, a_stop_does_not_wait_for_what_is_delayed) {
  Study study(4);
  ClockedWorkers fake(2);
  fake.fails = [](std::uint64_t, int) { return true; };
  study.job.on_retry_after = [](const TaskFailure&, int) { return std::optional(1e6); };
  study.job.on_tick = [] { return Direction(*simulated > 1100.0); };
  const JobReport report = coordinate(fake, study.job);
  EXPECT_TRUE(report.stopped);
  EXPECT_EQ(report.unfinished, 4U);
  EXPECT_LT(*simulated, 1102.0);
}

/// A job that is to end 100 s from its begin.
Direction by_then() {
  return *simulated >= 1100.0 ? Direction(true) : Direction::finish_within(1100.0 - *simulated);
}

TEST(CutoffTest, points_begin_as_long_as_they_are_expected_to_end_in_time) {
  for (const Schedule schedule : {Schedule::static_split, Schedule::cyclic, Schedule::dynamic, Schedule::automatic}) {
    Study study(1000, schedule);
    ClockedWorkers fake(2);
    fake.seconds = [](std::uint64_t) { return 7.0; };
    study.job.on_tick = by_then;
    const JobReport report = coordinate(fake, study.job);
    EXPECT_EQ(study.outcomes.size(), 28U) << "14 of 7 s for each worker";
    EXPECT_EQ(report.unfinished, 972U);
    EXPECT_TRUE(report.stopped);
    EXPECT_NEAR(*simulated, 1098.0, 0.2) << "it does not wait for a deadline that nothing can meet";
  }
}

TEST(CutoffTest, what_runs_longer_than_expected_is_stopped_at_the_deadline) {
  Study study(1000);
  ClockedWorkers fake(2);
  fake.seconds = [](std::uint64_t index) { return index == 20 ? 1e6 : 7.0; };
  study.job.on_tick = by_then;
  const JobReport report = coordinate(fake, study.job);
  EXPECT_EQ(study.outcomes.count(20), 0U);
  EXPECT_GT(study.outcomes.size(), 20U);
  EXPECT_NEAR(*simulated, 1100.0, 0.2);
  EXPECT_EQ(fake.stops, 2);
  EXPECT_TRUE(report.stopped);
}

// With a deviation of 4.5 s about a mean of 5.5 s, no point begins in the last 10 s, and none has to be ended.
TEST(CutoffTest, times_that_vary_leave_a_margin_but_never_more_than_the_longest) {
  Study study(1000);
  ClockedWorkers fake(4);
  fake.seconds = [](std::uint64_t index) { return index % 2 == 0 ? 1.0 : 10.0; };
  study.job.on_tick = by_then;
  coordinate(fake, study.job);
  double latest = 0.0;
  for (const auto& [index, begins] : fake.begins) latest = std::max(latest, begins.front());
  EXPECT_LE(latest, 90.5);
  EXPECT_GE(latest, 80.0);
  EXPECT_EQ(study.outcomes.size(), fake.begins.size()) << "whatever began has ended";
}

TEST(CutoffTest, while_no_point_has_ended_none_is_expected_to_be_quicker_than_that) {
  Study study(1000);
  ClockedWorkers fake(2);
  fake.seconds = [](std::uint64_t) { return 60.0; };
  study.job.on_tick = by_then;
  coordinate(fake, study.job);
  EXPECT_EQ(fake.begins.size(), 2U) << "after 60 s a second point of 60 s would be too much";
  EXPECT_EQ(study.outcomes.size(), 2U);
}

TEST(CutoffTest, nothing_begins_where_no_time_is_left_and_what_runs_ends_in_peace) {
  Study study(1000);
  ClockedWorkers fake(3);
  fake.seconds = [](std::uint64_t index) { return index == 1 ? 500.0 : 5.0; };
  study.job.on_tick = [&] { return study.outcomes.size() < 7 ? Direction() : Direction::finish_within(0.0); };
  const JobReport report = coordinate(fake, study.job);
  EXPECT_EQ(study.outcomes.size(), fake.begins.size());
  EXPECT_EQ(study.outcomes.count(1), 1U);
  EXPECT_LE(fake.begins.size(), 10U);
  EXPECT_TRUE(report.stopped);
}

// Costs that tell points apart: the long ones, which would come first, are passed over for those that still fit.
TEST(CutoffTest, known_costs_say_which_points_still_fit) {
  Study study(60, Schedule::longest_first);
  ClockedWorkers fake(1);
  fake.seconds = [](std::uint64_t index) { return index < 40 ? 4.0 : 0.5; };
  study.job.costs = known_costs([&](std::uint64_t index) { return fake.seconds(index) * 1e3; });  // in any unit
  study.job.on_tick = [] {
    return *simulated >= 1043.2 ? Direction(true) : Direction::finish_within(1043.2 - *simulated);
  };
  const JobReport report = coordinate(fake, study.job);
  std::size_t long_ones = 0, short_ones = 0;
  for (const auto& [index, outcome] : study.outcomes) ++(index < 40 ? long_ones : short_ones);
  EXPECT_EQ(long_ones, 10U);
  EXPECT_EQ(short_ones, 6U) << "3.2 s are left after ten long ones";
  EXPECT_EQ(report.unfinished, 44U);
}

TEST(CutoffTest, a_retry_that_comes_too_late_is_left_for_another_job) {
  Study study(3);
  ClockedWorkers fake(1);
  fake.fails = [](std::uint64_t index, int) { return index == 1; };
  study.job.on_retry_after = [](const TaskFailure&, int) { return std::optional(500.0); };
  study.job.on_tick = by_then;
  const JobReport report = coordinate(fake, study.job);
  EXPECT_EQ(study.outcomes.size(), 2U);
  EXPECT_EQ(report.unfinished, 1U);
  EXPECT_LT(*simulated, 1004.0) << "nor is it waited for";
}

TEST(TimeLimitTest, workers_learn_of_a_limit_and_of_changes_that_matter) {
  Study study(20);
  ClockedWorkers fake(1);
  fake.deadly = {17};
  study.job.on_time_limit = [&] {
    const std::size_t done = study.outcomes.size();
    return done < 5 ? 0.0 : done < 10 ? 3.0 : done < 15 ? 3.1 : 5.0;
  };
  coordinate(fake, study.job);
  EXPECT_THAT(fake.limits, ElementsAre(3.0, 5.0, 5.0)) << "the last is for the worker that replaces the lost one";
}

// The one worker shares its thread with the root, which learns nothing while a point is evaluated.
TEST(TimeLimitTest, a_serial_worker_is_given_the_limit_that_follows_from_the_points_before) {
  std::uint64_t done = 0;
  double limit = 0.0;
  TestJob job;
  job.pending = IndexSet::first(2000);
  job.evaluation.on_evaluate = [&](const Assigned& assigned, WorkerContext& context,
                                   ByteWriter&) -> std::optional<TaskFailure> {
    for (int i = 0; assigned.index == 50 && i < 2000 && limit == 0.0; ++i) {
      limit = context.time_limit();
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return std::nullopt;
  };
  job.on_completed = [&](const Completed&) { ++done; };
  job.on_time_limit = [&] { return done < 10 ? 0.0 : 5.0; };
  SerialManager manager;
  run_job(manager, job);
  EXPECT_EQ(limit, 5.0);
  EXPECT_EQ(done, 2000U);
}

TEST_P(EveryScheduleRetryTest, the_point_of_a_lost_rank_runs_elsewhere_without_being_asked_for) {
  Study study(12, GetParam());
  LostRanks fake(3, true);
  fake.deadly = {5};
  fake.deaths = 1;
  const JobReport report = coordinate(fake, study.job);
  EXPECT_EQ(study.outcomes.size(), 12U);
  for (const auto& [index, outcome] : study.outcomes) EXPECT_FALSE(outcome.failure) << index;
  EXPECT_EQ(study.outcomes[5].earlier_attempts, 1);
  EXPECT_THAT(report.lost_workers, ElementsAre("rank was lost"));
}

TEST_P(EveryScheduleRetryTest, a_point_that_two_ranks_were_lost_at_is_lost) {
  for (const int retries : {0, 5}) {
    Study study(12, GetParam());
    if (retries > 0) study.job.on_retry_after = [](const TaskFailure&, int) { return 0.0; };
    LostRanks fake(4, true);
    fake.deadly = {5};
    const JobReport report = coordinate(fake, study.job);
    EXPECT_EQ(study.outcomes.size(), 12U);
    for (const auto& [index, outcome] : study.outcomes) EXPECT_EQ(outcome.failure.has_value(), index == 5) << index;
    EXPECT_EQ(study.outcomes[5].failure->kind, FailureKind::lost);
    EXPECT_EQ(study.outcomes[5].failure->attempts, 2);
    EXPECT_EQ(report.lost_workers.size(), 2U);
  }
}

TEST(RetryTest, a_lost_rank_does_not_use_up_a_retry) {
  Study study(4);
  LostRanks fake(2, true);
  fake.deadly = {1};
  fake.deaths = 1;
  fake.fails = [](std::uint64_t index, int at) { return index == 1 && at == 1; };
  int asked = 0;
  study.job.on_retry_after = [&](const TaskFailure& failure, int tries) -> std::optional<double> {
    ++asked;
    EXPECT_EQ(failure.kind, FailureKind::exited);
    return tries <= 1 ? std::optional(0.0) : std::nullopt;
  };
  coordinate(fake, study.job);
  EXPECT_EQ(asked, 1);
  EXPECT_FALSE(study.outcomes[1].failure);
  EXPECT_EQ(study.outcomes[1].earlier_attempts, 2);
}

TEST(RetryTest, where_the_point_of_a_lost_rank_is_not_known_it_is_its_first) {
  Study study(8);
  LostRanks fake(4, false);
  fake.deadly = {3};
  const JobReport report = coordinate(fake, study.job);
  EXPECT_EQ(study.outcomes.size(), 8U);
  for (const auto& [index, outcome] : study.outcomes) EXPECT_EQ(outcome.failure.has_value(), index == 3) << index;
  EXPECT_EQ(report.lost_workers.size(), 2U);
}

}  // namespace
}  // namespace windrow::detail
