#pragma once

#include <memory>
#include <vector>

#include "windrow/parallel/job.hpp"
#include "windrow/sweep/sweep.hpp"

namespace windrow::detail {

/// What travels from a worker to the root for a point that succeeded.
struct Evaluated {
  std::uint32_t attempts = 1;
  std::vector<Value> outputs;
};

Bytes encode(const Evaluated& evaluated);
/// @throws ParallelError if the bytes are not what encode() made
Evaluated decode(std::span<const std::byte> bytes);

/// The worker's side of a sweep over functions.
WorkerTask function_task(const Design& design, const std::vector<Column>& outputs, SweepFunctions functions);

/// Whether the failure may come from a signal that was meant for the sweep: batch systems send theirs to all processes.
bool ended_from_outside(const TaskFailure& failure);

/// The worker's side of a sweep over programs.
WorkerTask command_task(const Design& design, std::shared_ptr<Command> command);

}  // namespace windrow::detail
