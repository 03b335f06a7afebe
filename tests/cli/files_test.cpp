// What goes into programs: files, arguments, the environment, the standard input; and what stays of them.
#include "cli/files.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "cli/cli_fixture.hpp"

namespace windrow::test {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class FilesTest : public CliTest {
 protected:
  void write_study() const {
    write("study.toml", kFilesStudy);
    write_program("sim", kFilesProgram);
    write("system/controlDict.mustache", "{{x}}000\n");
    write("a.txt", "10\n");
    write("b c.txt", "200\n");
    write("data/table", "0\n");
  }
  void write_small(const std::string& name, const std::string& command) const {
    write(name,
          "[parameters.x]\nvalues = [1, 2]\n[command]\n" + command + "\n[outputs]\ny = { stdout = 'y = (\\S+)' }\n");
  }
  std::string mode_of(const std::string& name) const {
    struct stat status {};
    EXPECT_EQ(stat(path(name).c_str(), &status), 0) << name;
    return std::to_string(status.st_mode >> 6U & 7U) + std::to_string(status.st_mode >> 3U & 7U) +
           std::to_string(status.st_mode & 7U);
  }
};

TEST_F(FilesTest, everything_reaches_the_program) {
  write_study();
  const Ended ended = windrow({"run", "study.toml"});
  EXPECT_EQ(ended.code, 0) << ended.text();
  const auto records = csv_records(exported("study.windrow"));
  ASSERT_EQ(records.size(), 17U);
  EXPECT_EQ(records[1],
            (std::vector<std::string>{"0", "1", "a.txt 'b c.txt'", "true", "1210", "3", "1,2.5,true", "ok"}));
  EXPECT_EQ(records[16], (std::vector<std::string>{"15", "4", "a.txt", "false", "4010", "1", "4,2.5,true", "ok"}));
  EXPECT_EQ(read_file(path("data/table")), "0\n");
  EXPECT_TRUE(fs::exists(path("study.windrow/points/15/field4.vtk")));
  EXPECT_FALSE(fs::exists(path("study.windrow/points/15/other")));
  EXPECT_FALSE(fs::exists(path("study.windrow/points/15/stdout")));
}

TEST_F(FilesTest, plan_shows_what_a_point_is_given) {
  write_study();
  const Ended ended = windrow({"plan", "study.toml"});
  EXPECT_EQ(ended.code, 0) << ended.text();
  EXPECT_THAT(ended.out, AllOf(HasSubstr("env SCALE=1 FIXED=2.5 ON=true"), HasSubstr("< system/controlDict"),
                               HasSubstr("with system/controlDict:\n  1000\n"), HasSubstr("  a.txt -> "),
                               HasSubstr("  data/table as a copy of ")));
  EXPECT_FALSE(fs::exists(path("study.windrow")));
  const std::string json = windrow({"plan", "study.toml", "--json"}).out;
  EXPECT_THAT(json, AllOf(HasSubstr("\"SCALE=1\""), HasSubstr("\"staged\""), HasSubstr("\"stdin\"")));
}

TEST_F(FilesTest, a_changed_staged_file_makes_points_new) {
  write_study();
  EXPECT_EQ(windrow({"run", "study.toml"}).code, 0);
  EXPECT_THAT(windrow({"run", "study.toml"}).out, HasSubstr("Nothing to do"));
  write("data/table", "1\n");
  EXPECT_THAT(windrow({"plan", "study.toml"}).out, HasSubstr("left to run: 16"));
}

TEST_F(FilesTest, a_shell_text_is_strict) {
  write_small("pipe.toml", "run = \"sh -c 'echo y = 1; exit 5' | tee log\"");
  EXPECT_THAT(windrow({"run", "pipe.toml"}).out, AllOf(HasSubstr("2 failed"), HasSubstr("exited with code 5")));
  write_small("lines.toml", "run = \"\"\"\n./no-such-mesher {{x}}\necho y = 1\n\"\"\"");
  EXPECT_THAT(windrow({"run", "lines.toml"}).out, AllOf(HasSubstr("2 failed"), HasSubstr("exited with code 127")));
  write_small("old.toml",
              "shell = \"sh\"\nrun = \"\"\"\n./no-such-mesher {{x}}\nsh -c 'echo y = 1; exit 5' | cat\n\"\"\"");
  EXPECT_THAT(windrow({"run", "old.toml"}).out, HasSubstr("2 of 2 points succeeded"));
}

TEST_F(FilesTest, what_was_removed_is_said_once) {
  write_small("study.toml", "run = \"echo > field.vtk; echo y = {{x}}\"");
  const Ended run = windrow({"run", "study.toml"});
  EXPECT_THAT(run.out, HasSubstr("`field.vtk`, were removed"));
  EXPECT_THAT(run.out, HasSubstr("`keep` says what stays"));
  EXPECT_EQ(run.out.find("were removed"), run.out.rfind("were removed"));
  EXPECT_THAT(windrow({"run", "study.toml"}).out, Not(HasSubstr("were removed")));
  write_small("silent.toml", "run = \"echo y = {{x}}\"");
  EXPECT_THAT(windrow({"run", "silent.toml"}).out, Not(HasSubstr("were removed")));
  write("none.toml", "[parameters.x]\nvalues = [1]\n[command]\nrun = \"true\"\n");
  EXPECT_THAT(windrow({"plan", "none.toml"}).out, HasSubstr("Nothing is kept of a point that succeeds"));
}

TEST_F(FilesTest, results_follow_the_umask) {
  write_small("study.toml", "keep = \"all\"\nrun = \"echo y = {{x}}\"");
  const Ended run = start({"sh", "-c", "umask 002; exec \"$0\" run study.toml", WINDROW_PROGRAM}).wait();
  EXPECT_EQ(run.code, 0) << run.text();
  for (const char* file : {"results.sqlite", "lock", "live.json", "points/0/stdout", "points/0/command"}) {
    EXPECT_EQ(mode_of(std::string("study.windrow/") + file), "664") << file;
  }
  for (const char* folder : {"study.windrow", "study.windrow/points", "study.windrow/points/0"}) {
    EXPECT_EQ(mode_of(folder), "775") << folder;
  }
  EXPECT_EQ(start({"sh", "-c", "umask 077; exec \"$0\" run study.toml --dir own", WINDROW_PROGRAM}).wait().code, 0);
  EXPECT_EQ(mode_of("own/results.sqlite"), "600");
}

TEST_F(FilesTest, results_under_the_name_before_a_study_was_renamed_are_told) {
  write_small("study.toml", "run = \"echo y = {{x}}\"");
  EXPECT_EQ(windrow({"run", "study.toml"}).code, 0);
  write_small("other.toml", "run = \"echo y = 2{{x}}\"");
  fs::rename(path("study.toml"), path("study2.toml"));
  const std::string advice =
      "2 of its 2 points are evaluated already in study.windrow, under the name `study`: to go on with those, write "
      "name = \"study\" in [study]";
  EXPECT_THAT(windrow({"plan", "study2.toml"}).out, HasSubstr(advice));
  EXPECT_THAT(windrow({"plan", "other.toml"}).out, Not(HasSubstr("evaluated already in")));
  EXPECT_THAT(windrow({"run", "other.toml"}).err, Not(HasSubstr("evaluated already in")));
  write("study2.toml", "[study]\nname = \"study\"\n" + read_file(path("study2.toml")));
  EXPECT_THAT(windrow({"run", "study2.toml"}).out, HasSubstr("Nothing to do"));
  write_small("study3.toml", "run = \"echo y = {{x}}\"");
  EXPECT_THAT(windrow({"run", "study3.toml", "--dir", "chosen"}).err, Not(HasSubstr("evaluated already in")));
  EXPECT_THAT(windrow({"run", "study3.toml"}).err, HasSubstr(advice));
}

TEST_F(FilesTest, warnings_are_seen_in_plan_and_run) {
  write("in.mustache", "{{{x}}}");
  write_small("study.toml", "run = \"echo y = {{x}}\"\ntemplates = [\"in.mustache\"]");
  EXPECT_THAT(windrow({"plan", "study.toml"}).out,
              HasSubstr("Warning: in.mustache: of `{{{name}}}` all braces vanish"));
  EXPECT_THAT(windrow({"plan", "study.toml", "--json"}).out, HasSubstr("\"warnings\""));
  EXPECT_THAT(windrow({"run", "study.toml"}).err, HasSubstr("windrow: warning: in.mustache"));
  EXPECT_EQ(windrow({"run", "study.toml", "--quiet"}).err, "");
}

}  // namespace
}  // namespace windrow::test
