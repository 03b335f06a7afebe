#pragma once

#include <memory>

#include "windrow/parallel/job.hpp"
#include "windrow/run/sweep.hpp"

namespace windrow::detail {

/// What a job must know so that programs with ranks of their own share the hosts; at the root.
class ProgramSlots {
 public:
  ProgramSlots() = default;
  /// @throws SpecError as Sweep::run() says
  ProgramSlots(const Command& command, const SweepOptions& options, const ParallelManager& manager);

  /// Nothing, if each program takes its worker alone.
  /// @param design  lives as long as the job
  void fill(Job& job, const Design& design, std::shared_ptr<const Command> command) const;

 private:
  bool needed_ = false;
  Slots slots_;  // empty: one for each worker
};

}  // namespace windrow::detail
