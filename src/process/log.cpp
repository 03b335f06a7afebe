#include "windrow/process/log.hpp"

#include <spdlog/details/null_mutex.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <string>

#include "windrow/process/process.hpp"

namespace windrow::log {
namespace {

// spdlog's own sinks lock a mutex that a fork may leave locked for ever, and write by stdio, whose text a fork doubles.
class StderrSink : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
  }
  void flush_() override {}
};

// One for each thread, so that there is nothing to lock. No time of day in the pattern: that locks in the C library.
spdlog::logger& logger() {
  thread_local const auto own = [] {
    auto made = std::make_unique<spdlog::logger>(process_name(), std::make_shared<StderrSink>());
    made->set_formatter(std::make_unique<spdlog::pattern_formatter>("windrow %l: %v", spdlog::pattern_time_type::utc));
    made->set_level(spdlog::level::trace);
    return made;
  }();
  return *own;
}

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::trace:
      return spdlog::level::trace;
    case Level::debug:
      return spdlog::level::debug;
    case Level::info:
      return spdlog::level::info;
    case Level::warn:
      return spdlog::level::warn;
    case Level::error:
      return spdlog::level::err;
    case Level::off:
      break;
  }
  return spdlog::level::off;
}

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

void write(Level level, std::string_view text) {
  const std::string line = fmt::format("{} ({}): {}", process_name(), ::getpid(), text);
  logger().log(to_spdlog(level), spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace windrow::log
