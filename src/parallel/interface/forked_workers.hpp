#pragma once

#include <chrono>
#include <vector>

#include "parallel/process_workers.hpp"
#include "windrow/parallel/job.hpp"

namespace windrow::detail {

/// Processes forked from this one, which evaluate. They see its memory as it is now.
struct ForkedProcesses {
  ForkedProcesses(std::size_t count, Evaluation& its_evaluation);
  WorkerProcess spawn(int worker);

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
  ForkedWorkers(std::size_t count, Evaluation& its_evaluation, int wake = -1)
      : ForkedProcesses(count, its_evaluation), ProcessWorkers(processes, 0, marks, nullptr, wake) {}
  ForkedWorkers(const ForkedWorkers&) = delete;
  ForkedWorkers& operator=(const ForkedWorkers&) = delete;

  bool is_remote(int) const override { return false; }
  bool replace(int worker) override;
  bool disposable() const override { return true; }
  /// Waits until all have ended, at most `limit`.
  void join_for(std::chrono::nanoseconds limit);
};

}  // namespace windrow::detail
