// Some points first: the others stay open.
#include <gmock/gmock.h>

#include <algorithm>
#include <nlohmann/json.hpp>
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
  EXPECT_THAT(run({"--sample", "3", "--only", "0-5"}).err, HasSubstr("--only and --sample have no point in common"));
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

TEST_F(SelectionTest, plan_and_dry_run_are_about_the_same_points) {
  const std::string chosen = "chosen: 6 of 40 points, of which 6 are to be run\n";
  for (const Arguments& arguments : {Arguments{"plan", "study.toml", "--only", "17,30-34"},
                                     Arguments{"run", "study.toml", "--dry-run", "--only", "17,30-34"}}) {
    const Ended planned = windrow(arguments);
    EXPECT_EQ(planned.code, 0) << planned.text();
    EXPECT_THAT(planned.out, AllOf(HasSubstr(chosen), HasSubstr("\nPoints:\n  17: x = 17\n  30: x = 30\n"),
                                   HasSubstr("\nPoint 17 would run, ")));
  }
  EXPECT_FALSE(std::filesystem::exists(path("study.windrow")));
  EXPECT_EQ(run({"--only", "30,31"}).code, 0);
  EXPECT_THAT(windrow({"plan", "study.toml", "--only", "17,30-34"}).out,
              HasSubstr("Evaluated already: 2 (0 failed); chosen: 6 of 40 points, of which 4 are to be run\n"));
  EXPECT_THAT(windrow({"plan", "study.toml"}).out, HasSubstr("left to run: 38 of 40\n"));
  EXPECT_THAT(windrow({"plan", "study.toml", "--only", "40"}).err,
              HasSubstr("--only: there is no point 40: study has points 0 to 39"));
  EXPECT_THAT(windrow({"plan", "study.toml", "--only", "30", "--point", "3"}).out, HasSubstr("Point 3 would run, "));
}

TEST_F(SelectionTest, plan_counts_what_a_run_evaluates) {
  const auto study = [this](const std::string& values) {
    write("study.toml", "[parameters.x]\nvalues = " + values + R"(
[command]
run = 'echo {{x}} >> {{study.dir}}/log; test {{x}} != 3 || exit 4; test {{x}} = 5 || echo y={{x}}'
[outputs]
y = { stdout = 'y=(\S+)' }
)");
  };
  const auto expect_as_planned = [&](const Arguments& options) {
    Arguments planning = {"plan", "study.toml", "--json"};
    planning.insert(planning.end(), options.begin(), options.end());
    const auto plan = nlohmann::json::parse(windrow(planning).out);
    run(options);
    const std::size_t evaluated = std::filesystem::exists(path("log")) ? logged("log").size() : 0;
    EXPECT_EQ(plan["left"], evaluated) << testing::PrintToString(options);
  };
  study("[0, 1, 2, 3, 4, 5, 6, 7, 1, 1]");
  expect_as_planned({"--sample", "3"});
  expect_as_planned({"--only", "0-5,8"});
  expect_as_planned({});
  expect_as_planned({"--again", "0-1,8"});
  expect_as_planned({"--again"});
  expect_as_planned({"--retry-failed"});
  expect_as_planned({"--retry-failed=exited", "--only", "2-3"});
  study("[7, 5, 3, 1, 0, 2, 4, 6, 8, 9]");
  expect_as_planned({"--retry-failed=bad_output", "--sample", "9"});
  expect_as_planned({"--again", "2-8", "--only", "3-9"});
  study("[9, 5, 3, 3, 1, 10, 11]");
  expect_as_planned({"--only", "2-5", "--retry-failed=exited"});
  expect_as_planned({"--order", "random"});
}

TEST_F(SelectionTest, plan_says_which_points_begin_in_a_random_order) {
  const auto plan = nlohmann::json::parse(windrow({"plan", "study.toml", "--order", "random", "--json"}).out);
  const auto first = plan["first"].get<Indices>();
  EXPECT_EQ(first.size(), 10U);
  EXPECT_EQ(run({"--order", "random", "--workers", "1"}).code, 1);
  std::istringstream words(read_file(path("log")));
  for (const std::uint64_t expected : first) {
    std::uint64_t index = 0;
    words >> index;
    EXPECT_EQ(index, expected);
  }
  std::filesystem::remove_all(path("study.windrow"));
  EXPECT_THAT(windrow({"plan", "study.toml", "--order", "random", "--only", "3"}).out,
              HasSubstr("to be run\nIn random order: 3\n"));
}

TEST_F(SelectionTest, shards_of_a_selection_are_merged_when_it_is_complete) {
  for (const char* shard : {"1/3", "2/3", "3/3"}) {
    const Ended ended = run({"--shard", shard, "--only", "0-6,30"});
    EXPECT_EQ(ended.code, 0) << ended.text();
    EXPECT_EQ(ended.out.find("Merged 3 shards with 8 outcomes") != std::string::npos, std::string(shard) == "3/3");
  }
  EXPECT_EQ(logged("all"), (Indices{0, 1, 2, 3, 4, 5, 6, 30}));
  EXPECT_FALSE(std::filesystem::exists(path("study.windrow/shards")));
  EXPECT_EQ(run({}).code, 1);
  EXPECT_EQ(logged("all"), all_indices(40));
}

}  // namespace
}  // namespace windrow::test
