#include <fmt/format.h>

#include <utility>

#include "evaluation/interface/evaluation_kind.hpp"
#include "evaluation/interface/evaluator.hpp"
#include "windrow/base/machine.hpp"
#include "windrow/error.hpp"
#include "windrow/slurm/slurm.hpp"

namespace windrow::detail {
namespace {

// Of the outer mpirun's ranks there may be fewer than the Slurm job has tasks, and they are where they are.
Slots choose(const Slots& asked, const ParallelManager& manager) {
  if (!asked.empty() || manager.backend() == Backend::mpi) return asked;
  return slurm_slots();
}

std::uint64_t total(const Slots& slots, const ParallelManager& manager) {
  if (slots.empty()) return static_cast<std::uint64_t>(manager.worker_count());
  std::uint64_t all = 0;
  for (const HostSlots& some : slots) all += static_cast<std::uint64_t>(some.slots);
  return all;
}

std::vector<Column> columns_of(const Command& command) {
  std::vector<Column> columns;
  for (const OutputSpec& output : command.spec().outputs) {
    columns.push_back({output.name, output.unit, output.type, output.description});
  }
  return columns;
}

EvaluatedPoint evaluated(const UnreadOutcome& outcome) {
  return {outcome.directory, outcome.known, outcome.failed, outcome.texts};
}

ReadFrom source_of(KnownBy known) {
  return known == KnownBy::values ? ReadFrom::values : known == KnownBy::files ? ReadFrom::files : ReadFrom::nothing;
}

class ProgramSlots : public PointNeeds {
 public:
  ProgramSlots(const Design& design, const Command& command) : design_(design), command_(command) {}
  Kind kind() const override { return Kind::slots; }
  std::uint64_t of(std::uint64_t index) override { return command_.ranks(design_.point(index)); }

 private:
  const Design& design_;
  const Command& command_;
};

class CommandEvaluation : public SweepEvaluation {
 public:
  CommandEvaluation(const Design& design, const Command& command) : SweepEvaluation(design), command_(command) {}

  // Ahead of the first point, for which the worker starts a thread.
  void build() override { command_.start(); }
  void idle() noexcept override { command_.idle(); }

  std::vector<std::string> notes(const JobReport& report, int workers) const override {
    auto notes = SweepEvaluation::notes(report, workers);
    if (const std::string file = command_.removed_file(); !file.empty()) {
      notes.push_back(fmt::format(
          "files of programs, such as `{}`, were removed with the directories of points that succeeded: `keep` says "
          "what stays",
          file));
    }
    return notes;
  }

  std::optional<TaskFailure> evaluate(const Assigned& assigned, WorkerContext& context, ByteWriter& result) override {
    Evaluated evaluated;
    const auto keep_file = [&](const std::filesystem::path& file) -> Value {
      try {
        evaluated.arrays.push_back(arrays().send_file(file, context));
      } catch (const StoreError& error) {
        evaluated.store_error = error.what();
      }
      return "";
    };
    try {
      return run_program(assigned, context, keep_file, evaluated, result);
    } catch (const SurroundingsFailed& error) {
      Evaluated stops;  // no failure of the point: it stays open, and the run ends
      stops.store_error = fmt::format("on {}: {}", host_name(), error.what());
      return report(std::move(stops), arrays(), context, result);
    }
  }

 private:
  std::optional<TaskFailure> run_program(const Assigned& assigned, WorkerContext& context,
                                         const std::function<Value(const std::filesystem::path&)>& keep_file,
                                         Evaluated& evaluated, ByteWriter& result) {
    auto outcome = command_.evaluate(
        design().point(assigned.index), [&context] { return context.stop_requested(); },
        [&context] { return context.time_limit(); },
        arrays().is_needed() ? keep_file : std::function<Value(const std::filesystem::path&)>(), assigned.slots);
    if (outcome.ok()) {
      evaluated.outputs = std::move(outcome).value();
      return report(std::move(evaluated), arrays(), context, result);
    }
    if (ended_from_outside(outcome.failure()) && stops_soon(context)) throw Interrupted();
    return std::move(outcome.failure());
  }

  const Command& command_;
};

class CommandKind : public EvaluationKind {
 public:
  CommandKind(Command command, ProgramOptions options)
      : EvaluationKind(columns_of(command), {}), command_(std::move(command)), slots_(std::move(options.slots)) {}

  void identify(StudyIdentity& identity) const override {
    for (auto& item : command_.definition()) identity.definition.push_back(std::move(item));
    identity.index_matters = command_.sees_index();
    identity.seed_matters = command_.sees_seed();
    identity.outputs_by_name = true;
    identity.outputs_are_read = true;
  }

  ReadOutputs reader(const Design& design) const override {
    return {.from =
                [this, &design](const UnreadOutcome& outcome) {
                  return source_of(command_.reads_from(design.point(outcome.index), evaluated(outcome)));
                },
            .read =
                [this, &design](const UnreadOutcome& outcome) {
                  return command_.read(design.point(outcome.index), evaluated(outcome));
                }};
  }

  bool computes_equal_points_once() const override { return !command_.sees_index(); }

  EvaluationLimits limits() const override { return {command_.spec().grace, command_.spec().relative_timeout}; }

  std::unique_ptr<SweepEvaluation> evaluation(const Design& design, ParallelManager& manager) override {
    if (auto launcher = manager.launcher()) command_.use(std::move(launcher));
    return std::make_unique<CommandEvaluation>(design, command_);
  }

  JobNeeds needs(const Design& design, const ParallelManager& manager, Schedule schedule, RootRole) const override {
    if (!command_.spec().ranks) return {};
    const auto ranks = command_.constant_ranks();
    Slots slots = choose(slots_, manager);
    // One rank runs where its worker is, without being asked for, if that is where the slots are.
    if (ranks == 1 && slots.empty()) return {};
    require_shared_schedule(schedule, "programs with ranks share slots");
    if (const std::uint64_t all = total(slots, manager); ranks && *ranks > all) {
      throw SpecError(fmt::format("each point's program has {} ranks, but there {} in all; {}", *ranks,
                                  all == 1 ? "is 1 slot" : fmt::format("are {} slots", all),
                                  !slots.empty()                      ? "ask Slurm for more tasks"
                                  : manager.backend() == Backend::mpi ? "mpirun gives a slot for each of its ranks"
                                                                      : "more workers make more slots"));
    }
    return {.points = std::make_shared<ProgramSlots>(design, command_), .slots = std::move(slots)};
  }

  void tidy() const override { command_.tidy(); }

 private:
  Command command_;
  Slots slots_;
};

}  // namespace

std::shared_ptr<EvaluationKind> command_kind(Command command, ProgramOptions options) {
  return std::make_shared<CommandKind>(std::move(command), std::move(options));
}

}  // namespace windrow::detail
