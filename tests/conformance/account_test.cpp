// Where the time of a sweep went: what workers measured, activity by activity, against the root's clock.
#include "windrow/parallel/account.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>
#include <thread>

#include "conformance/conformance.hpp"
#include "conformance/shared_directory.hpp"
#include "windrow/parallel/gather_timings.hpp"
#include "windrow/run/sweep.hpp"
#include "windrow/timing/report.hpp"

namespace windrow {
namespace {

using test::manager;
using test::SharedDirectory;

void sleep_for(double seconds) {
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
}

/// So many points for each worker that a run takes about a second on each backend.
Design some_points(int each) {
  return zip({linear("x", 0, 1, static_cast<std::uint64_t>(each * manager().worker_count()))});
}

double unequal(const Point& point) {
  return 0.001 * static_cast<double>(1 + point.index() * 7919 % 40);
}

/// What may be in no activity: a hundredth, and what a busy machine takes away between two readings of the clock: a few
/// turns of the others on its core.
double unaccounted(double wall) {
  return 0.01 * wall + 0.1;
}

/// Every worker's activities, which are measured one by one, make up the time that the root's clock says it had.
void expect_complete(const TimeAccount& account) {
  ASSERT_FALSE(account.workers.empty());
  for (const WorkerAccount& worker : account.workers) {
    EXPECT_EQ(worker.wall, account.wall);
    EXPECT_LE(std::abs(worker.other()), unaccounted(worker.wall)) << "worker " << worker.worker;
    const ActivityTimes& spent = worker.spent;
    for (const double part : {spent.build, spent.evaluate, spent.transfer, spent.store, spent.coordinate, spent.wait}) {
      EXPECT_GE(part, -0.001 * worker.wall) << "worker " << worker.worker;
    }
    EXPECT_LE(worker.failed, spent.evaluate * 1.001 + 1e-6);
    EXPECT_FALSE(worker.host.empty());
  }
  EXPECT_EQ(account.workers.size(), static_cast<std::size_t>(manager().worker_count()));
  EXPECT_TRUE(account.root.has_value() || manager().worker_count() == 1) << "the thread that coordinates";
  if (account.root) {
    EXPECT_LE(std::abs(account.root->other()), unaccounted(account.wall));
  }
}

/// Wall times of `run`, by this process's clock.
template <typename Run>
SweepResult timed_run(const Run& run, double& wall) {
  const auto begin = std::chrono::steady_clock::now();
  SweepResult result = run();
  wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return result;
}

TEST(AccountTest, the_parts_of_every_worker_add_up_to_the_wall_time) {
  Sweep sweep(
      some_points(40),
      [] {
        sleep_for(0.05);
        return 0;
      },
      [](int&, const Point& point) {
        sleep_for(unequal(point));
        return 1.0;
      });
  double wall = 0.0;
  const SweepResult result = timed_run([&] { return sweep.run(manager()); }, wall);
  EXPECT_EQ(result.account.empty(), !manager().is_root());
  if (!manager().is_root()) return;
  const TimeAccount& account = result.account;
  expect_complete(account);
  EXPECT_LE(account.wall, wall);
  EXPECT_EQ(account.points(), result.points);
  EXPECT_EQ(account.attempts(), result.points);
  double slept = 0.0;
  for (std::uint64_t i = 0; i < result.points; ++i) slept += unequal(sweep.design().point(i));
  EXPECT_GE(account.spent().evaluate, slept);
  EXPECT_GE(account.available(), account.spent().evaluate);
  for (const WorkerAccount& worker : account.workers) {
    EXPECT_GE(worker.spent.build, worker.attempts > 0 ? 0.05 : 0.0) << "worker " << worker.worker;
  }
  ASSERT_EQ(account.longest.size(), 5U);
  EXPECT_GE(account.longest.front().seconds, 0.040);
  EXPECT_GE(account.longest.front().seconds, account.longest.back().seconds);
}

TEST(AccountTest, what_fails_is_named_and_stays_in_the_account) {
  const SharedDirectory directory;
  Sweep sweep(
      some_points(20), [] { return 0; },
      [](int&, const Point& point) -> double {
        sleep_for(0.02);
        if (point.index() % 10 == 3) throw Rejected("never any good");
        return 1.0;
      });
  SweepOptions options;
  options.store = directory / "study";
  options.failure_policy.retries_of.set(FailureKind::rejected, 1);
  options.failure_policy.retry_delay = std::chrono::milliseconds(300);  // so that everybody waits in between
  const SweepResult result = sweep.run(manager(), options);
  if (!manager().is_root()) return;
  expect_complete(result.account);
  const std::uint64_t failures = result.points / 10;
  EXPECT_EQ(result.account.points(), result.points);
  EXPECT_EQ(result.account.attempts(), result.points + failures);
  EXPECT_GE(result.account.failed(), 0.02 * 2.0 * static_cast<double>(failures));
  EXPECT_LE(result.account.failed(),
            result.account.spent().evaluate - 0.02 * static_cast<double>(result.succeeded) + 1e-3)
      << "what succeeded is not in it";
  const ActivityTimes& at_root =
      result.account.root ? result.account.root->spent : result.account.workers.front().spent;
  EXPECT_GT(at_root.store, 0.0);
  EXPECT_GT(at_root.coordinate, 0.0);
}

TEST(AccountTest, arrays_are_written_and_sent_and_not_evaluated) {
  const SharedDirectory directory;
  for (const bool through_root : {false, true}) {
    Sweep sweep(
        some_points(8), [] { return 0; },
        [](int&, const Point& point) {
          sleep_for(0.05);
          return Array{std::vector<double>(100'000, point["x"]), {100'000}};
        },
        {{"field", "", "array", ""}});
    SweepOptions options;
    options.store = directory / (through_root ? "sent" : "written");
    options.arrays_through_root = through_root;
    const SweepResult result = sweep.run(manager(), options);
    if (!manager().is_root()) continue;
    EXPECT_EQ(result.succeeded, result.points);
    expect_complete(result.account);
    if (!result.account.root) continue;  // one thread does everything
    ActivityTimes others;                // in processes of their own
    for (const WorkerAccount& worker : result.account.workers) {
      if (worker.worker > 0) others += worker.spent;
    }
    if (others.evaluate == 0.0) continue;
    EXPECT_GT(others.transfer, 0.0);
    EXPECT_EQ(others.store > 0.0, !through_root);
    EXPECT_GT(result.account.root->spent.store, 0.0);
  }
}

TEST(AccountTest, a_worker_that_is_killed_stays_in_the_account) {
  if (!manager().forks_workers()) return;  // else the run is killed
  const SharedDirectory directory;
  const auto once = directory / "killed";
  Sweep sweep(
      some_points(20), [] { return 0; },
      [&](int&, const Point& point) {
        sleep_for(0.02);
        if (point.index() == 5 && !std::filesystem::exists(once)) {
          std::ofstream(once) << "once";
          sleep_for(0.2);
          ::kill(::getpid(), SIGKILL);
        }
        return 1.0;
      });
  const SweepResult result = sweep.run(manager());
  EXPECT_EQ(result.succeeded, result.points);
  expect_complete(result.account);
  std::uint64_t losses = 0;
  for (const WorkerAccount& worker : result.account.workers) losses += worker.losses;
  EXPECT_EQ(losses, 1U);
  EXPECT_GE(result.account.failed(), 0.2) << "what the lost worker was doing";
  EXPECT_EQ(result.account.attempts(), result.points + 1);
}

TEST(AccountTest, a_sweep_that_is_stopped_in_the_middle_is_accounted_for) {
  Sweep sweep(
      some_points(2000), [] { return 0; },
      [](int&, const Point&) {
        sleep_for(0.01);
        return 1.0;
      });
  SweepOptions options;
  options.limits.time_limit = std::chrono::milliseconds(600);
  const SweepResult result = sweep.run(manager(), options);
  EXPECT_GT(result.unfinished(), 0U);
  if (!manager().is_root()) return;
  expect_complete(result.account);
  EXPECT_EQ(result.account.points(), result.evaluated);
}

TEST(AccountTest, a_stored_account_is_the_one_that_was_told_and_agrees_with_the_points) {
  const SharedDirectory directory;
  Sweep sweep(
      some_points(20), [] { return 0; },
      [](int&, const Point& point) {
        sleep_for(unequal(point));
        return 1.0;
      });
  SweepOptions options;
  options.store = directory / "study";
  const SweepResult result = sweep.run(manager(), options);
  if (!manager().is_root()) return;
  const StoreReader store(options.store);
  const auto runs = store.run_times();
  ASSERT_EQ(runs.size(), 1U);
  ASSERT_TRUE(runs.front().account);
  const TimeAccount& stored = *runs.front().account;
  EXPECT_EQ(stored.wall, result.account.wall);
  ASSERT_EQ(stored.workers.size(), result.account.workers.size());
  for (std::size_t w = 0; w < stored.workers.size(); ++w) {
    EXPECT_EQ(stored.workers[w].spent, result.account.workers[w].spent);
    EXPECT_EQ(stored.workers[w].host, result.account.workers[w].host);
  }
  EXPECT_EQ(stored.root.has_value(), result.account.root.has_value());
  std::map<int, double> evaluated;
  store.for_each_evaluation(0.0, 1e12, [&](const EvaluationTime& one) { evaluated[one.worker] += one.elapsed; });
  for (const WorkerAccount& worker : stored.workers) {
    // The points are timed inside of what is accounted for: their sum is the smaller one, by what a worker that has to
    // wait for a core loses between the two.
    const double points = evaluated[worker.worker];
    EXPECT_LE(points, worker.spent.evaluate + unaccounted(worker.wall)) << "worker " << worker.worker;
    EXPECT_GE(points, 0.9 * worker.spent.evaluate) << "worker " << worker.worker;
  }
}

TEST(AccountTest, scatter_map_and_stream_account_for_their_workers_too) {
  const auto count = static_cast<std::uint64_t>(5 * manager().worker_count());
  const auto build = [] { return 0; };
  const auto sleep_a_little = [](int&, std::uint64_t index) {
    sleep_for(0.002);
    return index;
  };
  const auto mapped = manager().map(build, sleep_a_little, count);
  const auto streamed =
      manager().stream(build, sleep_a_little, count, [](std::uint64_t, const Outcome<std::uint64_t>&) {});
  auto scattered = manager().scatter(build, sleep_a_little, std::vector<std::uint64_t>(count, 7));
  const auto results = scattered.gather();
  if (!manager().is_root()) {
    EXPECT_TRUE(mapped.account.empty() && streamed.account.empty());
    EXPECT_EQ(results.at(0).timing.find("evaluate"), nullptr);
    return;
  }
  for (const TimeAccount& account : {mapped.account, streamed.account}) {
    EXPECT_EQ(account.points(), count);
    EXPECT_GE(account.spent().evaluate, 0.002 * static_cast<double>(count));
  }
  for (const auto& local : results) {  // a static split: five for each
    ASSERT_NE(local.timing.find("evaluate"), nullptr) << local.worker;
    EXPECT_EQ(local.timing.find("evaluate")->count, 5U);
    EXPECT_GE(local.timing.find("evaluate")->cumulative, std::chrono::milliseconds(10));
    EXPECT_EQ(local.timing.name.rfind("worker " + std::to_string(local.worker) + " on ", 0), 0U) << local.timing.name;
  }
}

TEST(GatherTimingsTest, the_root_gets_every_ranks_record_by_name_and_none_of_their_costs) {
  Timer timer("some name");
  for (int i = 0; i < 3 + manager().rank(); ++i) timer.accumulate("step");
  const auto records = gather_timings(manager(), timer);
  ASSERT_EQ(records.size(), static_cast<std::size_t>(manager().is_root() ? manager().size() : 0));
  if (!manager().is_root()) return;
  for (std::size_t rank = 0; rank < records.size(); ++rank) {
    EXPECT_EQ(records[rank].name.rfind("rank " + std::to_string(rank) + " on ", 0), 0U) << records[rank].name;
    ASSERT_NE(records[rank].find("step"), nullptr);
    EXPECT_EQ(records[rank].find("step")->count, 3 + rank);
  }
  EXPECT_EQ(timer.snapshot().name, "some name");

  Timer root("sweep");
  root.stamp("before");
  const TimingRecord before = root.snapshot();
  std::vector<TimingRecord> costly(records.begin(), records.end());
  for (TimingRecord& record : costly) record.overhead = std::chrono::hours(1);
  root.attach("ranks", costly);
  root.stamp("run");
  const TimingRecord after = root.snapshot();
  EXPECT_LT(after.total, std::chrono::minutes(1));
  EXPECT_GE(after.total, before.total);
  EXPECT_LT(after.overhead, std::chrono::minutes(1));
  ASSERT_EQ(after.parallel.size(), 1U);
  EXPECT_EQ(after.parallel.front().position, "run");
  EXPECT_EQ(after.parallel.front().records.size(), records.size());
}

TEST(GatherTimingsTest, the_records_of_an_account_can_be_attached_and_compared) {
  Sweep sweep(
      some_points(4), [] { return 0; },
      [](int&, const Point&) {
        sleep_for(0.005);
        return 1.0;
      });
  const SweepResult result = sweep.run(manager());
  if (!manager().is_root()) return;
  const auto records = timing_records(result.account);
  EXPECT_EQ(records.size(), result.account.workers.size() + (result.account.root ? 1 : 0));
  for (const TimingRecord& record : records) EXPECT_LE(record.stamps_sum(), record.total);
  Timer timer;
  timer.attach("workers", records);
  timer.stamp("sweep");
  EXPECT_NE(report(timer.snapshot()).find("evaluate"), std::string::npos);
  EXPECT_NE(compare(records).find("evaluate"), std::string::npos);
}

}  // namespace
}  // namespace windrow
