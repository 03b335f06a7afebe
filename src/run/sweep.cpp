#include "windrow/run/sweep.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "evaluation/interface/array_route.hpp"
#include "evaluation/interface/evaluation_kind.hpp"
#include "root_run.hpp"
#include "run/interface/on_root.hpp"
#include "store/interface/loop_names.hpp"
#include "windrow/base/hash.hpp"
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

/// The same of a sweep inside loops, in its own store.
SweepOptions inside_loops(SweepOptions options, const StudyIdentity& study) {
  if (options.store.empty()) throw SpecError("a sweep inside loops needs a store");
  detail::require_new_names(options.loops, study);
  options.store = nested_store(options.store, options.loops);
  return options;
}

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

}  // namespace

void detail::on_root(ParallelManager& manager, const std::function<void()>& prepare) {
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

Sweep::Sweep(Design design, std::shared_ptr<detail::EvaluationKind> kind)
    : design_(std::move(design)), kind_(std::move(kind)) {}

Sweep::Sweep(Design design, Command command, ProgramOptions options)
    : Sweep(std::move(design), detail::command_kind(std::move(command), std::move(options))) {}

StudyIdentity Sweep::identity(std::string name) const {
  StudyIdentity identity{std::move(name), design_.size(), parameter_columns(design_), kind_->outputs(),
                         design_.definition()};
  kind_->identify(identity);
  return identity;
}

SweepResult Sweep::run(ParallelManager& manager, const SweepOptions& options) {
  const std::optional<InterruptGuard> guard(options.handle_interrupts ? std::make_optional<InterruptGuard>()
                                                                      : std::nullopt);
  if (options.shard && options.store.empty()) throw SpecError("a shard needs a store, to be merged from");
  std::unique_ptr<detail::SweepEvaluation> evaluation;
  check_ranks(manager, design_, message_of([&] { evaluation = kind_->evaluation(design_, manager); }));
  detail::JobSpec job;
  job.root = kind_->root_role(options.root, manager);
  std::optional<SweepOptions> own;  // must outlive the root's run
  std::optional<detail::RootRun> root;
  detail::ArrayOffer offer;
  const bool has_arrays =
      std::ranges::any_of(kind_->outputs(), [](const Column& output) { return detail::is_array_type(output.type); });
  detail::on_root(manager, [&] {
    detail::JobNeeds needs = kind_->needs(design_, manager, options.schedule, job.root);
    if (!options.loops.empty()) own = inside_loops(options, identity(options.name));
    root.emplace(design_, *kind_, identity(options.name), own ? *own : options, job.root, manager);
    if (!options.store.empty()) kind_->tidy();  // this process is the store's only writer now
    job = root->job(std::move(needs));
    if (has_arrays) offer = root->offer_arrays();
  });
  if (has_arrays) offer = manager.broadcast(offer);
  const detail::ArrayRoute arrays(kind_->outputs(), offer, manager.is_root());
  evaluation->begin(manager, arrays);
  detail::JobObserver nobody;
  detail::JobReport report;
  try {
    report = manager.run_job(std::move(job), *evaluation, root ? static_cast<detail::JobObserver&>(*root) : nobody);
  } catch (const detail::GroupStuck&) {
    static_cast<void>(evaluation.release());  // a thread of this rank may be inside it for ever
    throw;
  }
  if (!root) return detail::read_conclusion(report.conclusion);
  return root->finish(std::move(report), *evaluation);
}

}  // namespace windrow
