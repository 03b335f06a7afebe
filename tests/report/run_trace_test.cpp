// Runs as traces, and what is known of a run that was killed, from stores with made-up times.
#include <gmock/gmock.h>
#include <stdlib.h>

#include <filesystem>
#include <limits>
#include <sstream>
#include <string>

#include "timing/trace_checks.hpp"
#include "windrow/report/run_timing.hpp"

namespace windrow {
namespace {

using namespace test;
using testing::ElementsAre;

class RunTraceTest : public testing::Test {
 protected:
  RunTraceTest() {
    std::string name = (std::filesystem::temp_directory_path() / "windrow-trace-XXXXXX").string();
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  ~RunTraceTest() override { std::filesystem::remove_all(directory_); }

  Store open(std::uint64_t points) {
    return {directory_, {"times", points, {{"x", "", "number", ""}}, {{"y", "", "number", ""}}, {{"a", "1"}}}, {}};
  }
  StoreReader reader() const { return StoreReader(directory_); }

  static Record evaluation(std::uint64_t index, int worker, double started, double elapsed, bool ok = true) {
    Record record;
    record.index = index;
    record.parameters = {1.0};
    record.rank = worker;
    record.host = worker == 0 ? "here" : "there";
    record.started = started;
    record.elapsed = elapsed;
    record.outcome = std::vector<Value>{2.0};
    if (!ok) record.outcome = TaskFailure{};
    return record;
  }

  /// Worker 1 lives on a host whose clock is an hour ahead, and began 0.25 s after the job, worker 0 with it.
  static TimeAccount two_workers(double wall, std::uint64_t attempts) {
    TimeAccount account;
    account.wall = wall;
    for (int w = 0; w < 2; ++w) {
      WorkerAccount& worker = account.workers.emplace_back();
      worker.worker = w;
      worker.host = w == 0 ? "here" : "there";
      worker.wall = wall;
      worker.attempts = attempts;
      worker.began = w == 0 ? 1000.0 : 4600.0;
      worker.began_after = w == 0 ? 0.0 : 0.25;
    }
    return account;
  }

  Json trace(const RunTraceOptions& options = {}, std::int64_t run = 0) const {
    std::ostringstream out;
    const StoreReader store = reader();
    const std::uint64_t written = write_run_trace(out, store, read_run_timing(store, run), options);
    Json json = Json::parse(out.str());
    expect_valid(json);
    EXPECT_EQ(slices_of(json).size(), written);
    return json;
  }

  std::filesystem::path directory_;
};

TEST_F(RunTraceTest, each_host_is_placed_by_the_roots_clock) {
  {
    Store store = open(10);
    store.record(evaluation(0, 0, 1000.5, 1.0));
    store.record(evaluation(1, 0, 1001.5, 0.25, false));
    store.record(evaluation(2, 1, 4600.5, 2.0));
    Attempt attempt;
    attempt.failure.index = 0;
    attempt.failure.kind = FailureKind::timed_out;
    attempt.failure.rank = 1;
    attempt.failure.elapsed = 0.5;
    attempt.started = 4600.0;
    store.record_attempt(attempt);
    store.record_account(two_workers(5.0, 2));
  }
  auto tracks = tracks_of(trace());
  ASSERT_EQ(tracks["worker 0"].size(), 2U);
  EXPECT_EQ(tracks["worker 0"][0]["ts"], 0.5e6);
  EXPECT_EQ(tracks["worker 0"][0]["dur"], 1e6);
  EXPECT_EQ(tracks["worker 0"][0]["name"], "point 0");
  EXPECT_EQ(tracks["worker 0"][1]["name"], "point 1 (exception)");
  ASSERT_EQ(tracks["worker 1"].size(), 2U);
  EXPECT_EQ(tracks["worker 1"][0]["name"], "point 0 (timed_out, tried again)");
  EXPECT_EQ(tracks["worker 1"][0]["ts"], 0.25e6);
  EXPECT_EQ(tracks["worker 1"][1]["ts"], 0.75e6);
  EXPECT_EQ(tracks["worker 1"][1]["args"]["outcome"], "ok");
}

TEST_F(RunTraceTest, points_of_other_runs_are_not_in_it) {
  {
    Store store = open(10);
    store.record(evaluation(0, 0, 900.0, 1.0));
    TimeAccount earlier = two_workers(2.0, 1);
    earlier.workers[0].began = 899.0;
    store.record_account(earlier);
  }
  {
    Store store = open(10);
    store.record(evaluation(1, 0, 1000.5, 1.0));
    store.record(evaluation(2, 1, 1000.5, 1.0));  // by the clock of its host, an hour before this run
    store.record_account(two_workers(5.0, 1));
  }
  EXPECT_EQ(slices_of(trace()).size(), 1U);
  EXPECT_EQ(slices_of(trace())[0]["args"]["index"], 1);
  EXPECT_EQ(slices_of(trace({}, 1))[0]["args"]["index"], 0);
  EXPECT_THROW(read_run_timing(reader(), 3), StoreError);
}

TEST_F(RunTraceTest, many_short_points_are_drawn_together_and_long_ones_alone) {
  constexpr std::uint64_t count = 20'000;
  constexpr double each = 0.001;
  {
    Store store = open(2 * count);
    for (std::uint64_t i = 0; i < count; ++i) {
      const double begin = static_cast<double>(i) * each;
      store.record(
          evaluation(i, 0, 1000.0 + begin + (i > count / 2 ? 3.0 : 0.0), i == count / 2 ? 3.0 : each, i % 100 != 7));
      store.record(evaluation(count + i, 1, 4600.0 + 2.0 * begin, each));  // gaps as long as the points
    }
    store.record_account(two_workers(50.0, count));
  }
  const Json whole = trace();
  EXPECT_EQ(slices_of(whole).size(), 2 * count) << "there is room for each of them";

  const RunTraceOptions few{.most_slices = 1000};
  auto tracks = tracks_of(trace(few));
  EXPECT_LE(tracks["worker 0"].size() + tracks["worker 1"].size(), few.most_slices);
  EXPECT_GE(tracks["worker 0"].size() + tracks["worker 1"].size(), few.most_slices / 10);
  for (auto& [name, track] : tracks) {
    std::uint64_t points = 0, failed = 0;
    double evaluating = 0.0;
    bool has_long_one = false;
    for (const Json& slice : track) {
      const Json& args = slice["args"];
      const bool batch = args.contains("points");
      points += batch ? args["points"].get<std::uint64_t>() : 1;
      failed += batch ? args["failed"].get<std::uint64_t>() : args["outcome"] == "ok" ? 0 : 1;
      evaluating += batch ? args["seconds_evaluating"].get<double>() : slice["dur"].get<double>() / 1e6;
      has_long_one = has_long_one || slice["name"] == "point " + std::to_string(count / 2);
    }
    EXPECT_EQ(points, count) << name;
    EXPECT_EQ(failed, name == "worker 0" ? count / 100 : 0) << name;
    EXPECT_EQ(has_long_one, name == "worker 0");
    EXPECT_NEAR(evaluating, static_cast<double>(count) * each + (name == "worker 0" ? 3.0 - each : 0.0), 0.01) << name;
  }
}

TEST_F(RunTraceTest, times_that_were_rounded_do_not_overlap) {
  {
    Store store = open(10);
    store.record(evaluation(0, 0, 1000.0, 1.0000001));
    store.record(evaluation(1, 0, 1001.0, 1.0));
    store.record_account(two_workers(5.0, 1));
  }
  const auto slices = slices_of(trace());
  EXPECT_EQ(slices[0]["ts"].get<double>() + slices[0]["dur"].get<double>(), slices[1]["ts"].get<double>());
}

TEST_F(RunTraceTest, of_a_killed_run_evaluations_tell) {
  const double now = StoreReader((open(10), directory_)).run_times().front().started;
  {
    Store store = open(10);
    store.record(evaluation(3, 0, now + 1000.0, 1.5));  // after all runs began, so of the last one
    store.record(evaluation(4, 1, now + 1000.5, 0.5, false));
    store.commit();
  }
  { open(10); }
  const RunTiming run = read_run_timing(reader(), 3);
  EXPECT_FALSE(run.is_complete);
  ASSERT_EQ(run.account.workers.size(), 2U);
  EXPECT_DOUBLE_EQ(run.account.workers[0].spent.evaluate, 1.5);
  EXPECT_DOUBLE_EQ(run.account.workers[1].failed, 0.5);
  EXPECT_EQ(run.account.attempts(), 2U);
  ASSERT_EQ(run.account.longest.size(), 2U);
  EXPECT_EQ(run.account.longest[0].index, 3U);
  EXPECT_EQ(run.account.longest[1].host, "there");
  EXPECT_EQ(slices_of(trace({}, 3)).size(), 2U);
  EXPECT_EQ(read_run_timing(reader()).run, 3);
  EXPECT_EQ(read_run_timing(reader(), 1).account.attempts(), 0U);
}

}  // namespace
}  // namespace windrow
