// Sweeps of functions that go on from a store of an earlier form of the design.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <optional>

#include "windrow/parallel/fork_manager.hpp"
#include "windrow/parallel/serial_manager.hpp"
#include "windrow/run/sweep.hpp"

namespace windrow {
namespace {

class SweepResumeTest : public testing::TestWithParam<int> {
 protected:
  SweepResumeTest() {
    std::string name = (std::filesystem::temp_directory_path() / "windrow-sweep-XXXXXX").string();
    directory_ = mkdtemp(name.data());
    if (GetParam() == 0) {
      manager_ = std::make_unique<SerialManager>();
    } else {
      manager_ = std::make_unique<ForkManager>(GetParam());
    }
  }
  ~SweepResumeTest() override { std::filesystem::remove_all(directory_); }

  template <typename Evaluate>
  SweepResult run(const Design& design, Evaluate evaluate, const std::string& version = "1") {
    Sweep sweep(design, [] { return 0; }, evaluate, {{"result"}}, {.version = version});
    SweepOptions options;
    options.store = directory_;
    found_.reset();
    options.on_resumed = [this](const Resumption& found) { found_ = found; };
    return sweep.run(*manager_, options);
  }

  std::filesystem::path directory_;
  std::unique_ptr<ParallelManager> manager_;
  std::optional<Resumption> found_;
};

TEST_P(SweepResumeTest, only_new_points_are_evaluated_and_the_version_is_a_part_of_them) {
  const auto twice = [](int, const Point& point) { return 2.0 * point["x"]; };
  EXPECT_EQ(run(grid({linear("x", 0, 4, 5)}), twice).evaluated, 5U);
  EXPECT_FALSE(found_.has_value());
  const SweepResult finer = run(grid({linear("x", 0, 4, 9)}), twice);
  EXPECT_EQ(finer.evaluated, 4U);
  EXPECT_EQ(finer.reused, 5U);
  EXPECT_EQ(finer.succeeded, 9U);
  ASSERT_TRUE(found_.has_value());
  EXPECT_EQ(
      found_->describe(),
      "5 of 9 points are known from earlier runs; what differs: parameters.x: linear(0, 4, 5) -> linear(0, 4, 9)");
  EXPECT_EQ(run(grid({linear("x", 0, 4, 9)}), twice, "2").evaluated, 9U);
  EXPECT_EQ(run(grid({linear("x", 0, 4, 9)}, 17), twice, "2").evaluated, 9U) << "the function may have the seed";
}

TEST_P(SweepResumeTest, a_function_that_asks_for_the_index_is_evaluated_anew_where_it_changed) {
  const auto by_index = [](int, Point point) {  // a copy
    const Point another = point;
    return static_cast<double>(another.index()) + point["x"];
  };
  EXPECT_EQ(run(grid({values("x", {1, 2, 3})}), by_index).evaluated, 3U);
  EXPECT_EQ(run(grid({values("x", {1, 3, 2, 4})}), by_index).evaluated, 3U);
  EXPECT_EQ(run(grid({values("x", {1, 3, 2, 4})}), by_index).evaluated, 0U);
}

INSTANTIATE_TEST_SUITE_P(Managers, SweepResumeTest, testing::Values(0, 2));

}  // namespace
}  // namespace windrow
