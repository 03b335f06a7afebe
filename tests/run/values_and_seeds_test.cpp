// Functions get seeds of their points' own, and what they return keeps its digits.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <set>
#include <vector>

#include "windrow/parallel/fork_manager.hpp"
#include "windrow/parallel/serial_manager.hpp"
#include "windrow/run/sweep.hpp"
#include "windrow/store/store.hpp"

namespace windrow {
namespace {

class ValuesAndSeedsTest : public testing::TestWithParam<int> {
 protected:
  ValuesAndSeedsTest() {
    std::string name = (std::filesystem::temp_directory_path() / "windrow-sweep-XXXXXX").string();
    directory_ = mkdtemp(name.data());
    if (GetParam() == 0) {
      manager_ = std::make_unique<SerialManager>();
    } else {
      manager_ = std::make_unique<ForkManager>(GetParam());
    }
  }
  ~ValuesAndSeedsTest() override { std::filesystem::remove_all(directory_); }

  template <typename Evaluate>
  SweepResult run(const Design& design, Evaluate evaluate) {
    Sweep sweep(design, [] { return 0; }, evaluate, {{"result"}});
    SweepOptions options;
    options.store = directory_;
    return sweep.run(*manager_, options);
  }
  /// The output of every point.
  std::vector<Value> results() const {
    std::vector<Value> all;
    StoreReader(directory_).for_each([&](const Record& record) { all.push_back(record.outcome.value().at(0)); });
    return all;
  }

  std::filesystem::path directory_;
  std::unique_ptr<ParallelManager> manager_;
};

TEST_P(ValuesAndSeedsTest, a_whole_number_beyond_what_a_double_holds_keeps_its_digits) {
  const auto same = [](int, const Point& point) { return std::vector<Value>{point["x"]}; };
  run(grid({values("x", {std::int64_t{9007199254740993}, std::int64_t{7}})}), same);
  EXPECT_EQ(results(), (std::vector<Value>{std::int64_t{9007199254740993}, 7.0}));
}

TEST_P(ValuesAndSeedsTest, more_replicates_are_evaluated_alone_and_have_seeds_of_their_own) {
  const auto seed = [](int, const Point& point) { return static_cast<double>(point.seed31()); };
  const Design design = grid({values("x", {0.5, 1.5})}, 7);
  EXPECT_EQ(run(replicated(design, 2), seed).evaluated, 4U);
  const std::vector<Value> few = results();
  const SweepResult more = run(replicated(design, 5), seed);
  EXPECT_EQ(more.evaluated, 6U);
  EXPECT_EQ(more.reused, 4U);
  const std::vector<Value> many = results();
  EXPECT_EQ(many.at(1), few.at(1));
  EXPECT_EQ(many.at(5), few.at(2));
  std::set<double> different;
  for (const Value& value : many) different.insert(value.number());
  EXPECT_EQ(different.size(), 10U);
}

INSTANTIATE_TEST_SUITE_P(Managers, ValuesAndSeedsTest, testing::Values(0, 2));

}  // namespace
}  // namespace windrow
