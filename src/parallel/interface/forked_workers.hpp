#pragma once

#include <chrono>
#include <functional>
#include <vector>

#include "parallel/process_workers.hpp"
#include "windrow/parallel/job.hpp"

namespace windrow::detail {

/// Processes forked from this one, which evaluate. They see its memory as it is when they are forked.
struct ForkedProcesses {
  /// Places for so many; none is forked.
  ForkedProcesses(std::size_t count, Evaluation& its_evaluation);
  /// One that serves until it is told to end.
  WorkerProcess spawn(int worker);
  /// One for a single assignment, which it has seen in memory.
  WorkerProcess spawn_for(int worker, Frame assignment);
  WorkerProcess start(int worker, const std::function<int(ByteChannel&)>& serve);

  Evaluation& evaluation;
  EvaluationMarks marks;
  std::vector<WorkerProcess> processes{};
};

/// Workers forked for one job, or for one executor; one that dies is replaced. The destructor kills those that have not
/// ended.
class ForkedWorkers : private ForkedProcesses, public ProcessWorkers {
 public:
  /// @param its_evaluation  lives as long as the workers
  /// @param wake            as for ProcessWorkers
  ForkedWorkers(std::size_t count, Evaluation& its_evaluation, int wake = -1);
  ForkedWorkers(const ForkedWorkers&) = delete;
  ForkedWorkers& operator=(const ForkedWorkers&) = delete;

  bool is_remote(int) const override { return false; }
  bool replace(int worker) override;
  bool disposable() const override { return true; }
  /// Waits until all have ended, at most `limit`.
  void join_for(std::chrono::nanoseconds limit);
};

}  // namespace windrow::detail
