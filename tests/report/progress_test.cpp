#include "windrow/report/progress.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <string>

namespace windrow {
namespace {

Progress half_way() {
  Progress progress;
  progress.points = 500;
  progress.done = 250;
  progress.failed = 3;
  progress.evaluated = 200;
  progress.elapsed = 10.0;
  return progress;
}

/// What a printer writes to a file, which is not a terminal.
template <typename Use>
std::string printed(Use use) {
  std::FILE* file = std::tmpfile();
  ProgressPrinter printer(file);
  use(printer);
  std::rewind(file);
  std::string text;
  for (int c = std::fgetc(file); c != EOF; c = std::fgetc(file)) text += static_cast<char>(c);
  std::fclose(file);
  return text;
}

TEST(ProgressTest, shows_done_failed_rate_and_time_left) {
  EXPECT_EQ(render(half_way()), "[250/500]  50%  3 failed  20/s  ETA 13s");
}

TEST(ProgressTest, says_nothing_of_rates_before_the_first_point_of_this_run) {
  Progress progress = half_way();
  progress.evaluated = 0;
  progress.failed = 0;
  EXPECT_EQ(render(progress), "[250/500]  50%");
  EXPECT_FALSE(progress.remaining().has_value());
}

TEST(ProgressTest, time_left_is_bounded_however_slow_it_is) {
  Progress progress = half_way();
  progress.points = 1000000000000;
  progress.evaluated = 1;
  progress.elapsed = 1e6;
  EXPECT_LE(progress.remaining().value(), 1e9);
  EXPECT_FALSE(render(progress).empty());
}

TEST(ProgressTest, the_last_line_says_how_long_it_took_and_a_stop_is_shown) {
  Progress progress = half_way();
  progress.finished = true;
  EXPECT_EQ(render(progress), "[250/500]  50%  3 failed  20/s  in 10s");
  progress.stopping = true;
  EXPECT_EQ(render(progress), "[250/500]  50%  3 failed  20/s  stopping");
}

TEST(ProgressPrinterTest, off_a_terminal_lines_come_seldom_and_ever_more_seldom) {
  Progress progress = half_way();
  const std::string text = printed([&](ProgressPrinter& printer) {
    for (int second = 0; second <= 100; ++second) {
      progress.elapsed = second;
      printer(progress);
    }
  });
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 4);  // at 10, 20, 40 and 80 s
  EXPECT_EQ(text.find('\r'), std::string::npos);
}

TEST(ProgressPrinterTest, a_note_comes_at_once_and_is_not_obeyed_by_a_terminal) {
  EXPECT_EQ(printed([](ProgressPrinter& printer) { printer.note("point 4 failed: \x1b[2J"); }),
            "point 4 failed: \\x1b[2J\n");
}

TEST(ProgressPrinterTest, a_short_run_off_a_terminal_prints_nothing) {
  Progress progress = half_way();
  progress.elapsed = 2.0;
  EXPECT_EQ(printed([&](ProgressPrinter& printer) {
              printer(progress);
              progress.finished = true;
              printer(progress);
            }),
            "");
}

}  // namespace
}  // namespace windrow
