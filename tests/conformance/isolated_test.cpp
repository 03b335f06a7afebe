// Isolated evaluations: the same results as without isolation, and each fault costs one point.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "conformance/conformance.hpp"
#include "windrow/run/sweep.hpp"

namespace windrow {
namespace {

using test::manager;

double isolated_model(const Point& p) {
  return std::sin(p["a"]) * p["b"].number() + (p["s"].text() == "x" ? 0.5 : 0.25);
}

Design isolated_grid() {
  return grid({linear("a", 0.0, 1.0, 4), geometric("b", 1.0, 100.0, 3), values("s", {"x", "y"})}, 3);
}

/// What a sweep came to, without what may differ: times, ranks, attempts.
std::vector<std::string> isolated_outcomes(const SweepResult& result) {
  std::vector<std::string> lines;
  for (const auto& outcome : result.outcomes) {
    std::string line = outcome.ok() ? "ok" : std::string(name_of(outcome.failure().kind)) + outcome.failure().message;
    if (outcome.ok()) {
      for (const Value& value : outcome.value()) line += fmt::format(" {}", value.render());
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

bool notes_say(const SweepResult& result, const std::string& text) {
  for (const std::string& note : result.notes) {
    if (note.find(text) != std::string::npos) return true;
  }
  return !manager().is_root();
}

TEST(IsolatedTest, outcomes_are_those_without_isolation) {
  const auto run = [](std::optional<Isolated> isolated) {
    Sweep sweep(
        isolated_grid(), [] { return 1.0; },
        [](double& unit, const Point& p) {
          if (p.index() == 5) throw std::runtime_error("diverged");
          if (p.index() == 7) throw Rejected("outside the domain");
          return unit * isolated_model(p);
        },
        {{"result"}}, {.isolated = isolated});
    return sweep.run(manager());
  };
  const auto expected = isolated_outcomes(run(std::nullopt));
  for (const Isolation isolation : {Isolation::process, Isolation::fork}) {
    for (const std::uint64_t several : {1, 5}) {
      const SweepResult result = run(Isolated{.where = isolation, .evaluations_per_process = several});
      EXPECT_EQ(isolated_outcomes(result), expected);
      EXPECT_EQ(result.succeeded, 22U);
      EXPECT_TRUE(notes_say(result, isolation == Isolation::process ? "children of the fork server" : "as asked"));
    }
  }
}

TEST(IsolatedTest, large_results_arrive) {
  Sweep sweep(
      zip({linear("x", 0, 3, 4)}), [] { return 0; },
      [](int&, const Point& p) { return std::string(200'000 + p.index(), 'x'); }, {{"text", "", "string", ""}},
      {.isolated = Isolated{}});
  const SweepResult result = sweep.run(manager());
  EXPECT_EQ(result.succeeded, 4U);
  for (std::size_t i = 0; i < result.outcomes.size(); ++i) {
    EXPECT_EQ(result.outcomes[i].value().front().text().size(), 200'000 + i);
  }
}

volatile int depth = 0;

int overflow(volatile char* above) {
  volatile char frame[4096];
  frame[0] = *above;
  depth = depth + 1;
  return depth < 1'000'000'000 ? overflow(frame) + frame[0] : 0;
}

// Every third point ends its process, in one way after another.
double perilous(int&, const Point& p) {
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  ::signal(SIGSEGV, SIG_DFL);  // sanitizers catch them
  ::signal(SIGABRT, SIG_DFL);
  volatile char first = 1;
  switch (p.index()) {
    case 0:
      ::raise(SIGSEGV);
      break;
    case 3:
      std::abort();
    case 6:
      std::exit(3);
    case 9:
      std::exit(0);
    case 12:
      overflow(&first);
      break;
    case 15:
      ::raise(SIGKILL);
      break;
    default:
      break;
  }
  return p["x"];
}

TEST(IsolatedTest, every_fault_costs_one_point) {
  struct Expected {
    FailureKind kind;
    int code;
  };
  const std::vector<Expected> expected = {{FailureKind::crashed, -SIGSEGV}, {FailureKind::crashed, -SIGABRT},
                                          {FailureKind::exited, 3},         {FailureKind::exited, 0},
                                          {FailureKind::crashed, -SIGSEGV}, {FailureKind::crashed, -SIGKILL}};
  for (const Isolation isolation : {Isolation::process, Isolation::fork}) {
    for (const std::uint64_t several : {1, 4}) {
      Sweep sweep(zip({linear("x", 0, 17, 18)}), [] { return 0; }, perilous, {{"result"}},
                  {.isolated = Isolated{.where = isolation, .evaluations_per_process = several}});
      const SweepResult result = sweep.run(manager());
      EXPECT_EQ(result.succeeded, 12U);
      EXPECT_EQ(result.failed, 6U);
      for (std::size_t i = 0; i < result.outcomes.size(); ++i) {
        const auto& outcome = result.outcomes[i];
        if (i % 3 != 0) {
          EXPECT_EQ(outcome.value(), std::vector<Value>{static_cast<double>(i)});
          continue;
        }
        EXPECT_EQ(outcome.failure().kind, expected[i / 3].kind) << i << " " << outcome.failure().message;
        EXPECT_EQ(outcome.failure().code, expected[i / 3].code) << i;
      }
    }
  }
}

TEST(IsolatedTest, an_evaluation_that_hangs_costs_one_point) {
  Sweep sweep(
      zip({linear("x", 0, 3, 4)}), [] { return 0; },
      [](int&, const Point& p) {
        while (p.index() == 1) ::pause();
        return p["x"].number();
      },
      {{"result"}}, {.isolated = Isolated{.timeout = std::chrono::seconds(2)}});
  const SweepResult result = sweep.run(manager());
  EXPECT_EQ(result.succeeded, 3U);
  if (result.outcomes.empty()) return;
  EXPECT_EQ(result.outcomes[1].failure().kind, FailureKind::timed_out);
  EXPECT_EQ(result.outcomes[1].failure().message, "over the time limit of 2s");
}

// On one worker the limit becomes known before the point that hangs begins, on several perhaps while it runs.
TEST(IsolatedTest, an_evaluation_that_takes_far_longer_than_the_others_costs_one_point) {
  for (const Isolation isolation : {Isolation::process, Isolation::fork}) {
    Sweep sweep(
        zip({linear("x", 0, 39, 40)}), [] { return 0; },
        [](int&, const Point& p) {
          while (p.index() == 15) ::pause();
          return p["x"].number();
        },
        {{"result"}}, {.isolated = Isolated{.where = isolation, .relative_timeout = 3.0}});
    const SweepResult result = sweep.run(manager());
    EXPECT_EQ(result.succeeded, 39U);
    EXPECT_EQ(result.failed, 1U);
    if (result.outcomes.empty()) continue;
    EXPECT_EQ(result.outcomes[15].failure().kind, FailureKind::timed_out);
    EXPECT_EQ(result.outcomes[15].failure().message, "over the time limit of 1s (300% of the median, but at least 1s)");
  }
}

TEST(IsolatedTest, memory_over_the_limit_costs_one_point_and_is_named) {
  for (const Isolation isolation : {Isolation::process, Isolation::fork}) {
    Sweep sweep(
        zip({linear("x", 0, 7, 8)}), [] { return std::vector<char>(100'000'000, 1); },  // the model counts for nothing
        [](std::vector<char>&, const Point& p) {
          const rlimit no_core{0, 0};
          ::setrlimit(RLIMIT_CORE, &no_core);
          const std::vector<char> more(p.index() == 3 ? 80'000'000 : 10'000'000, 1);
          return static_cast<double>(more[more.size() / 2]);
        },
        {{"result"}}, {.isolated = Isolated{.where = isolation, .memory_limit = 64U << 20U}});
    const SweepResult result = sweep.run(manager());
    EXPECT_EQ(result.succeeded, 7U);
    EXPECT_EQ(result.failed, 1U);
    if (result.outcomes.empty()) continue;
    const std::string& message = result.outcomes[3].failure().message;
#ifndef __SANITIZE_ADDRESS__  // which ends a process whose allocation fails
    EXPECT_EQ(result.outcomes[3].failure().kind, FailureKind::exception);
    EXPECT_EQ(message, "over the memory limit of 64 MiB: std::bad_alloc");
#endif
  }
}

TEST(IsolatedTest, closures_with_captures_are_forked_from_the_rank_and_the_user_is_told_why) {
  const double factor = 2.5;
  Sweep sweep(
      isolated_grid(), [] { return 1; }, [&factor](int&, const Point& p) { return factor * isolated_model(p); },
      {{"result"}}, {.isolated = Isolated{}});
  const SweepResult result = sweep.run(manager());
  EXPECT_EQ(result.succeeded, 24U);
  EXPECT_TRUE(notes_say(result, "forked from the rank itself, since what `evaluate` captures cannot be serialized"));
  for (std::size_t i = 0; i < result.outcomes.size(); ++i) {
    EXPECT_EQ(result.outcomes[i].value(), std::vector<Value>{factor * isolated_model(sweep.design().point(i))});
  }
}

/// A function object whose state goes to the fork server.
struct Scaled {
  double factor = 0.0;
  std::vector<double> offsets = {};

  double operator()(int&, const Point& p) const { return factor * isolated_model(p) + offsets.at(p.index() % 2); }
  template <typename Archive>
  void serialize(Archive& archive, unsigned) {
    archive& factor& offsets;
  }
};

int build_one() {
  return 1;
}

TEST(IsolatedTest, objects_that_can_be_serialized_and_plain_functions_go_to_the_fork_server) {
  const Scaled scaled{3.0, {0.25, 0.5}};
  Sweep sweep(isolated_grid(), build_one, scaled, {{"result"}}, {.isolated = Isolated{}});
  const SweepResult result = sweep.run(manager());
  EXPECT_TRUE(notes_say(result, "fork server, since what build and evaluate hold can be serialized"));
  int one = 1;
  for (std::size_t i = 0; i < result.outcomes.size(); ++i) {
    EXPECT_EQ(result.outcomes[i].value(), std::vector<Value>{scaled(one, sweep.design().point(i))});
  }
}

TEST(IsolatedTest, evaluations_see_the_whole_point) {
  const Design design =
      grid({values("n", {1, 2}).unit("m").description("count"), values("b", {true, false}), geometric("g", 1, 4, 2)});
  const auto describe = [](int&, const Point& p) {
    std::string text = std::to_string(p.index());
    for (const Parameter& parameter : p.parameters()) {
      text += fmt::format(";{}{}{}{}={}", parameter.name(), parameter.unit(), parameter.description(),
                          parameter.definition(), p[parameter.name()].render());
    }
    return text;
  };
  const auto outcomes = [&](std::optional<Isolated> isolated) {
    Sweep sweep(design, [] { return 0; }, describe, {{"text", "", "string", ""}}, {.isolated = isolated});
    return isolated_outcomes(sweep.run(manager()));
  };
  EXPECT_EQ(outcomes(Isolated{}), outcomes(std::nullopt));
}

TEST(IsolatedTest, an_interrupt_ends_the_evaluations_that_run) {
  for (const Isolation isolation : {Isolation::process, Isolation::fork}) {
    Sweep sweep(
        zip({linear("x", 0, 99, 100)}), [] { return 0; },
        [](int&, const Point& p) {
          if (p.index() % 2 == 1) {
            for (;;) ::pause();
          }
          return p["x"].number();
        },
        {{"result"}}, {.isolated = Isolated{.where = isolation}});
    SweepOptions options;
    options.on_progress = [](const Progress& progress) {
      if (!progress.finished && !progress.stopping && progress.elapsed > 0.3) ::kill(::getpid(), SIGINT);
    };
    const SweepResult result = sweep.run(manager(), options);
    EXPECT_TRUE(result.interrupted());
    EXPECT_EQ(result.failed, 0U);
    EXPECT_GE(result.unfinished(), 50U);
  }
}

TEST(IsolatedTest, limits_that_nothing_can_meet_are_refused) {
  const auto sweep = [](Isolated isolated) {
    return Sweep(
        isolated_grid(), [] { return 1; }, [](int&, const Point& p) { return isolated_model(p); }, {{"result"}},
        {.isolated = isolated});
  };
  EXPECT_THROW(sweep({.timeout = std::chrono::seconds(0)}), SpecError);
  EXPECT_THROW(sweep({.relative_timeout = 1.0}), SpecError);
  EXPECT_THROW(sweep({.evaluations_per_process = 0}), SpecError);
}

// A build that ends its process costs its worker, and the message says how.
TEST(IsolatedTest, a_build_that_crashes_harms_no_worker_process) {
  Sweep sweep(
      zip({linear("x", 0, 9, 10)}),
      [] {
        const rlimit no_core{0, 0};
        ::setrlimit(RLIMIT_CORE, &no_core);
        ::signal(SIGABRT, SIG_DFL);
        std::abort();
        return 0;
      },
      [](int&, const Point& p) { return p["x"].number(); }, {{"result"}}, {.isolated = Isolated{}});
  const SweepResult result = sweep.run(manager());
  EXPECT_EQ(result.failed, 10U);
  EXPECT_EQ(result.failures.size(), manager().is_root() ? 10U : 0U);
  for (const TaskFailure& failure : result.failures) {
    EXPECT_NE(failure.message.find("signal 6 (Aborted)"), std::string::npos) << failure.message;
  }
}

}  // namespace
}  // namespace windrow
