#include "evaluation/interface/evaluator.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "windrow/error.hpp"
#include "windrow/run/sweep.hpp"

namespace windrow {
namespace {

TEST(EvaluatedTest, every_kind_of_value_travels_unchanged) {
  const detail::Evaluated sent{3,
                               {0.1, -0.0, std::nan(""), std::numeric_limits<double>::infinity(), std::int64_t{1} << 62,
                                true, "", "quick\n\"brown\""}};
  const detail::Evaluated received = detail::decode(detail::encode(sent));
  EXPECT_EQ(received.attempts, 3U);
  EXPECT_EQ(received.outputs, sent.outputs);
  EXPECT_FALSE(received.index_read);
  EXPECT_TRUE(detail::decode(detail::encode({3, {}, true})).index_read);
}

TEST(EvaluatedTest, a_truncated_or_unknown_message_is_an_error) {
  Bytes bytes = detail::encode({1, {1.5, "text"}});
  for (std::size_t size = 5; size < bytes.size(); ++size) {
    if (size == 4 + 9) continue;  // ends after the first value: a shorter, whole message
    EXPECT_THROW(detail::decode(std::span(bytes).first(size)), ParallelError) << size;
  }
  bytes[4] = std::byte{9};
  EXPECT_THROW(detail::decode(bytes), ParallelError);
}

TEST(SweepResultTest, the_summary_tells_what_a_user_must_know) {
  SweepResult result;
  result.points = 1500;
  result.succeeded = 1200;
  result.failed = 11;
  result.evaluated = 1000;
  result.reused = 211;
  result.elapsed = 72.0;
  result.workers = 1;
  result.interrupted_by = 2;
  result.stopped_by = StopReason::interrupt;
  result.parameters = {{"x", "m"}};
  for (std::uint64_t i = 0; i < 6; ++i) {
    FailureGroup& group = result.failure_groups.emplace_back();
    group.line = "diverged";
    group.points = i == 0 ? 6 : 1;
    group.example.index = i;
    group.values = {Value(0.5)};
  }
  const std::string text = result.summary();
  EXPECT_NE(
      text.find("1,200 of 1,500 points succeeded, 11 failed, 289 left; this run evaluated 1,000 in 1m12s on 1 worker "
                "and reused 211."),
      std::string::npos)
      << text;
  EXPECT_NE(text.find("  6 exception: diverged\n    first at point 0: x = 0.5 m\n"), std::string::npos) << text;
  EXPECT_NE(text.find("  1 exception: diverged\n    point 2: x = 0.5 m\n    and 3 more points of 3 other kinds\n"),
            std::string::npos);
  EXPECT_NE(text.find("run the same again"), std::string::npos);
  EXPECT_EQ(result.exit_code(), 130);
}

TEST(SweepResultTest, a_summary_of_a_run_that_stopped_says_what_to_do) {
  SweepResult result;
  result.points = 12;
  result.evaluated = result.succeeded = 3;
  result.stopped_by = StopReason::time_limit;
  result.why_stopped = "at its time limit of 2s";
  const auto says = [&result](const char* text) { return result.summary().find(text) != std::string::npos; };
  EXPECT_TRUE(says("Stopped at its time limit of 2s: 9 left; run the same command again.\n")) << result.summary();
  result.evaluated = 0;  // run again and again, it would never end
  EXPECT_TRUE(says("9 left. No point ended in that time, so the next run needs more of it.\n")) << result.summary();
  result.stopped_by = StopReason::signal;
  EXPECT_TRUE(says("9 left; run the same command again.\n")) << result.summary();
  result.stopped_by = StopReason::failures;
  result.points = 14;
  result.failed = 2;
  EXPECT_TRUE(
      says("9 left. The same command goes on with those; with `--retry-failed` (in a program: `retry_failed`) it also "
           "evaluates the 2 that failed.\n"));
}

TEST(SweepResultTest, evaluations_that_were_cut_off_are_no_failures) {
  SweepResult result;
  result.points = 12;
  result.account.wall = 10.0;
  result.account.workers.resize(1);
  WorkerAccount& worker = result.account.workers.front();
  worker.wall = worker.spent.evaluate = worker.failed = 10.0;
  worker.attempts = 1;
  EXPECT_NE(result.summary().find("brought no result"), std::string::npos);
  result.stopped_by = StopReason::interrupt;
  EXPECT_EQ(result.summary().find("brought no result"), std::string::npos);
}

}  // namespace
}  // namespace windrow
