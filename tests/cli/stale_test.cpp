// Results of a program that has changed since, and points that are evaluated again on purpose.
#include <gmock/gmock.h>
#include <signal.h>

#include "cli/cli_fixture.hpp"

namespace windrow::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using Indices = std::vector<std::uint64_t>;

class StaleTest : public CliTest {
 protected:
  void SetUp() override {
    std::filesystem::create_directory(path("bin"));
    write_sim("bin/sim", "1");
  }

  void write_sim(const std::string& name, const std::string& factor) const {
    write_program(name, "echo $1 >> \"" + path("log").string() + "\"\n[ -e \"" + path("wait").string() +
                            "\" ] && [ $1 -gt 1 ] && sleep 3600\necho y=$(($1 * " + factor + "))\n");
  }

  void write_study(const std::string& run) const {
    write("study.toml", "[parameters.x]\nvalues = [0, 1, 2, 3]\n[command]\nrun = " + run +
                            "\n[outputs]\ny = { stdout = 'y=(\\S+)' }\n");
  }

  /// What ran, by its index, which is its value.
  Indices run(const Arguments& options = {}) {
    std::filesystem::remove(path("log"));
    Arguments arguments = {"run", "study.toml"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    last_ = windrow(arguments);
    EXPECT_EQ(last_.code, 0) << last_.text();
    return logged("log");
  }

  Ended last_;
};

TEST_F(StaleTest, a_program_of_the_study_counts_by_its_content) {
  write_study(R"(["./bin/sim", "{{x}}"])");
  EXPECT_EQ(run(), all_indices(4));
  EXPECT_EQ(run(), Indices());
  const auto later = std::filesystem::last_write_time(path("bin/sim")) + std::chrono::hours(1);
  std::filesystem::last_write_time(path("bin/sim"), later);
  EXPECT_EQ(run(), Indices()) << "its time does not count";
  write_sim("bin/sim", "100");
  EXPECT_THAT(windrow({"plan", "study.toml"}).out,
              AllOf(HasSubstr("the program bin/sim has changed"), HasSubstr("left to run: 4 of ")));
  EXPECT_EQ(run(), all_indices(4));
  EXPECT_THAT(last_.err, HasSubstr("0 of 4 points are known from earlier runs; what differs: the program bin/sim has "
                                   "changed; with the old program its results come back\n"));
  EXPECT_THAT(exported("study.windrow"), HasSubstr("3,3,300,ok\n"));
  write_sim("bin/sim", "1");
  EXPECT_EQ(run(), Indices()) << "what the program computed before is there still";
  EXPECT_THAT(exported("study.windrow"), HasSubstr("3,3,3,ok\n"));
}

TEST_F(StaleTest, what_a_program_is_given_in_another_spelling_is_computed_anew) {
  const auto run_with = [this](const std::string& values) {
    write("study.toml", "[parameters.x]\nvalues = " + values +
                            "\n[command]\nrun = [\"echo\", \"{{x}}\"]\n[outputs]\ny = { stdout = '(\\S+)', type = "
                            "\"string\" }\n");
    run();
    return exported("study.windrow");
  };
  run_with("[1, 2, 3]");
  EXPECT_THAT(run_with("[1.0, 2.0, 3.5]"), HasSubstr("0,1.0,1.0,ok\n1,2.0,2.0,ok\n"));
  EXPECT_THAT(last_.out, HasSubstr("evaluated 3"));
  run_with("[1.0, 2.0]");
  EXPECT_THAT(last_.out, HasSubstr("Nothing to do"));
  run_with("[1, 2, 3]");
  EXPECT_THAT(last_.out, HasSubstr("Nothing to do")) << "what was computed before is there still";
}

// As `values = { linear = ... }` with whole ends is computed, its definition says nothing of 1 or 1.0.
TEST_F(StaleTest, a_range_that_is_written_in_another_way_is_computed_anew) {
  const auto run_with = [this](const std::string& from, const std::string& to, int points = 3) {
    write("study.toml", "[parameters.x]\nvalues = { linear = { from = " + from + ", to = " + to +
                            ", points = " + std::to_string(points) +
                            " } }\n[command]\nrun = [\"echo\", \"{{x}}\"]\n[outputs]\ny = { stdout = '(\\S+)', "
                            "type = \"string\" }\n");
    run();
    return exported("study.windrow");
  };
  run_with("1", "3");
  EXPECT_THAT(last_.out, HasSubstr("evaluated 3"));
  run_with("1", "3");
  EXPECT_THAT(last_.out, HasSubstr("Nothing to do"));
  EXPECT_THAT(run_with("1.0", "3.0"), HasSubstr("0,1,1.0,ok\n"));
  EXPECT_THAT(last_.out, HasSubstr("evaluated 3"));
  EXPECT_THAT(last_.err, HasSubstr("parameters.x is written as 1.0, no more as 1"));
  EXPECT_THAT(run_with("1", "3"), HasSubstr("0,1,1,ok\n"));
  EXPECT_THAT(last_.out, HasSubstr("Nothing to do")) << "what was computed before is there still";
  run_with("1", "5", 5);
  EXPECT_THAT(last_.out, HasSubstr("evaluated 2"));
  run_with("1.0", "4.0", 4);
  EXPECT_THAT(last_.out, HasSubstr("evaluated 1"));
}

TEST_F(StaleTest, of_programs_that_a_parameter_names_only_the_changed_one_runs_again) {
  const auto expect_noticed = [&](const std::string& command) {
    std::filesystem::remove_all(path("study.windrow"));
    write_sim("bin/sim_a", "1");
    write_sim("bin/sim_b", "1");
    write("study.toml",
          "[parameters.x]\nvalues = [0, 1]\n[parameters.solver]\nvalues = [\"a\", \"b\", "
          "\"none\"]\n[run]\ngive_up_early = false\n[command]\nrun = " +
              command + "\n[outputs]\ny = { stdout = 'y=(\\S+)' }\n");
    std::filesystem::remove(path("log"));
    EXPECT_EQ(windrow({"run", "study.toml"}).code, 1) << "one is not there";
    EXPECT_EQ(logged("log"), (Indices{0, 0, 1, 1})) << command;
    EXPECT_THAT(windrow({"run", "study.toml"}).out, HasSubstr("Nothing to do")) << command;
    write_sim("bin/sim_b", "7");
    EXPECT_THAT(windrow({"plan", "study.toml"}).out,
                AllOf(HasSubstr("the program of solver = b has changed"), HasSubstr("left to run: 2 of ")));
    EXPECT_THAT(windrow({"explain", "study.toml", "4"}).out, HasSubstr("the program of solver = b has changed"));
    std::filesystem::remove(path("log"));
    const Ended again = windrow({"run", "study.toml"});
    EXPECT_EQ(logged("log"), (Indices{0, 1})) << command << again.text();
    EXPECT_THAT(exported("study.windrow"), AllOf(HasSubstr(",1,a,1,ok\n"), HasSubstr(",1,b,7,ok\n")));
    write_sim("bin/sim_b", "1");
    std::filesystem::remove(path("log"));
    EXPECT_EQ(windrow({"run", "study.toml"}).code, 1);
    EXPECT_EQ(logged("log"), Indices()) << "what the program computed before is there still";
  };
  expect_noticed(R"(["./bin/sim_{{solver}}", "{{x}}"])");
  expect_noticed(R"("{{study.dir}}/bin/sim_{{solver}} {{x}}")");
  expect_noticed(R"(["sh", "{{study.dir}}/bin/sim_{{ solver }}", "{{x}}"])");
}

TEST_F(StaleTest, programs_are_found_in_shell_texts_and_behind_interpreters) {
  const auto expect_noticed = [&](const std::string& command) {
    std::filesystem::remove_all(path("study.windrow"));
    write_sim("bin/sim", "1");
    write_study(command);
    EXPECT_EQ(run(), all_indices(4)) << command;
    EXPECT_EQ(run(), Indices()) << command;
    write_sim("bin/sim", "2");
    EXPECT_EQ(run(), all_indices(4)) << command;
  };
  expect_noticed(R"("{{study.dir}}/bin/sim {{x}}")");
  expect_noticed(R"('X=1 "{{study.dir}}/bin/sim" {{x}} 2>&1 | cat')");
  expect_noticed(R"("cd . && if true; then {{study.dir}}/bin/sim {{x}}; fi")");
  expect_noticed(R"("sh {{study.dir}}/bin/sim {{x}}")");
  expect_noticed(R"(["sh", "-u", "{{study.dir}}/bin/sim", "{{x}}"])");
  expect_noticed(R"(["env", "{{study.dir}}/bin/sim", "{{x}}"])");
  expect_noticed("[\"" + path("bin/sim").string() + "\", \"{{x}}\"]");
}

// It would make every point new at each run.
TEST_F(StaleTest, what_the_program_writes_or_reads_is_no_program) {
  write_study(R"("echo {{x}} >> {{study.dir}}/log; cat {{study.dir}}/data > /dev/null; echo y={{x}}")");
  write("data", "1");
  EXPECT_EQ(run(), all_indices(4));
  write("data", "2");
  EXPECT_EQ(run(), Indices());
}

TEST_F(StaleTest, a_program_of_the_system_is_known_by_its_path) {
  write_study(R"(["/bin/echo", "y={{x}}"])");
  run();
  EXPECT_THAT(windrow({"plan", "study.toml"}).out, HasSubstr("left to run: 0 of "));
  const Ended explain = windrow({"explain", "study.toml", "0"});
  EXPECT_THAT(explain.out, Not(HasSubstr("changed")));
}

TEST_F(StaleTest, again_evaluates_all_points_or_some) {
  write_study(R"(["./bin/sim", "{{x}}"])");
  EXPECT_EQ(run(), all_indices(4));
  EXPECT_EQ(run({"--again", "1,3"}), (Indices{1, 3}));
  EXPECT_THAT(last_.out, HasSubstr("4 of 4 points succeeded; this run evaluated 2 "));
  EXPECT_EQ(run({"--again"}), all_indices(4));
  std::filesystem::remove(path("log"));
  EXPECT_EQ(windrow({"run", "--again", "study.toml"}).code, 0) << "the study is not taken for points";
  EXPECT_EQ(logged("log"), all_indices(4));
  EXPECT_EQ(run(), Indices());
  EXPECT_THAT(windrow({"run", "study.toml", "--again", "2-9"}).err, HasSubstr("--again: there is no point 9"));
  EXPECT_EQ(windrow({"run", "study.toml", "--again", "1", "--shard", "1/2"}).code, 2);
}

TEST_F(StaleTest, again_on_a_study_with_open_points_leaves_those_open) {
  write_study(R"(["./bin/sim", "{{x}}"])");
  EXPECT_EQ(run({"--only", "0-1"}), (Indices{0, 1}));
  EXPECT_EQ(run({"--again", "1"}), (Indices{1}));
  EXPECT_EQ(run(), (Indices{2, 3}));
}

TEST_F(StaleTest, again_goes_on_after_a_kill_and_old_outcomes_stay_until_then) {
  write_study(R"(["./bin/sim", "{{x}}"])");
  EXPECT_EQ(run(), all_indices(4));
  write("wait", "");
  std::filesystem::remove(path("log"));
  Program killed = start_windrow({"run", "study.toml", "--again", "--workers", "1"});
  ASSERT_TRUE(wait_for_log("log", 3));
  killed.signal(SIGKILL);
  killed.wait();
  std::filesystem::remove(path("wait"));
  EXPECT_THAT(exported("study.windrow"), HasSubstr("3,3,3,ok\n"));
  EXPECT_THAT(windrow({"status", "study.windrow"}).out, HasSubstr("To be evaluated again: "));
  const Indices rest = run();
  EXPECT_GE(rest.size(), 2U);
  EXPECT_EQ(rest.back(), 3U);
  EXPECT_EQ(run(), Indices());
}

TEST_F(StaleTest, retry_failed_takes_kinds) {
  write_program("bin/sim", "echo $1 >> \"" + path("log").string() +
                               "\"\n[ $1 = 1 ] && exit 3; [ $1 = 2 ] && exit 0; [ $1 = 3 ] && kill -9 $$; echo y=$1\n");
  write_study(R"(["./bin/sim", "{{x}}"])");
  EXPECT_EQ(windrow({"run", "study.toml"}).code, 1);
  const auto retried = [&](const Arguments& arguments) {
    std::filesystem::remove(path("log"));
    EXPECT_EQ(windrow(arguments).code, 1);
    return logged("log");
  };
  EXPECT_EQ(retried({"run", "study.toml", "--retry-failed", "exited"}), (Indices{1}));
  EXPECT_EQ(retried({"run", "--retry-failed", "bad_output,crashed", "study.toml"}), (Indices{2, 3}));
  EXPECT_EQ(retried({"run", "--retry-failed", "study.toml"}), (Indices{1, 2, 3}));
  EXPECT_EQ(retried({"run", "study.toml", "--retry-failed=timed_out"}), Indices());
  const Ended wrong = windrow({"run", "study.toml", "--retry-failed=crashd"});
  EXPECT_EQ(wrong.code, 2);
  EXPECT_THAT(wrong.err, HasSubstr("`crashd` is not a kind of failure; did you mean `crashed`?"));
}

}  // namespace
}  // namespace windrow::test
