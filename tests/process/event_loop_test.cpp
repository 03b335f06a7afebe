#include "windrow/process/event_loop.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "faults/support.hpp"
#include "windrow/error.hpp"
#include "windrow/process/process.hpp"

namespace windrow {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Pipe {
  Pipe() {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
    here = Fd(ends[0]);
    there = Fd(ends[1]);
  }
  void write() const { EXPECT_EQ(::write(there.get(), "x", 1), 1); }
  void read() const {
    char c = 0;
    EXPECT_EQ(::read(here.get(), &c, 1), 1);
  }
  Fd here;
  Fd there;
};

void sleep_on() {
  for (;;) ::pause();
}

// Times in these tests are orders and limits against hanging, never durations that are asserted.
class EventLoopTest : public testing::Test {
 protected:
  /// Runs until stop(); fails instead of hanging.
  void run() {
    bool late = false;
    const auto guard = loop.after(seconds(20), [&] {
      late = true;
      loop.stop();
    });
    loop.run();
    loop.cancel(guard);
    EXPECT_FALSE(late);
  }
  /// Whatever is due now.
  int rounds(int most = 10) {
    int count = 0;
    while (count < most && loop.run_once(milliseconds(5))) ++count;
    return count;
  }

  /// How often the loop wakes up before a timer of so long goes off.
  int rounds_until_after(milliseconds time) {
    bool over = false;
    loop.after(time, [&] { over = true; });
    int count = 0;
    for (; !over; ++count) loop.run_once(seconds(20));
    return count;
  }

  EventLoop loop;
};

TEST_F(EventLoopTest, calls_back_while_a_descriptor_is_ready) {
  const Pipe pipe;
  std::vector<Events> seen;
  loop.watch(pipe.here.get(), Events::readable, [&](Events events) {
    seen.push_back(events);
    pipe.read();
  });
  EXPECT_EQ(rounds(), 0);
  pipe.write();
  pipe.write();
  EXPECT_EQ(rounds(), 2);
  EXPECT_EQ(seen, (std::vector{Events::readable, Events::readable}));
  loop.unwatch(pipe.here.get());
  EXPECT_FALSE(loop.is_watched(pipe.here.get()));
  pipe.write();
  EXPECT_EQ(rounds(), 0);
}

TEST_F(EventLoopTest, tells_writing_from_reading_and_watching_again_replaces) {
  const Pipe pipe;
  std::string seen;
  const auto note = [&](Events events) {
    seen += includes(events, Events::readable) ? 'r' : '-';
    seen += includes(events, Events::writable) ? 'w' : '-';
  };
  loop.watch(pipe.here.get(), Events::both, note);
  loop.run_once();
  pipe.write();
  loop.run_once();
  loop.watch(pipe.here.get(), Events::writable, note);
  loop.run_once();
  loop.watch(pipe.here.get(), Events::readable, note);
  loop.run_once();
  EXPECT_EQ(seen, "-wrw-wr-");
}

TEST_F(EventLoopTest, a_peer_that_is_gone_makes_its_descriptor_readable) {
  Pipe pipe;
  bool called = false;
  loop.watch(pipe.here.get(), Events::readable, [&](Events events) {
    called = includes(events, Events::readable);
    loop.stop();
  });
  pipe.there.reset();
  run();
  EXPECT_TRUE(called);
}

TEST_F(EventLoopTest, what_cannot_be_watched_is_an_error) {
  EXPECT_THROW(loop.watch(-1, Events::readable, [](Events) {}), SystemError);
  const Fd file = test::memory_file("file");
  EXPECT_THROW(loop.watch(file.get(), Events::readable, [](Events) {}), SystemError);
  EXPECT_THROW(loop.on_exit(Process(), [] {}), SystemError);
  EXPECT_THROW(loop.every(milliseconds(0), [] {}), SpecError);
  EXPECT_FALSE(loop.is_watched(-1));
  loop.unwatch(file.get());
  EXPECT_FALSE(loop.cancel(12345));
}

TEST_F(EventLoopTest, a_callback_may_remove_itself_and_others_that_are_ready) {
  const Pipe a;
  const Pipe b;
  int calls = 0;
  const auto once = [&](Events) {
    ++calls;
    loop.unwatch(a.here.get());
    loop.unwatch(b.here.get());
  };
  loop.watch(a.here.get(), Events::readable, once);
  loop.watch(b.here.get(), Events::readable, once);
  a.write();
  b.write();
  rounds();
  EXPECT_EQ(calls, 1) << "the other was removed before its turn";
}

TEST_F(EventLoopTest, a_callback_may_destroy_what_is_watched_and_its_number_may_be_used_again) {
  auto first = std::make_unique<Pipe>();
  std::unique_ptr<Pipe> second;
  const int number = first->here.get();
  std::string seen;
  loop.watch(number, Events::readable, [&, held = std::make_shared<int>(7)](Events) {
    first.reset();
    loop.unwatch(number);
    second = std::make_unique<Pipe>();
    ASSERT_EQ(second->here.get(), number);
    loop.watch(number, Events::readable, [&](Events) {
      seen += "second";
      loop.unwatch(number);
    });
    seen += std::to_string(*held);  // the callback itself is still there
  });
  first->write();
  EXPECT_EQ(rounds(), 1);
  EXPECT_EQ(seen, "7");
  second->write();
  EXPECT_EQ(rounds(), 1);
  EXPECT_EQ(seen, "7second");
}

// Another process holds a copy of the descriptor, so closing it does not take it out of epoll.
TEST_F(EventLoopTest, closed_before_it_was_unwatched_and_held_by_another_process_it_is_forgotten_all_the_same) {
  Pipe pipe;
  const Process holder(sleep_on, {.daemon = true, .inherit = {pipe.here.get()}});
  int calls = 0;
  loop.watch(pipe.here.get(), Events::readable, [&](Events) { ++calls; });
  const int number = pipe.here.get();
  pipe.here.reset();
  loop.unwatch(number);
  pipe.write();
  EXPECT_LE(rounds_until_after(milliseconds(200)), 10) << "it sleeps";
  EXPECT_EQ(calls, 0);
}

TEST_F(EventLoopTest, timers_go_off_in_the_order_of_their_times_and_once) {
  std::string order;
  loop.after(milliseconds(30), [&] { order += 'c'; });
  loop.after(milliseconds(1), [&] { order += 'a'; });
  loop.after(milliseconds(10), [&] { order += 'b'; });
  const auto cancelled = loop.after(milliseconds(5), [&] { order += '!'; });
  loop.after(milliseconds(60), [&] { loop.stop(); });
  EXPECT_TRUE(loop.cancel(cancelled));
  EXPECT_FALSE(loop.cancel(cancelled));
  run();
  EXPECT_EQ(order, "abc");
}

TEST_F(EventLoopTest, ticks_until_cancelled_from_within) {
  int ticks = 0;
  EventLoop::Id id = 0;
  id = loop.every(milliseconds(1), [&] {
    ++ticks;
    if (ticks == 5) loop.cancel(id);
  });
  loop.after(milliseconds(100), [&] { loop.stop(); });
  run();
  EXPECT_EQ(ticks, 5);
}

TEST_F(EventLoopTest, ticks_missed_by_a_busy_callback_are_left_out) {
  int ticks = 0;
  std::chrono::steady_clock::time_point busy_until;
  loop.every(milliseconds(50), [&] {
    if (++ticks > 1) return;
    std::this_thread::sleep_for(milliseconds(220));
    busy_until = std::chrono::steady_clock::now();
  });
  while (ticks == 0) loop.run_once();
  loop.run_once(milliseconds(0));
  loop.run_once(milliseconds(0));
  const auto since = std::chrono::steady_clock::now() - busy_until;  // long, where cores are short
  EXPECT_LE(ticks, 2 + since / milliseconds(50)) << "four were missed";
}

TEST_F(EventLoopTest, tells_the_end_of_a_process_once) {
  Process process([] { return 7; });
  int calls = 0;
  loop.on_exit(process, [&] {
    ++calls;
    EXPECT_EQ(process.status(), ExitStatus::exited(7));
    loop.after(milliseconds(20), [&] { loop.stop(); });
  });
  run();
  EXPECT_EQ(calls, 1);
}

TEST_F(EventLoopTest, tells_the_end_of_a_process_whose_object_has_moved_or_gone) {
  const test::Belongings before;
  std::vector<Process> processes;
  std::string ended;
  for (int i = 0; i < 3; ++i) {
    Process process(sleep_on, {.daemon = true});
    loop.on_exit(process, [&, i] { ended += std::to_string(i); });
    processes.push_back(std::move(process));
  }
  const auto unwanted = loop.on_exit(processes[2], [&] { ended += '!'; });
  EXPECT_TRUE(loop.cancel(unwanted));
  processes[1].kill();
  while (ended.empty()) loop.run_once();
  EXPECT_EQ(ended, "1");
  processes.clear();
  while (ended.size() < 3) loop.run_once();
  rounds();
  EXPECT_EQ(ended.size(), 3U);
  EXPECT_EQ(test::Belongings(), before);
}

TEST_F(EventLoopTest, calls_back_outside_the_handler_when_a_signal_comes_and_puts_the_old_action_back) {
  static volatile sig_atomic_t old_handler_ran = 0;
  ::signal(SIGUSR1, [](int) { old_handler_ran = old_handler_ran + 1; });
  int calls = 0;
  const auto id = loop.on_signal(SIGUSR1, [&] {
    ++calls;
    loop.stop();
  });
  EXPECT_THROW(loop.on_signal(SIGUSR1, [] {}), SpecError);
  EventLoop other;
  EXPECT_THROW(other.on_signal(SIGUSR1, [] {}), SpecError);
  EXPECT_THROW(other.on_signal(SIGKILL, [] {}), SpecError);
  EXPECT_THROW(other.on_signal(0, [] {}), SpecError);
  std::thread sender([] { ::kill(::getpid(), SIGUSR1); });
  run();
  sender.join();
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(old_handler_ran, 0);
  EXPECT_TRUE(loop.cancel(id));
  ::raise(SIGUSR1);
  EXPECT_EQ(old_handler_ran, 1);
  {
    other.on_signal(SIGUSR1, [] {});
  }
  ::signal(SIGUSR1, SIG_DFL);
}

// The handler is inherited; the descriptor that it would write to may be another file there.
TEST_F(EventLoopTest, a_signal_to_a_forked_child_does_nothing_there) {
  loop.on_signal(SIGUSR2, [] { ADD_FAILURE(); });
  const Fd file = test::memory_file("file");
  Process child(
      [&] {
        for (int fd = 3; fd < 20; ++fd) ::dup2(file.get(), fd);
        ::raise(SIGUSR2);
      },
      {.inherit = {file.get()}});
  EXPECT_EQ(child.join(), ExitStatus::exited(0));
  EXPECT_EQ(test::content_of(file), "");
  EXPECT_EQ(rounds(), 0);
}

TEST_F(EventLoopTest, of_the_parent_throws_in_a_process) {
  Process child([&] {
    int thrown = 0;
    for (const std::function<void()>& use : {std::function<void()>([&] { loop.run_once(milliseconds(0)); }),
                                             std::function<void()>([&] { loop.post([] {}); }),
                                             std::function<void()>([&] { loop.watch(0, Events::readable, {}); })}) {
      try {
        use();
      } catch (const SpecError&) {
        ++thrown;
      }
    }
    return thrown;
  });
  EXPECT_EQ(child.join(), ExitStatus::exited(3));
  EXPECT_EQ(rounds(), 0);
}

TEST_F(EventLoopTest, runs_what_other_threads_post_in_order) {
  std::vector<int> got;
  std::thread poster([&] {
    for (int i = 0; i < 1000; ++i) {
      loop.post([&, i] {
        got.push_back(i);
        if (i == 999) loop.stop();
      });
    }
  });
  run();
  poster.join();
  ASSERT_EQ(got.size(), 1000U);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(got[static_cast<std::size_t>(i)], i);
}

TEST_F(EventLoopTest, a_callback_that_posts_itself_for_ever_does_not_keep_others_from_their_turn) {
  const Pipe pipe;
  std::function<void()> again = [&] { loop.post(again); };
  loop.post(again);
  loop.watch(pipe.here.get(), Events::readable, [&](Events) { loop.stop(); });
  pipe.write();
  run();
}

TEST_F(EventLoopTest, an_exception_leaves_run_and_nothing_is_lost) {
  const Pipe a;
  const Pipe b;
  std::string seen;
  for (const Pipe* pipe : {&a, &b}) {
    loop.watch(pipe->here.get(), Events::readable, [&, pipe](Events) {
      seen += 'd';
      loop.unwatch(pipe->here.get());
      throw std::runtime_error("descriptor");
    });
    pipe->write();
  }
  loop.on_signal(SIGUSR1, [&] {
    seen += 's';
    throw std::runtime_error("signal");
  });
  ::raise(SIGUSR1);
  loop.after(milliseconds(0), [&] {
    seen += 't';
    throw std::runtime_error("timer");
  });
  for (int i = 0; i < 2; ++i) {
    loop.post([&] {
      seen += 'p';
      throw std::runtime_error("posted");
    });
  }
  for (int i = 0; i < 6; ++i) EXPECT_THROW(run(), std::runtime_error);
  std::sort(seen.begin(), seen.end());
  EXPECT_EQ(seen, "ddppst");
  EXPECT_EQ(rounds(), 0);
}

TEST_F(EventLoopTest, stop_before_run_is_not_lost_and_counts_once) {
  loop.stop();
  loop.run();
  loop.post([&] { loop.stop(); });
  run();
}

TEST_F(EventLoopTest, sleeps_while_there_is_nothing_to_do) {
  const Pipe pipe;
  loop.watch(pipe.here.get(), Events::readable, [](Events) {});
  loop.every(milliseconds(50), [] {});
  EXPECT_LE(rounds_until_after(milliseconds(500)), 20) << "one for each of at most 10 ticks, and the last";
}

TEST(EventLoopThreadTest, runs_in_a_thread_of_its_own_and_hands_over_what_was_thrown_there) {
  EventLoop loop;
  loop.run_in_thread();
  EXPECT_THROW(loop.run_in_thread(), SpecError);
  std::atomic<std::thread::id> ran_in{};
  loop.post([&] {
    ran_in = std::this_thread::get_id();
    throw std::runtime_error("in the thread");
  });
  EXPECT_THROW(loop.join(), std::runtime_error);
  EXPECT_NE(ran_in.load(), std::this_thread::get_id());
  loop.join();
  loop.run_in_thread();
  loop.stop();
  loop.join();
  loop.run_in_thread();  // the destructor ends it
}

TEST(EventLoopThreadTest, many_loops_leave_no_descriptor) {
  const test::Belongings before;
  for (int i = 0; i < 100; ++i) {
    EventLoop loop;
    loop.on_signal(SIGUSR1, [] {});
    loop.every(milliseconds(1), [] {});
    loop.run_in_thread();
  }
  EXPECT_EQ(test::Belongings(), before);
}

}  // namespace
}  // namespace windrow
