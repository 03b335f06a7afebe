// What the function of a Process starts on its own ends with it, and with its parent, whatever ends and however.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <thread>
#include <vector>

#include "faults/strays.hpp"
#include "process/random_kills.hpp"
#include "windrow/process/process.hpp"
#include "windrow/process/service.hpp"

namespace windrow {
namespace {

using test::Front;
using test::is_gone;
using test::kLong;
using test::Strays;
using test::within;

[[noreturn]] void stay() {
  for (;;) ::pause();
}

void block_all_signals() {
  sigset_t all;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, nullptr);
}

void crash() {
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  ::signal(SIGSEGV, SIG_DFL);
  ::raise(SIGSEGV);
}

enum class End {
  front_is_killed,
  front_crashes,
  front_exits,
  front_is_killed_and_the_process_is_stopped,
  front_is_killed_and_the_process_blocks_signals,
  front_is_killed_that_started_it_in_a_thread,
  process_is_killed,
  process_is_killed_by_its_front,
  process_is_terminated,
  process_crashes,
  process_exits,
  process_object_goes_out_of_scope,
};

const char* name_of(End end) {
  static constexpr const char* names[] = {
      "front_is_killed",   "front_crashes",       "front_exits",   "stopped",         "blocks_signals", "in_a_thread",
      "process_is_killed", "killed_by_its_front", "is_terminated", "process_crashes", "process_exits",  "out_of_scope",
  };
  return names[static_cast<int>(end)];
}

int process_body(Strays& strays, End end) {
  if (end == End::front_is_killed_and_the_process_blocks_signals) block_all_signals();
  strays.make();
  if (end == End::process_crashes) crash();
  if (end == End::process_exits) return 3;
  if (end == End::front_is_killed_and_the_process_is_stopped) ::raise(SIGSTOP);
  stay();
}

void front_body(Strays& strays, End end) {
  Process child;
  const auto start = [&] { child = Process([&] { return process_body(strays, end); }, {.daemon = true}); };
  if (end == End::front_is_killed_that_started_it_in_a_thread ||
      end == End::front_is_killed_and_the_process_blocks_signals) {
    std::thread(start).join();
  } else {
    start();
  }
  if (!within(kLong, [&] { return strays.are_made(); })) return;
  if (end == End::front_crashes) crash();
  if (end == End::front_exits) ::_exit(0);
  if (end == End::process_is_killed_by_its_front) child.kill();
  if (end == End::process_is_terminated) child.terminate();
  if (end == End::process_object_goes_out_of_scope) child = Process();
  stay();
}

class DescendantsTest : public testing::TestWithParam<End> {};

TEST_P(DescendantsTest, nothing_is_left) {
  const End end = GetParam();
  Strays strays;
  const Front front([&] { front_body(strays, end); });
  ASSERT_TRUE(within(kLong, [&] { return strays.are_made(); }));
  if (end == End::front_is_killed_and_the_process_is_stopped) {
    const std::string status = "/proc/" + std::to_string(strays.maker()) + "/stat";
    ASSERT_TRUE(within(kLong, [&] { return test::content_of(status).find(") T ") != std::string::npos; }));
  }
  if (end == End::process_is_killed) {
    ASSERT_TRUE(strays.are_there());
    ::kill(strays.maker(), SIGKILL);
  }
  if (end == End::front_is_killed || end == End::front_is_killed_and_the_process_is_stopped ||
      end == End::front_is_killed_and_the_process_blocks_signals ||
      end == End::front_is_killed_that_started_it_in_a_thread) {
    ASSERT_TRUE(strays.are_there());
    front.kill();
  }
  EXPECT_TRUE(within(kLong, [&] { return strays.are_gone(); }));
  EXPECT_TRUE(within(kLong, [&] { return is_gone(strays.maker()); }));
}

INSTANTIATE_TEST_SUITE_P(All, DescendantsTest,
                         testing::Values(End::front_is_killed, End::front_crashes, End::front_exits,
                                         End::front_is_killed_and_the_process_is_stopped,
                                         End::front_is_killed_and_the_process_blocks_signals,
                                         End::front_is_killed_that_started_it_in_a_thread, End::process_is_killed,
                                         End::process_is_killed_by_its_front, End::process_is_terminated,
                                         End::process_crashes, End::process_exits,
                                         End::process_object_goes_out_of_scope),
                         [](const auto& test) { return name_of(test.param); });

}  // namespace
}  // namespace windrow
