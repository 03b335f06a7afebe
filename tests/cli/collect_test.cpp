// Reading is not computing: outputs that are added or read in another way come from files that were kept.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <signal.h>

#include <algorithm>
#include <thread>

#include "cli/cli_fixture.hpp"

namespace windrow::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class CollectTest : public CliTest {
 protected:
  void SetUp() override {
    write_program("step.sh", R"sh(
echo $1 >> "$(dirname "$0")/log"
echo "a=$1"
echo "b=$(($1 * 2))"
echo "{\"c\": $(($1 * 3))}" > out.json
echo "1 2 $1" > field.txt
)sh");
  }

  void write_study(const std::string& outputs, const std::string& keep = "all",
                   const std::string& values = "[1, 2, 3]") const {
    write("study.toml", "[parameters.x]\nvalues = " + values +
                            "\n[command]\nrun = [\"./step.sh\", \"{{x}}\"]\nkeep = \"" + keep + "\"\n[outputs]\n" +
                            outputs);
  }

  std::string csv() { return exported("study.windrow"); }
  std::size_t runs() const { return logged("log").size(); }
};

constexpr const char* kA = "a = { stdout = 'a=(\\S+)' }\n";
constexpr const char* kB = "b = { stdout = 'b=(\\S+)' }\n";

TEST_F(CollectTest, an_added_output_is_read_from_what_was_kept) {
  write_study(kA);
  ASSERT_EQ(windrow({"run", "study.toml"}).code, 0);
  write_study(std::string(kA) + kB + "c = { file = \"out.json\", json = \"/c\", type = \"integer\" }\n");
  EXPECT_THAT(windrow({"plan", "study.toml"}).out,
              AllOf(HasSubstr("3 of 3 points are known from earlier runs (3 by files that were kept)"),
                    HasSubstr("left to run: 0 of ")));
  const Ended collected = windrow({"collect", "study.toml"});
  EXPECT_EQ(collected.code, 0) << collected.text();
  EXPECT_THAT(collected.out, AllOf(HasSubstr("Outputs of 3 points were read from files that were kept."),
                                   HasSubstr("3 of 3 points succeeded, 0 failed.")));
  EXPECT_EQ(csv(), "index,x,a,b,c,status\n0,1,1,2,3,ok\n1,2,2,4,6,ok\n2,3,3,6,9,ok\n");
  EXPECT_THAT(windrow({"run", "study.toml"}).out, HasSubstr("Nothing to do"));
  EXPECT_EQ(runs(), 3U);
  EXPECT_THAT(windrow({"explain", "study.windrow", "1"}).out, HasSubstr("study.windrow/points/1:\n  command\n"));
}

TEST_F(CollectTest, run_reads_by_itself_and_runs_only_points_whose_files_are_gone) {
  write_study(kA);
  ASSERT_EQ(windrow({"run", "study.toml"}).code, 0);
  std::filesystem::remove_all(path("study.windrow/points/1"));
  write_study(std::string(kB) + kA, "all", "[3, 2, 1]");  // reordered, too
  EXPECT_THAT(windrow({"plan", "study.toml"}).out,
              AllOf(HasSubstr("1 run again since its files were not kept"), HasSubstr("left to run: 1 of ")));
  EXPECT_THAT(windrow({"explain", "study.toml", "1"}).out, HasSubstr("output `b` is not in its results"));
  const Ended run = windrow({"run", "study.toml"});
  EXPECT_THAT(run.err, HasSubstr("2 of 3 points are known from earlier runs (2 by files that were kept), 1 run again"));
  EXPECT_THAT(run.out, HasSubstr("this run evaluated 1 "));
  EXPECT_EQ(csv(), "index,x,b,a,status\n0,3,6,3,ok\n1,2,4,2,ok\n2,1,2,1,ok\n");
  EXPECT_EQ(logged("log"), (std::vector<std::uint64_t>{1, 2, 2, 3}));
  EXPECT_EQ(read_file(path("study.windrow/points/0/stdout")), "a=3\nb=6\n") << "directories follow their points";
}

TEST_F(CollectTest, values_that_are_read_as_before_need_no_files) {
  write_study(std::string(kA) + kB, "none");
  ASSERT_EQ(windrow({"run", "study.toml"}).code, 0);
  const std::string all = csv();
  write_study(kB, "none");
  EXPECT_THAT(windrow({"run", "study.toml"}).out, HasSubstr("Nothing to do"));
  EXPECT_EQ(csv(), "index,x,b,status\n0,1,2,ok\n1,2,4,ok\n2,3,6,ok\n");
  write_study(std::string(kA) + kB, "none", "[1, 2, 3, 4]");
  EXPECT_THAT(windrow({"run", "study.toml"}).out, HasSubstr("this run evaluated 1 "))
      << "what was removed is there again";
  EXPECT_EQ(csv(), all + "3,4,4,8,ok\n");
  write_study("other = { stdout = 'a=(\\S+)' }\n" + std::string(kB), "none", "[1, 2, 3, 4]");
  EXPECT_THAT(windrow({"run", "study.toml"}).out, HasSubstr("Nothing to do")) << "another name is no other reading";
  EXPECT_THAT(csv(), HasSubstr("index,x,other,b,status\n0,1,1,2,ok\n"));
  write_study("a = { stdout = 'a=(\\S+)', type = \"integer\" }\n", "none", "[1, 2, 3, 4]");
  EXPECT_THAT(windrow({"plan", "study.toml"}).out, HasSubstr("left to run: 4 of "))
      << "another type is another reading";
}

TEST_F(CollectTest, a_reading_that_finds_nothing_is_said_and_can_be_corrected_without_running) {
  write_study(kA);
  ASSERT_EQ(windrow({"run", "study.toml"}).code, 0);
  write_study(std::string(kA) + "b = { stdout = 'bb=(\\S+)' }\n");
  const Ended collected = windrow({"collect", "study.toml", "--json"});
  EXPECT_EQ(collected.code, 1) << collected.text();
  EXPECT_THAT(collected.out,
              AllOf(HasSubstr("\"read\": 3"), HasSubstr("\"unreadable\": 3"), HasSubstr("\"failed\": 3")));
  EXPECT_THAT(windrow({"explain", "study.windrow", "0"}).out,
              HasSubstr("the regular expression `bb=(\\S+)` matches nothing"));
  write_study(std::string(kA) + kB);
  EXPECT_EQ(windrow({"collect", "study.toml"}).code, 0);
  EXPECT_EQ(csv(), "index,x,a,b,status\n0,1,1,2,ok\n1,2,2,4,ok\n2,3,3,6,ok\n");
  EXPECT_EQ(runs(), 3U);
}

TEST_F(CollectTest, points_that_failed_for_an_output_succeed_once_it_is_read_rightly) {
  write_study(std::string(kA) + "b = { stdout = 'bb=(\\S+)' }\n", "failed");
  EXPECT_EQ(windrow({"run", "study.toml"}).code, 1);
  EXPECT_THAT(csv(), HasSubstr("0,1,nan,nan,bad_output\n"));
  write_study(std::string(kA) + kB, "failed");
  EXPECT_THAT(windrow({"run", "study.toml"}).out, HasSubstr("Nothing to do"));
  EXPECT_EQ(csv(), "index,x,a,b,status\n0,1,1,2,ok\n1,2,2,4,ok\n2,3,3,6,ok\n");
  EXPECT_EQ(runs(), 3U);
}

TEST_F(CollectTest, collect_reads_files_again_that_were_mended) {
  write_study("a = { stdout = 'mended=(\\S+)' }\n", "failed", "[1, 2]");
  EXPECT_EQ(windrow({"run", "study.toml"}).code, 1);
  write("study.windrow/points/1/stdout", "mended=7\n");
  const Ended collected = windrow({"collect", "study.toml"});
  EXPECT_EQ(collected.code, 1);
  EXPECT_THAT(collected.out, HasSubstr("1 of 2 points succeeded, 1 failed."));
  EXPECT_THAT(csv(), AllOf(HasSubstr("0,1,nan,bad_output\n"), HasSubstr("1,2,7,ok\n")));
}

TEST_F(CollectTest, failures_of_the_program_stay_failures) {
  write_program("step.sh", "echo a=$1; [ $1 = 2 ] && exit 3; echo b=$1; exit 0\n");
  write_study(kA);
  EXPECT_EQ(windrow({"run", "study.toml"}).code, 1);
  write_study(std::string(kA) + kB);
  EXPECT_EQ(windrow({"collect", "study.toml"}).code, 0);
  EXPECT_EQ(csv(), "index,x,a,b,status\n0,1,1,1,ok\n1,2,nan,nan,exited\n2,3,3,3,ok\n");
}

TEST_F(CollectTest, arrays_are_read_into_their_places) {
  write_study(kA);
  ASSERT_EQ(windrow({"run", "study.toml"}).code, 0);
  write_study(std::string(kA) + "field = { array = \"field.txt\" }\n", "all", "[2, 3, 1]");
  EXPECT_EQ(windrow({"collect", "study.toml"}).code, 0);
  EXPECT_EQ(csv(),
            "index,x,a,field,status\n0,2,2,arrays/field/0.npy,ok\n1,3,3,arrays/field/1.npy,ok\n"
            "2,1,1,arrays/field/2.npy,ok\n");
  const std::string array = read_file(path("study.windrow/arrays/field/0.npy"));
  ASSERT_GE(array.size(), 8U);
  double last = 0.0;
  std::copy(array.end() - 8, array.end(), reinterpret_cast<char*>(&last));
  EXPECT_EQ(last, 2.0);
  EXPECT_THAT(windrow({"run", "study.toml", "--retry-failed"}).out, HasSubstr("Nothing to do"))
      << "whole, by their checksums";
  EXPECT_FALSE(std::filesystem::exists(path("study.windrow/arrays.collected")));
}

// Its directory is that of the evaluation which did not end.
TEST_F(CollectTest, files_of_an_evaluation_that_was_killed_are_not_read) {
  write_program("step.sh", R"sh(
directory=$(dirname "$0")
echo $1 >> "$directory/log"
echo "a=$(cat "$directory/version")"
[ -e "$directory/wait" ] && sleep 3600
exit 0
)sh");
  write("version", "1");
  write_study("b = { stdout = 'b=(\\S+)' }\n", "failed", "[1, 2]");
  EXPECT_EQ(windrow({"run", "study.toml"}).code, 1);
  write("wait", "");
  write("version", "half");
  Program run = start_windrow({"run", "study.toml", "--retry-failed", "--workers", "1"});
  ASSERT_TRUE(wait_for_log("log", 3));
  ASSERT_TRUE(eventually(std::chrono::seconds(10),
                         [this] { return read_file(path("study.windrow/points/0/stdout")) == "a=half\n"; }));
  run.signal(SIGKILL);
  run.wait();
  std::filesystem::remove(path("wait"));
  write_study("b = { stdout = 'a=(\\S+)', type = \"string\" }\n", "failed", "[1, 2]");
  EXPECT_THAT(windrow({"collect", "study.toml"}).out, HasSubstr("2 left")) << "nobody knows how far either had come";
  EXPECT_EQ(csv(), "index,x,b,status\n");
}

TEST_F(CollectTest, killed_at_any_moment_it_loses_nothing) {
  std::string values = "[0";
  for (int i = 1; i < 300; ++i) values += ", " + std::to_string(i);
  write_program("step.sh", "echo $1 >> \"$(dirname \"$0\")/log\"\necho a=$1\necho b=$(($1 * 2))\n");
  write_study(kA, "all", values + "]");
  ASSERT_EQ(windrow({"run", "study.toml", "--quiet"}).code, 0);
  const std::string before = csv();
  write_study(std::string(kA) + kB, "all", values + "]");
  std::string expected = "index,x,a,b,status\n";
  for (int i = 0; i < 300; ++i) expected += fmt::format("{0},{0},{0},{1},ok\n", i, 2 * i);
  for (int i = 0; i < 12; ++i) {
    Program collect = start_windrow({"collect", "study.toml"});
    std::this_thread::sleep_for(std::chrono::milliseconds(4 * i));
    collect.signal(SIGKILL);
    collect.wait();
    const std::string now = csv();
    EXPECT_TRUE(now == before || now == expected) << now;
  }
  EXPECT_EQ(windrow({"collect", "study.toml"}).code, 0);
  EXPECT_EQ(csv(), expected);
  EXPECT_EQ(runs(), 300U);
  for (const int i : {0, 150, 299}) {
    EXPECT_EQ(read_file(path("study.windrow/points/" + std::to_string(i) + "/stdout")),
              fmt::format("a={}\nb={}\n", i, 2 * i));
  }
}

TEST_F(CollectTest, without_results_it_says_so) {
  write_study(kA);
  const Ended collected = windrow({"collect", "study.toml"});
  EXPECT_EQ(collected.code, 2);
  EXPECT_THAT(collected.err, HasSubstr("run the study first"));
  EXPECT_FALSE(std::filesystem::exists(path("study.windrow")));
}

class CollectShardsTest : public CollectTest {
 protected:
  void write_seven(const std::string& outputs, const std::string& keep = "all") const {
    write_study(outputs, keep, "[1, 2, 3, 4, 5, 6, 7]");
  }
  Ended run_shard(const std::string& shard) { return windrow({"run", "study.toml", "--shard", shard}); }
  void expect_all() {
    EXPECT_EQ(csv(),
              "index,x,a,b,status\n0,1,1,2,ok\n1,2,2,4,ok\n2,3,3,6,ok\n3,4,4,8,ok\n4,5,5,10,ok\n5,6,6,12,ok\n"
              "6,7,7,14,ok\n");
    EXPECT_EQ(runs(), 7U) << "each point once";
    EXPECT_FALSE(std::filesystem::exists(path("study.windrow/shards")));
  }
};

TEST_F(CollectShardsTest, collect_reads_in_the_stores_of_shards) {
  write_seven(kA);
  for (const char* shard : {"1/3", "2/3"}) EXPECT_EQ(run_shard(shard).code, 0);
  const std::size_t finished = runs();
  write_seven(std::string(kA) + kB);
  const Ended collected = windrow({"collect", "study.toml"});
  EXPECT_EQ(collected.code, 0) << collected.text();
  EXPECT_THAT(collected.out, AllOf(HasSubstr("Outputs of " + std::to_string(finished) + " points were read from files"),
                                   HasSubstr(std::to_string(finished) + " of 7 points succeeded, 0 failed; "),
                                   HasSubstr("2 shards are not merged yet")));
  EXPECT_THAT(windrow({"collect", "study.toml", "--json"}).out, HasSubstr("\"read\": 0"));
  EXPECT_THAT(run_shard("3/3").out, HasSubstr("Merged 3 shards with 7 outcomes"));
  expect_all();
}

TEST_F(CollectShardsTest, merge_reads_outputs_that_a_shard_lacks) {
  for (const char* by : {"study.windrow", "study.toml"}) {
    std::filesystem::remove_all(path("study.windrow"));
    std::filesystem::remove(path("log"));
    write_seven(kA);
    EXPECT_EQ(run_shard("1/2").code, 0);
    const std::size_t finished = runs();
    write_seven(std::string(kA) + kB);
    EXPECT_EQ(run_shard("2/2").code, 0);
    const Ended merged = windrow({"merge", by});
    EXPECT_EQ(merged.code, 0) << merged.text();
    EXPECT_THAT(merged.out, AllOf(HasSubstr("Outputs of " + std::to_string(finished) + " points were read from files"),
                                  HasSubstr("7 of 7 points evaluated")));
    expect_all();
  }
}

TEST_F(CollectShardsTest, merge_says_what_to_do_where_files_were_not_kept) {
  write_seven(kA, "failed");
  EXPECT_EQ(run_shard("1/2").code, 0);
  write_seven(std::string(kA) + kB, "failed");
  EXPECT_EQ(run_shard("2/2").code, 0);
  const Ended merged = windrow({"merge", "study.toml"});
  EXPECT_EQ(merged.code, 1);
  EXPECT_THAT(merged.err, HasSubstr("outputs are missing, and their files were not kept: `windrow run "));
  EXPECT_THAT(merged.err, HasSubstr("--shard 1/2` evaluates them"));
  EXPECT_EQ(run_shard("1/2").code, 0);
  windrow({"merge", "study.toml"});
  EXPECT_THAT(csv(), HasSubstr("6,7,7,14,ok\n"));
}

}  // namespace
}  // namespace windrow::test
