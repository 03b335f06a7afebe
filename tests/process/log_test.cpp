#include "windrow/process/log.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "faults/support.hpp"
#include "windrow/process/process.hpp"

namespace windrow {
namespace {

using test::run_apart;
using testing::HasSubstr;

/// What a program writes that starts with this WINDROW_LOG: the level is read once, so in a process of its own. (The
/// tests themselves never log before.)
std::string output_with(const char* setting, const std::function<void()>& body) {
  const auto run = run_apart([&] {
    if (setting != nullptr) {
      ::setenv("WINDROW_LOG", setting, 1);
    } else {
      ::unsetenv("WINDROW_LOG");
    }
    body();
    return 0;
  });
  EXPECT_EQ(run.status, ExitStatus::exited(0));
  EXPECT_EQ(run.out, "");
  return run.err;
}

void log_each_level() {
  log::trace("T");
  log::debug("D");
  log::info("I");
  log::warn("W");
  log::error("E");
}

std::string levels_in(const std::string& output) {
  std::string found;
  for (const char level : {'T', 'D', 'I', 'W', 'E'}) {
    if (output.find(std::string("): ") + level + "\n") != std::string::npos) found += level;
  }
  return found;
}

TEST(LogTest, is_silent_unless_asked) {
  EXPECT_EQ(output_with(nullptr, log_each_level), "");
  EXPECT_EQ(output_with("", log_each_level), "");
  EXPECT_EQ(output_with("off", log_each_level), "");
}

TEST(LogTest, the_environment_says_from_which_level) {
  EXPECT_EQ(levels_in(output_with("trace", log_each_level)), "TDIWE");
  EXPECT_EQ(levels_in(output_with("debug", log_each_level)), "DIWE");
  EXPECT_EQ(levels_in(output_with("info", log_each_level)), "IWE");
  EXPECT_EQ(levels_in(output_with("warn", log_each_level)), "WE");
  EXPECT_EQ(levels_in(output_with("error", log_each_level)), "E");
  EXPECT_EQ(levels_in(output_with("yes, please", log_each_level)), "WE");
}

TEST(LogTest, the_program_may_set_the_level_and_arguments_are_formatted_only_then) {
  const std::string output = output_with("error", [] {
    log::set_level(log::Level::debug);
    log::debug("{} of {}", 3, "4");
    log::set_level(log::Level::off);
    log::error("not this");
  });
  EXPECT_THAT(output, HasSubstr("): 3 of 4\n"));
  EXPECT_THAT(output, testing::Not(HasSubstr("not this")));
}

TEST(LogTest, a_line_says_level_and_name_and_number_of_its_process) {
  const std::string output = output_with("warn", [] {
    Process child([] { log::warn("{braces} %n stay", fmt::arg("braces", "{}")); }, {.name = "camera-in-the-cellar"});
    const pid_t pid = child.pid();
    child.join();
    log::error("pid {}", pid);
  });
  const std::string pid = output.substr(output.rfind(' ') + 1, output.size() - output.rfind(' ') - 2);
  EXPECT_EQ(output.substr(0, output.find('\n')), "windrow warning: camera-in-the-cellar (" + pid + "): {} %n stay");
}

// Threads log without end while another forks: no child finds a lock held that nobody will release.
TEST(LogTest, a_child_forked_while_threads_log_can_log) {
  const auto run = run_apart([] {
    ::fcntl(STDERR_FILENO, F_SETFL, O_APPEND);  // as a log file is opened
    log::set_level(log::Level::info);
    std::atomic<bool> done = false;
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([&] {
        while (!done) log::info("noise");
      });
    }
    int lost = 0;
    for (int i = 0; i < 100; ++i) {
      Process child([] { log::info("child"); });
      if (!child.join_for(std::chrono::seconds(10))) ++lost;
    }
    done = true;
    for (std::thread& thread : threads) thread.join();
    return lost;
  });
  EXPECT_EQ(run.status, ExitStatus::exited(0));
  std::size_t children = 0;
  std::size_t whole = 0;
  std::size_t lines = 0;
  for (std::size_t at = 0; at < run.err.size(); at = run.err.find('\n', at) + 1) {
    const std::string line = run.err.substr(at, run.err.find('\n', at) - at);
    ++lines;
    whole += line.starts_with("windrow info: ") && (line.ends_with("): noise") || line.ends_with("): child")) ? 1 : 0;
    children += line.ends_with("): child") ? 1 : 0;
  }
  EXPECT_EQ(children, 100U);
  EXPECT_EQ(whole, lines);
}

}  // namespace
}  // namespace windrow
