// What killed runs leave, and how the next run and `windrow clean` remove it and nothing else.
#include <fstream>
#include <nlohmann/json.hpp>

#include "cli/clean_fixture.hpp"

namespace windrow::test {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const Arguments kRun = {"run", "study.toml", "--workers", "1"};

TEST_F(CleanTest, removes_what_a_killed_run_has_left) {
  Program run = start_windrow(kRun);
  kill_in_the_second_point(run);
  expect_remains();
  const Ended shown = windrow({"clean", "study.windrow", "--dry-run"});
  EXPECT_EQ(shown.code, 0) << shown.text();
  EXPECT_THAT(shown.out, AllOf(HasSubstr("Would be removed from study.windrow:\n"),
                               HasSubstr("  1 directory of a point without an outcome, "), HasSubstr(": points/1\n")));
  expect_remains();
  const Ended cleaned = windrow({"clean", "study.windrow"});
  EXPECT_EQ(cleaned.code, 0) << cleaned.text();
  EXPECT_THAT(cleaned.out, HasSubstr("Removed from study.windrow:\n"));
  expect_clean();
  EXPECT_EQ(windrow({"clean", "study.toml"}).out,
            "Nothing to remove: an outcome owns whatever is in " + path("study.windrow").string() + ".\n");
  write("go", "");
  EXPECT_EQ(windrow(kRun).code, 0);
  EXPECT_THAT(points(), IsEmpty());
}

TEST_F(CleanTest, the_next_run_removes_it_too) {
  Program run = start_windrow(kRun);
  kill_in_the_second_point(run);
  expect_remains();
  write("go", "");
  EXPECT_EQ(windrow(kRun).code, 0);
  EXPECT_THAT(points(), IsEmpty());
}

// What a worker that was lost had put aside goes at the end of the same run.
TEST_F(CleanTest, a_run_that_lost_a_worker_leaves_nothing) {
  Program run = start_windrow({"run", "study.toml", "--workers", "2"});
  ASSERT_TRUE(wait_for_log("begun", 3));
  std::size_t killed = 0;
  for (const Process& process : left_processes()) {
    if (process.name.starts_with("windrow-work") && killed++ == 0) kill(process.pid, SIGKILL);
  }
  write("go", "");
  const Ended ended = run.wait();
  EXPECT_EQ(ended.code, 0) << ended.text();
  EXPECT_THAT(points(), IsEmpty());
}

TEST_F(CleanTest, leaves_what_outcomes_own_and_what_a_user_has_put_there) {
  write("go", "");
  write("study.toml", read_file(path("study.toml")) + "[run]\nretries = 0\n");
  std::ofstream(path("wait.sh"), std::ios::app) << "[ $1 = 2 ] && exit 3\nexit 0\n";
  ASSERT_EQ(windrow({"run", "study.toml", "--only", "0-2"}).code, 1);
  for (const char* mine : {"notes.txt", "points/007", "points/mine/3", "points/.hidden", "points.old/1", "x.1.0.part",
                           "arrays/y/1.npy", "shards/mine/points/1"}) {
    write(std::string("study.windrow/") + mine, "mine");
  }
  fs::create_directory_symlink(directory(), path("study.windrow/points/1"));
  write("study.windrow/points/3/stdout", "half of it");
  write("study.windrow/live.json.part", "{");
  const auto before = entries_of(path("study.windrow"));
  EXPECT_EQ(windrow({"clean", "study.windrow"}).code, 0);
  EXPECT_THAT(points(), ElementsAre(".hidden", "007", "1", "2", "mine"));
  EXPECT_TRUE(fs::exists(path("study.windrow/points/2/stdout"))) << "of a point that failed";
  auto after = entries_of(path("study.windrow"));
  EXPECT_TRUE(after.insert("live.json.part").second);
  EXPECT_EQ(after, before);
  EXPECT_EQ(read_file(path("study.windrow/x.1.0.part")), "mine");
  EXPECT_TRUE(fs::exists(path("study.windrow/arrays/y/1.npy")));
  EXPECT_TRUE(fs::exists(path("study.windrow/shards/mine/points/1")));
}

TEST_F(CleanTest, refuses_while_a_run_is_writing) {
  Program run = start_windrow(kRun);
  ASSERT_TRUE(wait_for_log("begun", 2));
  write("study.windrow/live.json.part", "");
  for (const Arguments& ask : {Arguments{"clean", "study.windrow"}, Arguments{"clean", "study.windrow", "--dry-run"}}) {
    const Ended refused = windrow(ask);
    EXPECT_EQ(refused.code, 2) << refused.text();
    EXPECT_THAT(refused.err, AllOf(HasSubstr("study.windrow: results are being written by process "),
                                   HasSubstr("wait for it to end, or stop it")));
  }
  EXPECT_TRUE(points().contains("1"));
  write("go", "");
  EXPECT_EQ(run.wait().code, 0);
}

TEST_F(CleanTest, needs_results) {
  write("other/points/1/file", "mine");
  const Ended refused = windrow({"clean", "other"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.err, HasSubstr("there are no results here"));
  EXPECT_TRUE(fs::exists(path("other/points/1/file")));
}

TEST_F(CleanTest, tells_of_each_in_json) {
  ASSERT_EQ(windrow({"run", "study.toml", "--only", "0"}).code, 0);
  write("study.windrow/points/3/stdout", "12345");
  write("study.windrow/points/.ready-elsewhere-17/command", "");
  for (const bool dry_run : {true, false}) {
    const Ended ended = windrow({"clean", "study.windrow", "--json", dry_run ? "--dry-run" : "--json"});
    ASSERT_EQ(ended.code, 0) << ended.text();
    const auto json = nlohmann::json::parse(ended.out);
    EXPECT_EQ(json["dry_run"], dry_run);
    EXPECT_EQ(json["bytes"], 5);
    ASSERT_EQ(json["leftovers"].size(), 2U);
    EXPECT_EQ(json["leftovers"][0]["kind"], "temporary");
    EXPECT_EQ(json["leftovers"][1],
              (nlohmann::json{{"path", path("study.windrow/points/3").string()}, {"kind", "point"}, {"bytes", 5}}));
  }
  expect_clean();
}

TEST_F(CleanTest, looks_into_shards_and_loops) {
  write("go", "");
  ASSERT_EQ(windrow({"run", "study.toml", "--dir", "all/case=1"}).code, 0);
  ASSERT_EQ(windrow({"run", "study.toml", "--dir", "all/case=2", "--shard", "1/2", "--only", "0"}).code, 0);
  const std::string shard = "all/case=2/shards/1-of-2";
  write("all/case=1/live.json.part", "");
  write(shard + "/points/3/stdout", "");
  write(shard + "/points/0/stdout", "");  // a point with an outcome
  write("all/case=2/shards/2-of-2.merged/results.sqlite", "");
  const Ended ended = windrow({"clean", "all"});
  EXPECT_EQ(ended.code, 0) << ended.text();
  EXPECT_THAT(ended.out, AllOf(HasSubstr(": case=1/live.json.part\n"), HasSubstr("1 shard that is merged, ")));
  EXPECT_FALSE(fs::exists(path("all/case=1/live.json.part")));
  EXPECT_THAT(entries_of(path("all/case=2/shards")), ElementsAre("1-of-2"));
  EXPECT_THAT(entries_of(path(shard + "/points")), ElementsAre("0"));
}

TEST_F(CleanTest, names_what_it_cannot_judge) {
  ASSERT_EQ(windrow({"run", "study.toml", "--dir", "all/case=1", "--only", "0"}).code, 0);
  ASSERT_EQ(windrow({"run", "study.toml", "--dir", "all/case=2", "--only", "0"}).code, 0);
  std::ofstream(path("all/case=1/results.sqlite")) << "something else";
  write("all/case=1/points/3/stdout", "");
  write("all/case=2/points/3/stdout", "");
  const Ended ended = windrow({"clean", "all"});
  EXPECT_EQ(ended.code, 1) << ended.text();
  EXPECT_THAT(ended.err, HasSubstr("case=1/results.sqlite"));
  EXPECT_TRUE(fs::exists(path("all/case=1/points/3")));
  EXPECT_FALSE(fs::exists(path("all/case=2/points/3")));
}

// The study was changed after the kill: what is left is among the directories of its earlier form.
TEST_F(CleanTest, a_changed_study_leaves_nothing_of_a_killed_run) {
  Program run = start_windrow(kRun);
  kill_in_the_second_point(run);
  write("go", "");
  std::string study = read_file(path("study.toml"));
  study.replace(study.find("[0, 1, 2, 3]"), 12, "[5, 0, 1]");
  write("study.toml", study);
  const Ended changed = windrow(kRun);
  EXPECT_EQ(changed.code, 0) << changed.text();
  EXPECT_THAT(points(), IsEmpty());
  EXPECT_THAT(entries_of(path("study.windrow")), Not(testing::Contains("points.1")));
}

}  // namespace
}  // namespace windrow::test
