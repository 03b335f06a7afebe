#include "windrow/process/launcher.hpp"

#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "faults/support.hpp"
#include "windrow/error.hpp"

namespace windrow {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::children_of;
using test::content_of;
using test::is_gone;

/// Waits up to 20 s for something that another process does.
bool eventually(const std::function<bool()>& condition) {
  for (int i = 0; i < 2000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(milliseconds(10));
  }
  return false;
}

std::vector<pid_t> pids_in(const fs::path& file) {
  std::ifstream in(file);
  return {std::istream_iterator<pid_t>(in), {}};
}

class LauncherTest : public testing::Test {
 protected:
  LauncherTest() {
    std::string name = (fs::temp_directory_path() / "windrow-launcher-XXXXXX").string();
    directory_ = mkdtemp(name.data());
  }
  ~LauncherTest() override { fs::remove_all(directory_); }

  ProgramSpec program(std::vector<std::string> argv) const {
    ProgramSpec spec;
    spec.argv = std::move(argv);
    spec.directory = directory_;
    spec.stdout_file = "out";
    spec.stderr_file = "err";
    return spec;
  }
  ProgramSpec shell(const std::string& text) const { return program({"sh", "-c", text}); }
  /// A program that writes the pids of itself and of two descendants to `pids`: one in the background, one in another
  /// session, all of them deaf to SIGTERM; and stays.
  ProgramSpec stubborn_tree() const {
    ProgramSpec spec = shell(
        "trap '' TERM; sh -c 'echo $$ >> pids; exec sleep 1000' & setsid sh -c 'echo $$ >> pids; exec sleep 1000' & "
        "echo $$ >> pids; while :; do sleep 1000; done");
    spec.grace = seconds(600);  // longer than any test waits: what is to end at once must not use it
    return spec;
  }
  bool tree_is_up() const { return pids_in(directory_ / "pids").size() == 3; }
  bool tree_is_gone() const {
    const std::vector<pid_t> pids = pids_in(directory_ / "pids");
    return std::all_of(pids.begin(), pids.end(), is_gone);
  }
  std::string output() const { return content_of(directory_ / "out"); }

  fs::path directory_;
  Launcher launcher_;
};

TEST_F(LauncherTest, gives_the_exit_code_and_captures_both_streams) {
  const ProgramEnd end = launcher_.run(shell("echo to-out; echo to-err >&2; exit 3"));
  EXPECT_EQ(end.status, ExitStatus::exited(3));
  EXPECT_EQ(output(), "to-out\n");
  EXPECT_EQ(content_of(directory_ / "err"), "to-err\n");
}

TEST_F(LauncherTest, a_file_may_be_the_standard_input) {
  ProgramSpec spec = shell("cat; echo end");
  EXPECT_EQ(launcher_.run(spec).status, ExitStatus::exited(0));
  EXPECT_EQ(output(), "end\n");
  std::ofstream(directory_ / "in") << "words\n";
  for (const fs::path& file : {fs::path("in"), directory_ / "in"}) {
    spec.stdin_file = file;
    EXPECT_EQ(launcher_.run(spec).status, ExitStatus::exited(0));
    EXPECT_EQ(output(), "words\nend\n");
  }
  spec.stdin_file = "none";
  const ProgramEnd end = launcher_.run(spec);
  EXPECT_EQ(end.error_number, ENOENT);
  EXPECT_EQ(end.message, "cannot read stdin of `sh` from none: No such file or directory");
}

TEST_F(LauncherTest, without_a_file_the_standard_input_is_empty_and_can_only_be_read) {
  for (int run = 0; run < 2; ++run) {
    launcher_.run(shell("readlink /proc/self/fd/0; cat; echo to-stdin 2> /dev/null >&0 || echo refused; exec 0<&-"));
    EXPECT_EQ(output(), "/dev/null\nrefused\n");
  }
}

TEST_F(LauncherTest, gives_the_signal_that_ended_the_program) {
  const ProgramEnd end = launcher_.run(shell("kill -SEGV $$"));
  EXPECT_EQ(end.status, ExitStatus::signalled(SIGSEGV));
}

TEST_F(LauncherTest, says_why_a_program_did_not_start) {
  const ProgramEnd missing = launcher_.run(program({"no-such-program-here"}));
  EXPECT_FALSE(missing.was_started());
  EXPECT_EQ(missing.status, ExitStatus::exited(127));
  EXPECT_EQ(missing.error_number, ENOENT);
  EXPECT_NE(missing.message.find("no-such-program-here"), std::string::npos) << missing.message;

  std::ofstream(directory_ / "plain") << "not a program";
  const ProgramEnd plain = launcher_.run(program({"./plain"}));
  EXPECT_EQ(plain.error_number, EACCES);
  EXPECT_EQ(plain.status, ExitStatus::exited(126));

  ProgramSpec elsewhere = program({"true"});
  elsewhere.directory = directory_ / "missing";
  const ProgramEnd nowhere = launcher_.run(elsewhere);
  EXPECT_EQ(nowhere.error_number, ENOENT);
  EXPECT_NE(nowhere.message.find("missing"), std::string::npos) << nowhere.message;

  ProgramSpec unwritable = program({"true"});
  unwritable.stdout_file = "no/such/out";
  EXPECT_NE(launcher_.run(unwritable).message.find("stdout"), std::string::npos);
  EXPECT_TRUE(launcher_.run(program({"true"})).status.is_success());
}

TEST_F(LauncherTest, refuses_what_no_program_can_be_given) {
  EXPECT_THROW(launcher_.run(program({})), SpecError);
  EXPECT_THROW(launcher_.run(program({"echo", std::string("a\0b", 3)})), SpecError);
}

TEST_F(LauncherTest, passes_arguments_and_environment_of_any_content_and_size) {
  const std::string large(100'000, 'x');  // one argument may hold 128 KiB, all together more than a socket's buffer
  std::vector<std::string> argv = {"sh", "-c", "printf '%s|' \"$@\" | wc -c; printf %s \"$ODD\"", "sh"};
  for (int i = 0; i < 12; ++i) argv.push_back(large);
  ProgramSpec spec = program(argv);
  spec.environment = {"ODD=a b\n'\"$c=d", "PATH=" + std::string(getenv("PATH"))};
  const ProgramEnd end = launcher_.run(spec);
  EXPECT_TRUE(end.status.is_success()) << end.message;
  EXPECT_EQ(output(), "1200012\na b\n'\"$c=d");
}

TEST_F(LauncherTest, one_file_may_take_both_streams) {
  ProgramSpec spec = shell("echo one; echo two >&2; echo three");
  spec.stderr_file = spec.stdout_file;
  launcher_.run(spec);
  EXPECT_EQ(output(), "one\ntwo\nthree\n");
}

TEST_F(LauncherTest, hides_an_outer_mpi_launcher_from_the_program) {
  ASSERT_EQ(setenv("OMPI_COMM_WORLD_RANK", "3", 1), 0);
  ASSERT_EQ(setenv("PMIX_RANK", "3", 1), 0);
  ASSERT_EQ(setenv("OMPI_MCA_orte_hnp_uri", "1.0;tcp://10.0.0.1:1", 1), 0);
  Launcher launcher;
  launcher.start();
  unsetenv("OMPI_COMM_WORLD_RANK");
  unsetenv("PMIX_RANK");
  unsetenv("OMPI_MCA_orte_hnp_uri");
  launcher.run(shell("env | grep -E '^(OMPI_COMM|PMIX|OMPI_MCA_orte_hnp)_'"));
  EXPECT_EQ(output(), "");
}

TEST_F(LauncherTest, what_a_user_set_for_the_network_holds_for_an_inner_mpi_launcher_too) {
  const std::vector<std::string> names = {"OMPI_MCA_btl_tcp_if_include", "OMPI_MCA_pml", "OMPI_MCA_plm_rsh_agent",
                                          "OMPI_ALLOW_RUN_AS_ROOT"};
  std::map<std::string, std::optional<std::string>> before;
  for (const std::string& name : names) {
    const char* value = getenv(name.c_str());
    before[name] = value != nullptr ? std::optional<std::string>(value) : std::nullopt;
    ASSERT_EQ(setenv(name.c_str(), "chosen", 1), 0);
  }
  Launcher launcher;
  launcher.start();
  for (const auto& [name, value] : before) value ? setenv(name.c_str(), value->c_str(), 1) : unsetenv(name.c_str());
  launcher.run(shell("env | grep =chosen$ | sort"));
  EXPECT_EQ(output(),
            "OMPI_ALLOW_RUN_AS_ROOT=chosen\nOMPI_MCA_btl_tcp_if_include=chosen\nOMPI_MCA_plm_rsh_agent=chosen\n"
            "OMPI_MCA_pml=chosen\n");
}

TEST_F(LauncherTest, an_unbound_program_of_a_bound_rank_has_the_cores_of_mpirun) {
  cpu_set_t all, one;
  ASSERT_EQ(sched_getaffinity(0, sizeof all, &all), 0);
  if (CPU_COUNT(&all) < 2) GTEST_SKIP() << "this machine has one core";
  CPU_ZERO(&one);
  for (int core = 0; CPU_COUNT(&one) == 0; ++core) {
    if (CPU_ISSET(core, &all)) CPU_SET(core, &one);
  }
  const pid_t rank = fork();  // of this process, which plays mpirun
  if (rank == 0) {
    setenv("OMPI_COMM_WORLD_RANK", "0", 1);
    sched_setaffinity(0, sizeof one, &one);
    Launcher launcher;
    ProgramSpec spec = shell("nproc");
    spec.stdout_file = "bound";
    launcher.run(spec);
    spec.stdout_file = "unbound";
    spec.unbound = true;
    launcher.run(spec);
    _exit(0);
  }
  waitpid(rank, nullptr, 0);
  EXPECT_EQ(content_of(directory_ / "bound"), "1\n");
  EXPECT_EQ(content_of(directory_ / "unbound"), std::to_string(CPU_COUNT(&all)) + "\n");
}

TEST_F(LauncherTest, a_program_starts_with_default_signals_its_own_group_and_no_descriptors_of_ours) {
  const int leaked = dup(STDIN_FILENO);  // without FD_CLOEXEC
  signal(SIGPIPE, SIG_IGN);
  Launcher launcher;
  launcher.start();
  for (const int number : {SIGINT, SIGHUP, SIGUSR1}) kill(launcher.helper(), number);  // it leaves them to its owner
  launcher.run(
      shell("grep -E '^(SigBlk|SigIgn)' /proc/self/status; ls /proc/self/fd | tr '\\n' ' '; "
            "[ $(cut -d' ' -f5 /proc/$$/stat) = $$ ] && echo leader"));
  signal(SIGPIPE, SIG_DFL);
  close(leaked);
  EXPECT_EQ(output(),
            "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n0 1 2 3 leader\n");  // 3 is what ls looks through
}

TEST_F(LauncherTest, a_time_out_ends_everything_even_what_ignores_the_signal_or_left_the_session) {
  ProgramSpec spec = stubborn_tree();
  spec.timeout = milliseconds(500);
  spec.grace = milliseconds(100);
  EXPECT_TRUE(launcher_.run(spec).status.has_timed_out());
  EXPECT_TRUE(tree_is_up());
  EXPECT_TRUE(tree_is_gone());
}

TEST_F(LauncherTest, a_time_out_leaves_time_to_clean_up) {
  ProgramSpec spec = shell("trap 'echo cleaned; exit 0' TERM; sleep 1000 & wait");
  spec.timeout = milliseconds(300);
  spec.grace = seconds(60);
  EXPECT_TRUE(launcher_.run(spec).status.has_timed_out());
  EXPECT_EQ(output(), "cleaned\n");
}

TEST_F(LauncherTest, what_a_program_leaves_in_the_background_ends_with_it) {
  const ProgramEnd end = launcher_.run(
      shell("(trap '' TERM; sleep 1000) & echo $! >> pids; setsid sh -c 'echo $$ >> pids; exec sleep 1000' & "
            "while [ $(wc -l < pids) -lt 2 ]; do sleep 0.01; done; exit 5"));
  EXPECT_EQ(end.status, ExitStatus::exited(5));
  EXPECT_EQ(pids_in(directory_ / "pids").size(), 2U);
  EXPECT_TRUE(tree_is_gone());
}

TEST_F(LauncherTest, a_stop_throws_after_everything_has_ended) {
  ProgramSpec spec = stubborn_tree();
  spec.grace = milliseconds(100);
  EXPECT_THROW(launcher_.run(spec, [this] { return tree_is_up(); }), Interrupted);
  EXPECT_TRUE(tree_is_up());
  EXPECT_TRUE(tree_is_gone());
  EXPECT_EQ(launcher_.run(shell("exit 4"), [] { return false; }).status, ExitStatus::exited(4));
}

TEST_F(LauncherTest, an_exception_of_the_stop_question_ends_the_program_too) {
  ProgramSpec spec = stubborn_tree();
  spec.grace = milliseconds(100);
  const auto ask = [this]() -> bool {
    if (tree_is_up()) throw StoreError("disk full");
    return false;
  };
  EXPECT_THROW(launcher_.run(spec, ask), StoreError);
  EXPECT_TRUE(tree_is_gone());
}

TEST_F(LauncherTest, nothing_outlives_an_owner_that_is_killed) {
  const pid_t owner = fork();
  if (owner == 0) {
    Launcher launcher;
    launcher.run(stubborn_tree());
    _exit(0);
  }
  ASSERT_TRUE(eventually([this] { return tree_is_up(); }));
  kill(owner, SIGKILL);
  waitpid(owner, nullptr, 0);
  EXPECT_TRUE(eventually([this] { return tree_is_gone(); }));
}

TEST_F(LauncherTest, nothing_outlives_the_killed_process_group_of_a_rank) {
  const pid_t owner = fork();
  if (owner == 0) {
    setpgid(0, 0);  // as mpirun has it, which ends a rank by killing its group
    setenv("OMPI_COMM_WORLD_SIZE", "2", 1);
    Launcher launcher;
    launcher.run(stubborn_tree());
    _exit(0);
  }
  ASSERT_TRUE(eventually([this] { return tree_is_up(); }));
  kill(-owner, SIGKILL);
  waitpid(owner, nullptr, 0);
  EXPECT_TRUE(eventually([this] { return tree_is_gone(); }));
}

TEST_F(LauncherTest, nothing_outlives_a_killed_owner_whose_socket_another_child_inherited) {
  const pid_t owner = fork();
  if (owner == 0) {
    Launcher launcher;
    launcher.start();
    if (fork() == 0) {
      std::ofstream(directory_ / "holder") << getpid();
      pause();
      _exit(0);
    }
    launcher.run(stubborn_tree());
    _exit(0);
  }
  ASSERT_TRUE(eventually([this] { return tree_is_up() && !content_of(directory_ / "holder").empty(); }));
  kill(owner, SIGKILL);
  waitpid(owner, nullptr, 0);
  EXPECT_TRUE(eventually([this] { return tree_is_gone(); }));
  kill(pids_in(directory_ / "holder").front(), SIGKILL);
}

TEST_F(LauncherTest, a_killed_helper_leaves_nothing_and_is_replaced) {
  launcher_.start();
  std::thread killer([this, helper = launcher_.helper()] {
    eventually([this] { return tree_is_up(); });
    kill(helper, SIGKILL);
  });
  EXPECT_THROW(launcher_.run(stubborn_tree()), PeerLost);
  killer.join();
  EXPECT_TRUE(tree_is_up());
  EXPECT_TRUE(eventually([this] { return tree_is_gone(); }));
  EXPECT_EQ(launcher_.run(shell("exit 6")).status, ExitStatus::exited(6));
}

TEST_F(LauncherTest, a_killed_helper_leaves_nothing_even_if_its_owner_can_do_nothing) {
  for (const int what_ends_the_owner : {SIGSTOP, SIGKILL}) {
    std::filesystem::remove(directory_ / "pids");
    const pid_t owner = fork();
    if (owner == 0) {
      Launcher launcher;
      launcher.start();
      std::ofstream(directory_ / "helper") << launcher.helper() << "\n";
      launcher.run(stubborn_tree());
      _exit(0);
    }
    ASSERT_TRUE(eventually([this] { return tree_is_up(); }));
    const pid_t helper = pids_in(directory_ / "helper").front();
    kill(helper, SIGSTOP);  // so that it does nothing when its owner ends
    kill(owner, what_ends_the_owner);
    kill(helper, SIGKILL);
    EXPECT_TRUE(eventually([this] { return tree_is_gone(); }));
    kill(owner, SIGKILL);
    waitpid(owner, nullptr, 0);
  }
}

TEST_F(LauncherTest, a_killed_guardian_of_the_helper_is_not_missed) {
  launcher_.start();
  const pid_t helper = launcher_.helper();
  const std::vector<pid_t> children = children_of(getpid());
  ASSERT_EQ(children.size(), 1U);
  ASSERT_EQ(children_of(children.front()), std::vector<pid_t>{helper});
  kill(children.front(), SIGKILL);
  ASSERT_TRUE(eventually([&] { return is_gone(children.front()); }));
  EXPECT_EQ(launcher_.run(shell("exit 8")).status, ExitStatus::exited(8));
  EXPECT_EQ(launcher_.helper(), helper);
  launcher_ = Launcher();
  EXPECT_TRUE(is_gone(helper));
}

TEST_F(LauncherTest, one_that_is_killed_while_it_starts_is_replaced) {
  for (int round = 0; round < 20; ++round) {
    pid_t killed = 0;  // a helper, below its guardian
    std::jthread killer([&killed] { killed = test::kill_child_and_grandchild(); });
    launcher_.start();
    killer.join();
    if (launcher_.helper() != killed) {  // else that one had started
      EXPECT_EQ(launcher_.run(shell("exit 8")).status, ExitStatus::exited(8));
    }
    launcher_ = Launcher();
    ASSERT_TRUE(eventually([] { return children_of(getpid()).empty(); }));
  }
}

TEST_F(LauncherTest, a_helper_that_dies_between_runs_is_not_noticed) {
  launcher_.start();
  const pid_t first = launcher_.helper();
  kill(first, SIGKILL);
  ASSERT_TRUE(eventually([first] { return is_gone(first); }));
  EXPECT_EQ(launcher_.run(shell("exit 7")).status, ExitStatus::exited(7));
  EXPECT_NE(launcher_.helper(), first);
}

TEST_F(LauncherTest, outlives_the_thread_that_started_it) {
  std::thread([this] { launcher_.start(); }).join();
  const pid_t helper = launcher_.helper();
  EXPECT_EQ(launcher_.run(shell("sleep 0.2; exit 8")).status, ExitStatus::exited(8));
  EXPECT_EQ(launcher_.helper(), helper);
}

TEST_F(LauncherTest, a_forked_child_uses_a_helper_of_its_own) {
  launcher_.start();
  const pid_t helper = launcher_.helper();
  const pid_t child = fork();
  if (child == 0) {
    bool good = launcher_.helper() == 0;
    good = good && launcher_.run(shell("exit 9")).status == ExitStatus::exited(9) && launcher_.helper() != helper;
    launcher_ = Launcher();
    _exit(good ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(launcher_.run(shell("exit 10")).status, ExitStatus::exited(10));
  EXPECT_EQ(launcher_.helper(), helper);
}

TEST_F(LauncherTest, its_end_ends_the_helper_and_a_move_keeps_it) {
  launcher_.start();
  const pid_t helper = launcher_.helper();
  {
    Launcher moved(std::move(launcher_));
    EXPECT_EQ(moved.helper(), helper);
    EXPECT_FALSE(is_gone(helper));
    const fs::path name = fs::path("/proc") / std::to_string(helper) / "comm";
    EXPECT_TRUE(eventually([&name] { return content_of(name) == "windrow-launch\n"; }));
  }
  EXPECT_TRUE(is_gone(helper));
}

TEST_F(LauncherTest, runs_many_programs_and_leaves_no_zombie) {
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(launcher_.run(shell("sleep 0.01 & exit " + std::to_string(i))).status, ExitStatus::exited(i));
  }
  const fs::path children =
      "/proc/" + std::to_string(launcher_.helper()) + "/task/" + std::to_string(launcher_.helper());
  EXPECT_EQ(content_of(children / "children"), "");
}

}  // namespace
}  // namespace windrow
