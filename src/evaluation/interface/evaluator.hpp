#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "windrow/parallel/job.hpp"
#include "windrow/run/sweep.hpp"

namespace windrow::detail {

/// What travels from a worker to the root for a point that succeeded.
struct Evaluated {
  std::uint32_t attempts = 1;
  std::vector<Value> outputs;
  bool index_read = false;          ///< the evaluation asked for the point's index, at this point or at an earlier one
  std::vector<ArrayFile> arrays{};  ///< that went ahead, as ArrayRoute sent them; other arrays are among `outputs`
  std::string store_error{};        ///< why an array could not be written where results go: the run cannot go on
};

void encode(const Evaluated& evaluated, ByteWriter& out);
Bytes encode(const Evaluated& evaluated);
/// @throws ParallelError if the bytes are not what encode() made
Evaluated decode(std::span<const std::byte> bytes);

class ArrayRoute;

/// As a worker reports it: the result written, its arrays on their way, or the failure.
std::optional<TaskFailure> report(Outcome<Evaluated> outcome, const ArrayRoute& arrays, WorkerContext& context,
                                  ByteWriter& result);

/// Whether the failure may come from a signal that was meant for the sweep: batch systems send theirs to all processes.
bool ended_from_outside(const TaskFailure& failure);
/// A batch system that ends a job, or a user at another terminal, may signal the program before the root tells us to
/// stop: waits a little for that.
bool stops_soon(WorkerContext& context);

/// The worker's side of a sweep over functions.
WorkerTask function_task(const Design& design, const std::vector<Column>& outputs, SweepFunctions functions,
                         const ArrayRoute& arrays);

/// The worker's side of a sweep over programs.
WorkerTask command_task(const Design& design, std::shared_ptr<Command> command, const ArrayRoute& arrays);

}  // namespace windrow::detail
