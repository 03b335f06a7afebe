#pragma once

#include <memory>
#include <span>
#include <vector>

#include "windrow/evaluation/functions.hpp"
#include "windrow/process/fork_server.hpp"

/// A sweep's functions as the model of a ForkSession: how they, points and outcomes travel to it and back.
namespace windrow::detail {

/// The argument of make_portable_model(), which builds in a process forked before the functions existed.
/// @pre functions.make_elsewhere
Bytes portable_argument(const FunctionSource& functions, const std::vector<Column>& outputs, const Design& design);
std::unique_ptr<ForkedModel> make_portable_model(std::span<const std::byte> argument);

/// A sweep as it lies in memory, for make_local_model() in a process forked afterwards.
struct LocalSweep {
  const FunctionSource& functions;
  const std::vector<Column>& outputs;
  const Design& design;
};
/// `sweep` must stay where it is.
Bytes local_argument(const LocalSweep& sweep);
std::unique_ptr<ForkedModel> make_local_model(std::span<const std::byte> argument);

Bytes encode_request(const Point& point);
/// What the evaluation of a request came to, as FunctionEvaluator gives it; what that throws is a failure, too.
/// @return the bytes of encode(Evaluated), which are a part of `reply`
/// @throws Interrupted    if the evaluation did
/// @throws ParallelError  if the bytes are no reply
Outcome<std::span<const std::byte>> decode_reply(std::span<const std::byte> reply);

}  // namespace windrow::detail
