#pragma once

#include <termios.h>

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "windrow/process/fd.hpp"

namespace windrow::app {

/// A terminal that is drawn on, in its alternate screen, with single keys and signals as events. What it was before is
/// put back by the destructor, and while the program is stopped by Ctrl-Z. Of a terminal that is no input there are no
/// keys.
class Screen {
 public:
  /// Whether standard output is a terminal that can be drawn on.
  static bool possible();

  Screen();
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  std::size_t width() const;
  std::size_t height() const;
  void draw(const std::vector<std::string>& lines);

  enum class Event { none, leave, resized };
  /// Waits for a key or a signal, at most `limit`. Leave: q, Ctrl-C, SIGTERM, SIGHUP, or the terminal has gone.
  Event wait(std::chrono::milliseconds limit);

 private:
  void enter();
  void restore();
  void stop_until_continued();
  Event on_signal();
  Event on_key();

  bool keys_;
  termios before_{};
  Fd signals_;
};

}  // namespace windrow::app
