#pragma once

#include <string>

namespace [[gnu::visibility("default")]] windrow {

/// How a process ended, or that it has not.
class ExitStatus {
 public:
  static ExitStatus running() { return {}; }
  static ExitStatus exited(int code) { return ExitStatus(Kind::exited, code); }
  static ExitStatus signalled(int signal) { return ExitStatus(Kind::signalled, signal); }
  /// From the status word of wait(2).
  static ExitStatus from_wait(int status);

  bool is_running() const { return kind_ == Kind::running; }
  bool has_exited() const { return kind_ == Kind::exited; }
  bool was_signalled() const { return kind_ == Kind::signalled; }
  /// The exit code, or the signal's number with a minus sign, or 0 while running.
  int code() const { return was_signalled() ? -number_ : number_; }
  /// "exit code 3", "signal 11 (Segmentation fault)", "running"
  std::string describe() const;

  friend bool operator==(const ExitStatus&, const ExitStatus&) = default;

 private:
  enum class Kind { running, exited, signalled };
  ExitStatus() = default;
  ExitStatus(Kind kind, int number) : kind_(kind), number_(number) {}

  Kind kind_ = Kind::running;
  int number_ = 0;
};

}  // namespace windrow
