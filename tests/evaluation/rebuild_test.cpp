#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <thread>

#include "error_of.hpp"
#include "windrow/parallel/fork_manager.hpp"
#include "windrow/run/sweep.hpp"

namespace windrow {
namespace {

// A worker that can never be built again fails its points at once: left alone, it would fail nearly all of them.
TEST(RebuildTest, a_worker_that_cannot_be_built_again_leaves_the_points_to_the_others) {
  constexpr std::uint64_t count = 100;
  bool broken = false;  // each worker has its own
  const auto build = [&] {
    if (broken) throw std::runtime_error("no licence any more");
    return 0;
  };
  Sweep sweep(zip({linear("x", 0.0, static_cast<double>(count - 1), count)}), build, [&](int&, const Point& point) {
    if (point.index() == 0) {
      broken = true;
      throw std::runtime_error("the model is spoiled");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    return point["x"].number();
  });
  ForkManager manager(2);
  const SweepResult result = sweep.run(manager, {.schedule = Schedule::dynamic});
  EXPECT_EQ(result.succeeded + result.failed, count);
  EXPECT_LE(result.failed, 3U) << result.summary();
  EXPECT_NE(result.summary().find("was given up: build failed: no licence any more"), std::string::npos)
      << result.summary();
}

TEST(OutputNamesTest, are_columns_of_their_own) {
  const auto error = [](const std::vector<Column>& outputs) {
    return test::error_of<SpecError>([&] {
      Sweep(
          zip({linear("x", 0.0, 1.0, 2)}), [] { return 0; }, [](int&, const Point&) { return 1.0; }, outputs);
    });
  };
  EXPECT_EQ(error({{"y"}, {"y"}}), "output `y`: another output has that name");
  EXPECT_EQ(error({{"x"}}), "output `x`: a parameter has that name");
  EXPECT_EQ(error({{"status"}}), "an output cannot be called `status`: the results have a column of that name");
}

}  // namespace
}  // namespace windrow
