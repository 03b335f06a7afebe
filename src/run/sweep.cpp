#include "windrow/run/sweep.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <optional>
#include <utility>

#include "evaluation/interface/array_route.hpp"
#include "evaluation/interface/evaluator.hpp"
#include "evaluation/interface/group_evaluator.hpp"
#include "evaluation/interface/guard.hpp"
#include "evaluation/interface/program_slots.hpp"
#include "root_run.hpp"
#include "windrow/base/hash.hpp"
#include "windrow/base/serialize_containers.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"
#include "windrow/run/interrupt.hpp"

namespace windrow {
namespace {

std::string type_of(const Parameter& parameter) {
  const auto* levels = std::get_if<Levels>(&parameter.source());
  if (levels == nullptr || levels->values.empty()) return "number";
  static const std::array<std::string, 4> names = {"number", "integer", "boolean", "string"};
  const std::size_t kind = levels->values.front().variant().index();
  const bool same = std::all_of(levels->values.begin(), levels->values.end(),
                                [kind](const Value& value) { return value.variant().index() == kind; });
  return same ? names[kind] : "mixed";
}

std::vector<Column> parameter_columns(const Design& design) {
  std::vector<Column> columns;
  for (const Parameter& p : design.parameters()) columns.push_back({p.name(), p.unit(), type_of(p), p.description()});
  return columns;
}

// Enough to notice ranks that run different studies.
std::uint64_t fingerprint(const std::vector<std::pair<std::string, std::string>>& definition) {
  std::uint64_t hash = 0;
  for (const auto& [name, text] : definition) hash = detail::hash64(text, detail::hash64(name, hash));
  return hash;
}

void check_output(const Column& output, const std::vector<Column>& outputs) {
  static const std::vector<std::string> types = {"number", "integer", "boolean", "string", "array"};
  if (std::find(types.begin(), types.end(), output.type) == types.end()) {
    throw SpecError(fmt::format("output `{}`: unknown type `{}`{}", output.name, output.type,
                                text::suggestion(output.type, types)));
  }
  if (!detail::is_array_type(output.type)) return;
  const auto usable = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-'; };
  const bool good = !output.name.empty() && std::all_of(output.name.begin(), output.name.end(), usable);
  if (good && std::ranges::count(outputs, output.name, &Column::name) == 1) return;
  throw SpecError(
      fmt::format("output `{}`: arrays go to a directory of that name, which must be letters, digits, `_` and `-`, and "
                  "that of no other output",
                  output.name));
}

// Runs `prepare` at the root; if it throws there, every rank throws.
void on_root(ParallelManager& manager, const std::function<void()>& prepare) {
  std::exception_ptr failure;
  std::string message;
  if (manager.is_root()) {
    try {
      prepare();
    } catch (const std::exception& error) {
      failure = std::current_exception();
      message = std::string("the root failed: ") + error.what();
    }
  }
  message = manager.broadcast(message);
  if (failure) std::rethrow_exception(failure);
  if (!message.empty()) throw RootFailed(message);
}

// Every rank throws what one of them meets.
void check_ranks(ParallelManager& manager, const Design& design, const std::string& obstacle) {
  const auto ranks = manager.all_gather(std::pair(fingerprint(design.definition()), obstacle));
  for (std::size_t rank = 0; rank < ranks.size(); ++rank) {
    if (ranks[rank].first != ranks.front().first) {
      throw SpecError(
          fmt::format("the design of rank {} is not that of the root: every rank must make the same one", rank));
    }
    if (!ranks[rank].second.empty()) throw ParallelError(fmt::format("on rank {}: {}", rank, ranks[rank].second));
  }
}

// Evaluations on the root's second thread would call MPI, which may be for its main thread alone.
bool must_step_back(const ParallelManager& manager, const detail::FunctionSource& functions) {
  return functions.groups && manager.size() > 1 && !manager.may_change_thread();
}

std::shared_ptr<detail::RankGroups> groups_for(ParallelManager& manager, const detail::GroupFunctions& functions) {
  auto groups = manager.rank_groups();
  return groups ? std::move(groups) : functions.of_this_process();
}

}  // namespace

Sweep::Sweep(Design design, std::vector<Column> outputs, detail::FunctionSource functions)
    : design_(std::move(design)), outputs_(std::move(outputs)), functions_(std::move(functions)) {
  for (Column& output : outputs_) {
    if (output.type.empty()) output.type = "number";
    check_output(output, outputs_);
  }
}

Sweep::Sweep(Design design, Command command)
    : design_(std::move(design)), command_(std::make_shared<Command>(std::move(command))) {
  for (const OutputSpec& output : command_->spec().outputs) {
    outputs_.push_back({output.name, output.unit, output.type, output.description});
  }
}

std::vector<std::pair<std::string, std::string>> Sweep::definition(const SweepOptions& options) const {
  auto definition = design_.definition();
  if (command_) {
    for (auto& item : command_->definition()) definition.push_back(std::move(item));
  } else {
    definition.emplace_back("version", options.version);
    for (const Column& output : outputs_) definition.emplace_back("outputs." + output.name, output.type);
  }
  return definition;
}

void Sweep::check_options(const SweepOptions& options) const {
  const bool has_limit = options.timeout || options.relative_timeout || options.memory_limit > 0;
  if (command_ && (options.isolation != Isolation::none || has_limit)) {
    throw SpecError(
        "isolation, time-outs and memory_limit are for functions: a command runs in a process of its own, and has a "
        "time-out of its own");
  }
  if (options.isolation == Isolation::none && has_limit) {
    throw SpecError("a time or memory limit needs evaluations that can be ended: choose isolation = process, or fork");
  }
  if (options.timeout && *options.timeout <= std::chrono::nanoseconds(0)) {
    throw SpecError("the time limit of an evaluation must be longer than nothing");
  }
  if (options.relative_timeout && !(*options.relative_timeout > 1.0)) {
    throw SpecError("relative_timeout is a multiple of the median time: it must be more than 1");
  }
  if (functions_.groups && options.isolation != Isolation::none) {
    throw SpecError("evaluations that take a communicator cannot be isolated: a forked process has no MPI");
  }
  if (options.shard && options.store.empty()) throw SpecError("a shard needs a store, to be merged from");
  if (options.evaluations_per_process < 1) throw SpecError("evaluations_per_process must be at least 1");
}

StudyIdentity Sweep::identity(const SweepOptions& options) const {
  StudyIdentity identity{options.name, design_.size(), parameter_columns(design_), outputs_, definition(options)};
  identity.index_matters = command_ && command_->sees_index();
  identity.seed_matters = !command_ || command_->sees_seed();
  identity.outputs_by_name = command_ != nullptr;
  return identity;
}

SweepResult Sweep::run(ParallelManager& manager, const SweepOptions& options) {
  const bool root_steps_back = must_step_back(manager, functions_);
  if (root_steps_back && options.root != RootRole::coordinates) {
    SweepOptions adjusted = options;
    adjusted.root = RootRole::coordinates;
    return run(manager, adjusted);
  }
  const std::optional<InterruptGuard> guard(options.handle_interrupts ? std::make_optional<InterruptGuard>()
                                                                      : std::nullopt);
  check_options(options);
  std::optional<detail::Guard> guarded;
  std::string obstacle = detail::Guard::obstacle(functions_, options);
  try {
    if (options.isolation != Isolation::none && obstacle.empty()) {
      guarded.emplace(functions_, outputs_, design_, options);
    }
  } catch (const SystemError& error) {
    obstacle = error.what();
  }
  check_ranks(manager, design_, obstacle);
  std::optional<detail::RootRun> root;
  detail::ProgramSlots program_slots;
  detail::ArrayOffer offer;
  detail::GroupMode mode = detail::GroupMode::none;
  const bool has_arrays =
      std::ranges::any_of(outputs_, [](const Column& output) { return detail::is_array_type(output.type); });
  on_root(manager, [&] {
    if (command_) program_slots = detail::ProgramSlots(*command_, options, manager);  // before the store is touched
    mode = detail::group_mode(functions_, options, manager);
    root.emplace(*this, options, manager, command_ ? &command_->spec() : nullptr);
    if (command_ && !options.store.empty()) command_->tidy();  // this process is the store's only writer now
    if (has_arrays) offer = root->offer_arrays();
  });
  if (has_arrays) offer = manager.broadcast(offer);
  const detail::ArrayRoute arrays(outputs_, offer, manager.is_root());

  detail::Job job;
  job.root = options.root;
  if (command_) {
    if (auto launcher = manager.launcher()) command_->use(std::move(launcher));
    job.task = detail::command_task(design_, command_, arrays);
  } else if (functions_.groups) {
    mode = manager.broadcast(mode);
    job.task =
        detail::group_task(mode, design_, outputs_, functions_.groups, groups_for(manager, *functions_.groups), arrays);
  } else {
    job.task = guarded ? guarded->task(arrays) : detail::function_task(design_, outputs_, functions_.make(), arrays);
  }
  if (root) root->fill(job);
  if (root && command_) program_slots.fill(job, design_, command_);
  if (root && mode == detail::GroupMode::groups) detail::fill_groups(job, design_, options);
  if (root && guarded) root->note(guarded->note());
  if (root && root_steps_back) {
    root->note("the root only coordinated: MPI_THREAD_MULTIPLE, which its evaluations need, is not provided");
  }
  detail::JobReport report = manager.run_job(job);
  return root ? root->finish(std::move(report)) : detail::read_conclusion(report.conclusion);
}

}  // namespace windrow
