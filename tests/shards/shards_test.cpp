// Sweeps in parts: who gets which points, what is evaluated, and how the parts are joined.
#include "windrow/shards/shards.hpp"

#include <gmock/gmock.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

#include "windrow/error.hpp"
#include "windrow/parallel/fork_manager.hpp"
#include "windrow/parallel/serial_manager.hpp"
#include "windrow/report/live.hpp"
#include "windrow/run/sweep.hpp"
#include "windrow/store/export.hpp"

namespace windrow {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(ShardTest, is_read_and_written) {
  EXPECT_EQ(parse_shard("2/4"), (Shard{2, 4}));
  EXPECT_EQ(name_of(parse_shard("100000/100000")), "100000/100000");
  for (const char* wrong : {"", "2", "0/4", "5/4", "2/0", "-1/4", "a/4", "2/", "2/4/8", "1/100001"}) {
    EXPECT_THROW(parse_shard(wrong), SpecError) << wrong;
  }
}

TEST(ShardTest, every_point_belongs_to_one_shard_and_each_gets_one_of_any_k_neighbours) {
  for (const std::uint64_t points : {0U, 1U, 7U, 100U, 4096U}) {
    for (const std::uint32_t count : {1U, 2U, 3U, 4U, 7U, 64U}) {
      std::vector<int> owners(points, 0);
      for (std::uint32_t number = 1; number <= count; ++number) {
        const IndexSet share = points_of({number, count}, points);
        EXPECT_LE(share.size(), points / count + 1);
        EXPECT_GE(share.size() + 1, points / count);
        for (std::uint64_t i = 0; i < points; ++i) owners[i] += share.contains(i) ? 1 : 0;
        for (std::uint64_t round = 0; (round + 1) * count <= points; ++round) {
          int own = 0;
          for (std::uint64_t i = 0; i < count; ++i) own += share.contains(round * count + i) ? 1 : 0;
          ASSERT_EQ(own, 1);
        }
      }
      for (const int owner : owners) ASSERT_EQ(owner, 1);
    }
  }
}

// index modulo K would give each of 4 shards one of the levels of a parameter that has 8.
TEST(ShardTest, no_number_of_levels_meets_the_division) {
  for (const std::uint64_t levels : {2U, 4U, 8U, 12U, 16U, 60U, 100U}) {
    for (const std::uint32_t count : {2U, 4U, 5U, 8U}) {
      const std::uint64_t rows = 400;
      std::vector<std::uint64_t> of_level(levels, 0);
      const IndexSet share = points_of({1, count}, rows * levels);
      for (const IndexRange& range : share.ranges()) {
        for (std::uint64_t i = 0; i < range.count; ++i) ++of_level[(range.first + i) % levels];
      }
      for (const std::uint64_t got : of_level) {
        EXPECT_NEAR(static_cast<double>(got), static_cast<double>(rows) / count, 12.0) << levels << " " << count;
      }
    }
  }
}

TEST(ShardTest, a_design_of_a_billion_points_takes_little_memory) {
  const IndexSet share = points_of({3, 4}, 1'000'000'000);
  EXPECT_LE(share.ranges().size(), std::size_t{1} << 18U);
  EXPECT_NEAR(static_cast<double>(share.size()), 2.5e8, 1000.0);
}

class ShardedSweepTest : public testing::TestWithParam<int> {
 protected:
  ShardedSweepTest() {
    std::string name = (fs::temp_directory_path() / "windrow-shards-XXXXXX").string();
    directory_ = mkdtemp(name.data());
  }
  ~ShardedSweepTest() override { fs::remove_all(directory_); }

  std::unique_ptr<ParallelManager> manager() const {
    if (GetParam() == 0) return std::make_unique<SerialManager>();
    return std::make_unique<ForkManager>(GetParam());
  }

  /// Points at which x is in `failing` throw.
  SweepResult run(std::optional<Shard> shard, const std::string& store = "results", std::uint64_t levels = 20,
                  std::vector<double> failing = {}, bool retry_failed = false) const {
    Sweep sweep(
        design(levels), [] { return 0; },
        [failing](int, const Point& point) {
          const double x = point["x"].number();
          if (std::find(failing.begin(), failing.end(), x) != failing.end()) throw Rejected("not this one");
          return 2.0 * x;
        });
    SweepOptions options;
    options.store = directory_ / store;
    options.shard = shard;
    options.retry_failed = retry_failed;
    const auto runs_on = manager();
    return sweep.run(*runs_on, options);
  }

  static Design design(std::uint64_t levels) {
    return grid({linear("x", 0.0, static_cast<double>(levels - 1), levels)});
  }
  fs::path store() const { return directory_ / "results"; }
  std::string csv(const std::string& store = "results") const {
    std::ostringstream out;
    export_csv(StoreReader(directory_ / store), out);
    return out.str();
  }

  fs::path directory_;
};

TEST_P(ShardedSweepTest, parts_that_are_merged_are_the_bytes_of_the_whole) {
  EXPECT_EQ(run({}, "whole", 20, {4.0}).failed, 1U);
  std::uint64_t evaluated = 0;
  for (std::uint32_t number = 1; number <= 3; ++number) {
    EXPECT_FALSE(merge_if_complete(store(), 3, {}).has_value());
    const SweepResult result = run(Shard{number, 3}, "results", 20, {4.0});
    EXPECT_EQ(result.points, result.evaluated);
    EXPECT_EQ(result.store, shard_directory(store(), {number, 3}));
    evaluated += result.evaluated;
  }
  EXPECT_EQ(evaluated, 20U);
  EXPECT_THROW(StoreReader{store()}, StoreError);
  const auto report = merge_if_complete(store(), 3, {});
  ASSERT_TRUE(report.has_value());
  EXPECT_TRUE(report->complete());
  EXPECT_EQ(csv(), csv("whole"));
  EXPECT_FALSE(fs::exists(store() / "shards"));
  EXPECT_FALSE(merge_if_complete(store(), 3, {}).has_value());
  EXPECT_THAT(merge_shards(store()).shards, IsEmpty());
  EXPECT_EQ(run(Shard{2, 3}, "results", 20).evaluated, 0U) << "the study's own store has them";
  EXPECT_EQ(run({}, "results", 20).evaluated, 0U);
}

TEST_P(ShardedSweepTest, a_shard_goes_on_where_it_was_and_another_division_uses_what_there_is) {
  EXPECT_EQ(run(Shard{1, 4}).evaluated, 5U);
  EXPECT_EQ(run(Shard{1, 4}).evaluated, 0U);
  std::uint64_t evaluated = 0;
  for (std::uint32_t number = 1; number <= 2; ++number) evaluated += run(Shard{number, 2}).evaluated;
  EXPECT_EQ(evaluated, 15U);
  const auto status = shards_status(store());
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(status->succeeded, 20U);
  ASSERT_EQ(status->shards.size(), 3U);
  EXPECT_EQ(status->shards.back().shard, (Shard{1, 4}));
  EXPECT_TRUE(merge_shards(store()).complete());
  EXPECT_EQ(csv(), (run({}, "whole"), csv("whole")));
}

TEST_P(ShardedSweepTest, failed_points_are_evaluated_again_in_their_shard_if_told_to) {
  run(Shard{1, 2}, "results", 20, {4.0, 5.0});
  run(Shard{2, 2}, "results", 20, {4.0, 5.0});
  EXPECT_EQ(merge_shards(store()).status.failed, 2U);
  std::uint64_t evaluated = 0;
  for (std::uint32_t number = 1; number <= 2; ++number) {
    evaluated += run(Shard{number, 2}, "results", 20, {4.0}, true).evaluated;
  }
  EXPECT_EQ(evaluated, 2U);
  EXPECT_EQ(merge_shards(store()).status.failed, 1U);
  EXPECT_EQ(StoreReader(store()).attempts(5).size(), 1U);
  EXPECT_EQ(StoreReader(store()).attempts(4).size(), 1U);
}

TEST_P(ShardedSweepTest, after_a_change_of_the_study_only_new_points_run_and_are_merged) {
  run({});
  std::uint64_t evaluated = 0;
  for (std::uint32_t number = 1; number <= 2; ++number) evaluated += run(Shard{number, 2}, "results", 25).evaluated;
  EXPECT_EQ(evaluated, 5U);
  EXPECT_THROW(merge_shards(store()), StoreError) << "nobody says what the points are";
  MergeOptions options;
  options.find_study = [](const StudyIdentity& study, const fs::path&) {
    EXPECT_EQ(study.points, 25U);
    return PresentStudy{study, [](std::uint64_t index) { return design(25).point(index).values(); }, {}};
  };
  EXPECT_TRUE(merge_shards(store(), options).complete());
  EXPECT_EQ(csv(), (run({}, "whole", 25), csv("whole")));
}

TEST_P(ShardedSweepTest, missing_changed_and_damaged_shards_are_named_and_the_rest_is_merged) {
  run(Shard{1, 4}, "results", 21);
  run(Shard{2, 4}, "results", 20);
  run(Shard{4, 4}, "results", 20);
  std::ofstream(shard_directory(store(), {4, 4}) / "results.sqlite", std::ios::trunc) << "no database at all, but text";
  run(Shard{2, 4}, "results", 20);  // the latest
  const auto status = shards_status(store());
  ASSERT_TRUE(status.has_value());
  std::vector<ShardState> states;
  for (const ShardStatus& shard : status->shards) states.push_back(shard.state);
  EXPECT_THAT(states, ElementsAre(ShardState::changed, ShardState::complete, ShardState::missing, ShardState::damaged));
  EXPECT_THAT(status->shards[0].problem, HasSubstr("linear(0, 20, 21)"));
  EXPECT_FALSE(merge_if_complete(store(), 4, {}).has_value());
  const MergeReport report = merge_shards(store());
  EXPECT_FALSE(report.complete());
  EXPECT_EQ(report.status.succeeded, 5U);
  ASSERT_EQ(report.shards.size(), 4U);
  EXPECT_THAT(report.shards[0].problems, ElementsAre(HasSubstr("another form of the study")));
  EXPECT_TRUE(report.shards[1].merged);
  EXPECT_THAT(report.shards[1].problems, IsEmpty());
  EXPECT_THAT(report.shards[2].problems,
              ElementsAre(AllOf(HasSubstr("5 of its points"), HasSubstr("the same program with shard 3/4"))));
  EXPECT_THAT(report.shards[3].problems, ElementsAre(HasSubstr("4-of-4/results.sqlite")));
  EXPECT_TRUE(fs::exists(shard_directory(store(), {4, 4})));
}

TEST_P(ShardedSweepTest, nothing_is_merged_by_itself_while_a_shard_that_has_begun_is_unfinished) {
  run(Shard{1, 2});
  const StudyIdentity study = StoreReader(shard_directory(store(), {1, 2})).identity();
  { const Store begun(shard_directory(store(), {2, 2}), study, {}); }
  EXPECT_EQ(shards_status(store())->shards[1].state, ShardState::unfinished);
  EXPECT_FALSE(merge_if_complete(store(), 2, {}).has_value());
  run(Shard{2, 2});
  EXPECT_TRUE(merge_if_complete(store(), 2, {}).has_value());
}

TEST_P(ShardedSweepTest, a_shard_that_runs_is_left_alone) {
  run(Shard{1, 2});
  run(Shard{2, 2});
  const Store running(shard_directory(store(), {2, 2}), StoreReader(shard_directory(store(), {2, 2})).identity(), {});
  const auto status = shards_status(store());
  EXPECT_TRUE(status->any_running());
  EXPECT_FALSE(merge_if_complete(store(), 2, {}).has_value());
  const MergeReport report = merge_shards(store());
  EXPECT_EQ(report.status.succeeded, 10U);
  EXPECT_THAT(report.shards[1].problems, ElementsAre(HasSubstr("results are being written by process")));
}

TEST_P(ShardedSweepTest, everything_can_be_joined_elsewhere_and_stays) {
  run({}, "results", 10);
  fs::rename(store(), directory_ / "earlier");
  run(Shard{1, 2}, "results", 10);
  MergeOptions options;
  options.into = directory_ / "joined";
  EXPECT_EQ(merge_shards(store(), options).status.succeeded, 5U);
  EXPECT_TRUE(fs::exists(shard_directory(store(), {1, 2})));
  run(Shard{2, 2}, "results", 10);
  EXPECT_TRUE(merge_shards(store(), options).complete());
  EXPECT_EQ(csv("joined"), csv("earlier"));
  EXPECT_FALSE(fs::exists(store() / "results.sqlite"));
}

TEST_P(ShardedSweepTest, what_a_killed_removal_left_goes_with_the_next_merge) {
  const auto leave_something = [&] {
    fs::create_directories(store() / "shards" / "7-of-9.merged" / "points");
    EXPECT_TRUE(fs::exists(store() / "shards" / "7-of-9.merged"));
  };
  run(Shard{1, 1});
  leave_something();
  EXPECT_TRUE(merge_shards(store()).complete());
  EXPECT_FALSE(fs::exists(store() / "shards"));
  leave_something();
  EXPECT_THAT(merge_shards(store()).shards, IsEmpty());
  EXPECT_FALSE(fs::exists(store() / "shards"));
}

TEST_P(ShardedSweepTest, a_shard_needs_a_store) {
  Sweep sweep(
      design(3), [] { return 0; }, [](int, const Point& point) { return point["x"].number(); });
  SweepOptions options;
  options.shard = Shard{1, 2};
  const auto runs_on = manager();
  EXPECT_THROW(sweep.run(*runs_on, options), SpecError);
}

TEST_P(ShardedSweepTest, a_run_leaves_word_of_its_end) {
  run(Shard{2, 2});
  const auto live = read_live(shard_directory(store(), {2, 2}));
  ASSERT_TRUE(live.has_value());
  EXPECT_EQ(live->shard, "2/2");
  EXPECT_EQ(live->process, getpid());
  EXPECT_EQ(live->progress.points, 10U);
  EXPECT_EQ(live->progress.done, 10U);
  EXPECT_TRUE(live->progress.finished);
  EXPECT_EQ(live->workers.size(), static_cast<std::size_t>(std::max(GetParam(), 1)));
  EXPECT_EQ(LivenessWatch(shard_directory(store(), {2, 2})).look().liveness, Liveness::ended);
  std::uint64_t evaluated = 0;
  for (const LiveWorker& worker : live->workers) evaluated += worker.evaluated;
  EXPECT_EQ(evaluated, 10U);
}

INSTANTIATE_TEST_SUITE_P(Workers, ShardedSweepTest, testing::Values(0, 2));

}  // namespace
}  // namespace windrow
