// Sweeps in the background: the same results as in the foreground, on every backend, and whoever started them goes on.
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "conformance/conformance.hpp"
#include "conformance/shared_directory.hpp"
#include "windrow/run/sweep.hpp"

namespace windrow {
namespace {

using std::chrono::milliseconds;
using test::manager;
using test::SharedDirectory;

Design forty_points() {
  return zip({linear("x", 0, 39, 40)});
}

/// So many points that no run ends by itself before it is told to.
Sweep endless() {
  return Sweep(
      zip({linear("x", 0, 99'999, 100'000)}), [] { return 0; },
      [](int&, const Point& p) {
        std::this_thread::sleep_for(milliseconds(2));
        return p["x"].number();
      });
}

/// At the root. @return whether it is so, after a long time at most
template <typename Condition>
bool comes_true(Condition condition) {
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(40);
  while (!condition() && std::chrono::steady_clock::now() < give_up) std::this_thread::sleep_for(milliseconds(1));
  return condition();
}

TEST(RunningSweepTest, it_goes_on_while_its_caller_does_something_else) {
  const SharedDirectory directory;
  const auto door = directory / "door";
  const auto store = directory / "results";
  Progress last;
  SweepOptions options;
  options.store = store;
  options.on_progress = [&last](const Progress& now) { last = now; };
  RunningSweep sweep = Sweep(
                           forty_points(), [] { return 0; },
                           [&door](int&, const Point& p) {
                             if (!comes_true([&] { return std::filesystem::exists(door); }))
                               throw std::runtime_error("a closed door");
                             if (p["x"].number() == 7.0) throw std::runtime_error("diverged");
                             return p["x"].number();
                           })
                           .start(manager(), options);
  const Progress now = sweep.progress();
  EXPECT_EQ(now.points, manager().is_root() ? 40U : 0U);
  EXPECT_EQ(now.done, 0U);
  if (manager().is_root()) {
    EXPECT_FALSE(sweep.wait_for(milliseconds(1)));
    std::ofstream(door) << "open";
  }
  sweep.wait();
  EXPECT_TRUE(sweep.wait_for(milliseconds(0)));
  EXPECT_EQ(sweep.progress().done, manager().is_root() ? 40U : 0U);
  EXPECT_EQ(sweep.progress().failed, manager().is_root() ? 1U : 0U);
  EXPECT_EQ(last.finished, manager().is_root()) << "the caller's own callback";
  const SweepResult result = sweep.get();
  EXPECT_EQ(result.succeeded, 39U);
  EXPECT_EQ(result.failed, 1U);
  EXPECT_THROW(sweep.get(), Error) << "taken already";
  EXPECT_EQ(Sweep(
                forty_points(), [] { return 0; }, [](int&, const Point& p) { return p["x"].number(); })
                .run(manager(), {.store = store})
                .reused,
            40U);
}

TEST(RunningSweepTest, outcomes_are_those_of_a_run) {
  Sweep sweep(
      forty_points(), [] { return 2.0; }, [](double& two, const Point& p) { return two * p["x"].number(); });
  for (const Schedule schedule : all_schedules) {
    RunningSweep running = sweep.start(manager(), {.schedule = schedule});
    const SweepResult result = running.get();
    EXPECT_EQ(result.succeeded, 40U);
    EXPECT_EQ(result.outcomes.size(), manager().is_root() ? 40U : 0U);
    for (std::size_t i = 0; i < result.outcomes.size(); ++i) {
      EXPECT_EQ(result.outcomes[i].value(), std::vector<Value>{2.0 * static_cast<double>(i)});
    }
  }
}

TEST(RunningSweepTest, the_root_stops_it_for_all) {
  RunningSweep sweep = endless().start(manager());
  if (manager().is_root()) {
    EXPECT_TRUE(comes_true([&] { return sweep.progress().done > 0; }));
    sweep.request_stop();
  }
  const SweepResult result = sweep.get();
  EXPECT_EQ(result.stopped_by, StopReason::program);
  EXPECT_EQ(result.exit_code(), 75);
  EXPECT_GT(result.succeeded, 0U);
  EXPECT_GT(result.unfinished(), 0U);
  EXPECT_EQ(result.failed, 0U);
}

TEST(RunningSweepTest, its_end_of_life_is_a_stop) {
  Progress last;
  SweepOptions options;
  options.on_progress = [&last](const Progress& now) { last = now; };
  {
    const RunningSweep sweep = endless().start(manager(), options);
    if (manager().is_root()) {
      EXPECT_TRUE(comes_true([&] { return sweep.progress().done > 0; }));
    }
  }
  EXPECT_EQ(last.finished, manager().is_root());
  EXPECT_EQ(last.done < last.points, manager().is_root());
  EXPECT_EQ(manager().all_reduce(1), manager().size());
}

TEST(RunningSweepTest, a_signal_ends_it) {
  RunningSweep sweep = endless().start(manager());
  if (manager().is_root()) {
    EXPECT_TRUE(comes_true([&] { return sweep.progress().done > 0; }));
    ::kill(::getpid(), SIGINT);
  }
  const SweepResult result = sweep.get();
  EXPECT_EQ(result.interrupted_by, SIGINT);
  EXPECT_EQ(result.exit_code(), 130);
}

TEST(RunningSweepTest, what_a_run_throws_comes_out_of_get) {
  Sweep sweep(
      forty_points(), [] { return 0; }, [](int&, const Point& p) { return p["x"].number(); });
  SweepOptions throwing;
  throwing.on_progress = [](const Progress&) { throw std::runtime_error("the screen is gone"); };
  RunningSweep first = sweep.start(manager(), throwing);
  RunningSweep second = [&] {
    if (manager().is_root()) {
      EXPECT_THROW(first.get(), std::runtime_error);
    } else {
      EXPECT_THROW(first.get(), RootFailed);
    }
    return sweep.start(manager(), {.store = "/proc/no such place"});
  }();
  if (manager().is_root()) {
    EXPECT_THROW(second.get(), Error);
  } else {
    EXPECT_THROW(second.get(), RootFailed);
  }
  EXPECT_EQ(sweep.start(manager()).get().succeeded, 40U);
}

TEST(RunningSweepTest, workers_that_are_forked_see_what_was_there_at_the_start) {
  double factor = 1.0;
  RunningSweep sweep =
      Sweep(
          forty_points(), [] { return 0; }, [&factor](int&, const Point& p) { return factor * p["x"].number(); })
          .start(manager());
  if (!manager().forks_workers()) return sweep.wait();
  factor = 2.0;
  const SweepResult result = sweep.get();
  for (std::size_t i = 0; i < result.outcomes.size(); ++i) {
    EXPECT_EQ(result.outcomes[i].value(), std::vector<Value>{static_cast<double>(i)});
  }
}

}  // namespace
}  // namespace windrow
