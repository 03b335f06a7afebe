// Standard streams that are closed, full, or that nobody reads: what is lost is told, and nothing else goes wrong.
#include "cli/streams_fixture.hpp"

namespace windrow::test {
namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;
using testing::StartsWith;

class StreamsTest : public StreamsFixture {
 protected:
  void SetUp() override {
    StreamsFixture::SetUp();
    ASSERT_EQ(windrow({"run", "study.toml", "--quiet"}).code, 0);
  }
};

/// Each of them prints something to standard output.
constexpr const char* kVerbs[] = {"run study.toml --again",
                                  "plan study.toml",
                                  "plan study.toml --json",
                                  "collect study.toml",
                                  "submit study.toml --print --time 1h",
                                  "status study.windrow",
                                  "status study.windrow --json",
                                  "watch study.windrow --once",
                                  "watch study.windrow",
                                  "export study.windrow --csv -",
                                  "export study.windrow --evaluations -",
                                  "export study.windrow --csv /dev/stdout",
                                  "explain study.windrow 1",
                                  "explain study.windrow 1 --json",
                                  "failures study.windrow",
                                  "compare study.windrow study.windrow",
                                  "timing study.windrow",
                                  "timing study.windrow --compare",
                                  "timing study.windrow --json",
                                  "timing study.windrow --trace -",
                                  "help",
                                  "help run",
                                  "completion bash",
                                  "completion zsh",
                                  "completion fish",
                                  "--help",
                                  "--version",
                                  "run --help"};

TEST_F(StreamsTest, output_that_is_lost_is_told_and_gives_a_code) {
  for (const std::string verb : kVerbs) {
    for (const auto& [to, why] :
         {std::pair(">&-", "Bad file descriptor"), std::pair(">/dev/full", "No space left on device")}) {
      const std::string line = "windrow " + verb + " " + to;
      const Ended ended = shell(line);
      EXPECT_EQ(ended.code, 2) << line << "\n" << ended.text();
      EXPECT_THAT(ended.err, AnyOf(HasSubstr(std::string("windrow: cannot write to standard output: ") + why),
                                   HasSubstr(std::string("windrow: cannot write /dev/stdout: ") + why),
                                   HasSubstr(std::string("windrow: cannot write all of /dev/stdout: ") + why)))
          << line;
    }
  }
}

TEST_F(StreamsTest, a_reader_that_has_enough_is_no_error) {
  for (const std::string verb : kVerbs) {
    // The reader is gone before the first word.
    const std::string line = "{ sleep 0.05; windrow " + verb + "; echo $? > code; } | exec true; exit $(cat code)";
    const Ended ended = shell(line);
    EXPECT_EQ(ended.code, 141) << line << "\n" << ended.text();
    EXPECT_THAT(ended.err, Not(HasSubstr("cannot write"))) << line;
  }
}

TEST_F(StreamsTest, without_standard_error_all_is_done_all_the_same) {
  const std::string table = exported("study.windrow");
  for (const std::string verb : kVerbs) {
    for (const char* to : {"2>&-", "2>/dev/full", "<&- 2>&-", "<&-"}) {
      const Ended ended = shell("windrow " + verb + " " + to);
      EXPECT_EQ(ended.code, 0) << verb << to << "\n" << ended.text();
      EXPECT_NE(ended.out, "") << verb << to;
    }
    EXPECT_EQ(shell("windrow " + verb + " <&- >&- 2>&-").code, 2) << verb;
    EXPECT_EQ(shell("windrow " + verb + " >/dev/full 2>&1").code, 2) << verb;
  }
  EXPECT_EQ(
      shell("{ sleep 0.05; windrow run study.toml --again; echo $? > code; } 2> >(exec true); exit $(cat code)").code,
      0)
      << "nobody reads how far it is";
  EXPECT_EQ(exported("study.windrow"), table);
}

TEST_F(StreamsTest, wrong_usage_is_2_whatever_the_streams_are) {
  for (const char* to : {"", ">&-", "2>&-", "<&- >&- 2>&-", ">/dev/full 2>&1"}) {
    EXPECT_EQ(shell(std::string("windrow plan none.toml ") + to).code, 2) << to;
    EXPECT_EQ(shell(std::string("windrow lan study.toml ") + to).code, 2) << to;
    EXPECT_EQ(shell(std::string("windrow export none.windrow --csv - ") + to).code, 2) << to;
  }
}

TEST_F(StreamsTest, no_file_of_the_results_takes_the_place_of_a_stream) {
  write_program("look.sh",
                "readlink /proc/$PPID/fd/0 /proc/$PPID/fd/1 /proc/$PPID/fd/2\nls -l /proc/[0-9]*/fd 2>/dev/null | "
                "grep -E ' [012] -> .*(sqlite|lock|live)' && exit 1\necho y=1\n");
  write("look.toml",
        "[parameters.x]\nvalues = [1]\n[command]\nrun = [\"./look.sh\"]\n[outputs]\ny = { stdout = 'y=(.)' }\n");
  EXPECT_EQ(shell("windrow run look.toml --quiet <&- >&- 2>&-").code, 0);
  EXPECT_THAT(exported("look.windrow"), HasSubstr("\n0,1,1,ok\n"));
}

TEST_F(StreamsTest, a_watch_that_nobody_reads_ends) {
  write("long.toml",
        "[parameters.x]\nvalues = [1]\n[command]\nrun = \"while test ! -e {{study.dir}}/go; do sleep 0.05; done\"\n");
  Program run = start_windrow({"run", "long.toml", "--workers", "1"});
  ASSERT_TRUE(
      eventually(std::chrono::seconds(10), [&] { return std::filesystem::exists(path("long.windrow/live.json")); }));
  const Ended watch =
      shell("{ windrow watch long.windrow --interval 10ms; echo $? > code; } | head -1; exit $(cat code)");
  EXPECT_TRUE(watch.in_time);
  EXPECT_EQ(watch.code, 141) << watch.text();
  EXPECT_THAT(watch.out, StartsWith("long: running on "));
  write("go", "");
  EXPECT_EQ(run.wait().code, 0);
}

TEST_F(StreamsTest, programs_that_are_launched_have_default_signals) {
  write("signals.toml",
        "[parameters.x]\nvalues = [1]\n[command]\nrun = \"grep -E 'SigIgn|SigBlk' /proc/self/status\"\n"
        "[outputs]\nignored = { stdout = 'SigIgn:\\s*(\\w+)', type = \"string\" }\n"
        "blocked = { stdout = 'SigBlk:\\s*(\\w+)', type = \"string\" }\n");
  EXPECT_EQ(windrow({"run", "signals.toml", "--quiet"}).code, 0);
  EXPECT_THAT(exported("signals.windrow"), HasSubstr("\n0,1,0000000000000000,0000000000000000,ok\n"));
}

class FileSizeTest : public StreamsFixture {
 protected:
  void SetUp() override {
    write_program("say.sh", "printf 'y=%s%s\\n' $(head -c 100000 /dev/zero | tr '\\0' x) $1\n");
    write("study.toml",
          "[parameters.x]\nvalues = { linear = { from = 1, to = 60, points = 60 } }\n[command]\nrun = [\"./say.sh\", "
          "\"{{x}}\"]\n"
          "[outputs]\ny = { stdout = 'y=(.*)', type = \"string\" }\n");
  }
};

TEST_F(FileSizeTest, a_limit_of_the_size_of_files_is_a_full_disk) {
  const Ended stopped = shell("ulimit -f 2000; windrow run study.toml --workers 2");
  EXPECT_EQ(stopped.code, 2) << stopped.text();
  EXPECT_THAT(stopped.err, AllOf(HasSubstr("study.windrow/results.sqlite: "), HasSubstr("`ulimit -f`"),
                                 HasSubstr("what was committed is safe")));
  const Ended again = windrow({"run", "study.toml"});
  EXPECT_EQ(again.code, 0) << again.text();
  EXPECT_THAT(again.out, HasSubstr("60 of 60 points succeeded"));
  const Ended table = shell("ulimit -f 2000; windrow export study.windrow --csv table.csv");
  EXPECT_EQ(table.code, 2) << table.text();
  EXPECT_THAT(table.err, HasSubstr("File too large"));
  EXPECT_FALSE(std::filesystem::exists(path("table.csv")));
}

TEST_F(FileSizeTest, a_program_that_meets_it_fails_its_own_point) {
  write_program("say.sh", "[ $1 = 7 ] && { head -c 5000000 /dev/zero > bulk; exit $?; }\necho y=1\n");
  const Ended run = shell("ulimit -f 2000; windrow run study.toml --workers 2");
  EXPECT_EQ(run.code, 1) << run.text();
  EXPECT_THAT(run.out, AllOf(HasSubstr("59 of 60 points succeeded"), HasSubstr("File size limit exceeded")));
}

}  // namespace
}  // namespace windrow::test
