#include "windrow/run/sweep.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>

#include "conformance/conformance.hpp"
#include "conformance/shared_directory.hpp"
#include "windrow/store/export.hpp"

namespace windrow {
namespace {

using test::manager;
using test::SharedDirectory;

Design small_grid() {
  return grid({linear("a", 0.0, 1.0, 7), geometric("b", 1.0, 100.0, 5), values("s", {"x", "y"})}, 3);
}

double model(const Point& p) {
  return std::sin(p["a"]) * p["b"].number() + (p["s"].text() == "x" ? 0.5 : 0.25);
}

std::string csv(const std::filesystem::path& store) {
  std::ostringstream out;
  export_csv(StoreReader(store), out);
  return out.str();
}

TEST(SweepTest, outcomes_are_in_index_order_and_the_same_everywhere) {
  for (const Schedule schedule : all_schedules) {
    Sweep sweep(
        small_grid(), [] { return 1.0; }, [](double& unit, const Point& p) { return unit * model(p); });
    const SweepResult result = sweep.run(manager(), {.schedule = schedule});
    EXPECT_EQ(result.points, 70U);
    EXPECT_EQ(result.succeeded, 70U);
    EXPECT_EQ(result.exit_code(), 0);
    EXPECT_EQ(result.workers, manager().worker_count());
    if (!manager().is_root()) continue;
    EXPECT_EQ(result.outcomes.size(), 70U);
    for (std::uint64_t i = 0; i < 70; ++i) {
      EXPECT_EQ(result.outcomes[i].value(), std::vector<Value>{model(sweep.design().point(i))});
    }
  }
}

TEST(SweepTest, random_designs_give_the_same_points_on_every_rank) {
  const Design design = latin_hypercube({uniform("u", -1.0, 1.0), normal("n", 0.0, 2.0)}, 101, 7);
  Sweep sweep(
      design, [] { return 0; },
      [](int&, const Point& p) {
        return std::vector<double>{p["u"], p["n"]};
      },
      {{"u_out", "", "number", ""}, {"n_out", "", "number", ""}});
  const SweepResult result = sweep.run(manager());
  for (std::size_t i = 0; i < result.outcomes.size(); ++i) {
    EXPECT_EQ(result.outcomes[i].value(), design.point(i).values());
  }
}

TEST(SweepTest, every_kind_of_failure_is_an_outcome) {
  const Design design = zip({values("i", {0, 1, 2, 3, 4, 5})});
  Sweep sweep(
      design, [] { return 0; },
      [](int&, const Point& p) -> std::vector<Value> {
        switch (p["i"].integer()) {
          case 1:
            throw std::runtime_error("diverged");
          case 2:
            throw Rejected("outside the domain");
          case 3:
            return {1.0, 2.0};
          case 4:
            return {"text"};
          default:
            return {p["i"]};
        }
      });
  const SweepResult result = sweep.run(manager());
  EXPECT_EQ(result.succeeded, 2U);
  EXPECT_EQ(result.failed, 4U);
  EXPECT_EQ(result.exit_code(), 1);
  if (!manager().is_root()) return;
  EXPECT_EQ(result.failures.size(), 4U);
  const std::vector<FailureKind> kinds = {FailureKind::exception, FailureKind::rejected, FailureKind::bad_output,
                                          FailureKind::bad_output};
  for (std::size_t i = 0; i < result.failures.size() && i < kinds.size(); ++i) {
    EXPECT_EQ(result.failures[i].index, i + 1);
    EXPECT_EQ(result.failures[i].kind, kinds[i]) << result.failures[i].message;
  }
  EXPECT_EQ(result.failures.front().message, "diverged");
  EXPECT_EQ(result.outcomes[5].value(), std::vector<Value>{5.0});  // a number column holds numbers
}

TEST(SweepTest, a_used_model_that_fails_is_built_anew_and_the_point_tried_once_more) {
  const Design design = zip({linear("x", 0, 19, 20)});
  Sweep sweep(
      design, [] { return 0; },
      [](int& evaluations, const Point& p) {
        if (++evaluations > 1 && p["x"].integer() % 2 == 0) throw std::runtime_error("stale state");
        return p["x"].number();
      });
  const SweepResult result = sweep.run(manager());
  EXPECT_EQ(result.succeeded, 20U);
  EXPECT_EQ(result.failed, 0U);
}

TEST(SweepTest, a_store_is_written_once_and_continued) {
  const SharedDirectory directory;
  const auto store = directory / "results";
  Sweep sweep(
      small_grid(), [] { return 0; }, [](int&, const Point& p) { return model(p); });
  const SweepResult first = sweep.run(manager(), {.store = store});
  EXPECT_EQ(first.evaluated, 70U);
  const std::string before = manager().is_root() ? csv(store) : "";
  const SweepResult second = sweep.run(manager(), {.store = store});
  EXPECT_EQ(second.evaluated, 0U);
  EXPECT_EQ(second.reused, 70U);
  EXPECT_EQ(second.succeeded, 70U);
  if (manager().is_root()) {
    EXPECT_EQ(csv(store), before);
  }
}

TEST(SweepTest, failed_points_run_again_when_asked_for) {
  const SharedDirectory directory;
  const auto store = directory / "results";
  const auto run = [&](bool works, bool retry_failed) {
    Sweep sweep(
        zip({linear("x", 0, 9, 10)}), [] { return 0; },
        [works](int&, const Point& p) {
          if (!works && p["x"].number() > 6.5) throw std::runtime_error("no licence");
          return p["x"].number();
        });
    return sweep.run(manager(), {.store = store, .retry_failed = retry_failed});
  };
  EXPECT_EQ(run(false, false).failed, 3U);
  EXPECT_EQ(run(true, false).evaluated, 0U);
  const SweepResult last = run(true, true);
  EXPECT_EQ(last.evaluated, 3U);
  EXPECT_EQ(last.succeeded, 10U);
  EXPECT_EQ(last.failed, 0U);
}

TEST(SweepTest, after_a_change_of_the_design_only_new_points_run) {
  const SharedDirectory directory;
  const auto store = directory / "results";
  const auto run = [&](const Design& design) {
    Sweep sweep(
        design, [] { return 0; }, [](int&, const Point& p) { return p["x"].number() + p["y"].number(); });
    return sweep.run(manager(), {.store = store});
  };
  EXPECT_EQ(run(grid({linear("x", 0, 1, 11), linear("y", 0, 9, 10)})).evaluated, 110U);
  const SweepResult finer = run(grid({linear("y", 0, 9, 10), linear("x", 0, 1, 21)}));
  EXPECT_EQ(finer.evaluated, 100U);
  EXPECT_EQ(finer.reused, 110U);
  EXPECT_EQ(finer.succeeded, 210U);
  if (manager().is_root()) {
    StoreReader(store).for_each([](const Record& record) {
      EXPECT_EQ(record.outcome.value()[0].number(), record.parameters[0].number() + record.parameters[1].number());
    });
  }
}

TEST(SweepTest, a_store_that_cannot_be_used_is_refused_on_every_rank_and_the_ranks_go_on) {
  const SharedDirectory directory;
  const auto store = directory / "results";
  const auto broken = directory / "broken";
  if (manager().is_root()) {
    std::filesystem::create_directories(broken);
    std::ofstream(broken / "results.sqlite") << std::string(10000, '?');
  }
  manager().sync();
  Sweep sweep(
      zip({linear("x", 0, 9, 10)}), [] { return 0; }, [](int&, const Point& p) { return p["x"].number(); });
  sweep.run(manager(), {.store = store});
  if (manager().is_root()) {
    EXPECT_THROW(sweep.run(manager(), {.store = broken}), StoreError);
  } else {
    EXPECT_THROW(sweep.run(manager(), {.store = broken}), RootFailed);
  }
  EXPECT_EQ(sweep.run(manager(), {.store = store}).reused, 10U);
}

TEST(SweepTest, ranks_with_different_designs_are_told) {
  if (manager().size() == 1) return;
  const double end = manager().is_root() ? 1.0 : 2.0;
  Sweep sweep(
      zip({linear("x", 0, end, 10)}), [] { return 0; }, [](int&, const Point& p) { return p["x"].number(); });
  EXPECT_THROW(sweep.run(manager()), SpecError);
}

TEST(SweepTest, an_interrupt_keeps_what_is_finished_and_the_next_run_completes) {
  const SharedDirectory directory;
  const auto store = directory / "results";
  const Design design = zip({linear("x", 0, 399, 400)});
  Sweep sweep(
      design, [] { return 0; },
      [](int&, const Point& p) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
        return p["x"].number();
      });
  SweepOptions options;
  options.store = store;
  options.on_progress = [](const Progress& progress) {
    if (!progress.finished && !progress.stopping && progress.evaluated > 0) ::kill(::getpid(), SIGINT);
  };
  const SweepResult first = sweep.run(manager(), options);
  EXPECT_TRUE(first.interrupted());
  EXPECT_EQ(first.exit_code(), 130);
  EXPECT_GT(first.evaluated, 0U);
  EXPECT_GT(first.unfinished(), 0U);
  EXPECT_EQ(first.failed, 0U);
  const SweepResult second = sweep.run(manager(), {.store = store});
  EXPECT_FALSE(second.interrupted());
  EXPECT_EQ(second.reused, first.evaluated);
  EXPECT_EQ(second.evaluated, 400U - first.evaluated);
  EXPECT_EQ(second.succeeded, 400U);
}

TEST(SweepTest, a_store_that_fails_midway_stops_every_rank) {
  const SharedDirectory directory;
  const auto store = directory / "results";
  Sweep sweep(
      zip({linear("x", 0, 99, 100)}), [] { return 0; }, [](int&, const Point& p) { return p["x"].number(); });
  SweepOptions options;
  options.store = store;
  options.on_progress = [](const Progress&) { throw StoreError("disk full"); };  // as the root's store would
  if (manager().is_root()) {
    EXPECT_THROW(sweep.run(manager(), options), StoreError);
  } else {
    EXPECT_THROW(sweep.run(manager(), options), RootFailed);
  }
  EXPECT_EQ(sweep.run(manager(), {.store = store}).succeeded, 100U);
}

TEST(SweepTest, points_that_fail_twice_and_then_succeed_do_so_everywhere) {
  const SharedDirectory directory;
  const auto tries = [&](std::int64_t point) {  // by any rank, through the file system
    const auto file = directory / ("try" + std::to_string(point));
    std::ofstream(file, std::ios::app) << 'x';
    return std::filesystem::file_size(file);
  };
  Sweep sweep(
      zip({linear("x", 0, 39, 40)}), [] { return 0; },
      [&](int&, const Point& p) {
        const std::int64_t x = p["x"].integer();
        // A worker whose model has been used tries twice in one evaluation: two retries are enough either way.
        if (x % 5 == 0 && tries(x) < 3) throw std::runtime_error("not yet");
        return p["x"].number();
      });
  SweepOptions options;
  options.failure_policy.retries = 2;
  const SweepResult result = sweep.run(manager(), options);
  EXPECT_EQ(result.succeeded, 40U);
  EXPECT_EQ(result.failed, 0U);
  EXPECT_EQ(result.evaluated, 40U);
  EXPECT_GE(result.retried, 8U);
  EXPECT_LE(result.retried, 16U);
  EXPECT_EQ(result.exit_code(), 0);
  for (std::size_t i = 0; i < result.outcomes.size(); ++i) {
    EXPECT_EQ(result.outcomes[i].value(), std::vector<Value>{static_cast<double>(i)});
  }
}

TEST(SweepTest, a_second_try_with_a_new_model_counts_as_retried) {
  const SharedDirectory directory;
  const auto store = directory / "results";
  constexpr std::uint64_t last = 31;  // no worker's first point, so that its model has been used
  Sweep sweep(
      zip({linear("x", 0, static_cast<double>(last), last + 1)}), [] { return 0; },
      [](int& evaluations, const Point& p) {
        if (p["x"].number() == static_cast<double>(last) && evaluations > 0) throw std::runtime_error("stale");
        return static_cast<double>(++evaluations);
      });
  const SweepResult result = sweep.run(manager(), {.store = store, .schedule = Schedule::static_split});
  EXPECT_EQ(result.succeeded, last + 1);
  EXPECT_EQ(result.failed, 0U);
  EXPECT_EQ(result.evaluated, last + 1);
  EXPECT_EQ(result.retried, 1U);
  if (!manager().is_root()) return;
  StoreReader(store).for_each([](const Record& record) {
    EXPECT_TRUE(record.outcome.ok()) << record.index;
    EXPECT_EQ(record.attempts, record.index == last ? 2 : 1) << record.index;
  });
  const auto record = StoreReader(store).find(last);
  EXPECT_TRUE(record.has_value());
  if (record) {
    EXPECT_EQ(record->outcome.value(), std::vector<Value>{1.0}) << "not a new model";
  }
}

TEST(SweepTest, a_run_that_gives_up_says_so_on_every_rank_and_the_next_one_goes_on) {
  const SharedDirectory directory;
  const auto store = directory / "results";
  Sweep sweep(
      zip({linear("x", 0, 199, 200)}), [] { return 0; },
      [](int&, const Point& p) {
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
        if (p["x"].integer() % 4 == 0) throw std::runtime_error("diverged");
        return p["x"].number();
      });
  SweepOptions options;
  options.store = store;
  options.schedule = Schedule::dynamic;
  options.failure_policy.max_failures = parse_max_failures("2%");
  const SweepResult first = sweep.run(manager(), options);
  EXPECT_EQ(first.stopped_by, StopReason::failures);
  EXPECT_EQ(first.exit_code(), 1);
  EXPECT_GE(first.failed, 4U);
  EXPECT_GT(first.unfinished(), 0U);
  const SweepResult second = sweep.run(manager(), {.store = store});
  EXPECT_EQ(second.stopped_by, StopReason::none);
  EXPECT_EQ(second.evaluated, 200U - first.evaluated);
  EXPECT_EQ(second.failed, 50U);
}

TEST(SweepTest, a_callback_that_throws_is_an_error_on_every_rank_and_loses_nothing) {
  const SharedDirectory directory;
  const auto store = directory / "results";
  Sweep sweep(
      zip({linear("x", 0, 199, 200)}), [] { return 0; },
      [](int&, const Point& p) {
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
        return p["x"].number();
      });
  SweepOptions options;
  options.store = store;
  options.on_progress = [](const Progress& progress) {
    if (progress.done > 0) throw std::runtime_error("the screen is gone");
  };
  if (manager().is_root()) {
    EXPECT_THROW(sweep.run(manager(), options), std::runtime_error);
  } else {
    EXPECT_THROW(sweep.run(manager(), options), RootFailed);
  }
  const SweepResult second = sweep.run(manager(), {.store = store});
  EXPECT_GT(second.reused, 0U);
  EXPECT_EQ(second.succeeded, 200U);
}

TEST(SweepTest, a_run_that_gives_up_lets_no_more_points_fail_than_one_a_worker_beyond) {
  for (const Schedule schedule : all_schedules) {
    for (const std::uint64_t most : {1, 5, 40}) {
      for (const int every : {1, 3}) {  // how many points fail, in microseconds or fractions of a millisecond
        for (const int microseconds : {0, 300}) {
          Sweep sweep(
              zip({linear("x", 0, 999, 1000)}), [] { return 0; },
              [=](int&, const Point& p) {
                std::this_thread::sleep_for(std::chrono::microseconds(microseconds));
                if (p["x"].integer() % every == 0) throw std::runtime_error("diverged");
                return p["x"].number();
              });
          SweepOptions options;
          options.schedule = schedule;
          options.failure_policy.max_failures = MaxFailures{static_cast<double>(most), false};
          const SweepResult result = sweep.run(manager(), options);
          EXPECT_EQ(result.stopped_by, StopReason::failures);
          EXPECT_GE(result.failed, most);
          EXPECT_LE(result.failed, most + static_cast<std::uint64_t>(manager().worker_count()))
              << name_of(schedule) << ", one of " << every << ", " << microseconds << " us";
          EXPECT_GT(result.unfinished(), 0U);
        }
      }
    }
  }
}

TEST(SweepTest, a_time_limit_ends_a_run_and_the_next_ones_complete_it) {
  const SharedDirectory directory;
  const auto store = directory / "results";
  Sweep sweep(
      zip({linear("x", 0, 999, 1000)}), [] { return 0; },
      [](int&, const Point& p) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
        return p["x"].number();
      });
  SweepOptions options;
  options.store = store;
  options.limits.time_limit = std::chrono::milliseconds(250);
  const SweepResult first = sweep.run(manager(), options);
  EXPECT_EQ(first.stopped_by, StopReason::time_limit);
  EXPECT_EQ(first.exit_code(), 75);
  EXPECT_GT(first.evaluated, 0U);
  EXPECT_GT(first.unfinished(), 0U);
  EXPECT_EQ(first.failed, 0U);
  const SweepResult second = sweep.run(manager(), {.store = store});
  EXPECT_EQ(second.reused, first.evaluated);
  EXPECT_EQ(second.evaluated, 1000U - first.evaluated);
  EXPECT_EQ(second.exit_code(), 0);
}

TEST(SweepTest, sigusr1_drains_and_the_next_run_completes) {
  const SharedDirectory directory;
  const auto store = directory / "results";
  Sweep sweep(
      zip({linear("x", 0, 399, 400)}), [] { return 0; },
      [](int&, const Point& p) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
        return p["x"].number();
      });
  SweepOptions options;
  options.store = store;
  options.limits.drain = std::chrono::milliseconds(20);
  options.on_progress = [](const Progress& progress) {
    if (!progress.finished && !progress.stopping && progress.evaluated > 0) ::kill(::getpid(), SIGUSR1);
  };
  const SweepResult first = sweep.run(manager(), options);
  EXPECT_EQ(first.stopped_by, StopReason::signal);
  EXPECT_EQ(first.exit_code(), 75);
  EXPECT_GT(first.unfinished(), 0U);
  EXPECT_EQ(first.failed, 0U);
  const SweepResult second = sweep.run(manager(), {.store = store});
  EXPECT_EQ(second.evaluated, 400U - first.evaluated);
  EXPECT_EQ(second.succeeded, 400U);
}

TEST(SweepTest, programs_run_at_every_point) {
  const SharedDirectory directory;
  CommandSpec spec;
  spec.run = std::string("echo value={{a}}; test {{s}} != y || exit 3");
  spec.outputs = {{"value", RegexSource{"stdout", "value=(\\S+)"}, "number", "", ""}};
  spec.study_directory = directory / "";
  spec.points_directory = directory / "points";
  const Design design = grid({linear("a", 0.0, 1.0, 7), values("s", {"x", "y"})});
  Sweep sweep(design, Command(spec, design));
  const SweepResult result = sweep.run(manager());
  EXPECT_EQ(result.succeeded, 7U);
  EXPECT_EQ(result.failed, 7U);
  for (std::size_t i = 0; i < result.outcomes.size(); ++i) {
    if (i % 2 == 0) {
      EXPECT_EQ(result.outcomes[i].value(), std::vector<Value>{design.point(i)["a"]});
    } else {
      EXPECT_EQ(result.outcomes[i].failure().kind, FailureKind::exited);
      EXPECT_EQ(result.outcomes[i].failure().code, 3);
    }
  }
}

}  // namespace
}  // namespace windrow
