// Some points first: the others stay open.
#include <gmock/gmock.h>

#include <algorithm>
#include <sstream>

#include "cli/cli_fixture.hpp"

namespace windrow::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using Indices = std::vector<std::uint64_t>;

class SelectionTest : public CliTest {
 protected:
  void SetUp() override {
    write("study.toml", R"(
[parameters.x]
values = { linear = { from = 0, to = 39, points = 40 } }
[command]
run = "echo {{x}} >> {{study.dir}}/log; echo {{x}} >> {{study.dir}}/all; echo y={{x}}; test {{x}} != 17"
[outputs]
y = { stdout = 'y=(\S+)' }
)");
  }

  Ended run(const Arguments& options) {
    std::filesystem::remove(path("log"));
    Arguments arguments = {"run", "study.toml"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    return windrow(arguments);
  }
};

TEST_F(SelectionTest, only_these_points_are_evaluated) {
  const Ended first = run({"--only", "0-4,30"});
  EXPECT_EQ(first.code, 0) << first.text();
  EXPECT_EQ(logged("log"), (Indices{0, 1, 2, 3, 4, 30}));
  EXPECT_THAT(first.out, AllOf(HasSubstr("6 of 40 points succeeded, 34 left; this run evaluated 6 "),
                               HasSubstr("All chosen points are evaluated; the other 34 are left")));
  EXPECT_THAT(exported("study.windrow"), HasSubstr("4,4,4,ok\n30,30,30,ok\n")) << "the index is that of the design";
  EXPECT_THAT(run({"--only", "3-5"}).out, HasSubstr("this run evaluated 1 "));
  EXPECT_THAT(run({"--only", "3-5"}).out, HasSubstr("All chosen points were evaluated already; the other 33 are left"));
  EXPECT_EQ(run({"--only", "17"}).code, 1);
  EXPECT_EQ(run({}).code, 1);
  EXPECT_EQ(logged("log").size(), 32U);
  EXPECT_EQ(logged("all"), all_indices(40)) << "each once";
}

TEST_F(SelectionTest, points_that_are_not_there_or_no_points_are_refused) {
  EXPECT_THAT(run({"--only", "38-40"}).err, HasSubstr("--only: there is no point 40: study has points 0 to 39"));
  for (const char* wrong : {"x", "3-1", "1,,2", "-1", "1-", "", "99999999999999999999"}) {
    const Ended ended = run({"--only", wrong});
    EXPECT_EQ(ended.code, 2) << wrong;
  }
  EXPECT_THAT(run({"--sample", "0"}).err, HasSubstr("--sample"));
  EXPECT_FALSE(std::filesystem::exists(path("study.windrow")));
}

TEST_F(SelectionTest, a_sample_is_always_the_same_and_grows) {
  EXPECT_LE(run({"--sample", "5"}).code, 1);
  const Indices five = logged("log");
  EXPECT_EQ(five.size(), 5U);
  EXPECT_NE(five, all_indices(5));
  EXPECT_LE(run({"--sample", "5", "--dir", "other"}).code, 1);
  EXPECT_EQ(logged("log"), five);
  EXPECT_LE(run({"--sample", "12"}).code, 1);
  EXPECT_EQ(logged("log").size(), 7U);
  EXPECT_LE(run({"--sample", "1000"}).code, 1);
  EXPECT_EQ(logged("log").size(), 28U);
  EXPECT_EQ(recorded("study.windrow").size(), 40U);
}

TEST_F(SelectionTest, a_random_order_changes_no_result) {
  EXPECT_EQ(run({"--order", "random", "--workers", "1"}).code, 1);
  Indices order;
  for (std::istringstream words(read_file(path("log"))); words.good();) {
    std::uint64_t index = 0;
    if (words >> index) order.push_back(index);
  }
  EXPECT_EQ(order.size(), 40U);
  EXPECT_FALSE(std::is_sorted(order.begin(), order.end()));
  EXPECT_EQ(logged("log"), all_indices(40));
  EXPECT_EQ(run({"--dir", "plain"}).code, 1);
  EXPECT_EQ(exported("study.windrow"), exported("plain"));
  EXPECT_THAT(run({"--order", "random", "--schedule", "static", "--dir", "new"}).err,
              HasSubstr("the schedule `static` has an order of its own"));
}

}  // namespace
}  // namespace windrow::test
