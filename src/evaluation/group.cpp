#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

#include "function.hpp"
#include "windrow/base/exception_text.hpp"
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

void check_ranks(int ranks, const ParallelManager& manager, RootRole root) {
  const int evaluate = manager.evaluating_workers(root);
  if (ranks <= evaluate) return;
  const bool root_does_not = evaluate < manager.size();
  throw SpecError(fmt::format("ranks_per_evaluation is {}, but {} rank{}{}: start mpirun with at least {}", ranks,
                              evaluate, evaluate == 1 ? " evaluates" : "s evaluate",
                              root_does_not ? " (the root only coordinates)" : "", ranks + (root_does_not ? 1 : 0)));
}

std::shared_ptr<RankGroups> groups_of(ParallelManager& manager, const GroupFunctions& functions) {
  auto groups = manager.rank_groups();
  return groups ? std::move(groups) : functions.of_this_process();
}

std::string note_of_unused(const std::vector<int>& unused, int workers, const RanksPerEvaluation& ranks) {
  const std::string names = fmt::format("rank{} {}", unused.size() == 1 ? "" : "s", fmt::join(unused, ", "));
  const int left_over = ranks.constant() ? workers % *ranks.constant() : 0;
  if (left_over == 0) return fmt::format("{} evaluated nothing: no group had a use for more ranks", names);
  const bool others_too = unused.size() > static_cast<std::size_t>(left_over);
  return fmt::format("{} evaluated nothing: groups of {} leave {} of {} ranks over{}", names, *ranks.constant(),
                     left_over, workers, others_too ? ", and there was no point for the others" : "");
}

/// Every evaluation has one rank, and a communicator of that rank. It and the model are made anew together.
class AloneEvaluation : public FunctionEvaluation {
 public:
  AloneEvaluation(const Design& design, const std::vector<Column>& outputs, const GroupFunctions& functions)
      : FunctionEvaluation(design, outputs,
                           {[this] {
                              group_ = &groups_->alone();
                              group_->model = functions_.build(*group_);
                            },
                            [this](const Point& point) { return functions_.evaluate(*group_, point); }}),
        functions_(functions) {}

  void begin(ParallelManager& manager, const ArrayRoute& arrays) override {
    FunctionEvaluation::begin(manager, arrays);
    groups_ = groups_of(manager, functions_);
  }

 private:
  const GroupFunctions& functions_;
  std::shared_ptr<RankGroups> groups_;
  RankGroup* group_ = nullptr;
};

/// Of one rank, whose groups bring their models.
class GroupEvaluation : public SweepEvaluation {
 public:
  GroupEvaluation(const Design& design, const std::vector<Column>& outputs, const GroupFunctions& functions,
                  const RanksPerEvaluation& ranks)
      : SweepEvaluation(design),
        functions_(functions),
        ranks_(ranks),
        checked_(outputs, {[] {}, [this](const Point& point) { return functions_.evaluate(*group_, point); }, false}) {}

  void begin(ParallelManager& manager, const ArrayRoute& arrays) override {
    SweepEvaluation::begin(manager, arrays);
    groups_ = groups_of(manager, functions_);
  }
  RankGroups* groups() override { return groups_.get(); }

  std::optional<TaskFailure> evaluate(const Assigned& assigned, WorkerContext& context, ByteWriter& result) override {
    group_ = assigned.group;
    if (!group_->model) build_model(context);
    const Point point = design().point(assigned.index);
    if (group_->rank != 0) return evaluate_only(point);
    auto outcome = checked_.evaluate(point);
    if (!outcome.ok()) return std::move(outcome.failure());
    Evaluated evaluated = std::move(outcome).value();
    evaluated.attempts = static_cast<std::uint32_t>(assigned.attempt);
    return report(std::move(evaluated), arrays(), context, result);
  }

  std::vector<std::string> notes(const JobReport& report, int workers) const override {
    auto notes = SweepEvaluation::notes(report, workers);
    if (!report.unused_workers.empty()) notes.push_back(note_of_unused(report.unused_workers, workers, ranks_));
    return notes;
  }

 private:
  void build_model(WorkerContext& context) {
    double seconds = 0.0;
    try {
      const Stopwatch stopwatch(seconds);
      group_->model = functions_.build(*group_);
    } catch (const Interrupted&) {
      throw;
    } catch (...) {
      context.spent(&ActivityTimes::build, seconds);
      throw Error(fmt::format("build failed: {}", exception_text(std::current_exception())));
    }
    context.spent(&ActivityTimes::build, seconds);
  }

  // What another rank than the first returns counts for nothing.
  std::optional<TaskFailure> evaluate_only(const Point& point) {
    functions_.evaluate(*group_, point);
    return std::nullopt;
  }

  const GroupFunctions& functions_;
  const RanksPerEvaluation& ranks_;
  std::shared_ptr<RankGroups> groups_;
  RankGroup* group_ = nullptr;
  FunctionEvaluator checked_;
};

class RanksNeeded : public PointNeeds {
 public:
  RanksNeeded(const Design& design, const RanksPerEvaluation& ranks) : design_(design), ranks_(ranks) {}
  Kind kind() const override { return Kind::ranks; }
  std::uint64_t of(std::uint64_t index) override {
    const int ranks = ranks_.of(design_.point(index));
    if (ranks < 1) throw SpecError(fmt::format("ranks_per_evaluation gives {}: it must be at least 1", ranks));
    return static_cast<std::uint64_t>(ranks);
  }

 private:
  const Design& design_;
  const RanksPerEvaluation& ranks_;
};

class GroupKind : public EvaluationKind {
 public:
  GroupKind(GroupFunctions functions, std::vector<Column> outputs, GroupOptions options)
      : EvaluationKind(std::move(outputs), std::move(options.version)),
        functions_(std::move(functions)),
        ranks_(std::move(options.ranks)),
        patience_(options.patience) {
    const int ranks = ranks_.constant().value_or(1);
    if (ranks < 1) throw SpecError(fmt::format("ranks_per_evaluation is {}: it must be at least 1", ranks));
  }

  std::vector<Setting> provenance() const override {
    if (is_alone()) return {};
    return {{"ranks_per_evaluation", ranks_.constant() ? std::to_string(*ranks_.constant()) : "by point"}};
  }

  // Evaluations on the root's second thread would call MPI, which may be for its main thread alone.
  RootRole root_role(RootRole asked, const ParallelManager& manager) const override {
    return manager.size() > 1 && !manager.may_change_thread() ? RootRole::coordinates : asked;
  }

  std::unique_ptr<SweepEvaluation> evaluation(const Design& design, ParallelManager& manager) override {
    std::unique_ptr<SweepEvaluation> evaluation;
    if (is_alone()) {
      evaluation = std::make_unique<AloneEvaluation>(design, outputs(), functions_);
    } else {
      evaluation = std::make_unique<GroupEvaluation>(design, outputs(), functions_, ranks_);
    }
    if (manager.size() > 1 && !manager.may_change_thread()) {
      evaluation->note("the root only coordinated: MPI_THREAD_MULTIPLE, which its evaluations need, is not provided");
    }
    return evaluation;
  }

  JobNeeds needs(const Design& design, const ParallelManager& manager, Schedule schedule,
                 RootRole root) const override {
    check_manager(manager, ranks_);
    if (ranks_.constant()) check_ranks(*ranks_.constant(), manager, root);
    if (is_alone()) return {};
    require_shared_schedule(schedule, "groups of ranks share workers");
    return {.points = std::make_shared<RanksNeeded>(design, ranks_), .patience = patience_};
  }

 private:
  bool is_alone() const { return ranks_.constant() == 1; }

  GroupFunctions functions_;
  RanksPerEvaluation ranks_;
  std::chrono::nanoseconds patience_;
};

}  // namespace

std::shared_ptr<EvaluationKind> group_kind(GroupFunctions functions, std::vector<Column> outputs,
                                           GroupOptions options) {
  return std::make_shared<GroupKind>(std::move(functions), std::move(outputs), std::move(options));
}

}  // namespace windrow::detail
