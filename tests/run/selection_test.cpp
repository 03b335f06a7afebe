// Which points a run is about, and when it gives up early.
#include "run/selection.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "run/failure_policy.hpp"
#include "windrow/store/failure_groups.hpp"

namespace windrow {
namespace {

TEST(ParseIndicesTest, ranges_and_single_points_in_any_order) {
  EXPECT_EQ(parse_indices("0-4,17")->size(), 6u);
  EXPECT_TRUE(parse_indices("17,0-4")->contains(17));
  EXPECT_EQ(parse_indices("3"), parse_indices("3-3,3"));
  for (const char* wrong :
       {"", ",", "1,", "a", "1-", "-1", "4-3", "1--2", "1 ,2", "+1", "0x3", "9223372036854775807"}) {
    EXPECT_FALSE(parse_indices(wrong)) << wrong;
  }
}

TEST(SamplePointsTest, a_larger_sample_holds_a_smaller_one_and_the_seed_decides) {
  const IndexSet ten = detail::sample_points(7, 1000, 10);
  EXPECT_EQ(ten.size(), 10u);
  EXPECT_EQ(ten, detail::sample_points(7, 1000, 10));
  EXPECT_EQ(ten.without(detail::sample_points(7, 1000, 50)).size(), 0u);
  EXPECT_NE(ten, detail::sample_points(8, 1000, 10));
  EXPECT_EQ(detail::sample_points(7, 5, 10), IndexSet::first(5));
  EXPECT_EQ(detail::sample_points(7, std::uint64_t{1} << 40U, 10).size(), 10u);
}

TEST(RandomOrderTest, no_two_points_have_the_same_place) {
  const auto order = detail::random_order(1, 500);
  std::set<double> places;
  for (std::uint64_t i = 0; i < 500; ++i) places.insert(order->cost(i));
  EXPECT_EQ(places.size(), 500u);
  EXPECT_LE(*places.rbegin(), 0.0) << "they are no times";
}

TaskFailure failed(std::uint64_t index, const std::string& message, int code = 1) {
  TaskFailure failure = TaskFailure::ended(ExitStatus::exited(code), message);
  failure.index = index;
  return failure;
}

class EarlyFailuresTest : public testing::Test {
 protected:
  detail::EarlyFailures early_;
  void fail(int number, const std::string& message, double at = 1.0, int code = 1) {
    for (int i = 0; i < number; ++i) early_.failed(failed(static_cast<std::uint64_t>(i), message, code), at);
  }
};

TEST_F(EarlyFailuresTest, ten_in_the_same_way_are_enough) {
  fail(9, "stderr ends:\n  a\n  no licence");
  EXPECT_FALSE(early_.gives_up());
  fail(1, "stderr ends:\n  b\n  no licence");
  EXPECT_TRUE(early_.gives_up());
  EXPECT_EQ(early_.why(),
            "since the first 10 points all failed in the same way (exited 1: no licence) and none has "
            "succeeded (give_up_early = true)");
  fail(1, "another");
  EXPECT_TRUE(early_.gives_up()) << "what was under way changes nothing";
}

TEST_F(EarlyFailuresTest, another_message_another_code_a_success_or_more_time_speak_against_it) {
  fail(5, "a");
  fail(20, "b");
  EXPECT_FALSE(early_.gives_up());
  early_ = {};
  fail(5, "a");
  fail(20, "a", 1.0, 2);
  EXPECT_FALSE(early_.gives_up());
  early_ = {};
  fail(5, "a");
  early_.succeeded();
  fail(20, "a");
  EXPECT_FALSE(early_.gives_up());
  early_ = {};
  fail(9, "a");
  fail(5, "a", detail::EarlyFailures::kSeconds + 1.0);
  EXPECT_FALSE(early_.gives_up());
}

TEST_F(EarlyFailuresTest, the_directory_of_a_point_is_no_difference_and_rejected_points_do_not_count) {
  for (std::uint64_t i = 0; i < 10; ++i) {
    early_.failed(failed(i, fmt::format("cannot open /r/points/{}/in.dat", i)), 1.0);
    TaskFailure rejected = TaskFailure::rejected(fmt::format("no {}", i));
    early_.failed(rejected, 1.0);
  }
  EXPECT_TRUE(early_.gives_up());
  EXPECT_EQ(telling_line(failed(3, "cannot open /r/points/3/in.dat")), "cannot open in.dat");
  TaskFailure bad =
      TaskFailure::bad_output("output `y`: `y=` matches nothing in /r/points/4/stdout; the file ends:\n  4");
  bad.index = 4;
  EXPECT_EQ(telling_line(bad), "output `y`: `y=` matches nothing in stdout");
}

TEST(FailureJudgeEarlyTest, it_holds_only_if_asked_for_and_not_beside_a_limit) {
  FailurePolicy policy;
  const auto gives_up = [&] {
    detail::FailureJudge judge(policy, 1000);
    for (std::uint64_t i = 0; i < 10; ++i) judge.note(failed(i, "a"), 1.0);
    return judge.gives_up();
  };
  EXPECT_FALSE(gives_up());
  policy.give_up_early = true;
  EXPECT_TRUE(gives_up());
  policy.max_failures = MaxFailures{50.0, false};
  EXPECT_FALSE(gives_up());
}

}  // namespace
}  // namespace windrow
