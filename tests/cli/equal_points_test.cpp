#include <signal.h>

#include "cli/equal_points_fixture.hpp"

namespace windrow::test {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

using EqualPointsTest = EqualPointsFixture;

TEST_F(EqualPointsTest, are_computed_once_and_shown_in_each_row) {
  EXPECT_THAT(windrow({"plan", "study.toml"}).out, HasSubstr(kSentence));
  for (const char* workers : {"1", "3"}) {
    fs::remove(path("log"));
    fs::remove_all(path("study.windrow"));
    const Ended run = windrow({"run", "study.toml", "--workers", workers});
    EXPECT_EQ(run.code, 1) << run.text();
    EXPECT_THAT(run.out, HasSubstr("6 of 8 points succeeded, 2 failed; this run evaluated 4 "));
    EXPECT_THAT(run.out, HasSubstr(kSentence));
    EXPECT_THAT(logged("log"), ElementsAre(1, 2, 3, 4));
    EXPECT_EQ(exported("study.windrow"), kExport);
  }
  const Ended again = windrow({"run", "study.toml"});
  EXPECT_THAT(again.out, HasSubstr("Nothing to do: all 8 points are evaluated already, 2 failed"));
  EXPECT_EQ(logged("log").size(), 4U);
  EXPECT_THAT(windrow({"plan", "study.toml"}).out, HasSubstr("left to run: 0"));
}

TEST_F(EqualPointsTest, that_failed_are_tried_again_once) {
  EXPECT_EQ(windrow({"run", "study.toml"}).code, 1);
  write("mended", "");
  const Ended run = windrow({"run", "study.toml", "--retry-failed"});
  EXPECT_EQ(run.code, 0) << run.text();
  EXPECT_THAT(run.out, HasSubstr("this run evaluated 1 "));
  EXPECT_EQ(exported("study.windrow"), kMended);
  EXPECT_THAT(logged("log"), ElementsAre(1, 2, 3, 3, 4));
}

TEST_F(EqualPointsTest, that_are_added_take_what_is_there) {
  write("points.csv", "x,word\n1,a\n2,b\n");
  EXPECT_EQ(windrow({"run", "study.toml"}).code, 0);
  write("points.csv", "x,word\n2,b\n2,b\n1,a\n4,d\n1,a\n");
  EXPECT_THAT(windrow({"plan", "study.toml"}).out, HasSubstr("left to run: 1"));
  const Ended run = windrow({"run", "study.toml"});
  EXPECT_THAT(run.out, HasSubstr("this run evaluated 1 "));
  EXPECT_EQ(exported("study.windrow"),
            "index,x,word,square,said,status\n0,2,b,4,b,ok\n1,2,b,4,b,ok\n2,1,a,1,a,ok\n3,4,d,16,d,ok\n4,1,a,1,a,ok\n");
  EXPECT_THAT(logged("log"), ElementsAre(1, 2, 4));
  write("points.csv", "x,word\n1,a\n");  // of which two have been
  EXPECT_THAT(windrow({"run", "study.toml"}).out, HasSubstr("Nothing to do"));
  EXPECT_EQ(exported("study.windrow"), "index,x,word,square,said,status\n0,1,a,1,a,ok\n");
}

TEST_F(EqualPointsTest, differ_for_a_command_that_sees_the_index) {
  write_study(", \"{{point.index}}\"");
  EXPECT_THAT(windrow({"plan", "study.toml"}).out, Not(HasSubstr("equal to others")));
  const Ended run = windrow({"run", "study.toml"});
  EXPECT_THAT(run.out, HasSubstr("this run evaluated 8 "));
  EXPECT_THAT(logged("log"), ElementsAre(1, 1, 1, 2, 2, 3, 3, 4));
}

TEST_F(EqualPointsTest, are_all_there_after_a_run_that_was_killed) {
  std::string table = "x,word\n";
  for (int round = 0; round < 3; ++round) {
    for (int x = 10; x < 30; ++x) table += std::to_string(x) + ",w\n";
  }
  write("points.csv", table);
  Program program = start_windrow({"run", "study.toml", "--workers", "2", "--quiet"});
  EXPECT_TRUE(wait_for_log("log", 7));
  program.signal(SIGKILL);
  program.wait();
  const Ended run = windrow({"run", "study.toml", "--workers", "2"});
  EXPECT_EQ(run.code, 0) << run.text();
  EXPECT_LT(logged("log").size(), 40U);
  const auto records = csv_records(exported("study.windrow"));
  ASSERT_EQ(records.size(), 61U);
  for (std::size_t i = 1; i < records.size(); ++i) {
    const int x = std::stoi(records[i][1]);
    EXPECT_EQ(records[i][0], std::to_string(i - 1));
    EXPECT_EQ(records[i][3], std::to_string(x * x));
    EXPECT_EQ(records[i][5], "ok");
  }
}

TEST_F(EqualPointsTest, are_explained_by_the_one_that_was_evaluated) {
  EXPECT_EQ(windrow({"run", "study.toml"}).code, 1);
  const std::string told = windrow({"explain", "study.windrow", "5"}).out;
  EXPECT_THAT(told, HasSubstr("Status: exited: exit code 3"));
  EXPECT_THAT(told, HasSubstr("cannot do 3"));
  EXPECT_THAT(told, HasSubstr("Not evaluated itself: it is equal to point 3, whose outcome this is."));
  EXPECT_THAT(told, HasSubstr("study.windrow/points/3:"));
  EXPECT_THAT(windrow({"explain", "study.windrow", "3"}).out, HasSubstr("Evaluated by worker"));
  EXPECT_THAT(windrow({"explain", "study.windrow", "5", "--json"}).out, HasSubstr("\"equal_to\": 3"));
  // What took time is there once.
  EXPECT_THAT(windrow({"timing", "study.windrow", "--trace", "trace.json"}).out,
              HasSubstr("4 slices of 4 evaluations"));
}

TEST_F(EqualPointsTest, have_arrays_of_their_own) {
  write("study.toml", R"([design]
method = "table"
file = "points.csv"
[command]
run = "echo {{x}} >> {{study.dir}}/log; echo {{x}} 7 > field.txt"
[outputs]
field = { array = "field.txt" }
)");
  EXPECT_EQ(windrow({"run", "study.toml"}).code, 0);
  EXPECT_THAT(logged("log"), ElementsAre(1, 2, 3, 4));
  for (int i = 0; i < 8; ++i) EXPECT_TRUE(fs::exists(path("study.windrow/arrays/field/" + std::to_string(i) + ".npy")));
  EXPECT_EQ(read_file(path("study.windrow/arrays/field/6.npy")), read_file(path("study.windrow/arrays/field/0.npy")));
  EXPECT_NE(read_file(path("study.windrow/arrays/field/5.npy")), read_file(path("study.windrow/arrays/field/0.npy")));
  fs::remove(path("study.windrow/arrays/field/6.npy"));  // is brought back without an evaluation
  EXPECT_EQ(windrow({"run", "study.toml", "--retry-failed"}).code, 0);
  EXPECT_EQ(logged("log").size(), 4U);
  EXPECT_EQ(read_file(path("study.windrow/arrays/field/6.npy")), read_file(path("study.windrow/arrays/field/0.npy")));
}

TEST_F(EqualPointsTest, are_computed_once_in_each_shard) {
  for (const char* shard : {"1/2", "2/2"}) windrow({"run", "study.toml", "--shard", shard});
  EXPECT_EQ(exported("study.windrow"), kExport);
  EXPECT_LE(logged("log").size(), 7U);
}

}  // namespace
}  // namespace windrow::test
