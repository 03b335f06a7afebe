// What the function of a Process starts on its own ends with it, and with its parent, whatever ends and however.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "faults/strays.hpp"
#include "process/random_kills.hpp"
#include "windrow/process/launcher.hpp"
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

// --- Others that fork Processes ---------------------------------------------------------------------------------

TEST(DescendantsOfServiceTest, nothing_is_left_when_the_front_or_the_back_end_is_killed) {
  for (const bool front_is_killed : {true, false}) {
    SCOPED_TRACE(front_is_killed ? "front" : "back end");
    Strays strays;
    const Front front([&] {
      Service service("starts", [&](Service::Backend& backend) { backend.on("start", [&] { strays.make(); }); });
      service.call<void>("start").get();
      stay();
    });
    ASSERT_TRUE(within(kLong, [&] { return strays.are_made(); }));
    ASSERT_TRUE(strays.are_there());
    ::kill(front_is_killed ? front.pid() : strays.maker(), SIGKILL);
    EXPECT_TRUE(within(kLong, [&] { return strays.are_gone(); }));
  }
}

TEST(DescendantsOfProcessTest, of_a_process_of_a_process_end_with_either) {
  for (const bool outer_is_killed : {true, false}) {
    SCOPED_TRACE(outer_is_killed ? "outer" : "inner");
    Strays outer_strays;
    Strays inner_strays;
    const Front front([&] {
      Process outer([&] {
        outer_strays.make();
        Process inner([&] {
          inner_strays.make();
          stay();
        });
        inner.join();
        stay();
      });
      outer.join();
      stay();
    });
    ASSERT_TRUE(within(kLong, [&] { return inner_strays.are_made(); }));
    ::kill(outer_is_killed ? outer_strays.maker() : inner_strays.maker(), SIGKILL);
    EXPECT_TRUE(within(kLong, [&] { return inner_strays.are_gone(); }));
    const auto as_expected = [&] { return outer_is_killed ? outer_strays.are_gone() : outer_strays.are_there(); };
    EXPECT_TRUE(within(kLong, as_expected));
  }
}

// The Launcher's helper answers for its programs, and gives them more time.
TEST(DescendantsOfProcessTest, programs_of_a_launcher_still_have_the_time_that_it_gives_them) {
  const Fd file = test::memory_file("told");
  const std::string path = "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(file.get());
  Process child(
      [&] {
        ProgramSpec program;
        program.argv = {"sh", "-c",
                        "trap 'sleep 0.15; echo tidied > " + path + "; exit' TERM; echo begun > " + path +
                            "; while :; do sleep 0.01; done"};
        Launcher().run(program);
      },
      {.daemon = true});
  ASSERT_TRUE(within(kLong, [&] { return test::content_of(file) == "begun\n"; }));
  child.kill();
  EXPECT_TRUE(within(kLong, [&] { return test::content_of(file) == "tidied\n"; }));
}

// --- The guardian -----------------------------------------------------------------------------------------------

/// The guardians of fronts that this test starts: it takes orphans, so they become its children.
class GuardianTest : public testing::Test {
 protected:
  GuardianTest() { ::prctl(PR_SET_CHILD_SUBREAPER, 1); }
  ~GuardianTest() override {
    front_.reset();
    EXPECT_TRUE(within(kLong, [] { return ::waitpid(-1, nullptr, WNOHANG) < 0; })) << "an orphan is left";
    ::prctl(PR_SET_CHILD_SUBREAPER, 0);
  }

  static bool is_guardian(pid_t pid) {
    return !is_gone(pid) && test::content_of("/proc/" + std::to_string(pid) + "/comm") == "windrow-guard\n";
  }
  /// The one that serves, or 0; and the one above it.
  static pid_t server() {
    const std::vector<pid_t> below = supervisor() == 0 ? std::vector<pid_t>{} : test::children_of(supervisor());
    for (const pid_t pid : below) {
      if (is_guardian(pid)) return pid;
    }
    return 0;
  }
  static pid_t supervisor() {
    for (const pid_t pid : test::children_of(::getpid())) {
      if (is_guardian(pid)) return pid;
    }
    return 0;
  }
  /// Not to pid 0, which is this process's whole group.
  static void send(pid_t pid, int number) {
    ASSERT_GT(pid, 0);
    ::kill(pid, number);
  }

  /// A front with a Process that has strays.
  void start_front() {
    front_.emplace([this] {
      Process child([this] {
        strays_.make();
        stay();
      });
      Process other;
      for (;;) {
        if (*again_ != 0) {
          *again_ = 0;
          other = Process(
              [this] {
                other_strays_.make();
                stay();
              },
              {.daemon = true});
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
    });
    ASSERT_TRUE(within(kLong, [&] { return strays_.are_made(); }));
    ASSERT_TRUE(within(kLong, [] { return server() != 0; }));
  }
  void start_another() {
    *again_ = 1;
    ASSERT_TRUE(within(kLong, [&] { return other_strays_.are_made(); }));
  }

  SharedMemory memory_{sizeof(int)};
  volatile int* again_ = static_cast<volatile int*>(memory_.data());
  Strays strays_;
  Strays other_strays_;
  std::optional<Front> front_;
};

TEST_F(GuardianTest, one_that_is_killed_is_replaced_by_the_other_whichever_that_is) {
  ASSERT_NO_FATAL_FAILURE(start_front());
  for (int round = 0; round < 6; ++round) {
    const pid_t killed = round % 2 == 0 ? server() : supervisor();
    ASSERT_NE(killed, 0);
    const pid_t other = round % 2 == 0 ? supervisor() : server();
    send(killed, SIGKILL);
    ASSERT_TRUE(within(kLong, [&] { return is_gone(killed) && server() != 0 && server() != killed; }));
    EXPECT_FALSE(is_gone(other));
  }
  send(strays_.maker(), SIGKILL);
  EXPECT_TRUE(within(kLong, [&] { return strays_.are_gone(); }));
}

TEST_F(GuardianTest, one_that_takes_over_finds_what_was_left_meanwhile) {
  ASSERT_NO_FATAL_FAILURE(start_front());
  send(server(), SIGSTOP);
  send(strays_.maker(), SIGKILL);
  ASSERT_TRUE(within(kLong, [&] { return is_gone(strays_.maker()); }));
  ASSERT_TRUE(strays_.are_there());
  send(server(), SIGKILL);
  EXPECT_TRUE(within(kLong, [&] { return strays_.are_gone(); }));
}

TEST_F(GuardianTest, when_both_are_killed_the_next_process_makes_others_that_know_all) {
  ASSERT_NO_FATAL_FAILURE(start_front());
  const pid_t first = server();
  send(supervisor(), SIGSTOP);  // or it would make another
  send(first, SIGKILL);
  send(supervisor(), SIGKILL);
  ASSERT_TRUE(within(kLong, [&] { return supervisor() == 0; }));
  ASSERT_NO_FATAL_FAILURE(start_another());
  ASSERT_TRUE(within(kLong, [] { return server() != 0; }));
  send(strays_.maker(), SIGKILL);
  EXPECT_TRUE(within(kLong, [&] { return strays_.are_gone(); }));
  EXPECT_TRUE(other_strays_.are_there());
  front_->kill();
  EXPECT_TRUE(within(kLong, [&] { return other_strays_.are_gone(); }));
}

TEST_F(GuardianTest, ends_after_its_parent) {
  ASSERT_NO_FATAL_FAILURE(start_front());
  const std::vector<pid_t> guardians = {server(), supervisor()};
  front_->kill();
  for (const pid_t guardian : guardians) EXPECT_TRUE(within(kLong, [&] { return is_gone(guardian); }));
}

TEST_F(GuardianTest, keeps_neither_memory_nor_files_of_its_parent) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the sanitizer's memory is needed";
#endif
  constexpr std::size_t kSize = 64U << 20U;
  std::vector<std::unique_ptr<std::string>> small;  // in the heap proper
  for (std::size_t i = 0; i < kSize / 1024; ++i) small.push_back(std::make_unique<std::string>(1000, 'x'));
  const std::vector<char> large(kSize, 'x');
  const Fd file = test::memory_file("of-the-parent");
  const SharedMemory shared(kSize);
  std::fill_n(static_cast<char*>(shared.data()), kSize, 'x');
  ASSERT_NO_FATAL_FAILURE(start_front());
  const auto kilobytes = [](pid_t pid, const std::string& what) {
    const std::string status = test::content_of("/proc/" + std::to_string(pid) + "/status");
    return std::atol(status.c_str() + status.find(what) + what.size());
  };
  for (const pid_t guardian : {server(), supervisor()}) {
    EXPECT_LT(kilobytes(guardian, "RssAnon:"), 8 << 10);
    EXPECT_EQ(test::content_of("/proc/" + std::to_string(guardian) + "/maps").find("rw-s"), std::string::npos);
    EXPECT_LT(kilobytes(guardian, "VmData:"), 32 << 10) << "what is promised to it counts, too";
    const std::filesystem::path descriptors = "/proc/" + std::to_string(guardian) + "/fd";
    for (const std::string& fd : test::entries_of(descriptors)) {
      EXPECT_EQ(std::filesystem::read_symlink(descriptors / fd).string().find("of-the-parent"), std::string::npos);
    }
  }
  send(strays_.maker(), SIGKILL);
  EXPECT_TRUE(within(kLong, [&] { return strays_.are_gone(); })) << "it does not work without that memory";
}

TEST(GuardianOfThisProcessTest, is_neither_a_child_nor_anything_else_that_the_parent_has) {
  const test::Belongings before;
  Process([] {}).join();
  EXPECT_EQ(test::Belongings(), before);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "there is a child";
}

// --- At random --------------------------------------------------------------------------------------------------

TEST(DescendantsOfProcessTest, nothing_is_left_whatever_is_killed_at_whatever_moment) {
  test::RandomKills random;
  for (int round = 0; round < test::kRounds / 10; ++round) {
    std::array<Strays, 3> strays;
    const Front front([&] {
      std::vector<Process> children;
      for (Strays& its : strays) {
        children.emplace_back([&] {
          its.make();
          stay();
        });
      }
      stay();
    });
    const unsigned victim = random.below(4);  // the front, or one of the Processes before it
    std::this_thread::sleep_for(std::chrono::microseconds(random.below(8000)));
    if (victim < strays.size() && within(kLong, [&] { return strays[victim].are_made(); })) {
      ::kill(strays[victim].maker(), SIGKILL);
      EXPECT_TRUE(within(kLong, [&] { return strays[victim].are_gone(); }));
      std::this_thread::sleep_for(std::chrono::microseconds(random.below(8000)));
    }
    front.kill();
    for (const Strays& its : strays) EXPECT_TRUE(within(kLong, [&] { return its.are_gone(); })) << "round " << round;
  }
}

}  // namespace
}  // namespace windrow
