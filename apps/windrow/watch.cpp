#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include "common.hpp"
#include "options.hpp"
#include "screen.hpp"
#include "verbs.hpp"
#include "watched.hpp"
#include "windrow/base/text.hpp"

namespace windrow::app {
namespace {

using Milliseconds = std::chrono::milliseconds;

constexpr std::size_t kPlainWidth = 100;
constexpr std::size_t kPlainHeight = 14;

/// Columns of a terminal, also of one that cannot be drawn on.
std::size_t width_here() {
  return text::columns_of(STDOUT_FILENO, kPlainWidth);
}

void print_frame(const WatchFrame& frame) {
  for (const std::string& line : render(frame, width_here(), kPlainHeight)) show("{}\n", line);
}

/// Of a terminal as wide as that is; elsewhere on one line, as it is searched for.
void print_sentence(const std::string& text) {
  const std::size_t width = text::columns_of(STDOUT_FILENO, std::string::npos);
  for (const std::string& line : text::wrapped(text::visible(text), width)) show("{}\n", line);
}

/// @return what was seen last
Watched::Seen watch_in_lines(Watched& watched, Milliseconds interval) {
  Watched::Seen seen = watched.look();
  while (seen.running) {
    print_frame(seen.frame);
    show("\n");
    if (flush_output() != 0) return seen;  // nobody reads any more
    std::this_thread::sleep_for(interval);
    seen = watched.look();
  }
  return seen;
}

Watched::Seen watch_on_screen(Watched& watched, Milliseconds interval) {
  Watched::Seen seen = watched.look();
  if (!seen.running) return seen;
  Screen screen;
  while (seen.running) {
    WatchFrame frame = seen.frame;
    if (frame.note.empty()) frame.note = "q leaves; the run goes on";
    screen.draw(render(frame, screen.width(), screen.height()));
    const auto next = std::chrono::steady_clock::now() + interval;
    for (auto left = interval; left.count() > 0;) {
      const Screen::Event event = screen.wait(left);
      if (event == Screen::Event::leave) return seen;
      if (event == Screen::Event::resized) screen.draw(render(frame, screen.width(), screen.height()));
      left = std::chrono::ceil<Milliseconds>(next - std::chrono::steady_clock::now());
    }
    seen = watched.look();
  }
  return seen;
}

}  // namespace

int watch(const WatchArguments& arguments) {
  const auto longest = std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::hours(24));
  const auto interval = std::chrono::ceil<Milliseconds>(std::min(*text::parse_duration(arguments.interval), longest));
  const std::filesystem::path directory = results_directory(arguments.directory);
  Watched watched(directory);
  Watched::Seen seen;
  if (arguments.once) {
    seen = watched.look();
  } else {
    seen = Screen::possible() ? watch_on_screen(watched, interval) : watch_in_lines(watched, interval);
  }
  print_frame(seen.frame);
  if (!seen.ending.empty()) {
    print_sentence(seen.ending);
  } else if (!arguments.once) {
    print_sentence(fmt::format("Still running; `windrow watch {}` shows it again.", shell_line({directory.string()})));
  }
  return kSuccess;
}

Verb add_watch(CommandLine& line) {
  const auto arguments = std::make_shared<WatchArguments>();
  CLI::App* verb =
      line.app.add_subcommand("watch", "follow a run: points, rate, ETA, the point of each worker; q leaves");
  verb->add_option("DIR", arguments->directory, kResults)->required();
  verb->add_option("--interval", arguments->interval, "between two looks (default: 1s)")
      ->option_text("DURATION")
      ->check(duration());
  verb->add_flag("--once", arguments->once, "look once and end");
  return {verb, [arguments] { return watch(*arguments); }};
}

}  // namespace windrow::app
