// Failures by kind and by the line that tells why.
#include "windrow/store/failure_groups.hpp"

#include <fmt/format.h>

#include "store/interface/failure_grouping.hpp"
#include "support.hpp"

namespace windrow {
namespace {

using namespace test;
using detail::FailureGrouping;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TaskFailure exited(std::uint64_t index, std::string message, int code = 1) {
  TaskFailure failure = TaskFailure::of(FailureKind::exited, std::move(message));
  failure.index = index;
  failure.code = code;
  return failure;
}

TEST(TellingLineOfFailureTest, is_what_the_program_said_or_what_windrow_says) {
  const auto line = [](FailureKind kind, const char* message) { return telling_line(TaskFailure::of(kind, message)); };
  using enum FailureKind;
  EXPECT_EQ(line(exited, "stderr ends:\n  start\n  no licence today"), "no licence today");
  EXPECT_EQ(
      line(exited, "stderr tells:\n  model.Unstable: too hot\n  File \"a.py\", line 3\nand ends:\n  error: 1\n  b"),
      "model.Unstable: too hot");
  EXPECT_EQ(line(exited, "stdout tells:\n  ERROR: no mesh\nand stderr ends:\n  STOP 1"), "ERROR: no mesh");
  EXPECT_EQ(line(exited, "stderr is empty, stdout ends:\n  bad"), "bad");
  EXPECT_EQ(line(exited, "of a shell this means Segmentation fault; it printed nothing"),
            "of a shell this means Segmentation fault");
  EXPECT_EQ(line(exited, "it printed nothing"), "");
  EXPECT_EQ(line(crashed, "stderr is empty, stdout ends:\n  step 17"), "last output: \"step 17\"");
  EXPECT_EQ(line(crashed, "stderr ends:\n  error: no mesh"), "error: no mesh");
  EXPECT_EQ(line(exited, "cannot start `./a`: no such file"), "cannot start `./a`: no such file");
  EXPECT_EQ(line(timed_out, "over its time limit of 3s; stderr ends:\n  step 17"), "over its time limit of 3s");
  EXPECT_EQ(line(bad_output, "output `y`: no match; it printed nothing"), "output `y`: no match");
  EXPECT_EQ(line(exception, "no mesh\nmore"), "no mesh");
  EXPECT_EQ(line(bad_output, "output `y`: /a/b c/s.windrow/points/0/out.csv: no column `y` in `/s/points/0/out.csv`"),
            "output `y`: /a/b out.csv: no column `y` in `out.csv`")
      << "a blank ends a path";
}

TEST(FailureGroupingTest, lines_that_differ_in_numbers_are_one_group_and_the_lowest_index_is_the_example) {
  FailureGrouping grouping;
  EXPECT_TRUE(grouping.add(exited(9, "stderr ends:\n  no convergence at step 17")));
  EXPECT_FALSE(grouping.add(exited(4, "stderr ends:\n  no convergence at step 18")));
  EXPECT_TRUE(grouping.add(exited(5, "stderr ends:\n  no convergence at step 18", 3))) << "another exit code";
  EXPECT_TRUE(grouping.add(exited(6, "stderr ends:\n  no mesh")));
  const auto groups = grouping.groups();
  ASSERT_THAT(groups, SizeIs(3));
  EXPECT_EQ(groups[0].points, 2U);
  EXPECT_EQ(groups[0].example.index, 4U);
  EXPECT_EQ(groups[0].line, "no convergence at step 18");
  EXPECT_EQ(groups[1].code, 3);
  EXPECT_EQ(groups[2].line, "no mesh");
}

TEST(FailureGroupingTest, memory_is_bounded_whatever_programs_say) {
  FailureGrouping grouping;
  for (std::uint64_t i = 0; i < 100'000; ++i) {
    std::string word;
    for (std::uint64_t rest = i; word.size() < 6; rest /= 26) word += static_cast<char>('a' + rest % 26);
    grouping.add(exited(i, "stderr ends:\n  bad " + word), {Value(static_cast<std::int64_t>(i))});
  }
  const auto groups = grouping.groups();
  ASSERT_THAT(groups, SizeIs(201));
  EXPECT_TRUE(groups[0].various);
  EXPECT_EQ(groups[0].points, 100'000U - 200U);
  std::uint64_t points = 0;
  for (const FailureGroup& group : groups) points += group.points;
  EXPECT_EQ(points, 100'000U);
}

/// 60 points: x is 1, 2 or 3, y runs, z is constant. All of x = 3 fail alike; of others some, at any x.
class FailureGroupsTest : public testing::Test {
 protected:
  FailureGroupsTest() {
    StudyIdentity study;
    study.name = "s";
    study.points = 60;
    study.parameters = {{"x", "m", "integer"}, {"y", "", "integer"}, {"z", "", "string"}};
    study.outputs = {{"r", "", "number"}};
    Store store(directory_.path(), study, {});
    for (std::uint64_t i = 0; i < study.points; ++i) {
      Record record;
      record.index = i;
      record.parameters = {static_cast<std::int64_t>(1 + i % 3), static_cast<std::int64_t>(i), "same"};
      record.outcome = std::vector<Value>{1.0};
      if (i % 3 == 2) record.outcome = exited(i, fmt::format("stderr ends:\n  no convergence at step {}", i));
      if (i == 30 || i == 31) record.outcome = exited(i, "it printed nothing", 2);
      store.record(record);
    }
  }

  TemporaryDirectory directory_;
};

TEST_F(FailureGroupsTest, tell_the_levels_that_no_other_points_have) {
  const StoreReader reader(directory_.path());
  const auto groups = reader.failure_groups(true);
  ASSERT_THAT(groups, SizeIs(2));
  EXPECT_EQ(groups[0].points, 20U);
  EXPECT_EQ(groups[0].example.index, 2U);
  EXPECT_EQ(groups[0].line, "no convergence at step 2");
  EXPECT_THAT(groups[0].values, ElementsAre(Value(3), Value(2), Value("same")));
  ASSERT_THAT(groups[0].shared, SizeIs(1)) << "z is the same everywhere, y is different everywhere";
  EXPECT_EQ(groups[0].shared[0].parameter, "x");
  EXPECT_THAT(groups[0].shared[0].values, ElementsAre(Value(3)));
  EXPECT_TRUE(groups[0].shared[0].none_succeeded);
  EXPECT_THAT(groups[1].shared, IsEmpty()) << "two points with two levels say nothing";
  EXPECT_EQ(render(groups[0].shared, reader.identity().parameters), "all have x = 3 m, where no point succeeded");
  EXPECT_THAT(reader.failure_groups(false)[0].shared, IsEmpty());
}

TEST_F(FailureGroupsTest, are_shown_in_lines_that_fit_a_terminal) {
  const StoreReader reader(directory_.path());
  auto groups = reader.failure_groups();
  EXPECT_THAT(render(groups, reader.identity().parameters, 5, 80),
              ElementsAre("  20 exited with code 1: no convergence at step 2",
                          "     first at point 2: x = 3 m, y = 2, z = same", "   2 exited with code 2",
                          "     first at point 30: x = 1 m, y = 30, z = same"));
  EXPECT_THAT(render(groups, reader.identity().parameters, 1, 80).back(), "     and 2 more points of 1 other kind");
  groups[0].line = std::string(100, 'a') + " \x1b[31m" + std::string(500, 'b');
  groups[0].values[2] = Value("a\nb" + std::string(500, 'c'));
  for (const std::string& line : render(groups, reader.identity().parameters, 5, 80)) {
    EXPECT_LE(line.size(), 80U) << line;
    EXPECT_THAT(line, testing::Not(HasSubstr("\x1b")));
    EXPECT_THAT(line, testing::Not(HasSubstr("\n")));
  }
  EXPECT_THAT(render(groups, reader.identity().parameters, 5, 80), SizeIs(testing::Le(6U)));
}

TEST(DescribeKindTest, says_how_it_ended) {
  EXPECT_EQ(describe_kind(FailureKind::exited, 3), "exited with code 3");
  EXPECT_EQ(describe_kind(FailureKind::crashed, -11), "crashed: signal 11 (Segmentation fault)");
  EXPECT_EQ(describe_kind(FailureKind::timed_out, 0), "timed_out");
}

}  // namespace
}  // namespace windrow
