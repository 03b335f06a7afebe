// Sweeps in the background where no other thread may make the manager's calls, and more than one at a time.
#include <gtest/gtest.h>

#include <chrono>
#include <thread>
#include <utility>

#include "windrow/parallel/fork_manager.hpp"
#include "windrow/parallel/serial_manager.hpp"
#include "windrow/run/sweep.hpp"

namespace windrow {
namespace {

/// As an MpiManager without MPI_THREAD_MULTIPLE.
class OneThread : public SerialManager {
 public:
  bool may_change_thread() const override { return false; }
};

class OneThreadTest : public testing::Test {
 protected:
  RunningSweep start() {
    return Sweep(
               grid({linear("x", 0, 9, 10)}), [] { return 0; },
               [this](int&, const Point& p) {
                 ++evaluated_;
                 elsewhere_ = elsewhere_ || std::this_thread::get_id() != here_;
                 return p["x"].number();
               })
        .start(manager_);
  }

  OneThread manager_;
  std::thread::id here_ = std::this_thread::get_id();
  int evaluated_ = 0;
  bool elsewhere_ = false;
};

TEST_F(OneThreadTest, a_sweep_runs_while_somebody_waits) {
  RunningSweep sweep = start();
  EXPECT_EQ(sweep.progress().points, 10U);
  EXPECT_EQ(evaluated_, 0);
  EXPECT_TRUE(sweep.wait_for(std::chrono::nanoseconds(0)));
  EXPECT_EQ(evaluated_, 10);
  EXPECT_EQ(sweep.get().succeeded, 10U);
  EXPECT_FALSE(elsewhere_);
}

TEST_F(OneThreadTest, one_that_is_told_to_stop_before_evaluates_nothing) {
  RunningSweep sweep = start();
  sweep.request_stop();
  const SweepResult result = sweep.get();
  EXPECT_EQ(result.stopped_by, StopReason::program);
  EXPECT_EQ(evaluated_, 0);
}

TEST_F(OneThreadTest, an_abandoned_one_evaluates_nothing) {
  { const RunningSweep sweep = start(); }
  EXPECT_EQ(evaluated_, 0);
}

TEST(RunningSweepTest, two_managers_run_two_sweeps) {
  const auto start = [](ParallelManager& manager, double factor) {
    return Sweep(
               grid({linear("x", 0, 499, 500)}), [] { return 0; },
               [factor](int&, const Point& p) { return factor * p["x"].number(); })
        .start(manager);
  };
  SerialManager serial;
  ForkManager fork(2);
  RunningSweep first = start(serial, 2.0);
  RunningSweep second = start(fork, 3.0);
  RunningSweep moved = std::move(first);
  const SweepResult twice = moved.get();
  const SweepResult thrice = second.get();
  for (std::size_t i = 0; i < 500; ++i) {
    EXPECT_EQ(twice.outcomes[i].value()[0].number(), 2.0 * static_cast<double>(i));
    EXPECT_EQ(thrice.outcomes[i].value()[0].number(), 3.0 * static_cast<double>(i));
  }
}

}  // namespace
}  // namespace windrow
