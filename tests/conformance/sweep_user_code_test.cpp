// What throws in a user's code around a sweep: the outcome of its point, or an error on every rank, and nothing hangs.
// Also what is no std::exception.
#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "conformance/conformance.hpp"
#include "conformance/shared_directory.hpp"
#include "windrow/run/sweep.hpp"

namespace windrow {
namespace {

using test::manager;
using test::SharedDirectory;

Sweep plain(std::size_t count) {
  return Sweep(
      zip({linear("x", 0.0, static_cast<double>(count - 1), count)}), [] { return 0; },
      [](int&, const Point& p) { return p["x"].number(); });
}

/// It throws 42 at the root, and every other rank hears of it.
void expect_42_everywhere(const std::function<void()>& run, const std::string& elsewhere) {
  try {
    run();
    ADD_FAILURE() << "nothing was thrown";
  } catch (int number) {
    EXPECT_TRUE(manager().is_root());
    EXPECT_EQ(number, 42);
  } catch (const RootFailed& error) {
    EXPECT_FALSE(manager().is_root());
    EXPECT_EQ(error.what(), elsewhere);
  }
  EXPECT_EQ(manager().all_reduce(1), manager().size());
}

constexpr const char* kGaveUp = "the root gave the sweep up";

TEST(SweepUserCodeTest, what_is_told_of_a_resumption_may_throw_anything) {
  const SharedDirectory directory;
  SweepOptions options{.store = directory / "results"};
  plain(20).run(manager(), options);
  options.on_resumed = [](const Resumption&) { throw 42; };
  Sweep sweep(
      zip({linear("x", 0.0, 9.0, 10)}), [] { return 0; }, [](int&, const Point& p) { return p["x"].number(); });
  expect_42_everywhere([&] { sweep.run(manager(), options); }, "the root failed: 42");
}

TEST(SweepUserCodeTest, costs_and_questions_and_progress_may_throw_anything) {
  SweepOptions with_costs{.schedule = Schedule::longest_first};
  with_costs.costs = [](const Point& p) -> double { return p["x"].number() > 17.5 ? throw 42 : p["x"].number(); };
  SweepOptions with_stop;
  with_stop.stop_requested = []() -> bool { throw 42; };
  SweepOptions with_progress;
  with_progress.on_progress = [](const Progress& progress) {
    if (progress.finished) throw 42;  // the last one, when nothing is left to do
  };
  for (const SweepOptions& options : {with_costs, with_stop, with_progress}) {
    expect_42_everywhere([&] { plain(50).run(manager(), options); }, kGaveUp);
  }
  EXPECT_EQ(plain(50).run(manager()).succeeded, 50U);
}

/// Functions are copied for each run.
struct Uncopyable {
  explicit Uncopyable(const bool& copies_throw) : copies_throw_(&copies_throw) {}
  Uncopyable(const Uncopyable& other) : copies_throw_(other.copies_throw_) {
    if (*copies_throw_) throw 42;
  }
  double operator()(int&, const Point&) const { return 1.0; }

  const bool* copies_throw_;
};

TEST(SweepUserCodeTest, functions_that_cannot_be_copied_on_one_rank_are_an_error_on_every_rank) {
  bool copies_throw = false;
  Sweep sweep(
      zip({linear("x", 0.0, 9.0, 10)}), [] { return 0; }, Uncopyable(copies_throw));
  const int culprit = manager().size() - 1;
  copies_throw = manager().rank() == culprit;
  try {
    sweep.run(manager());
    ADD_FAILURE() << "nothing was thrown";
  } catch (const ParallelError& error) {
    EXPECT_EQ(error.what(), "on rank " + std::to_string(culprit) + ": 42");
  }
  copies_throw = false;
  EXPECT_EQ(sweep.run(manager()).succeeded, 10U);
}

std::vector<std::optional<Isolated>> with_and_without_isolation() {
  return {std::nullopt, Isolated{.where = Isolation::process}, Isolated{.where = Isolation::fork}};
}

// One that says it was interrupted though nobody asked for a stop would be handed out again and again.
TEST(SweepUserCodeTest, evaluations_may_throw_anything_and_the_words_are_kept) {
  for (const auto& isolated : with_and_without_isolation()) {
    Sweep sweep(
        zip({linear("x", 0.0, 5.0, 6)}), [] { return 0; },
        [](int&, const Point& p) -> double {
          if (p.index() == 1) throw std::runtime_error("diverged");
          if (p.index() == 2) throw 42;
          if (p.index() == 3) throw std::string("a text");
          if (p.index() == 4) throw Rejected("outside");
          if (p.index() == 5) throw Interrupted();
          return 1.0;
        },
        {{"result"}}, {.isolated = isolated});
    const SweepResult result = sweep.run(manager());
    EXPECT_EQ(result.succeeded, 1U);
    EXPECT_EQ(result.failed, 5U);
    if (!manager().is_root()) continue;
    const std::vector<std::string> words = {"",       "diverged", "42",
                                            "a text", "outside",  "interrupted, though no stop was asked for"};
    for (std::size_t i = 1; i < words.size(); ++i) {
      EXPECT_EQ(result.outcomes[i].failure().message, words[i]);
      EXPECT_EQ(result.outcomes[i].failure().kind, i == 4 ? FailureKind::rejected : FailureKind::exception);
    }
  }
}

/// Points of one worker in their order. @param of  what the model's evaluation number `of` does at point `index`
SweepResult in_order(const std::function<void(int of, std::uint64_t index)>& evaluate) {
  Sweep sweep(
      zip({linear("x", 0.0, 2.0, 3)}), [] { return 0; },
      [&evaluate](int& evaluated, const Point& p) {
        evaluate(++evaluated, p.index());
        return static_cast<double>(evaluated);
      });
  return sweep.run(manager(), {.schedule = Schedule::static_split});
}

// Which outcome a used model had a part in is for the second try to tell.
TEST(SweepUserCodeTest, what_the_second_try_throws_is_the_outcome) {
  if (manager().size() > 1 || manager().worker_count() > 1) return;  // the points have models of their own
  const SweepResult rejected = in_order([](int of, std::uint64_t index) {
    if (index == 1 && of == 2) throw std::runtime_error("stale");
    if (index == 1) throw Rejected("outside");
  });
  ASSERT_FALSE(rejected.outcomes[1].ok());
  EXPECT_EQ(rejected.outcomes[1].failure().kind, FailureKind::rejected);
  EXPECT_EQ(rejected.outcomes[1].failure().message, "outside");
  EXPECT_EQ(rejected.outcomes[1].failure().attempts, 2);
  EXPECT_EQ(rejected.outcomes[2].value(), std::vector<Value>{2.0}) << "a rejection spoils no model";

  const SweepResult failed = in_order([](int of, std::uint64_t index) {
    if (index == 1) throw std::runtime_error(of == 2 ? "stale" : "diverged");
  });
  EXPECT_EQ(failed.outcomes[1].failure().message, "diverged");
  EXPECT_EQ(failed.outcomes[1].failure().attempts, 2);
  EXPECT_EQ(failed.outcomes[2].value(), std::vector<Value>{1.0}) << "a failure does";

  const SweepResult fresh = in_order([](int, std::uint64_t index) {
    if (index == 0) throw Rejected("outside");
    if (index == 1) throw std::runtime_error("diverged");
  });
  EXPECT_EQ(fresh.outcomes[1].failure().attempts, 1) << "a model that has only rejected is as good as new";
}

}  // namespace
}  // namespace windrow
