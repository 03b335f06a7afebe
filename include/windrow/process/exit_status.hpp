#pragma once

#include <string>

namespace [[gnu::visibility("default")]] windrow {

/// How a process ended, or that it has not.
class ExitStatus {
 public:
  static ExitStatus running() { return {}; }
  static ExitStatus exited(int code) { return ExitStatus(Kind::exited, code); }
  static ExitStatus signalled(int signal) { return ExitStatus(Kind::signalled, signal); }
  /// Whoever started it ended it, since it took longer than it may.
  static ExitStatus timed_out() { return ExitStatus(Kind::timed_out, 0); }
  /// It is gone, and nobody knows how.
  static ExitStatus lost() { return ExitStatus(Kind::lost, 0); }
  /// From the status word of wait(2).
  static ExitStatus from_wait(int status);

  bool is_running() const { return kind_ == Kind::running; }
  bool has_exited() const { return kind_ == Kind::exited; }
  bool was_signalled() const { return kind_ == Kind::signalled; }
  bool has_timed_out() const { return kind_ == Kind::timed_out; }
  bool was_lost() const { return kind_ == Kind::lost; }
  /// Exit code 0.
  bool is_success() const { return has_exited() && number_ == 0; }
  /// The exit code, or the signal's number with a minus sign, or 0 if there is neither.
  int code() const { return was_signalled() ? -number_ : number_; }
  /// "exit code 3", "signal 11 (Segmentation fault)", "running"
  std::string describe() const;

  friend bool operator==(const ExitStatus&, const ExitStatus&) = default;

 private:
  enum class Kind { running, exited, signalled, timed_out, lost };
  ExitStatus() = default;
  ExitStatus(Kind kind, int number) : kind_(kind), number_(number) {}

  Kind kind_ = Kind::running;
  int number_ = 0;
};

/// "Segmentation fault"; the same in every locale, unlike strsignal().
std::string describe_signal(int number);

}  // namespace windrow
