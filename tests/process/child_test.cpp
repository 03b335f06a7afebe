#include "windrow/process/child.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <iostream>
#include <stdexcept>
#include <string>
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

int stay() {
  for (;;) ::pause();
}

TEST(ChildTest, gives_the_exit_code) {
  for (const int code : {0, 1, 7, 255}) {
    Child child("code", [code] { return code; });
    EXPECT_EQ(child.join(), ExitStatus::exited(code));
    EXPECT_EQ(child.status(), ExitStatus::exited(code)) << "asked again";
  }
}

TEST(ChildTest, gives_the_code_of_exit_and_of__exit) {
  EXPECT_EQ(Child("exit", []() -> int { std::exit(3); }).join(), ExitStatus::exited(3));
  EXPECT_EQ(Child("exit", []() -> int { ::_exit(4); }).join(), ExitStatus::exited(4));
}

TEST(ChildTest, gives_the_signal_that_ended_it) {
  for (const int number : {SIGKILL, SIGABRT, SIGSEGV, SIGFPE}) {
    Child child("signal", [number]() -> int {
      ::signal(number, SIG_DFL);
      ::raise(number);
      return 0;
    });
    EXPECT_EQ(child.join(), ExitStatus::signalled(number));
    EXPECT_EQ(child.join().code(), -number);
  }
}

TEST(ChildTest, an_exception_is_told_on_one_line_and_gives_code_1) {
  const auto run = run_apart([] {
    Child first("solver", []() -> int { throw std::runtime_error("no licence"); });
    const int code = first.join().code();
    Child second("solver", []() -> int { throw 42; });
    return code * 10 + second.join().code();
  });
  EXPECT_EQ(run.status, ExitStatus::exited(11));
  EXPECT_EQ(run.err, "solver: no licence\nsolver: unknown exception\n");
}

TEST(ChildTest, is_running_until_it_has_ended) {
  Child child("stays", stay);
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

TEST(ChildTest, its_descriptor_is_readable_once_it_has_ended) {
  Child child("stays", stay);
  pollfd entry{child.descriptor(), POLLIN, 0};
  EXPECT_EQ(::poll(&entry, 1, 10), 0);
  child.signal(SIGKILL);
  EXPECT_EQ(::poll(&entry, 1, 20000), 1);
  EXPECT_EQ(child.status(), ExitStatus::signalled(SIGKILL));
}

TEST(ChildTest, the_destructor_kills_and_reaps) {
  pid_t pid = -1;
  {
    Child child("stays", stay);
    pid = child.pid();
    EXPECT_EQ(::kill(pid, 0), 0);
  }
  EXPECT_EQ(::kill(pid, 0), -1);
  EXPECT_EQ(errno, ESRCH) << "not even a zombie is left";
}

TEST(ChildTest, moving_leaves_the_source_inert_and_the_child_alone) {
  Child source("stays", stay);
  const pid_t pid = source.pid();
  Child target(std::move(source));
  EXPECT_FALSE(source.joinable());
  EXPECT_TRUE(source.join_for(milliseconds(0)));
  source.signal(SIGKILL);
  EXPECT_FALSE(target.join_for(milliseconds(20))) << "the signal went to a child that the source no longer holds";
  EXPECT_EQ(target.pid(), pid);
  Child third("stays", stay);
  const pid_t third_pid = third.pid();
  third = std::move(target);
  EXPECT_EQ(third.pid(), pid);
  EXPECT_FALSE(is_gone(pid));
  { const Child end = std::move(target); }
  EXPECT_TRUE(is_gone(third_pid)) << "what an assignment replaced ends with the source's scope at the latest";
}

TEST(ChildTest, a_default_made_child_is_inert) {
  Child none;
  EXPECT_FALSE(none.joinable());
  EXPECT_TRUE(none.join_for(milliseconds(0)));
  EXPECT_TRUE(none.join().is_running());
  none.signal(SIGKILL);
}

TEST(ChildTest, an_inherited_copy_neither_kills_nor_waits) {
  Child first("stays", stay);
  Child second("heir", [&first] {
    const bool inert = !first.joinable() && first.join_for(milliseconds(0));
    first.signal(SIGKILL);
    first = Child();
    return inert ? 0 : 9;
  });
  EXPECT_EQ(second.join(), ExitStatus::exited(0));
  EXPECT_FALSE(first.join_for(milliseconds(20)));
}

TEST(ChildTest, one_that_somebody_else_reaped_counts_as_ended) {
  Child child("gone", [] { return 0; });
  ASSERT_EQ(::waitpid(child.pid(), nullptr, 0), child.pid());
  EXPECT_EQ(child.join(), ExitStatus::exited(255));
}

TEST(ChildTest, dies_with_its_parent_however_that_ends) {
  for (const int number : {SIGKILL, SIGSEGV}) {
    SharedMemory memory(sizeof(pid_t));
    auto* grandchild = static_cast<volatile pid_t*>(memory.data());
    Child middle("middle", [&] {
      Child child("grandchild", stay);
      *grandchild = child.pid();
      return stay();
    });
    ASSERT_TRUE(within(seconds(10), [&] { return *grandchild != 0; }));
    EXPECT_FALSE(is_gone(*grandchild));
    middle.signal(number);
    EXPECT_TRUE(within(seconds(1), [&] { return is_gone(*grandchild); }));
  }
}

TEST(ChildTest, text_that_the_parent_had_not_written_yet_is_written_once) {
  const auto run = run_apart([] {
    std::ios::sync_with_stdio(false);
    std::cout << "cout-before ";
    std::printf("printf-before ");
    {
      Child child("prints", [] {
        std::cout << "cout-child ";
        std::printf("printf-child ");
        return 0;
      });
      child.join();
    }
    { Child child("dies", stay); }
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

TEST(ChildTest, its_name_is_what_ps_and_top_show) {
  Child child("windrow-work12", stay);
  const std::string file = "/proc/" + std::to_string(child.pid()) + "/comm";
  EXPECT_TRUE(within(seconds(10), [&] { return test::content_of(file) == "windrow-work12\n"; }));
  Child long_name("a-name-longer-than-fifteen", stay);
  const std::string long_file = "/proc/" + std::to_string(long_name.pid()) + "/comm";
  EXPECT_TRUE(within(seconds(10), [&] { return test::content_of(long_file) == "a-name-longer-t\n"; }));
}

TEST(ChildTest, leaves_the_signals_that_go_to_whole_groups_to_its_parent) {
  SharedMemory memory(sizeof(int));
  auto* ready = static_cast<volatile int*>(memory.data());
  Child child("deaf", [&] {
    *ready = 1;
    return stay();
  });
  ASSERT_TRUE(within(seconds(10), [&] { return *ready == 1; }));
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) child.signal(number);
  EXPECT_FALSE(child.join_for(milliseconds(100)));
}

// Or a time limit that an evaluation sets with timeout(1), which sends SIGTERM, would not end its program.
TEST(ChildTest, programs_that_it_executes_get_the_default_actions_of_signals) {
  Child child("executes", []() -> int {
    const int status = std::system("kill -TERM $$");
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM ? 0 : 9;
  });
  EXPECT_EQ(child.join(), ExitStatus::exited(0));
}

TEST(ChildTest, many_children_leave_neither_zombie_nor_descriptor) {
  const Belongings before;
  for (int round = 0; round < 100; ++round) {
    Child joined("joined", [] { return 0; });
    Child killed("killed", stay);
    Child polled("polled", [] { return 0; });
    joined.join();
    while (polled.status().is_running()) std::this_thread::yield();
  }
  EXPECT_EQ(Belongings(), before);
}

}  // namespace
}  // namespace windrow
