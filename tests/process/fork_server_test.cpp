#include "windrow/process/fork_server.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "faults/support.hpp"
#include "windrow/error.hpp"

namespace windrow {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::Belongings;
using test::is_gone;
using test::within;

Bytes bytes(std::string_view text) {
  const auto all = std::as_bytes(std::span(text.data(), text.size()));
  return {all.begin(), all.end()};
}

std::string text(const Bytes& all) {
  return {reinterpret_cast<const char*>(all.data()), all.size()};
}

volatile int depth = 0;

// Deeper than any stack; every level keeps its frame.
int overflow(volatile char* above) {
  volatile char frame[4096];
  frame[0] = *above;
  depth = depth + 1;
  return depth < 1'000'000'000 ? overflow(frame) + frame[0] : 0;
}

void default_crashes() {
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  for (const int number : {SIGSEGV, SIGBUS, SIGABRT}) ::signal(number, SIG_DFL);  // sanitizers catch them
}

// Starts a sleeper in a session of its own, which no longer is its child, and @return its pid.
pid_t start_in_background() {
  int ends[2];
  if (::pipe(ends) != 0) return 0;
  if (::fork() == 0) {
    if (::fork() == 0) {
      ::setsid();
      ::prctl(PR_SET_PDEATHSIG, 0);
      const pid_t self = ::getpid();
      if (::write(ends[1], &self, sizeof self) != sizeof self) ::_exit(1);
      for (;;) ::pause();
    }
    ::_exit(0);
  }
  ::wait(nullptr);
  pid_t sleeper = 0;
  if (::read(ends[0], &sleeper, sizeof sleeper) != sizeof sleeper) return 0;
  ::close(ends[0]);
  ::close(ends[1]);
  return sleeper;
}

/// Does what the request says: a word, and a number.
class Obedient : public ForkedModel {
 public:
  explicit Obedient(std::string name) : name_(std::move(name)) {}

  Bytes evaluate(std::span<const std::byte> request) override {
    const std::string all(reinterpret_cast<const char*>(request.data()), request.size());
    const std::string word = all.substr(0, all.find(' '));
    const long number = word == all ? 0 : std::atol(all.c_str() + word.size());
    ++evaluations_;
    if (word == "count") return bytes(std::to_string(evaluations_));
    if (word == "pid") return bytes(std::to_string(::getpid()));
    if (word == "signal") end_by(static_cast<int>(number));
    if (word == "overflow") return bytes(std::to_string(overflow_here()));
    if (word == "exit") std::exit(static_cast<int>(number));
    if (word == "throw") throw std::runtime_error("diverged");
    if (word == "throw_int") throw 3;
    if (word == "hang") hang();
    if (word == "allocate") return allocate(static_cast<std::size_t>(number));
    if (word == "large") return Bytes(static_cast<std::size_t>(number), std::byte{7});
    if (word == "background") return bytes(std::to_string(start_in_background()));
    if (word == "background_and_hang") background_and_hang(number);
    return bytes(name_ + ":" + all);
  }

 private:
  static void end_by(int number) {
    default_crashes();
    ::raise(number);
    hang();
  }
  static int overflow_here() {
    default_crashes();
    volatile char first = 1;
    return overflow(&first);
  }
  [[noreturn]] static void hang() {
    for (;;) ::pause();
  }
  static Bytes allocate(std::size_t size) {
    std::vector<char> memory(size, 1);
    return bytes(std::to_string(memory[size / 2]));
  }
  [[noreturn]] static void background_and_hang(long descriptor) {
    const pid_t pids[] = {start_in_background(), ::getpid()};
    if (::write(static_cast<int>(descriptor), pids, sizeof pids) != sizeof pids) std::abort();
    hang();
  }

  std::string name_;
  long evaluations_ = 0;
};

std::unique_ptr<ForkedModel> make_obedient(std::span<const std::byte> argument) {
  const std::string name = text({argument.begin(), argument.end()});
  if (name == "throw") throw std::runtime_error("no licence");
  if (name == "crash") {
    default_crashes();
    ::raise(SIGSEGV);
  }
  if (name == "background_and_crash") {
    start_in_background();
    ::raise(SIGKILL);
  }
  return std::make_unique<Obedient>(name);
}

ForkSession open(const ForkServer& server, const std::string& name = "model", const ForkLimits& limits = {}) {
  return server.open(make_obedient, bytes(name), limits);
}

std::string answer(ForkSession& session, const std::string& request) {
  const EvaluationEnd end = session.evaluate(bytes(request));
  EXPECT_TRUE(end.result) << end.message << " status " << end.status.describe();
  return text(end.result.value());
}

TEST(ForkServerTest, a_model_is_built_once_and_copied_for_each_evaluation) {
  const ForkServer server;
  ForkSession session = open(server, "m1");
  EXPECT_EQ(answer(session, "hello"), "m1:hello");
  EXPECT_EQ(answer(session, "count"), "1");  // the copy before counted its own
  const std::string first = answer(session, "pid");
  EXPECT_NE(first, answer(session, "pid"));
  EXPECT_NE(first, std::to_string(session.model_process()));
}

TEST(ForkServerTest, processes_make_as_many_evaluations_as_they_are_asked_to) {
  const ForkServer server;
  ForkSession session = open(server, "m", {.evaluations_per_process = 3});
  std::string counts;
  for (int i = 0; i < 7; ++i) counts += answer(session, "count");
  EXPECT_EQ(counts, "1231231");
  EXPECT_EQ(session.evaluate(bytes("signal 9")).status, ExitStatus::signalled(SIGKILL));
  EXPECT_EQ(answer(session, "count"), "1");
  const auto pid = static_cast<pid_t>(std::stol(answer(session, "pid")));
  ::kill(pid, SIGKILL);  // between two evaluations
  EXPECT_TRUE(within(seconds(10), [&] { return is_gone(pid); }));
  EXPECT_EQ(answer(session, "count"), "1");
}

TEST(ForkServerTest, whatever_ends_an_evaluation_is_told_and_the_next_one_works) {
  const ForkServer server;
  for (const std::uint64_t several : {1, 2}) {
    ForkSession session = open(server, "m", {.evaluations_per_process = several});
    for (const int number : {SIGSEGV, SIGABRT, SIGKILL, SIGFPE}) {
      const EvaluationEnd end = session.evaluate(bytes("signal " + std::to_string(number)));
      EXPECT_EQ(end.status, ExitStatus::signalled(number));
      EXPECT_EQ(answer(session, "x"), "m:x");
    }
    const EvaluationEnd overflowed = session.evaluate(bytes("overflow"));
    EXPECT_EQ(overflowed.status, ExitStatus::signalled(SIGSEGV));
    for (const int code : {0, 3}) {
      const EvaluationEnd end = session.evaluate(bytes("exit " + std::to_string(code)));
      EXPECT_EQ(end.status, ExitStatus::exited(code));
    }
    const EvaluationEnd threw = session.evaluate(bytes("throw"));
    EXPECT_TRUE(threw.threw);
    EXPECT_EQ(threw.message, "diverged");
    EXPECT_TRUE(session.evaluate(bytes("throw_int")).threw);
    EXPECT_EQ(answer(session, "x"), "m:x");
  }
}

// The size of the file in memory that results go through.
off_t size_of_result_memory() {
  for (const std::string& entry : test::entries_of("/proc/self/fd")) {
    const std::string path = "/proc/self/fd/" + entry;
    std::error_code error;
    struct stat info {};
    if (std::filesystem::read_symlink(path, error).string().starts_with("/memfd:windrow-results") &&
        ::stat(path.c_str(), &info) == 0) {
      return info.st_size;
    }
  }
  return 0;
}

TEST(ForkServerTest, results_of_any_size_arrive_and_their_memory_is_given_back) {
  const ForkServer server;
  ForkSession session = open(server);
  for (const std::size_t size : {0UL, 1UL, 65'000UL, 65'536UL, 65'537UL, 50'000'000UL, 70'000UL, 3UL}) {
    const EvaluationEnd end = session.evaluate(bytes("large " + std::to_string(size)));
    EXPECT_TRUE(end.result);
    EXPECT_EQ(end.result, Bytes(size, std::byte{7})) << size;
  }
  EXPECT_EQ(size_of_result_memory(), 65'536);
  EXPECT_EQ(answer(session, std::string(300'000, 'x')).size(), 300'006U);  // a large request, too
}

TEST(ForkServerTest, an_evaluation_that_takes_too_long_is_ended_with_all_that_it_started) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const ForkServer server(ForkServerFiles::all);
  ForkSession session = open(server, "m", {.timeout = milliseconds(300)});
  const EvaluationEnd end = session.evaluate(bytes("background_and_hang " + std::to_string(ends[1])));
  EXPECT_TRUE(end.status.has_timed_out());
  pid_t pids[2] = {0, 0};
  ASSERT_EQ(::read(ends[0], pids, sizeof pids), static_cast<ssize_t>(sizeof pids));
  EXPECT_TRUE(is_gone(pids[0]));
  EXPECT_TRUE(is_gone(pids[1]));
  EXPECT_EQ(answer(session, "x"), "m:x");
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(ForkServerTest, what_an_evaluation_leaves_in_the_background_is_ended_with_it) {
  const ForkServer server;
  ForkSession session = open(server);
  const auto sleeper = static_cast<pid_t>(std::stol(answer(session, "background")));
  ASSERT_GT(sleeper, 0);
  EXPECT_TRUE(is_gone(sleeper));
}

TEST(ForkServerTest, memory_over_the_limit_fails_the_allocation_and_says_so) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "AddressSanitizer ends a process whose allocation fails";
#endif
  const ForkServer server;
  ForkSession session = open(server, "m", {.memory = 64UL << 20U, .evaluations_per_process = 2});
  for (int i = 0; i < 3; ++i) {
    const EvaluationEnd end = session.evaluate(bytes("allocate 80000000"));
    EXPECT_TRUE(end.threw);
    EXPECT_TRUE(end.memory_ran_out);
    const EvaluationEnd small = session.evaluate(bytes("allocate 40000000"));
    EXPECT_TRUE(small.result) << small.message;
    EXPECT_FALSE(small.memory_ran_out);
  }
}

TEST(ForkServerTest, a_stop_ends_the_evaluation_with_all_that_it_started) {
  const ForkServer server(ForkServerFiles::all);
  ForkSession session = open(server);
  const Belongings before;
  int asked = 0;
  EXPECT_THROW(session.evaluate(bytes("hang"), [&] { return ++asked == 2; }), Interrupted);
  EXPECT_EQ(answer(session, "x"), "model:x");
  EXPECT_THROW(session.evaluate(bytes("hang"), []() -> bool { throw std::logic_error("root"); }), std::logic_error);
  EXPECT_EQ(answer(session, "x"), "model:x");
  EXPECT_EQ(test::children_of(session.model_process()).size(), 0U);
  EXPECT_EQ(Belongings(), before);
}

TEST(ForkServerTest, a_build_that_fails_says_how) {
  const ForkServer server;
  const auto why = [&](const std::string& name) -> std::string {
    try {
      open(server, name);
    } catch (const Error& error) {
      return error.what();
    }
    return "built";
  };
  EXPECT_EQ(why("throw"), "no licence");
  EXPECT_EQ(why("crash"), "the process that built the model ended by signal 11 (Segmentation fault)");
  EXPECT_EQ(why("background_and_crash"), "the process that built the model ended by signal 9 (Killed)");
  EXPECT_EQ(test::children_of(server.pid()).size(), 0U);
  EXPECT_EQ(why("fine"), "built");
}

TEST(ForkServerTest, a_killed_model_loses_its_evaluation_and_leaves_nothing) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const ForkServer server(ForkServerFiles::all);
  ForkSession session = open(server);
  const pid_t model = session.model_process();
  pid_t pids[2] = {0, 0};
  std::thread killer([&] {
    EXPECT_EQ(::read(ends[0], pids, sizeof pids), static_cast<ssize_t>(sizeof pids));
    ::kill(model, SIGKILL);
  });
  const EvaluationEnd end = session.evaluate(bytes("background_and_hang " + std::to_string(ends[1])));
  killer.join();
  EXPECT_TRUE(end.status.was_lost());
  EXPECT_NE(end.message.find("signal 9 (Killed)"), std::string::npos) << end.message;
  EXPECT_TRUE(is_gone(pids[0]));
  EXPECT_TRUE(is_gone(pids[1]));
  EXPECT_FALSE(session.is_open());
  EXPECT_THROW(session.evaluate({}), PeerLost);
  session = open(server);
  EXPECT_EQ(answer(session, "x"), "model:x");
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(ForkServerTest, a_killed_server_harms_no_open_session_and_opens_no_other) {
  const ForkServer server;
  ForkSession session = open(server);
  EXPECT_TRUE(server.is_alive());
  ::kill(server.pid(), SIGKILL);
  EXPECT_TRUE(within(seconds(10), [&] { return !server.is_alive(); }));
  EXPECT_EQ(answer(session, "x"), "model:x");
  EXPECT_THROW(open(server), PeerLost);
  const pid_t model = session.model_process();
  session = ForkSession();
  EXPECT_TRUE(within(seconds(10), [&] { return is_gone(model); }));
}

// Whoever is killed first, what an evaluation moved to a session of its own is met by the guardian.
TEST(ForkServerTest, a_killed_server_and_a_killed_model_leave_nothing) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const ForkServer server(ForkServerFiles::all);
  ForkSession other = open(server);
  ForkSession session = open(server);
  const pid_t model = session.model_process();
  pid_t pids[2] = {0, 0};
  std::thread killer([&] {
    EXPECT_EQ(::read(ends[0], pids, sizeof pids), static_cast<ssize_t>(sizeof pids));
    ::kill(server.pid(), SIGKILL);
    ::kill(model, SIGKILL);
  });
  const EvaluationEnd end = session.evaluate(bytes("background_and_hang " + std::to_string(ends[1])));
  killer.join();
  EXPECT_TRUE(end.status.was_lost());
  for (const pid_t pid : pids) EXPECT_TRUE(within(seconds(10), [&] { return is_gone(pid); })) << pid;
  EXPECT_EQ(answer(other, "x"), "model:x") << "a session that nobody killed goes on";
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(ForkServerTest, one_that_is_killed_while_it_starts_is_replaced) {
  for (int round = 0; round < 20; ++round) {
    pid_t killed = 0;  // a server, below its guardian
    std::jthread killer([&killed] { killed = test::kill_child_and_grandchild(); });
    const ForkServer server;
    killer.join();
    if (server.pid() == killed) continue;  // that one had started
    ForkSession session = open(server);
    EXPECT_EQ(answer(session, "x"), "model:x");
  }
}

TEST(ForkServerTest, children_of_its_owner_open_sessions_which_end_with_them) {
  const ForkServer server;
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  Process child = test::forked("child", [&] {
    ForkSession session = open(server, "m");
    const pid_t model = session.model_process();
    if (::write(ends[1], &model, sizeof model) != sizeof model) return 1;
    session.evaluate(bytes("hang"));
    return 2;
  });
  pid_t model = 0;
  ASSERT_EQ(::read(ends[0], &model, sizeof model), static_cast<ssize_t>(sizeof model));
  EXPECT_TRUE(within(seconds(10), [&] { return test::children_of(model).size() == 1; }));
  const pid_t evaluation = test::children_of(model).front();
  child.kill();
  child.join();
  EXPECT_TRUE(within(seconds(10), [&] { return is_gone(model) && is_gone(evaluation); }));
  EXPECT_TRUE(server.is_alive());
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(ForkServerTest, the_end_of_a_killed_one_does_not_wait_for_sessions_of_other_processes) {
  ForkServer server;
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  Process child = test::forked("child", [&] {
    ForkSession session = open(server, "m");
    const pid_t model = session.model_process();
    if (::write(ends[1], &model, sizeof model) != sizeof model) return 1;
    session.evaluate(bytes("hang"));
    return 2;
  });
  pid_t model = 0;
  ASSERT_EQ(::read(ends[0], &model, sizeof model), static_cast<ssize_t>(sizeof model));
  ::kill(server.pid(), SIGKILL);
  { const ForkServer ended = std::move(server); }
  EXPECT_FALSE(is_gone(model));
  child.kill();
  child.join();
  EXPECT_TRUE(within(seconds(10), [&] { return is_gone(model); }));
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(ForkServerTest, a_killed_owner_leaves_nothing) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  Process owner = test::forked("owner", [&] {
    const ForkServer server(ForkServerFiles::all);
    ForkSession session = open(server);
    const pid_t pids[] = {server.pid(), session.model_process()};
    if (::write(ends[1], pids, sizeof pids) != sizeof pids) return 1;
    session.evaluate(bytes("background_and_hang " + std::to_string(ends[1])));
    return 2;
  });
  pid_t pids[4] = {};
  for (int i = 0; i < 2; ++i) {
    ASSERT_EQ(::read(ends[0], pids + 2 * i, 2 * sizeof(pid_t)), static_cast<ssize_t>(2 * sizeof(pid_t)));
  }
  owner.kill();
  owner.join();
  for (const pid_t pid : pids) EXPECT_TRUE(within(seconds(10), [&] { return is_gone(pid); })) << pid;
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(ForkServerTest, nothing_is_left_of_a_server_and_its_sessions) {
  const Belongings before;
  pid_t model = 0;
  {
    const ForkServer server;
    ForkSession first = open(server);
    ForkSession second = open(server, "m2", {.evaluations_per_process = 5});
    answer(first, "large 1000000");
    answer(second, "x");
    model = second.model_process();
  }
  EXPECT_TRUE(is_gone(model));
  EXPECT_EQ(Belongings(), before);
}

}  // namespace
}  // namespace windrow
