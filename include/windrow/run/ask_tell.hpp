#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "windrow/run/sweep.hpp"

namespace [[gnu::visibility("default")]] windrow {

/// A sweep for programs whose own loop stays in charge: each rank asks for points and reports what came of them.
///
///     windrow::AskTell sweep(manager, design, {{"drag", "N"}}, {.store = "wing.windrow"});
///     while (auto point = sweep.next_point()) {
///       sweep.report(*point, {simulate((*point)["angle"])});
///     }
///     const auto result = sweep.finish();
///
/// Points, schedules, store, resume and results are those of a Sweep. The first next_point() and finish() are
/// collective; between them every rank asks as often as it likes, and the manager is not used for anything else. All
/// calls come from the thread that made the object.
///
/// The root asks, too. It coordinates on a thread of its own meanwhile, which needs MPI_THREAD_MULTIPLE (launch()
/// provides it). Where that is not provided the root gets no points: its first next_point() coordinates, and returns
/// when all points are done. Run one rank more then.
///
/// What has been reported reaches the root with the rank's next call.
class AskTell {
 public:
  /// @param options  as of a Sweep
  /// @param version  as FunctionOptions::version
  /// @throws SpecError as a Sweep's constructor does, and for a manager whose workers are forked by the root alone:
  /// they would not
  ///         run the caller's loop
  AskTell(ParallelManager& manager, Design design, std::vector<Column> outputs, SweepOptions options = {},
          std::string version = "1");
  /// As finish(), but silent.
  ~AskTell();
  AskTell(const AskTell&) = delete;
  AskTell& operator=(const AskTell&) = delete;

  /// Waits for a point.
  /// @return the point, or nothing when the sweep is over: all points are done, or it was stopped
  /// @throws SpecError if the last point has not been reported
  /// @throws what Sweep::run throws
  std::optional<Point> next_point();

  /// The outcome of the last point that was asked for: a value for each output.
  /// @throws SpecError for another point
  void report(const Point& point, std::vector<Value> outputs);
  /// It has failed, and why. It is tried again as SweepOptions::failure_policy says.
  void report_failure(const Point& point, std::string message, FailureKind kind = FailureKind::exception);

  /// Ends the sweep. Before next_point() has returned nothing, the root ends it for all ranks, and any other rank
  /// leaves it: its point goes to another. Collective.
  /// @throws what Sweep::run throws
  SweepResult finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace windrow
