#include "windrow/run/sweep.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "evaluation/interface/evaluation_kind.hpp"
#include "run/interface/on_root.hpp"
#include "sweep_run.hpp"
#include "windrow/base/exception_text.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"

namespace windrow {
namespace {

std::string type_of(const Parameter& parameter) {
  const auto type = parameter.type_of_values();
  return type ? std::string(name_of(*type)) : "mixed";
}

std::vector<Column> parameter_columns(const Design& design) {
  std::vector<Column> columns;
  for (const Parameter& p : design.parameters()) columns.push_back({p.name(), p.unit(), type_of(p), p.description()});
  return columns;
}

/// How the numbers of ranges are written, "1" or "1.0", which programs see: `from = 1` and `from = 1.0` are one
/// definition.
void add_spellings(const Design& design, StudyIdentity& identity) {
  for (const Parameter& p : design.parameters()) {
    const bool is_listed = std::holds_alternative<Levels>(p.source()) || std::holds_alternative<Bundle>(p.source()) ||
                           std::holds_alternative<BundleField>(p.source());
    const bool is_range = p.has_levels() && !p.is_random() && !is_listed;
    if (!is_range) continue;
    const bool whole = p.level(0).written().find_first_not_of("-0123456789") == std::string::npos;
    identity.definition.emplace_back(fmt::format("parameters.{}.written", p.name()), whole ? "1" : "1.0");
  }
}

}  // namespace

void detail::on_root(ParallelManager& manager, const std::function<void()>& prepare) {
  std::exception_ptr failure;
  std::string message;
  if (manager.is_root()) {
    try {
      prepare();
    } catch (...) {
      failure = std::current_exception();
      message = "the root failed: " + exception_text(failure);
    }
  }
  message = manager.broadcast(message);
  if (failure) std::rethrow_exception(failure);
  if (!message.empty()) throw RootFailed(message);
}

Sweep::Sweep(Design design, std::shared_ptr<detail::EvaluationKind> kind)
    : design_(std::move(design)), kind_(std::move(kind)) {
  for (const Column& output : kind_->outputs()) {
    for (const Parameter& parameter : design_.parameters()) {
      if (parameter.name() != output.name) continue;
      throw SpecError(fmt::format("output `{}`: a parameter has that name", output.name));
    }
  }
}

Sweep::Sweep(Design design, Command command, ProgramOptions options)
    : Sweep(std::move(design), detail::command_kind(std::move(command), std::move(options))) {}

StudyIdentity Sweep::identity(std::string name) const {
  StudyIdentity identity{std::move(name), design_.size(), parameter_columns(design_), kind_->outputs(),
                         design_.definition()};
  kind_->identify(identity);
  if (identity.outputs_are_read) add_spellings(design_, identity);
  return identity;
}

std::vector<EqualPoint> Sweep::equal_points() const {
  return kind_->computes_equal_points_once() ? design_.equal_points() : std::vector<EqualPoint>();
}

ReadOutputs Sweep::reader() const {
  return kind_->reader(design_);
}

std::string describe_equal_points(std::uint64_t count) {
  return text::counted(count, "point") +
         (count == 1 ? " is equal to another: computed once" : " are equal to others: computed once");
}

Resumption Sweep::collect(const SweepOptions& options) const {
  const std::filesystem::path directory =
      options.shard ? shard_directory(options.store, *options.shard) : options.store;
  const StoreReader before(directory);  // throws if there is nothing
  std::vector<std::pair<std::string, std::string>> provenance;
  for (const Setting& setting : options.provenance) provenance.emplace_back(setting.name, setting.text);
  const auto points = [this](std::uint64_t index) { return design_.point(index).values(); };
  Store store(directory, identity(options.name), provenance, Journal::automatic, points, kind_->reader(design_));
  if (const auto damage = store.damage(); !damage.empty() && options.on_damaged) options.on_damaged(damage);
  const Resumption again = store.read_again();
  if (!store.resumption()) return again;
  Resumption found = *store.resumption();
  // Those that were read in a moment ago, and fail still, are read once more: they are counted once.
  const std::uint64_t mended = again.read + again.judged - again.unreadable;
  found.read = std::max(found.read, again.read);
  found.judged = std::max(found.judged, again.judged);
  found.unreadable -= std::min(found.unreadable, mended);
  found.succeeded += mended;
  found.failed -= std::min(found.failed, mended);
  return found;
}

SweepResult Sweep::run(ParallelManager& manager, const SweepOptions& options) {
  return detail::SweepRun(design_, *kind_, identity(options.name), manager, options).finish();
}

RunningSweep Sweep::start(ParallelManager& manager, SweepOptions options) {
  return RunningSweep(*this, manager, std::move(options));
}

}  // namespace windrow
