#pragma once

#include <fmt/format.h>

#include <string_view>
#include <utility>

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
void write(Level level, std::string_view text);

template <typename... Args>
void trace(fmt::format_string<Args...> text, Args&&... args) {
  if (is_on(Level::trace)) write(Level::trace, fmt::format(text, std::forward<Args>(args)...));
}
template <typename... Args>
void debug(fmt::format_string<Args...> text, Args&&... args) {
  if (is_on(Level::debug)) write(Level::debug, fmt::format(text, std::forward<Args>(args)...));
}
template <typename... Args>
void info(fmt::format_string<Args...> text, Args&&... args) {
  if (is_on(Level::info)) write(Level::info, fmt::format(text, std::forward<Args>(args)...));
}
template <typename... Args>
void warn(fmt::format_string<Args...> text, Args&&... args) {
  if (is_on(Level::warn)) write(Level::warn, fmt::format(text, std::forward<Args>(args)...));
}
template <typename... Args>
void error(fmt::format_string<Args...> text, Args&&... args) {
  if (is_on(Level::error)) write(Level::error, fmt::format(text, std::forward<Args>(args)...));
}

}  // namespace log
}  // namespace windrow
