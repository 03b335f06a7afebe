#include "screen.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <string_view>

#include "windrow/error.hpp"

namespace windrow::app {
namespace {

constexpr std::array kSignals = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH};

sigset_t signal_set() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : kSignals) sigaddset(&set, number);
  return set;
}

// A terminal that has gone takes nothing; wait() will say so.
void to_terminal(std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(STDOUT_FILENO, text.data(), text.size());
    if (count < 0 && errno != EINTR) return;
    if (count > 0) text.remove_prefix(static_cast<std::size_t>(count));
  }
}

winsize size_of_terminal() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) {
    size.ws_col = 80;
    size.ws_row = 24;
  }
  return size;
}

}  // namespace

bool Screen::possible() {
  const char* term = std::getenv("TERM");
  return ::isatty(STDOUT_FILENO) == 1 && term != nullptr && std::string_view(term) != "dumb";
}

Screen::Screen() : keys_(::isatty(STDIN_FILENO) == 1) {
  if (keys_ && ::tcgetattr(STDIN_FILENO, &before_) != 0) keys_ = false;
  const sigset_t set = signal_set();
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  signals_ = Fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals_) throw SystemError("cannot wait for signals", errno);
  enter();
}

Screen::~Screen() {
  restore();
  signals_ = Fd();
  const sigset_t set = signal_set();
  ::sigprocmask(SIG_UNBLOCK, &set, nullptr);
}

void Screen::enter() {
  if (keys_) {
    termios raw = before_;
    raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    ::tcsetattr(STDIN_FILENO, TCSANOW, &raw);
  }
  to_terminal("\033[?1049h\033[?25l\033[2J");  // alternate screen, no cursor, cleared
}

void Screen::restore() {
  to_terminal("\033[?25h\033[?1049l");
  if (keys_) ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
}

std::size_t Screen::width() const {
  return size_of_terminal().ws_col;
}

std::size_t Screen::height() const {
  return size_of_terminal().ws_row;
}

void Screen::draw(const std::vector<std::string>& lines) {
  std::string text = "\033[H";
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (i > 0) text += "\r\n";
    text += lines[i];
    text += "\033[K";
  }
  to_terminal(text + "\033[J");
}

Screen::Event Screen::wait(std::chrono::milliseconds limit) {
  std::array<pollfd, 2> from = {pollfd{signals_.get(), POLLIN, 0}, pollfd{keys_ ? STDIN_FILENO : -1, POLLIN, 0}};
  if (::poll(from.data(), from.size(), static_cast<int>(limit.count())) <= 0) return Event::none;
  if (from[0].revents != 0) return on_signal();
  return on_key();
}

Screen::Event Screen::on_signal() {
  signalfd_siginfo signal{};
  if (::read(signals_.get(), &signal, sizeof signal) != sizeof signal) return Event::none;
  switch (static_cast<int>(signal.ssi_signo)) {
    case SIGTSTP:
      stop_until_continued();
      return Event::resized;
    case SIGWINCH:
      return Event::resized;
    default:
      return Event::leave;
  }
}

Screen::Event Screen::on_key() {
  std::array<char, 64> keys{};
  const ssize_t count = ::read(STDIN_FILENO, keys.data(), keys.size());
  if (count == 0 || (count < 0 && errno != EINTR && errno != EAGAIN)) return Event::leave;
  if (count < 0) return Event::none;
  const std::string_view typed(keys.data(), static_cast<std::size_t>(count));
  return typed.find_first_of("qQ\x03") != std::string_view::npos ? Event::leave : Event::none;
}

void Screen::stop_until_continued() {
  restore();
  ::raise(SIGSTOP);
  if (keys_) ::tcgetattr(STDIN_FILENO, &before_);  // as the shell left it
  enter();
}

}  // namespace windrow::app
