// Several sweeps below one directory, in folders NAME=VALUE: status and export of all of them.
#include <gmock/gmock.h>
#include <signal.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "cli/cli_fixture.hpp"
#include "cli/studies.hpp"

namespace windrow::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class NestedTest : public CliTest {
 protected:
  void SetUp() override {
    write("coarse.toml", R"([parameters.x]
values = [1, 2]
[command]
run = ["echo", "drag = {{x}}.5"]
[outputs]
drag = { stdout = 'drag = (\S+)', unit = "N" }
)");
    write("fine.toml", R"([parameters.x]
values = [1, 2]
[parameters.kind]
values = ["a", "b"]
[command]
run = ["sh", "-c", "test {{x}}{{kind}} != 2b || exit 3; echo lift = {{x}}.25, note = {{kind}}!"]
[outputs]
lift = { stdout = 'lift = ([^,]+)', unit = "N" }
note = { stdout = 'note = (\S+)', type = "string" }
[run]
retries = 0
)");
  }

  /// 2 x 3 sweeps.
  void run_all(int cases = 3) {
    for (const std::string build : {"coarse", "fine"}) {
      for (int number = 1; number <= cases; ++number) {
        const std::string place = "study/build=" + build + "/case=" + std::to_string(number);
        const Ended ended = windrow({"run", build + ".toml", "--dir", place, "--quiet"});
        EXPECT_EQ(ended.code, build == "fine" ? 1 : 0) << ended.text();
      }
    }
  }
};

TEST_F(NestedTest, are_exported_as_one_table) {
  run_all();
  const std::string fine =
      "1,a,,1.25,a!,ok\nfine,C,1,1,b,,1.25,b!,ok\nfine,C,2,2,a,,2.25,a!,ok\nfine,C,3,2,b,,nan,,exited\n";
  std::string expected = "build,case,index,x,kind,drag,lift,note,status\n";
  for (int number = 1; number <= 3; ++number) {
    const std::string begin = "coarse," + std::to_string(number);
    expected += begin + ",0,1,,1.5,,,ok\n" + begin + ",1,2,,2.5,,,ok\n";
  }
  for (const char number : {'1', '2', '3'}) {
    std::string rows = "fine,C,0," + fine;
    std::replace(rows.begin(), rows.end(), 'C', number);
    expected += rows;
  }
  EXPECT_EQ(exported("study"), expected);
  EXPECT_EQ(windrow({"export", "study", "--csv", "all.csv", "--evaluations", "times.csv"}).code, 0);
  EXPECT_EQ(read_file(path("all.csv")), expected);
  EXPECT_THAT(read_file(path("all.columns.csv")),
              AllOf(HasSubstr("\ncase,loop,,integer,"), HasSubstr("\ndrag,output,N,number,"),
                    HasSubstr("\nnote,output,,string,")));
  EXPECT_EQ(csv_records(read_file(path("times.csv"))).size(), 1U + 3 * 2 + 3 * 4);
  EXPECT_THAT(exported("study/build=coarse"), HasSubstr("case,index,x,drag,status\n1,0,1,1.5,ok\n"));
  EXPECT_THAT(exported("study/build=coarse/case=2"), HasSubstr("index,x,drag,status\n0,1,1.5,ok\n"));
}

TEST_F(NestedTest, status_has_a_line_for_each) {
  run_all(2);
  const Ended status = windrow({"status", "study"});
  EXPECT_EQ(status.code, 0) << status.text();
  EXPECT_EQ(status.out,
            "4 of 4 sweeps complete: 12 of 12 points evaluated, 2 failed, 0 left\n"
            "  build=coarse/case=1  2 of 2 points\n"
            "  build=coarse/case=2  2 of 2 points\n"
            "  build=fine/case=1    4 of 4 points, 1 failed\n"
            "  build=fine/case=2    4 of 4 points, 1 failed\n");
  const auto json = nlohmann::json::parse(windrow({"status", "study", "--json"}).out);
  EXPECT_EQ(json["from"], "nested");
  EXPECT_EQ(json["points"], 12);
  EXPECT_EQ(json["failed"], 2);
  EXPECT_EQ(json["sweeps"].size(), 4U);
  EXPECT_EQ(json["sweeps"][2]["loops"], nlohmann::json::parse(R"({"build": "fine", "case": 1})"));
  EXPECT_EQ(json["sweeps"][2]["succeeded"], 3);
  EXPECT_EQ(json["sweeps"][2]["left"], 0);
}

TEST_F(NestedTest, what_is_damaged_or_of_one_sweep_alone_is_said_in_words) {
  run_all(1);
  EXPECT_THAT(windrow({"explain", "study", "0"}).err,
              AllOf(HasSubstr("there are 2 sweeps below it"), HasSubstr("build=coarse/case=1")));
  std::filesystem::resize_file(path("study/build=fine/case=1/results.sqlite"), 5000);
  EXPECT_THAT(windrow({"status", "study"}).out,
              AllOf(HasSubstr("1 of 2 sweeps complete"), HasSubstr("build=fine/case=1    /"), HasSubstr("damaged")));
  const Ended ended = windrow({"export", "study", "--csv", "-"});
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.err, HasSubstr("build=fine/case=1"));
  EXPECT_THAT(ended.out, Not(HasSubstr("coarse")));
}

TEST_F(NestedTest, shards_that_are_not_merged_are_named) {
  run_all(1);
  EXPECT_EQ(windrow({"run", "coarse.toml", "--dir", "study/build=coarse/case=2", "--shard", "1/2", "--quiet"}).code, 0);
  EXPECT_THAT(windrow({"status", "study"}).out,
              AllOf(HasSubstr("2 of 3 sweeps complete"),
                    HasSubstr("build=coarse/case=2  1 of 2 points: a shard is not merged yet: `windrow merge ")));
  EXPECT_THAT(windrow({"export", "study", "--csv", "-"}).err, HasSubstr("a shard is not merged yet: `windrow merge "));
}

TEST_F(NestedTest, one_of_them_is_killed_and_goes_on) {
  write("logging.toml", kLoggingStudy);
  write_program("logging.sh", kLoggingProgram);
  const auto arguments = [](int number) {
    return Arguments{"run", "logging.toml", "--dir", "study/case=" + std::to_string(number), "--workers",
                     "2",   "--quiet"};
  };
  EXPECT_EQ(windrow(arguments(1)).code, 0);
  std::filesystem::remove(path("log"));
  Program second = start_windrow(arguments(2));
  EXPECT_TRUE(wait_for_log("log", 10));
  second.signal(SIGKILL);
  second.wait();
  expect_nothing_left();
  const auto before = recorded("study/case=2");
  EXPECT_LT(before.size(), 40U);
  const Ended part = windrow({"export", "study", "--csv", "-"});
  EXPECT_EQ(csv_records(part.out).size(), 1U + 40U + before.size());
  EXPECT_THAT(part.err, HasSubstr(std::to_string(40 - before.size()) + " of 80 points have no outcome yet"));
  EXPECT_THAT(windrow({"status", "study"}).out,
              AllOf(HasSubstr("1 of 2 sweeps complete"), HasSubstr("  case=1  40 of 40 points\n"),
                    HasSubstr("  case=2  " + std::to_string(before.size()) + " of 40 points")));
  std::filesystem::remove(path("log"));
  EXPECT_EQ(windrow(arguments(1)).code, 0);
  EXPECT_EQ(windrow(arguments(2)).code, 0);
  EXPECT_EQ(logged("log").size(), 40 - before.size());
  for (const std::uint64_t index : logged("log")) EXPECT_FALSE(before.contains(index)) << index;
  const auto records = csv_records(exported("study"));
  ASSERT_EQ(records.size(), 81U);
  for (std::size_t i = 1; i <= 40; ++i) {
    EXPECT_EQ(records[i][0], "1");
    EXPECT_EQ(records[i + 40][0], "2");
    EXPECT_EQ(records[i + 40][1], records[i][1]);
    EXPECT_EQ(records[i + 40][3], records[i][3]);
  }
}

}  // namespace
}  // namespace windrow::test
