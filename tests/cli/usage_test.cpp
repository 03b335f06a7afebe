// Wrong usage: exit code 2, one clear message on stderr, nothing on stdout.
#include "cli/usage.hpp"

#include <gmock/gmock.h>

#include <algorithm>

#include "cli/cli_fixture.hpp"

namespace windrow::test {
namespace {

using testing::HasSubstr;

class UsageTest : public CliTest {
 protected:
  void expect_refused(const Arguments& arguments, const std::string& message) {
    const Ended ended = windrow(arguments);
    EXPECT_EQ(ended.code, 2) << ended.text();
    EXPECT_EQ(ended.out, "");
    EXPECT_TRUE(ended.err.starts_with("windrow: ")) << ended.err;
    EXPECT_EQ(messages(ended.err), 1) << ended.err;
    EXPECT_THAT(ended.err, HasSubstr(message));
  }
};

TEST_F(UsageTest, a_wrong_command_line_names_the_slip) {
  expect_refused({}, "no verb: say what to do, for example `windrow run study.toml`");
  expect_refused({"rnu", "study.toml"}, "unknown verb `rnu`; did you mean `run`?");
  expect_refused(
      {"frobnicate"},
      "unknown verb `frobnicate`; valid: `run`, `collect`, `plan`, `submit`, `status`, `watch`, `show`, `export`, "
      "`explain`, `failures`, `analyze`, `compare`, `timing`, `merge`, `clean`, `check`, `recover`");
  expect_refused({"--verison"}, "unknown option `--verison`; did you mean `--version`?\nTry `windrow --help`.");
  expect_refused({"run"}, "STUDY is required\nTry `windrow run --help`.");
  expect_refused({"run", "a", "--wokers=3"}, "unknown option `--wokers`; did you mean `--workers`?");
  expect_refused({"run", "a", "b"}, "unexpected argument `b`");
  expect_refused({"run", "a", "--workers", "0"}, "--workers");
  expect_refused({"run", "a", "--workers", "many"}, "`many` is not a whole number from 0");
  expect_refused({"explain", "a", "-1"}, "`-1` is not a whole number from 0");
  expect_refused({"explain", "a", "seven"}, "`seven` is not a whole number from 0");
  expect_refused({"export", "a"}, "give --csv FILE, --jsonl FILE or --evaluations FILE");
}

TEST_F(UsageTest, a_wrong_study_names_file_line_and_key) {
  expect_refused({"run", "missing.toml"}, "missing.toml: cannot read the study file: No such file or directory");
  expect_refused({"run", "."}, "is a directory, not a study file");
  write("key.toml", "[parameters.x]\nvalues = [1]\n[command]\nrun = \"true\"\ntimout = \"3s\"\n");
  expect_refused({"run", "key.toml"}, "key.toml:5: unknown key `timout` in [command]; did you mean `timeout`?");
  expect_refused({"plan", "key.toml"}, "key.toml:5: ");
  write("program.toml", "[parameters.x]\nvalues = [1]\n[command]\nrun = [\"no-such-program\"]\n");
  expect_refused({"run", "program.toml"}, "the program `no-such-program` is not found in PATH");
  write("tag.toml", "[parameters.width]\nvalues = [1]\n[command]\nrun = [\"echo\", \"{{witdh}}\"]\n");
  expect_refused({"run", "tag.toml"}, "did you mean `width`?");
  write("syntax.toml", "[parameters.x\n");
  expect_refused({"run", "syntax.toml"}, "syntax.toml:1: ");
  EXPECT_FALSE(std::filesystem::exists(path("key.windrow")));
}

TEST_F(UsageTest, results_that_are_not_there) {
  write("study.toml", "[parameters.x]\nvalues = [1]\n[command]\nrun = \"true\"\n");
  for (const char* where : {"nowhere.windrow", "study.toml"}) {
    expect_refused({"status", where}, "there are no results here");
    expect_refused({"export", where, "--csv", "-"}, "run the study first");
    expect_refused({"explain", where, "0"}, "run the study first");
  }
}

TEST_F(UsageTest, a_point_that_the_study_does_not_have) {
  write("one.toml", "[parameters.x]\nvalues = [1]\n[command]\nrun = \"true\"\n");
  EXPECT_EQ(windrow({"run", "one.toml"}).code, 0);
  expect_refused({"explain", "one.windrow", "1"}, "there is no point 1: one has point 0 only");
  expect_refused({"plan", "one.toml", "--point", "9"}, "there is no point 9: one has point 0 only");
  write("two.toml", "[parameters.x]\nvalues = [1, 2]\n[command]\nrun = \"true\"\n");
  expect_refused({"plan", "two.toml", "--point", "2"}, "there is no point 2: two has points 0 to 1");
}

TEST_F(UsageTest, a_wrong_choice_of_backend_or_workers_in_the_environment) {
  write("study.toml", "[parameters.x]\nvalues = [1]\n[command]\nrun = \"true\"\n");
  const Ended backend = windrow({"run", "study.toml"}, {{"WINDROW_BACKEND", "threads"}});
  EXPECT_EQ(backend.code, 2);
  EXPECT_THAT(backend.err, HasSubstr("`threads`"));
  const Ended workers = windrow({"run", "study.toml"}, {{"WINDROW_WORKERS", "some"}});
  EXPECT_EQ(workers.code, 2);
  EXPECT_THAT(workers.err, HasSubstr("WINDROW_WORKERS is `some`"));
}

TEST_F(UsageTest, a_results_directory_that_cannot_be_written) {
  write("study.toml", "[parameters.x]\nvalues = [1]\n[command]\nrun = \"true\"\n");
  write("file", "");
  const Ended ended = windrow({"run", "study.toml", "--dir", "file"});
  EXPECT_EQ(ended.code, 2) << ended.text();
  EXPECT_EQ(ended.out, "");
  EXPECT_THAT(ended.err, HasSubstr((path("file")).string()));
}

TEST_F(UsageTest, an_export_that_cannot_be_written) {
  write("study.toml", "[parameters.x]\nvalues = [1]\n[command]\nrun = \"true\"\n");
  EXPECT_EQ(windrow({"run", "study.toml"}).code, 0);
  expect_refused({"export", "study.windrow", "--csv", "no/such/folder.csv"}, "no/such/folder.csv");
  expect_refused({"export", "study.windrow", "--csv", "/dev/full/x.csv"}, "/dev/full/x.csv");
  const Ended full =
      start({"/bin/sh", "-c", "exec \"$0\" export study.windrow --csv - > /dev/full", WINDROW_PROGRAM}).wait();
  EXPECT_EQ(full.code, 2) << full.text();
  EXPECT_NE(full.err, "");
}

TEST_F(UsageTest, help_and_version_are_no_errors) {
  for (const Arguments& arguments :
       {Arguments{"--help"}, Arguments{"-h"}, Arguments{"run", "--help"}, Arguments{"--version"}}) {
    const Ended ended = windrow(arguments);
    EXPECT_EQ(ended.code, 0);
    EXPECT_NE(ended.out, "");
    EXPECT_EQ(ended.err, "");
  }
}

}  // namespace
}  // namespace windrow::test
