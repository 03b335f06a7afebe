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
  bool index_read = false;  ///< the evaluation asked for the point's index, at this point or at an earlier one
};

Bytes encode(const Evaluated& evaluated);
/// @throws ParallelError if the bytes are not what encode() made
Evaluated decode(std::span<const std::byte> bytes);

/// The worker's side of a sweep over functions.
WorkerTask function_task(const Design& design, const std::vector<Column>& outputs, SweepFunctions functions);

/// The worker's side of a sweep over programs.
WorkerTask command_task(const Design& design, std::shared_ptr<Command> command);

}  // namespace windrow::detail
