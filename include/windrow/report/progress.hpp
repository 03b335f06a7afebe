#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>

namespace [[gnu::visibility("default")]] windrow {

/// How far a sweep has come.
struct Progress {
  std::uint64_t points = 0;     ///< of the study
  std::uint64_t done = 0;       ///< with an outcome, earlier runs included
  std::uint64_t failed = 0;     ///< of those
  std::uint64_t evaluated = 0;  ///< by this run
  double elapsed = 0.0;         ///< seconds of this run
  bool finished = false;        ///< the last call of a run
  bool stopping = false;        ///< asked to stop, waiting for what is running

  /// Points per second of this run.
  double rate() const { return elapsed > 0.0 ? static_cast<double>(evaluated) / elapsed : 0.0; }
  /// Seconds until the last point at this rate; none while no point of this run has finished.
  std::optional<double> remaining() const;
};

/// "[ 120/500]  24%  3 failed  41.2/s  ETA 9s"
std::string render(const Progress& progress);

/// Shows progress in a stream that the program chose: one line that renews itself on a terminal, and elsewhere a plain
/// line now and then (first after 10 s, then at intervals that grow to 10 min).
class ProgressPrinter {
 public:
  /// @param out  usually stderr; whether it is a terminal is found out
  explicit ProgressPrinter(std::FILE* out);

  void operator()(const Progress& progress);
  /// A line of its own, at once; the progress goes on below it. Control characters are made visible.
  void note(const std::string& text);

 private:
  std::FILE* out_;
  bool terminal_;
  bool shown_ = false;
  double interval_ = 10.0;  // seconds between lines that are not on a terminal
  double next_;             // seconds of the run at which to print again
};

}  // namespace windrow
