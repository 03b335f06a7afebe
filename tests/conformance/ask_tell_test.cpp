// A sweep whose loop is the caller's: the same outcomes as with functions, on every backend.
#include "windrow/run/ask_tell.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include "conformance/conformance.hpp"
#include "windrow/error.hpp"

namespace windrow {
namespace {

using test::manager;

Design asked_grid() {
  return grid({linear("a", 0.0, 1.0, 8), geometric("b", 1.0, 100.0, 5)}, 3);
}

double asked_model(const Point& p) {
  return std::sin(p["a"]) * p["b"].number();
}

std::vector<std::string> asked_outcomes(const SweepResult& result) {
  std::vector<std::string> lines;
  for (const auto& outcome : result.outcomes) {
    lines.push_back(outcome.ok() ? outcome.value().front().render()
                                 : fmt::format("{} {} {}", name_of(outcome.failure().kind), outcome.failure().message,
                                               outcome.failure().attempts));
  }
  return lines;
}

/// Whether every rank runs this program. If not, nothing can be asked for.
bool ranks_run_this() {
  return !manager().forks_workers();
}

TEST(AskTellSetUpTest, workers_that_do_not_run_the_loop_are_refused) {
  if (ranks_run_this()) return;
  EXPECT_THROW(AskTell(manager(), asked_grid(), {{"y"}}), SpecError);
}

TEST(AskTellTest, outcomes_are_those_of_functions) {
  if (!ranks_run_this()) return;
  Sweep functions(
      asked_grid(), [] { return 0; },
      [](int&, const Point& p) {
        if (p["a"].number() == 1.0) throw Rejected("outside the domain");
        return asked_model(p);
      });
  const auto expected = asked_outcomes(functions.run(manager()));

  AskTell sweep(manager(), asked_grid(), {{"y"}});
  std::uint64_t asked = 0;
  while (const auto point = sweep.next_point()) {
    ++asked;
    if ((*point)["a"].number() == 1.0) {
      sweep.report_failure(*point, "outside the domain", FailureKind::rejected);
    } else {
      sweep.report(*point, {asked_model(*point)});
    }
  }
  EXPECT_FALSE(sweep.next_point());
  const SweepResult result = sweep.finish();
  EXPECT_EQ(asked_outcomes(result), expected);
  EXPECT_EQ(result.succeeded, 35U);
  EXPECT_EQ(result.failed, 5U);
  EXPECT_EQ(manager().all_reduce(asked), 40U);
}

TEST(AskTellTest, failed_points_are_tried_again_as_the_policy_says) {
  if (!ranks_run_this()) return;
  SweepOptions options;
  options.failure_policy.retries = 2;
  AskTell sweep(manager(), asked_grid(), {{"y"}}, options);
  while (const auto point = sweep.next_point()) {
    (*point)["b"].number() == 1.0 ? sweep.report_failure(*point, "diverged")
                                  : sweep.report(*point, {asked_model(*point)});
  }
  const SweepResult result = sweep.finish();
  EXPECT_EQ(result.failed, 8U);
  EXPECT_EQ(result.retried, 16U);
  if (manager().is_root()) {
    EXPECT_EQ(result.failures.front().attempts, 3);
    EXPECT_EQ(result.failures.front().message, "diverged");
  }
}

TEST(AskTellTest, mistakes_of_the_caller_cost_nothing) {
  if (!ranks_run_this()) return;
  AskTell sweep(manager(), asked_grid(), {{"y"}});
  std::optional<Point> last;
  while (const auto point = sweep.next_point()) {
    EXPECT_THROW(sweep.next_point(), SpecError);
    if (last) {
      EXPECT_THROW(sweep.report(*last, {0.0}), SpecError);
    }
    sweep.report(*point, {asked_model(*point)});
    EXPECT_THROW(sweep.report(*point, {0.0}), SpecError);
    last = point;
  }
  EXPECT_THROW(sweep.report(asked_grid().point(0), {0.0}), SpecError);
  EXPECT_EQ(sweep.finish().succeeded, 40U);
}

TEST(AskTellTest, wrong_number_of_outputs_fails_the_point) {
  if (!ranks_run_this()) return;
  AskTell sweep(manager(), asked_grid(), {{"y"}, {"z"}});
  while (const auto point = sweep.next_point()) sweep.report(*point, {1.0});
  const SweepResult result = sweep.finish();
  EXPECT_EQ(result.failed, 40U);
  if (manager().is_root()) {
    EXPECT_EQ(result.failures.front().kind, FailureKind::bad_output);
  }
}

TEST(AskTellTest, a_rank_may_leave_and_others_take_its_points) {
  if (!ranks_run_this()) return;
  AskTell sweep(manager(), asked_grid(), {{"y"}});
  const bool leaves = manager().rank() == manager().size() - 1 && manager().size() > 2;
  while (const auto point = sweep.next_point()) {
    if (leaves) break;  // with this point
    sweep.report(*point, {asked_model(*point)});
  }
  EXPECT_EQ(sweep.finish().succeeded, 40U);
}

TEST(AskTellTest, the_root_ends_it_for_all) {
  if (!ranks_run_this()) return;
  std::uint64_t reported = 0;
  SweepResult result;
  {
    AskTell sweep(manager(), grid({linear("x", 0, 1, 100'000)}), {{"y"}});
    while (const auto point = sweep.next_point()) {
      sweep.report(*point, {1.0});
      ++reported;
      if (manager().is_root() && reported == 3) break;
    }
    result = sweep.finish();
  }
  if (manager().size() == 1) {
    EXPECT_EQ(result.succeeded, 3U);
  }
  // A root that only coordinates has no say in it, and quick ranks may be done before it has had three points.
  if (result.unfinished() > 0) {
    EXPECT_EQ(result.stopped_by, StopReason::program);
    EXPECT_EQ(result.exit_code(), 75);
  }
  EXPECT_EQ(result.failed, 0U);
}

TEST(AskTellTest, abandoned_without_a_question) {
  if (!ranks_run_this()) return;
  { AskTell sweep(manager(), asked_grid(), {{"y"}}); }
  AskTell sweep(manager(), asked_grid(), {{"y"}});
  const SweepResult result = sweep.finish();
  EXPECT_EQ(result.failed, 0U);
  manager().sync();
}

// The root's part of the sweep lies behind the caller's questions: what it throws comes out of one of them, or, if none
// is asked any more, is nobody's.
TEST(AskTellTest, what_the_sweep_throws_comes_out_of_the_next_question) {
  if (!ranks_run_this()) return;
  SweepOptions options;
  options.on_progress = [](const Progress& progress) {
    if (progress.finished) throw std::runtime_error("the screen is gone");
  };
  std::string thrown;
  try {
    AskTell sweep(manager(), asked_grid(), {{"y"}}, options);
    while (const auto point = sweep.next_point()) sweep.report(*point, {asked_model(*point)});
  } catch (const RootFailed&) {
    thrown = "elsewhere";
  } catch (const std::runtime_error& error) {
    thrown = error.what();
  }
  EXPECT_EQ(thrown, manager().is_root() ? "the screen is gone" : "elsewhere");
  { AskTell sweep(manager(), asked_grid(), {{"y"}}, options); }
  EXPECT_EQ(manager().all_reduce(1), manager().size());
}

TEST(AskTellTest, deep_calls_and_exceptions_in_the_callers_loop) {
  if (!ranks_run_this()) return;
  AskTell sweep(manager(), asked_grid(), {{"y"}});
  while (const auto point = sweep.next_point()) {
    try {
      throw std::runtime_error("the caller's own affair");
    } catch (const std::runtime_error& error) {
      sweep.report_failure(*point, error.what());
      continue;
    }
  }
  EXPECT_EQ(sweep.finish().failed, 40U);
}

}  // namespace
}  // namespace windrow
