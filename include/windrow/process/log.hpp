#pragma once

#include <fmt/core.h>

/// Messages for whoever looks for a fault, on stderr: one line each, with level, name and number of the process. Off
/// unless the environment says WINDROW_LOG=error, warn, info, debug or trace, or the program calls set_level(). A line
/// is one write and no lock is held, so lines of several processes do not mix and a forked child may log at any time.
namespace [[gnu::visibility("default")]] windrow {
namespace log {

enum class Level { trace, debug, info, warn, error, off };

Level level();
void set_level(Level level);
inline bool is_on(Level of_message) {
  return of_message >= level() && of_message != Level::off;
}

/// Writes a line, whatever the level.
void write(Level level, fmt::string_view text, fmt::format_args args);

template <typename... Args>
void trace(fmt::format_string<Args...> text, const Args&... args) {
  if (is_on(Level::trace)) write(Level::trace, text, fmt::make_format_args(args...));
}
template <typename... Args>
void debug(fmt::format_string<Args...> text, const Args&... args) {
  if (is_on(Level::debug)) write(Level::debug, text, fmt::make_format_args(args...));
}
template <typename... Args>
void info(fmt::format_string<Args...> text, const Args&... args) {
  if (is_on(Level::info)) write(Level::info, text, fmt::make_format_args(args...));
}
template <typename... Args>
void warn(fmt::format_string<Args...> text, const Args&... args) {
  if (is_on(Level::warn)) write(Level::warn, text, fmt::make_format_args(args...));
}
template <typename... Args>
void error(fmt::format_string<Args...> text, const Args&... args) {
  if (is_on(Level::error)) write(Level::error, text, fmt::make_format_args(args...));
}

}  // namespace log
}  // namespace windrow
