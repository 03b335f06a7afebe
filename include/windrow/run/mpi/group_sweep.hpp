#pragma once

#include <mpi.h>

#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "windrow/parallel/mpi/self_groups.hpp"
#include "windrow/run/sweep.hpp"

namespace [[gnu::visibility("default")]] windrow {

namespace detail {

template <typename Build>
auto build_for_group(Build& build, MPI_Comm comm) {
  if constexpr (std::is_invocable_v<Build&, MPI_Comm>) {
    return build(comm);
  } else {
    static_cast<void>(comm);
    return build();
  }
}

template <typename Build, typename Evaluate>
GroupFunctions group_functions(Build build, Evaluate evaluate) {
  using Model = decltype(build_for_group(build, MPI_COMM_NULL));
  static_assert(!std::is_void_v<Model>, "build must return the model");
  const auto comm_of = [](const RankGroup& group) { return *static_cast<const MPI_Comm*>(group.communicator); };
  GroupFunctions functions;
  functions.build = [build = std::move(build), comm_of](const RankGroup& group) mutable -> std::shared_ptr<void> {
    return std::shared_ptr<Model>(new Model(build_for_group(build, comm_of(group))));
  };
  functions.evaluate = [evaluate = std::move(evaluate), comm_of](const RankGroup& group, const Point& point) mutable {
    return to_values(evaluate(*static_cast<Model*>(group.model.get()), point, comm_of(group)));
  };
  functions.of_this_process = &self_groups;
  return functions;
}

}  // namespace detail

/// A sweep whose evaluations are parallel themselves: each point is evaluated by a group of ranks of an MpiManager, on
/// a communicator of their own. GroupOptions::ranks says how many ranks.
///
///     windrow::GroupSweep sweep(design, [](MPI_Comm comm) { return Solver(comm); },
///                               [](Solver& solver, const windrow::Point& p, MPI_Comm) { return solver.run(p["k"]); },
///                               {{"heat", "W"}}, {.ranks = 4});
///     sweep.run(manager, {.store = "heat.windrow"});
///
/// Groups are made from whatever ranks are free and kept, with communicator and model, for later points of their size;
/// points go out in order, one at a time to a group. A communicator is the group's alone: windrow sends nothing over
/// it, and no message of one point is ever seen at another. A rank may keep models of some groups that it is in.
///
/// One rank of a group that throws fails the point. What it said, and where, is the point's outcome, on all of them.
/// Ranks that wait for it inside MPI cannot be called back: see GroupOptions::patience.
///
/// The root evaluates, too, if MPI_THREAD_MULTIPLE is provided (its evaluations call MPI beside its main thread), and
/// otherwise only coordinates; SweepResult::notes says so, and names ranks that no group had a use for.
class GroupSweep : public Sweep {
 public:
  /// @param build     (MPI_Comm) -> Model, or () -> Model; called by all ranks of a group before its first point, and
  ///                  after a failure, for which the group gets a new communicator. A Model is destroyed on all ranks
  ///                  of its group, before the communicator is freed
  /// @param evaluate  (Model&, const Point&, MPI_Comm) -> as for Sweep; called by all ranks of the group. Rank 0's
  ///                  result counts. An exception fails the point; if the group had been used before, the point is
  ///                  tried once more with a new model and communicator
  /// @param outputs   as for Sweep
  /// @throws SpecError as Sweep does, and for fewer than 1 rank
  template <typename Build, typename Evaluate>
  GroupSweep(Design design, Build build, Evaluate evaluate,
             std::vector<Column> outputs = {{"result", "", "number", ""}}, GroupOptions options = {})
      : Sweep(std::move(design), detail::group_kind(detail::group_functions(std::move(build), std::move(evaluate)),
                                                    std::move(outputs), std::move(options))) {}
};

}  // namespace windrow
