#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include "parallel/process_workers.hpp"
#include "windrow/parallel/job.hpp"

namespace windrow::detail {

/// Workers forked from this process for one job, or for one executor. They see its memory as it is now.
class ForkedWorkers {
 public:
  /// Forks `count` workers. `task` must live as long as the workers.
  ForkedWorkers(std::size_t count, const WorkerTask& task);
  ForkedWorkers(const ForkedWorkers&) = delete;
  ForkedWorkers& operator=(const ForkedWorkers&) = delete;

  /// The coordinator's view of them; one that dies is replaced. @param wake  as for ProcessWorkers
  std::unique_ptr<ProcessWorkers> workers(int wake = -1);
  /// Waits until all have ended, at most `limit`; the destructor kills those that have not.
  void join_for(std::chrono::nanoseconds limit);

 private:
  WorkerProcess spawn(int worker);

  const WorkerTask& task_;
  EvaluationMarks marks_;
  std::vector<WorkerProcess> processes_;
};

}  // namespace windrow::detail
