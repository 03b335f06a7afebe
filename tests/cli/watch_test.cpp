// `windrow watch`: beside a real run, on a terminal with its keys, through a pipe, and from where the results can be
// seen but not written.
#include <gmock/gmock.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/mount.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <optional>

#include "cli/interrupt_fixture.hpp"

namespace windrow::test {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class WatchTest : public InterruptTest {
 protected:
  /// A run that has recorded 3 of 12 points and waits.
  Program waiting_run() {
    Program run = start_windrow({"run", "waiting.toml", "--workers", "2"});
    EXPECT_TRUE(wait_until_busy());
    return run;
  }

  /// It is the live file that has to tell, so it is waited for.
  bool sees(const std::string& text, const std::string& results = "waiting.windrow") {
    return eventually(10s, [&] { return windrow({"watch", results, "--once"}).out.find(text) != std::string::npos; });
  }
};

TEST_F(WatchTest, one_look_tells_points_ranks_and_where_they_are) {
  Program run = waiting_run();
  EXPECT_TRUE(sees(" 3/12 "));
  const Ended ended = windrow({"watch", "waiting.windrow", "--once"});
  EXPECT_EQ(ended.code, 0);
  EXPECT_THAT(ended.out, AllOf(HasSubstr("waiting: running on "), HasSubstr(" 3/12 "), HasSubstr("at point"),
                               testing::ContainsRegex("\n +0 .* +[34]  [0-9.]+")));
  EXPECT_THAT(windrow({"status", "waiting.windrow"}).out,
              AllOf(HasSubstr("3 of 12 points evaluated, running"), HasSubstr("2 of 2 workers busy")));
  run.signal_group(SIGINT);
  EXPECT_EQ(run.wait().code, 130);
  EXPECT_THAT(windrow({"watch", "waiting.windrow"}).out,
              HasSubstr("The run was stopped by SIGINT; 9 points are left: `windrow run` continues it.\n"));
}

TEST_F(WatchTest, through_a_pipe_a_block_for_each_interval_until_the_run_ends) {
  Program run = waiting_run();
  Program watch = start_windrow({"watch", "waiting.windrow", "--interval", "50ms"});
  pause_for(500ms);
  EXPECT_TRUE(watch.is_running());
  std::filesystem::remove(path("wait"));
  for (const Process& process : left_processes()) {
    if (process.name == "sleep") kill(process.pid, SIGKILL);
  }
  EXPECT_LE(run.wait().code, 1);
  const Ended ended = watch.wait(10s);
  EXPECT_EQ(ended.code, 0);
  EXPECT_THAT(ended.out, Not(HasSubstr("\033")));
  std::size_t blocks = 0;
  for (std::size_t at = 0; (at = ended.out.find("waiting: running", at)) != std::string::npos; ++at) ++blocks;
  EXPECT_GE(blocks, 3U) << ended.out;
  EXPECT_TRUE(ended.out.ends_with(" failed.\n")) << ended.out;
  EXPECT_THAT(ended.out, HasSubstr("The run has ended: all 12 points evaluated"));
}

TEST_F(WatchTest, a_run_that_was_killed_is_noticed) {
  Program run = waiting_run();
  EXPECT_TRUE(sees("2 of 2 workers busy"));
  Program watch = start_windrow({"watch", "waiting.windrow", "--interval", "50ms"});
  pause_for(200ms);
  EXPECT_TRUE(watch.is_running());
  run.signal(SIGKILL);
  run.wait();
  const Ended ended = watch.wait(10s);
  EXPECT_EQ(ended.code, 0);
  EXPECT_THAT(ended.out, AllOf(HasSubstr("The run broke off: process " + std::to_string(run.pid())),
                               HasSubstr("9 points are left: `windrow run` continues it.\n")));
}

TEST_F(WatchTest, there_must_be_something_to_watch) {
  const Ended ended = windrow({"watch", "waiting.windrow"});
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.err, HasSubstr("there are no results here"));
  EXPECT_EQ(windrow({"watch", "waiting.windrow", "--interval", "0s"}).code, 2);
}

TEST_F(WatchTest, shards_are_lines) {
  Program run = start_windrow({"run", "waiting.toml", "--workers", "2", "--shard", "1/3"});
  EXPECT_TRUE(wait_for_log("log", 2));
  EXPECT_TRUE(sees("running on"));
  const Ended ended = windrow({"watch", "waiting.windrow", "--once"});
  EXPECT_THAT(ended.out, AllOf(HasSubstr("waiting: 1 of 3 shards running"), HasSubstr("/12 "), HasSubstr("  1/3  "),
                               HasSubstr("  2/3  0/4  not begun\n"), HasSubstr("  3/3  0/4  not begun\n")));
  run.signal_group(SIGINT);
  run.wait();
  EXPECT_THAT(windrow({"watch", "waiting.windrow"}).out, HasSubstr("No shard is running"));
}

/// A pseudo-terminal, and what was written to it.
class WatchTerminalTest : public WatchTest {
 protected:
  void SetUp() override {
    WatchTest::SetUp();
    struct winsize size = {};
    size.ws_row = 20;
    size.ws_col = 60;
    ASSERT_EQ(openpty(&master_, &terminal_, nullptr, nullptr, &size), 0);
    ASSERT_EQ(tcgetattr(terminal_, &before_), 0);
  }
  void TearDown() override {
    close(master_);
    close(terminal_);
    WatchTest::TearDown();
  }

  Program watch() {
    return start({WINDROW_PROGRAM, "watch", "waiting.windrow", "--interval", "100ms"}, {{"TERM", "xterm"}}, terminal_);
  }
  /// Reads until `text` has been written.
  bool shows(const std::string& text) {
    return eventually(10s, [&] {
      pollfd from{master_, POLLIN, 0};
      std::array<char, 4096> buffer{};
      while (poll(&from, 1, 0) > 0) {
        const ssize_t count = read(master_, buffer.data(), buffer.size());
        if (count <= 0) break;
        written_.append(buffer.data(), static_cast<std::size_t>(count));
      }
      return written_.find(text, seen_) != std::string::npos;
    });
  }
  void forget() { seen_ = written_.size(); }
  void press(const char* key) const { ASSERT_EQ(::write(master_, key, 1), 1); }

  /// As it was before, with a cursor and the main screen.
  void expect_restored() {
    EXPECT_TRUE(shows("\033[?25h\033[?1049l"));
    EXPECT_TRUE(eventually(10s, [this] { return modes() == before_.c_lflag; })) << modes();
  }
  bool is_raw() const { return (modes() & static_cast<tcflag_t>(ICANON | ECHO)) == 0; }
  tcflag_t modes() const {
    termios now{};
    EXPECT_EQ(tcgetattr(terminal_, &now), 0);
    return now.c_lflag;
  }

  int master_ = -1;
  int terminal_ = -1;
  termios before_{};
  std::string written_;
  std::size_t seen_ = 0;
};

TEST_F(WatchTerminalTest, q_leaves_the_run_goes_on_and_it_can_be_watched_again) {
  Program run = waiting_run();
  for (const char* key : {"q", "\x03"}) {
    forget();
    Program watching = watch();
    EXPECT_TRUE(shows("\033[?1049h"));
    EXPECT_TRUE(shows("waiting: running on "));
    EXPECT_TRUE(shows("q leaves; the run goes on"));
    EXPECT_TRUE(is_raw());
    press(key);
    EXPECT_EQ(watching.wait(10s).code, 0);
    expect_restored();
    EXPECT_TRUE(shows("Still running; `windrow watch"));
    EXPECT_TRUE(run.is_running());
  }
  run.signal_group(SIGINT);
  run.wait();
}

TEST_F(WatchTerminalTest, whatever_signal_ends_it_the_terminal_is_as_before) {
  Program run = waiting_run();
  for (const int signal : {SIGTERM, SIGHUP, SIGINT, SIGQUIT}) {
    forget();
    Program watching = watch();
    EXPECT_TRUE(shows("waiting: running on "));
    watching.signal(signal);
    EXPECT_EQ(watching.wait(10s).code, 0) << signal;
    expect_restored();
  }
  run.signal_group(SIGINT);
  run.wait();
}

TEST_F(WatchTerminalTest, stopped_it_gives_the_terminal_back_and_continued_it_draws_again) {
  Program run = waiting_run();
  Program watching = watch();
  EXPECT_TRUE(shows("waiting: running on "));
  watching.signal(SIGTSTP);
  expect_restored();
  forget();
  pause_for(200ms);
  watching.signal(SIGCONT);
  EXPECT_TRUE(shows("waiting: running on "));
  EXPECT_TRUE(is_raw());
  press("q");
  EXPECT_EQ(watching.wait(10s).code, 0);
  run.signal_group(SIGINT);
  run.wait();
}

TEST_F(WatchTerminalTest, a_terminal_of_another_size_is_drawn_anew) {
  Program run = waiting_run();
  Program watching = watch();
  EXPECT_TRUE(shows("waiting: running on "));
  struct winsize size = {};
  size.ws_row = 5;
  size.ws_col = 24;
  ASSERT_EQ(ioctl(master_, TIOCSWINSZ, &size), 0);
  EXPECT_TRUE(shows("q leaves; the run goes o\033[K"));
  run.signal(SIGKILL);
  run.wait();
  EXPECT_EQ(watching.wait(10s).code, 0) << "it ends with the run";
  expect_restored();
  EXPECT_TRUE(shows("The run broke off"));
}

/// The results of a run that goes on, as they are seen through another mount of their directory.
class ElsewhereTest : public WatchTest {
 protected:
  void TearDown() override {
    umount2(path("view").c_str(), MNT_DETACH);
    bindfs_.reset();  // does not end by that alone if a sandbox has come up meanwhile, with a copy of the mount
    WatchTest::TearDown();
  }

  std::optional<Program> bindfs_;
};

TEST_F(ElsewhereTest, a_directory_that_cannot_be_written) {
  Program run = waiting_run();
  std::filesystem::create_directory(path("view"));
  const std::string from = path("waiting.windrow").string(), to = path("view").string();
  if (mount(from.c_str(), to.c_str(), nullptr, MS_BIND, nullptr) != 0 ||
      mount(nullptr, to.c_str(), nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr) != 0) {
    run.signal_group(SIGINT);
    run.wait();
    GTEST_SKIP() << "mounting is not permitted here: " << std::generic_category().message(errno);
  }
  EXPECT_THAT(windrow({"status", "view"}).out, HasSubstr("3 of 12 points evaluated, running"));
  EXPECT_TRUE(sees("2 of 2 workers busy", "view"));
  EXPECT_EQ(recorded("view").size(), 3U);
  run.signal(SIGKILL);
  run.wait();
  EXPECT_THAT(windrow({"status", "view"}).out, HasSubstr("3 of 12 points evaluated, not running"));
  EXPECT_THAT(windrow({"watch", "view"}).out, HasSubstr("The run broke off"));
}

// bindfs is FUSE: a network file system as far as a program can tell, without the writer's locks and shared memory.
TEST_F(ElsewhereTest, a_network_file_system_that_another_machine_writes) {
  Program run = waiting_run();
  std::filesystem::create_directory(path("view"));
  bindfs_.emplace(start({"bindfs", "-f", path("waiting.windrow").string(), path("view").string()}));
  const auto is_mounted = [this] { return std::filesystem::exists(path("view") / "results.sqlite"); };
  eventually(10s, [&] { return is_mounted() || !bindfs_->is_running(); });
  if (!is_mounted()) {
    run.signal_group(SIGINT);
    run.wait();
    ASSERT_FALSE(bindfs_->is_running()) << "bindfs has not mounted within 10 s";
    GTEST_SKIP() << "bindfs cannot mount here: " << bindfs_->err();
  }
  EXPECT_TRUE(sees(" 3/12 ", "view")) << "the live file tells";
  const Ended status = windrow({"status", "view"});
  EXPECT_EQ(status.code, 0) << status.text();
  EXPECT_THAT(status.out,
              AllOf(HasSubstr("3 of 12 points evaluated, 0 failed, as its run on "), HasSubstr("2 of 2 workers busy")));
  EXPECT_THAT(status.err, HasSubstr("written to a disk of another machine"));
  EXPECT_EQ(windrow({"export", "view", "--csv", "-"}).code, 2);
  std::filesystem::remove(path("wait"));
  run.signal_group(SIGINT);
  EXPECT_EQ(run.wait().code, 130);
  const auto status_is =
      [&](const std::string& text) {  // what is seen through a network file system may be a second old
        return eventually(10s, [&] { return windrow({"status", "view"}).out.find(text) != std::string::npos; });
      };
  EXPECT_TRUE(status_is("3 of 12 points evaluated, not running"));
  EXPECT_EQ(recorded("view").size(), 3U) << "it has ended in order";
}

}  // namespace
}  // namespace windrow::test
