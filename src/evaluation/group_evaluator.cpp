#include "evaluation/interface/group_evaluator.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

#include "evaluation/interface/evaluator.hpp"
#include "function_evaluator.hpp"
#include "windrow/base/stopwatch.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

void check_manager(const ParallelManager& manager, const RanksPerEvaluation& ranks) {
  if (manager.backend() == Backend::fork) {
    throw SpecError("forked workers have no communicators for their evaluations: run under mpirun");
  }
  if (manager.backend() == Backend::serial && ranks.constant() != 1) {
    throw SpecError("ranks_per_evaluation: there is only this process; run under mpirun, or set it to 1");
  }
}

void check_ranks(int ranks, const SweepOptions& options, const ParallelManager& manager) {
  if (ranks < 1) throw SpecError(fmt::format("ranks_per_evaluation is {}: it must be at least 1", ranks));
  const int evaluate = manager.evaluating_workers(options.root);
  if (ranks <= evaluate) return;
  const bool root_does_not = evaluate < manager.size();
  throw SpecError(fmt::format("ranks_per_evaluation is {}, but {} rank{}{}: start mpirun with at least {}", ranks,
                              evaluate, evaluate == 1 ? " evaluates" : "s evaluate",
                              root_does_not ? " (the root only coordinates)" : "", ranks + (root_does_not ? 1 : 0)));
}

/// Of one rank, whose groups bring their models.
class GroupEvaluator {
 public:
  GroupEvaluator(const std::vector<Column>& outputs, std::shared_ptr<GroupFunctions> functions)
      : functions_(std::move(functions)),
        checked_(outputs, {[] {}, [this](const Point& point) { return functions_->evaluate(*group_, point); }, false}) {
  }

  std::optional<TaskFailure> evaluate(const Assigned& assigned, const Design& design, const ArrayRoute& arrays,
                                      WorkerContext& context, ByteWriter& result) {
    group_ = assigned.group;
    if (!group_->model) build(context);
    const Point point = design.point(assigned.index);
    if (group_->rank != 0) return evaluate_only(point);
    auto outcome = checked_.evaluate(point);
    if (!outcome.ok()) return std::move(outcome.failure());
    Evaluated evaluated = std::move(outcome).value();
    evaluated.attempts = static_cast<std::uint32_t>(assigned.attempt);
    return report(std::move(evaluated), arrays, context, result);
  }

 private:
  void build(WorkerContext& context) {
    double seconds = 0.0;
    try {
      const Stopwatch stopwatch(seconds);
      group_->model = functions_->build(*group_);
    } catch (const Interrupted&) {
      throw;
    } catch (const std::exception& error) {
      context.spent(&ActivityTimes::build, seconds);
      throw Error(fmt::format("build failed: {}", error.what()));
    }
    context.spent(&ActivityTimes::build, seconds);
  }

  // What another rank than the first returns counts for nothing.
  std::optional<TaskFailure> evaluate_only(const Point& point) {
    try {
      functions_->evaluate(*group_, point);
    } catch (const Rejected& reason) {
      return TaskFailure::rejected(reason.what());
    }
    return std::nullopt;
  }

  std::shared_ptr<GroupFunctions> functions_;
  RankGroup* group_ = nullptr;
  FunctionEvaluator checked_;
};

// The model and its communicator are made anew together.
SweepFunctions functions_alone(std::shared_ptr<GroupFunctions> functions, std::shared_ptr<RankGroups> groups) {
  auto group = std::make_shared<RankGroup*>(nullptr);
  return {[=] {
            *group = &groups->alone();
            (*group)->model = functions->build(**group);
          },
          [=](const Point& point) { return functions->evaluate(**group, point); }};
}

}  // namespace

GroupMode group_mode(const FunctionSource& functions, const SweepOptions& options, const ParallelManager& manager) {
  const auto ranks = options.ranks_per_evaluation.constant();
  if (!functions.groups) {
    if (ranks == 1) return GroupMode::none;
    throw SpecError(
        "ranks_per_evaluation is for evaluations that take a communicator: make a GroupSweep (<windrow/mpi.hpp>); "
        "programs with ranks of their own have `ranks` in their CommandSpec");
  }
  check_manager(manager, options.ranks_per_evaluation);
  if (ranks) check_ranks(*ranks, options, manager);
  if (ranks == 1) return GroupMode::alone;
  if (options.schedule == Schedule::static_split || options.schedule == Schedule::cyclic) {
    throw SpecError(fmt::format(
        "schedule {} shares out points beforehand, but groups of ranks share workers: choose auto, dynamic, "
        "guided or longest_first",
        name_of(options.schedule)));
  }
  return GroupMode::groups;
}

WorkerTask group_task(GroupMode mode, const Design& design, const std::vector<Column>& outputs,
                      std::shared_ptr<GroupFunctions> functions, std::shared_ptr<RankGroups> groups,
                      const ArrayRoute& arrays) {
  if (mode == GroupMode::alone) return function_task(design, outputs, functions_alone(functions, groups), arrays);
  auto evaluator = std::make_shared<GroupEvaluator>(outputs, std::move(functions));
  WorkerTask task;
  task.groups = std::move(groups);
  task.evaluate = [evaluator, &design, &arrays](const Assigned& assigned, WorkerContext& context, ByteWriter& result) {
    return evaluator->evaluate(assigned, design, arrays, context, result);
  };
  return task;
}

void fill_groups(Job& job, const Design& design, const SweepOptions& options) {
  job.group_patience = std::chrono::duration<double>(options.group_patience).count();
  job.ranks_needed = [&design, &options](std::uint64_t index) {
    const int ranks = options.ranks_per_evaluation.of(design.point(index));
    if (ranks < 1) throw SpecError(fmt::format("ranks_per_evaluation gives {}: it must be at least 1", ranks));
    return static_cast<std::uint64_t>(ranks);
  };
}

std::string note_of_unused(const std::vector<int>& unused, int workers, const RanksPerEvaluation& ranks) {
  if (unused.empty()) return {};
  const std::string names = fmt::format("rank{} {}", unused.size() == 1 ? "" : "s", fmt::join(unused, ", "));
  const int left_over = ranks.constant() ? workers % *ranks.constant() : 0;
  if (left_over == 0) return fmt::format("{} evaluated nothing: no group had a use for more ranks", names);
  const bool others_too = unused.size() > static_cast<std::size_t>(left_over);
  return fmt::format("{} evaluated nothing: groups of {} leave {} of {} ranks over{}", names, *ranks.constant(),
                     left_over, workers, others_too ? ", and there was no point for the others" : "");
}

}  // namespace windrow::detail
