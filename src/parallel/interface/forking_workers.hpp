#pragma once

#include "parallel/interface/forked_workers.hpp"

namespace windrow::detail {

/// Workers that are a new process for each assignment, forked when that is sent: they see this process's memory as it
/// is then, evaluate, and end. The next assignment is sent after the worker's loss was told and replace() called.
class ForkingWorkers : private ForkedProcesses, public ProcessWorkers {
 public:
  /// @param its_evaluation  lives as long as the workers
  /// @param wake            as for ProcessWorkers
  ForkingWorkers(std::size_t count, Evaluation& its_evaluation, int wake = -1);
  ForkingWorkers(const ForkingWorkers&) = delete;
  ForkingWorkers& operator=(const ForkingWorkers&) = delete;

  bool is_remote(int) const override { return false; }
  /// @throws SystemError if there is no room for another process
  void send(int worker, JobTag tag, std::span<const std::byte> payload) override;
  bool replace(int) override { return true; }  // its next assignment does
  bool disposable() const override { return true; }
};

}  // namespace windrow::detail
