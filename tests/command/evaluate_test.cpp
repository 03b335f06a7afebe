#include <gmock/gmock.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <thread>

#include "command_fixture.hpp"
#include "faults/support.hpp"

namespace windrow {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using test::is_gone;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class EvaluateTest : public CommandFixture {
 protected:
  TaskFailure failure_of(const CommandSpec& command) const {
    const auto outcome = evaluate(command);
    EXPECT_FALSE(outcome.ok());
    return outcome.ok() ? TaskFailure{} : outcome.failure();
  }
  /// A program that ignores SIGTERM, as do two more that it starts; their pids go to the file `pids` of the study.
  CommandSpec stubborn() const {
    CommandSpec command = spec(sh("trap '' TERM; (trap '' TERM; exec sleep 1000) & echo $! >> '" + pids() +
                                  "'; setsid sh -c 'echo $$ >> " + pids() + "; exec sleep 1000' & echo $$ >> '" +
                                  pids() + "'; echo waiting >&2; while :; do sleep 1000; done"));
    command.grace = milliseconds(100);
    return command;
  }
  std::string pids() const { return (study_ / "pids").string(); }
  std::vector<pid_t> started() const {
    std::ifstream in(pids());
    return {std::istream_iterator<pid_t>(in), {}};
  }
  void expect_three_and_gone() const {
    const std::vector<pid_t> all = started();
    EXPECT_EQ(all.size(), 3U);
    EXPECT_TRUE(std::all_of(all.begin(), all.end(), is_gone));
  }
};

TEST_F(EvaluateTest, values_come_back_exactly_through_a_template_and_an_argument) {
  write("in.txt.mustache", "{{x}}\n");
  const std::vector<Value> levels = {0.1, 1.0 / 3.0, -1e-300, 1.7976931348623157e308, -0.0, 12345678901.5};
  const Design design = grid({values("x", levels)});
  CommandSpec command =
      spec(std::vector<std::string>{"sh", "-c", "cat in.txt; printf '%s\\n' \"$1\" >&2", "sh", "{{x}}"},
           {{"file", RegexSource{"stdout", "(.*)"}}, {"argument", RegexSource{"stderr", "^(\\S+)$"}}});
  command.templates = {"in.txt.mustache"};
  const Command made(command, design);
  for (std::uint64_t i = 0; i < design.size(); ++i) {
    const auto outcome = evaluate(made, design, i);
    ASSERT_TRUE(outcome.ok()) << describe(outcome.failure());
    EXPECT_EQ(outcome.value().at(0), levels[i]);
    EXPECT_EQ(outcome.value().at(1), levels[i]);
  }
}

TEST_F(EvaluateTest, a_text_of_any_content_comes_back_exactly) {
  const std::string odd = " a\tb 'c' \"d\" $e `f` \\ {{g}} \xc3\xa9 ";
  const Design design = one("x", odd);
  const Command made(
      spec(std::vector<std::string>{"printf", "%s", "{{x}}"}, {{"y", RegexSource{"stdout", ".*"}, "string"}}), design);
  EXPECT_EQ(evaluate(made, design).value().at(0), Value(odd));
}

TEST_F(EvaluateTest, an_exit_code_is_a_failure_that_ends_in_the_last_lines_of_stderr) {
  const TaskFailure failure = failure_of(
      spec(sh("for i in 1 2 3 4 5 6 7 8 9; do echo line $i >&2; done; printf 'bad \\033[1m \\377\\n' >&2; exit 3")));
  EXPECT_EQ(failure.kind, FailureKind::exited);
  EXPECT_EQ(failure.code, 3);
  EXPECT_THAT(failure.message, AllOf(HasSubstr("stderr ends"), HasSubstr("line 9"), Not(HasSubstr("line 5")),
                                     testing::EndsWith("bad \\x1b[1m \\xff")));
  EXPECT_GT(failure.elapsed, 0.0);
}

TEST_F(EvaluateTest, a_crash_carries_the_signal_and_the_last_words) {
  const TaskFailure failure = failure_of(spec(sh("echo so far >&2; kill -SEGV $$")));
  EXPECT_EQ(failure.kind, FailureKind::crashed);
  EXPECT_EQ(failure.code, -SIGSEGV);
  EXPECT_THAT(failure.message, HasSubstr("so far"));
  EXPECT_THAT(failure_of(spec(sh("sh -c 'kill -SEGV $$'; exit $?"))).message, HasSubstr("Segmentation fault"));
}

TEST_F(EvaluateTest, a_program_that_cannot_be_started_fails_as_in_a_shell) {
  write("plain", "text");
  const auto run = [this](const std::string& program) {
    const Design design = one("program", program);
    return evaluate(Command(spec(std::vector<std::string>{"{{program}}"}), design), design).failure();
  };
  EXPECT_EQ(run("no-such-program-here").kind, FailureKind::exited);
  EXPECT_EQ(run("no-such-program-here").code, 127);
  EXPECT_THAT(run("no-such-program-here").message, HasSubstr("`no-such-program-here`"));
  EXPECT_EQ(run("./plain").code, 126);
}

TEST_F(EvaluateTest, a_relative_time_out_takes_effect_as_soon_as_the_limit_is_known) {
  CommandSpec wanted = spec(sh("echo begun; sleep 3600"));
  wanted.relative_timeout = 3.0;
  const Design design = one("x", 1.0);
  const Command command(wanted, design);
  int asked = 0;
  const auto outcome = command.evaluate(
      design.point(0), [] { return false; }, [&asked] { return ++asked < 3 ? 0.0 : 0.01; });
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.failure().kind, FailureKind::timed_out);
  EXPECT_THAT(outcome.failure().message, HasSubstr("over its time limit of 10ms (300% of the median"));
  EXPECT_THAT(outcome.failure().message, HasSubstr("begun"));
  EXPECT_GE(asked, 3);
  EXPECT_TRUE(std::filesystem::exists(point() / "stdout")) << "kept like those of other failures";
}

TEST_F(EvaluateTest, without_a_relative_time_out_no_limit_is_asked_for) {
  const Design design = one("x", 1.0);
  const Command command(spec(sh("sleep 0.2")), design);
  const auto outcome = command.evaluate(
      design.point(0), [] { return false; }, [] { return 0.001; });
  EXPECT_TRUE(outcome.ok());
}

TEST_F(EvaluateTest, a_time_out_ends_everything_that_was_started) {
  CommandSpec command = stubborn();
  command.timeout = milliseconds(400);
  const TaskFailure failure = failure_of(command);
  EXPECT_EQ(failure.kind, FailureKind::timed_out);
  EXPECT_THAT(failure.message, AllOf(HasSubstr("time limit"), HasSubstr("waiting")));
  expect_three_and_gone();
}

TEST_F(EvaluateTest, an_interruption_leaves_no_process_and_no_directory) {
  const Design design = one("x", 1.0);
  const Command command(stubborn(), design);
  EXPECT_THROW(command.evaluate(design.point(0), [this] { return started().size() == 3; }), Interrupted);
  expect_three_and_gone();
  EXPECT_FALSE(fs::exists(point()));
}

TEST_F(EvaluateTest, what_the_stop_question_throws_is_the_caller_s) {
  const Design design = one("x", 1.0);
  const Command command(stubborn(), design);
  const auto ask = [this]() -> bool {
    if (started().size() == 3) throw StoreError("the disk is full");
    return false;
  };
  EXPECT_THROW(command.evaluate(design.point(0), ask), StoreError);
  expect_three_and_gone();
}

TEST_F(EvaluateTest, a_killed_launcher_costs_one_point) {
  const Design design = grid({values("x", {1, 2})});
  auto launcher = std::make_shared<Launcher>();
  launcher->start();
  const pid_t helper = launcher->helper();
  Command command(spec(sh("[ {{x}} = 2 ] || sleep 1000")), design);
  command.use(launcher);
  std::thread killer([helper] {
    std::this_thread::sleep_for(milliseconds(200));
    kill(helper, SIGKILL);
  });
  const auto outcome = evaluate(command, design, 0);
  killer.join();
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.failure().kind, FailureKind::lost);
  EXPECT_TRUE(evaluate(command, design, 1).ok());
}

TEST_F(EvaluateTest, a_command_made_before_a_fork_works_on_both_sides) {
  const Design design = grid({values("x", {1, 2})});
  const Command command(spec(sh("echo {{x}}"), {{"y", RegexSource{"stdout", ".+"}}}), design);
  EXPECT_TRUE(evaluate(command, design, 0).ok());
  const pid_t child = fork();
  if (child == 0) {
    const auto outcome = evaluate(command, design, 1);
    _exit(outcome.ok() && outcome.value().at(0) == Value(2.0) ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(evaluate(command, design, 0).ok());
}

TEST_F(EvaluateTest, directories_stay_as_asked) {
  const auto stays = [this](Keep keep, const std::string& text) {
    CommandSpec command = spec(sh(text));
    command.keep = keep;
    evaluate(command);
    const bool stayed = fs::exists(point());
    fs::remove_all(study_ / "points");
    return stayed;
  };
  EXPECT_FALSE(stays(Keep::failed, "true"));
  EXPECT_TRUE(stays(Keep::failed, "exit 1"));
  EXPECT_TRUE(stays(Keep::all, "true"));
  EXPECT_FALSE(stays(Keep::none, "exit 1"));
}

TEST_F(EvaluateTest, a_directory_holds_files_streams_and_the_command_and_nothing_of_an_earlier_try) {
  fs::create_directories(point() / "old");
  std::ofstream(point() / "stale") << "x";
  write("in.mustache", "x is {{x}}\n");
  CommandSpec command = spec(std::vector<std::string>{"sh", "-c", "cat in; ls; echo e >&2", "it's"});
  command.templates = {"in.mustache"};
  command.keep = Keep::all;
  EXPECT_TRUE(evaluate(command).ok());
  EXPECT_EQ(content_of(point() / "stdout"), "x is 1.0\ncommand\nin\nstderr\nstdout\n");
  EXPECT_EQ(content_of(point() / "stderr"), "e\n");
  EXPECT_EQ(content_of(point() / "command"), "sh -c 'cat in; ls; echo e >&2' 'it'\\''s'\n");
}

TEST_F(EvaluateTest, a_limit_of_the_size_of_files_is_no_failure_of_the_point) {
  write("in.mustache", std::string(100'000, 'x'));
  CommandSpec command = spec(sh("true"));
  command.templates = {"in.mustache"};
  const Design design = one("x", 1.0);
  const Command made(command, design);
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{50'000, 50'000};
    setrlimit(RLIMIT_FSIZE, &limit);
    try {
      evaluate(made, design);
    } catch (const SurroundingsFailed& error) {
      _exit(std::string(error.what()).find("raise the file size limit (`ulimit -f`)") != std::string::npos ? 0 : 2);
    }
    _exit(1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST_F(EvaluateTest, a_program_that_prints_without_end_is_ended_long_before_its_time_out) {
  for (const std::string stream : {"", " >&2"}) {
    CommandSpec command = spec(sh("yes some words" + stream));
    command.max_output_size = 1'000'000;
    command.timeout = std::chrono::hours(1);
    const auto outcome = evaluate(command);
    ASSERT_FALSE(outcome.ok());
    EXPECT_EQ(outcome.failure().kind, FailureKind::bad_output);
    const std::string file = stream.empty() ? "stdout" : "stderr";
    EXPECT_THAT(outcome.failure().message,
                HasSubstr(file + " is longer than the 1000000 bytes that `max_output_size` in [command] allows; "));
  }
}

TEST_F(EvaluateTest, a_program_that_printed_too_much_fails_however_fast_it_was) {
  CommandSpec command = spec(sh("head -c 1001 /dev/zero"));
  command.max_output_size = 1000;
  const auto outcome = evaluate(command);
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.failure().kind, FailureKind::bad_output);
  command.max_output_size = 1001;
  EXPECT_TRUE(evaluate(command).ok());
}

}  // namespace
}  // namespace windrow
