#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "array_route.hpp"
#include "windrow/parallel/job.hpp"
#include "windrow/run/sweep.hpp"

/// Sweeps whose points are evaluated by groups of ranks.
namespace windrow::detail {

/// How a sweep uses its ranks, as the root decides.
enum class GroupMode : std::uint8_t {
  none,    ///< its evaluations take no communicator
  alone,   ///< every evaluation has one rank, and a communicator of that rank
  groups,  ///< of several, or as the point says
};

/// At the root.
/// @throws SpecError as Sweep::run() says
GroupMode group_mode(const FunctionSource& functions, const SweepOptions& options, const ParallelManager& manager);

/// A worker's side, in a mode other than none.
/// @param groups          of this rank
/// @param design, arrays  live as long as the job
WorkerTask group_task(GroupMode mode, const Design& design, const std::vector<Column>& outputs,
                      std::shared_ptr<GroupFunctions> functions, std::shared_ptr<RankGroups> groups,
                      const ArrayRoute& arrays);

/// What the job must know at the root.
/// @param options  live as long as the job
void fill_groups(Job& job, const Design& design, const SweepOptions& options);

/// For SweepResult::notes: of ranks that evaluated nothing. Empty if there is nothing to say.
std::string note_of_unused(const std::vector<int>& unused, int workers, const RanksPerEvaluation& ranks);

}  // namespace windrow::detail
