#include "windrow/process/log.hpp"

#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <string_view>

#include "windrow/process/process.hpp"

namespace windrow::log {
namespace {

constexpr std::array<std::string_view, 5> kNames = {"trace", "debug", "info", "warning", "error"};

// An unknown word is one who wants to see something: warnings.
Level level_from_environment() {
  const char* text = std::getenv("WINDROW_LOG");
  if (text == nullptr || *text == '\0') return Level::off;
  const std::string_view word = text;
  if (word == "trace") return Level::trace;
  if (word == "debug") return Level::debug;
  if (word == "info") return Level::info;
  if (word == "error") return Level::error;
  if (word == "off") return Level::off;
  return Level::warn;
}

std::atomic<Level>& current() {
  static std::atomic<Level> level = level_from_environment();
  return level;
}

}  // namespace

Level level() {
  return current().load(std::memory_order_relaxed);
}

void set_level(Level level) {
  current() = level;
}

void write(Level level, fmt::string_view text, fmt::format_args args) {
  if (level == Level::off) return;
  // By write(2), not by stdio, and in a buffer on the stack: no lock that a fork may leave locked for ever, no text
  // that it doubles.
  fmt::memory_buffer line;
  fmt::format_to(fmt::appender(line), "windrow {}: {} ({}): ", kNames[static_cast<std::size_t>(level)], process_name(),
                 ::getpid());
  fmt::vformat_to(fmt::appender(line), text, args);
  line.push_back('\n');
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace windrow::log
