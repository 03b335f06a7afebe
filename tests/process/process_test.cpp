#include "windrow/process/process.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <iostream>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "faults/support.hpp"
#include "windrow/process/shared_memory.hpp"

namespace windrow {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::Belongings;
using test::is_gone;
using test::run_apart;
using test::within;

int run_on() {
  for (;;) ::pause();
}

TEST(ProcessTest, gives_the_exit_code) {
  for (const int code : {0, 1, 7, 255}) {
    Process child([code] { return code; }, {.name = "code"});
    EXPECT_EQ(child.join(), ExitStatus::exited(code));
    EXPECT_EQ(child.status(), ExitStatus::exited(code)) << "asked again";
  }
}

TEST(ProcessTest, gives_the_code_of_exit_and_of__exit) {
  EXPECT_EQ(Process([]() -> int { std::exit(3); }, {.name = "exit"}).join(), ExitStatus::exited(3));
  EXPECT_EQ(Process([]() -> int { ::_exit(4); }, {.name = "exit"}).join(), ExitStatus::exited(4));
}

TEST(ProcessTest, gives_the_signal_that_ended_it) {
  for (const int number : {SIGKILL, SIGABRT, SIGSEGV, SIGFPE}) {
    Process child(
        [number]() -> int {
          ::signal(number, SIG_DFL);
          ::raise(number);
          return 0;
        },
        {.name = "signal"});
    EXPECT_EQ(child.join(), ExitStatus::signalled(number));
    EXPECT_EQ(child.join().code(), -number);
  }
}

TEST(ProcessTest, an_exception_is_told_on_one_line_and_gives_code_1) {
  const auto run = run_apart([] {
    Process first([]() -> int { throw std::runtime_error("no licence"); }, {.name = "solver"});
    const int code = first.join().code();
    Process second([]() -> int { throw 42; }, {.name = "solver"});
    return code * 10 + second.join().code();
  });
  EXPECT_EQ(run.status, ExitStatus::exited(11));
  EXPECT_EQ(run.err, "solver: no licence\nsolver: 42\n");
}

TEST(ProcessTest, is_running_until_it_has_ended) {
  Process child(run_on, {.name = "stays", .daemon = true});
  EXPECT_TRUE(child.joinable());
  EXPECT_TRUE(child.status().is_running());
  EXPECT_FALSE(child.join_for(milliseconds(20)));
  EXPECT_FALSE(child.join_for(milliseconds(0)));
  EXPECT_TRUE(child.status().is_running());
  child.signal(SIGKILL);
  EXPECT_TRUE(child.join_for(seconds(20)));
  EXPECT_FALSE(child.joinable());
  EXPECT_EQ(child.status(), ExitStatus::signalled(SIGKILL));
  EXPECT_TRUE(child.join_for(milliseconds(0)));
}

TEST(ProcessTest, its_descriptor_is_readable_once_it_has_ended) {
  Process child(run_on, {.name = "stays", .daemon = true});
  pollfd entry{child.descriptor(), POLLIN, 0};
  EXPECT_EQ(::poll(&entry, 1, 10), 0);
  child.signal(SIGKILL);
  EXPECT_EQ(::poll(&entry, 1, 20000), 1);
  EXPECT_EQ(child.status(), ExitStatus::signalled(SIGKILL));
}

TEST(ProcessTest, the_destructor_of_a_daemon_kills_and_reaps) {
  pid_t pid = -1;
  {
    Process child(run_on, {.name = "stays", .daemon = true});
    pid = child.pid();
    EXPECT_EQ(::kill(pid, 0), 0);
  }
  EXPECT_EQ(::kill(pid, 0), -1);
  EXPECT_EQ(errno, ESRCH) << "not even a zombie is left";
}

TEST(ProcessTest, moving_leaves_the_source_inert_and_the_process_alone) {
  Process source(run_on, {.name = "stays", .daemon = true});
  const pid_t pid = source.pid();
  Process target(std::move(source));
  EXPECT_FALSE(source.joinable());
  EXPECT_TRUE(source.join_for(milliseconds(0)));
  source.signal(SIGKILL);
  EXPECT_FALSE(target.join_for(milliseconds(20))) << "the signal went to a child that the source no longer holds";
  EXPECT_EQ(target.pid(), pid);
  Process third(run_on, {.name = "stays", .daemon = true});
  const pid_t third_pid = third.pid();
  third = std::move(target);
  EXPECT_EQ(third.pid(), pid);
  EXPECT_FALSE(is_gone(pid));
  { const Process end = std::move(target); }
  EXPECT_TRUE(is_gone(third_pid)) << "what an assignment replaced ends with the source's scope at the latest";
}

TEST(ProcessTest, a_default_made_process_is_inert) {
  Process none;
  EXPECT_FALSE(none.joinable());
  EXPECT_TRUE(none.join_for(milliseconds(0)));
  EXPECT_TRUE(none.join().is_running());
  none.signal(SIGKILL);
}

TEST(ProcessTest, an_inherited_copy_neither_kills_nor_waits) {
  Process first(run_on, {.name = "stays", .daemon = true});
  Process second(
      [&first] {
        const bool inert = !first.joinable() && first.join_for(milliseconds(0));
        first.signal(SIGKILL);
        first = Process();
        return inert ? 0 : 9;
      },
      {.name = "heir", .inherit = Inherit::all()});
  EXPECT_EQ(second.join(), ExitStatus::exited(0));
  EXPECT_FALSE(first.join_for(milliseconds(20)));
}

TEST(ProcessTest, one_that_somebody_else_reaped_counts_as_ended) {
  Process child([] { return 0; }, {.name = "gone"});
  ASSERT_EQ(::waitpid(child.pid(), nullptr, 0), child.pid());
  EXPECT_EQ(child.join(), ExitStatus::exited(255));
}

TEST(ProcessTest, dies_with_its_parent_however_that_ends) {
  for (const int number : {SIGKILL, SIGSEGV}) {
    SharedMemory memory(sizeof(pid_t));
    auto* grandchild = static_cast<volatile pid_t*>(memory.data());
    Process middle(
        [&] {
          Process child(run_on, {.name = "grandchild", .daemon = true});
          *grandchild = child.pid();
          return run_on();
        },
        {.name = "middle"});
    ASSERT_TRUE(within(seconds(10), [&] { return *grandchild != 0; }));
    EXPECT_FALSE(is_gone(*grandchild));
    middle.signal(number);  // under a sanitizer it tells where it was first
    EXPECT_TRUE(within(seconds(10), [&] { return is_gone(*grandchild); }));
  }
}

TEST(ProcessTest, text_that_the_parent_had_not_written_yet_is_written_once) {
  const auto run = run_apart([] {
    std::ios::sync_with_stdio(false);
    std::cout << "cout-before ";
    std::printf("printf-before ");
    {
      Process child(
          [] {
            std::cout << "cout-child ";
            std::printf("printf-child ");
            return 0;
          },
          {.name = "prints"});
      child.join();
    }
    { Process child(run_on, {.name = "dies", .daemon = true}); }
    std::cout << "cout-after ";
    std::printf("printf-after ");
    return 0;
  });
  for (const std::string when : {"before", "child", "after"}) {
    for (const std::string how : {"cout-", "printf-"}) {
      const auto first = run.out.find(how + when);
      EXPECT_NE(first, std::string::npos) << how + when << " in: " << run.out;
      EXPECT_EQ(run.out.find(how + when, first + 1), std::string::npos) << how + when << " twice in: " << run.out;
    }
  }
}

TEST(ProcessTest, its_name_is_what_ps_and_top_show) {
  Process child(run_on, {.name = "windrow-work12", .daemon = true});
  const std::string file = "/proc/" + std::to_string(child.pid()) + "/comm";
  EXPECT_TRUE(within(seconds(10), [&] { return test::content_of(file) == "windrow-work12\n"; }));
  Process long_name(run_on, {.name = "a-name-longer-than-fifteen", .daemon = true});
  const std::string long_file = "/proc/" + std::to_string(long_name.pid()) + "/comm";
  EXPECT_TRUE(within(seconds(10), [&] { return test::content_of(long_file) == "a-name-longer-t\n"; }));
}

TEST(ProcessTest, leaves_the_signals_that_go_to_whole_groups_to_its_parent) {
  SharedMemory memory(sizeof(int));
  auto* ready = static_cast<volatile int*>(memory.data());
  Process child(
      [&] {
        *ready = 1;
        return run_on();
      },
      {.name = "deaf", .daemon = true, .ignore_interrupts = true});
  ASSERT_TRUE(within(seconds(10), [&] { return *ready == 1; }));
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) child.signal(number);
  EXPECT_FALSE(child.join_for(milliseconds(100)));
}

// Or a time limit that an evaluation sets with timeout(1), which sends SIGTERM, would not end its program.
TEST(ProcessTest, programs_that_it_executes_get_the_default_actions_of_signals) {
  Process child(
      []() -> int {
        const int status = std::system("kill -TERM $$");
        return WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM ? 0 : 9;
      },
      {.name = "executes", .ignore_interrupts = true});
  EXPECT_EQ(child.join(), ExitStatus::exited(0));
}

TEST(ProcessTest, many_processes_leave_neither_zombie_nor_descriptor) {
  const Belongings before;
  for (int round = 0; round < 100; ++round) {
    Process joined([] { return 0; }, {.name = "joined"});
    Process killed(run_on, {.name = "killed", .daemon = true});
    Process polled([] { return 0; }, {.name = "polled"});
    joined.join();
    while (polled.status().is_running()) std::this_thread::yield();
  }
  EXPECT_EQ(Belongings(), before);
}

TEST(ProcessTest, a_function_that_returns_nothing_ends_with_0) {
  EXPECT_EQ(Process([] {}).join(), ExitStatus::exited(0));
}

TEST(ProcessTest, terminate_and_kill_say_which) {
  Process asked(run_on, {.daemon = true});
  asked.terminate();
  EXPECT_EQ(asked.join().code(), -SIGTERM);
  Process told(run_on, {.daemon = true});
  told.kill();
  EXPECT_EQ(told.join().code(), -SIGKILL);
  EXPECT_FALSE(told.is_alive());
}

TEST(ProcessTest, handlers_and_blocked_signals_of_the_parent_do_not_shield_it) {
  const auto run = run_apart([] {
    ::signal(SIGTERM, [](int) {});
    sigset_t blocked;
    ::sigfillset(&blocked);
    ::pthread_sigmask(SIG_SETMASK, &blocked, nullptr);
    Process child(run_on, {.daemon = true});
    child.terminate();
    return child.join_for(seconds(10)) && child.status() == ExitStatus::signalled(SIGTERM) ? 0 : 9;
  });
  EXPECT_EQ(run.status, ExitStatus::exited(0));
}

TEST(ProcessTest, the_destructor_waits_for_its_end) {
  SharedMemory memory(sizeof(int));
  auto* done = static_cast<volatile int*>(memory.data());
  {
    Process child([done] {
      std::this_thread::sleep_for(milliseconds(50));
      *done = 1;
    });
  }
  EXPECT_EQ(*done, 1);
}

TEST(ProcessTest, inherits_only_the_descriptors_handed_to_it) {
  const Fd kept = test::memory_file("kept");
  const Fd other = test::memory_file("other");
  const Fd high(::fcntl(other.get(), F_DUPFD_CLOEXEC, 200));
  const auto check = [&] {
    const auto open = [](const Fd& fd) { return ::fcntl(fd.get(), F_GETFD) >= 0 ? 1 : 0; };
    return open(kept) + 2 * open(other) + 4 * open(high);
  };
  EXPECT_EQ(Process(check).join().code(), 0);
  EXPECT_EQ(Process(check, {.inherit = {kept.get()}}).join().code(), 1);
  EXPECT_EQ(Process(check, {.inherit = {high.get(), STDERR_FILENO, kept.get()}}).join().code(), 5);
  EXPECT_EQ(Process(check, {.inherit = Inherit::all()}).join().code(), 7);
}

TEST(ProcessTest, keeps_what_belongs_to_shared_memory_and_nothing_that_only_has_its_number) {
  int number = -1;
  const auto is_open = [&number] { return ::fcntl(number, F_GETFD) >= 0 ? 1 : 0; };
  {
    detail::SharedFd first(test::memory_file("first"));
    detail::SharedFd moved(std::move(first));
    first = detail::SharedFd(test::memory_file("second"));
    number = moved.get();
    EXPECT_EQ(Process(is_open).join().code(), 1);
    moved = std::move(first);
    EXPECT_EQ(Process(is_open).join().code(), 0) << "it is closed";
  }
  const Fd other(::dup2(STDERR_FILENO, number));
  EXPECT_EQ(Process(is_open).join().code(), 0);
}

TEST(ProcessTest, goes_on_when_the_thread_that_started_it_ends_and_still_ends_with_the_process) {
  for (const int number : {SIGKILL, SIGSEGV}) {
    SharedMemory memory(2 * sizeof(pid_t));
    auto* pids = static_cast<volatile pid_t*>(memory.data());
    Process middle([&] {
      Process child;
      std::thread([&] {
        child = Process([&] {
          pids[0] = ::getpid();
          run_on();
        });
      }).join();
      std::this_thread::sleep_for(milliseconds(50));
      pids[1] = child.is_alive() ? 1 : -1;
      run_on();
    });
    ASSERT_TRUE(within(seconds(10), [&] { return pids[0] > 0 && pids[1] != 0; }));
    EXPECT_EQ(pids[1], 1) << "it ended with the thread";
    EXPECT_FALSE(is_gone(pids[0]));
    middle.signal(number);
    EXPECT_TRUE(within(seconds(1), [&] { return is_gone(pids[0]); }));
  }
}

// The threads of a killed process end one after another, and the child is handed on from one to the next.
TEST(ProcessTest, ends_with_a_parent_of_many_threads) {
  for (int round = 0; round < 20; ++round) {
    SharedMemory memory(sizeof(pid_t));
    auto* pid = static_cast<volatile pid_t*>(memory.data());
    Process middle([&] {
      std::vector<std::thread> threads;
      for (int i = 0; i < 8; ++i) threads.emplace_back([] { run_on(); });
      threads.emplace_back([&] {
        Process child(run_on, {.daemon = true});
        *pid = child.pid();
        run_on();
      });
      run_on();
    });
    ASSERT_TRUE(within(seconds(10), [&] { return *pid != 0; }));
    middle.kill();
    EXPECT_TRUE(within(seconds(1), [&] { return is_gone(*pid); }));
  }
}

TEST(ProcessTest, one_thread_that_waits_for_a_line_does_not_hold_up_another_that_starts_a_process) {
  const auto run = run_apart([]() -> int {
    int ends[2];
    if (::pipe(ends) != 0) return 8;
    ::dup2(ends[0], STDIN_FILENO);
    std::thread([] { return std::fgetc(stdin); }).detach();
    std::this_thread::sleep_for(milliseconds(50));
    ::_exit(Process([] { return 3; }).join().code());
  });
  EXPECT_TRUE(run.in_time);
  EXPECT_EQ(run.status, ExitStatus::exited(3));
}

TEST(ProcessTest, knows_its_own_name_in_full) {
  EXPECT_EQ(process_name(), ::program_invocation_short_name);
  Process child([] { return process_name() == "a-name-longer-than-fifteen" ? 0 : 9; },
                {.name = "a-name-longer-than-fifteen"});
  EXPECT_EQ(child.join(), ExitStatus::exited(0));
}

}  // namespace
}  // namespace windrow
