#include "sweep_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "run/interface/on_root.hpp"
#include "store/interface/loop_names.hpp"
#include "windrow/base/exception_text.hpp"
#include "windrow/base/hash.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

// Enough to notice ranks that run different studies.
std::uint64_t fingerprint(const std::vector<std::pair<std::string, std::string>>& definition) {
  std::uint64_t hash = 0;
  for (const auto& [name, text] : definition) hash = hash64(text, hash64(name, hash));
  return hash;
}

/// Why a sweep cannot begin.
struct Obstacle {
  bool other_design = false;
  std::string text;

  template <typename Archive>
  void serialize(Archive& archive, unsigned /*version*/) {
    archive& other_design& text;
  }
};

Obstacle first_obstacle(const std::vector<std::pair<std::uint64_t, std::string>>& ranks) {
  for (std::size_t rank = 0; rank < ranks.size(); ++rank) {
    if (ranks[rank].first != ranks.front().first) {
      return {true,
              fmt::format("the design of rank {} is not that of the root: every rank must make the same one", rank)};
    }
    if (!ranks[rank].second.empty()) return {false, fmt::format("on rank {}: {}", rank, ranks[rank].second)};
  }
  return {};
}

// Every rank throws what one of them meets. The root alone looks at what all say.
void check_ranks(ParallelManager& manager, const Design& design, const std::string& met) {
  const Obstacle obstacle =
      manager.broadcast(first_obstacle(manager.gather(std::pair(fingerprint(design.definition()), met))));
  if (obstacle.other_design) throw SpecError(obstacle.text);
  if (!obstacle.text.empty()) throw ParallelError(obstacle.text);
}

/// The same of a sweep inside loops, in its own store.
SweepOptions inside_loops(SweepOptions options, const StudyIdentity& study) {
  if (options.store.empty()) throw SpecError("a sweep inside loops needs a store");
  require_new_names(options.loops, study);
  options.store = nested_store(options.store, options.loops);
  return options;
}

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (...) {
    return exception_text(std::current_exception());
  }
  return {};
}

bool has_arrays(const EvaluationKind& kind) {
  return std::ranges::any_of(kind.outputs(), [](const Column& output) { return is_array_type(output.type); });
}

}  // namespace

SweepRun::SweepRun(const Design& design, EvaluationKind& kind, StudyIdentity identity, ParallelManager& manager,
                   const SweepOptions& options)
    : design_(design), kind_(kind), manager_(manager) {
  if (options.handle_interrupts) guard_.emplace();
  prepare(kind, std::move(identity), options);
}

void SweepRun::prepare(EvaluationKind& kind, StudyIdentity identity, const SweepOptions& options) {
  if (options.shard && options.store.empty()) throw SpecError("a shard needs a store, to be merged from");
  check_ranks(manager_, design_, message_of([&] { evaluation_ = kind.evaluation(design_, manager_); }));
  JobSpec job;
  job.root = kind.root_role(options.root, manager_);
  ArrayOffer offer;
  on_root(manager_, [&] {
    JobNeeds needs = kind.needs(design_, manager_, options.schedule, job.root);
    if (!options.loops.empty()) inside_loops_ = inside_loops(options, identity);
    root_.emplace(design_, kind, std::move(identity), inside_loops_ ? *inside_loops_ : options, job.root, manager_);
    if (!options.store.empty()) kind.tidy();  // this process is the store's only writer now
    job = root_->job(std::move(needs));
    if (has_arrays(kind)) offer = root_->offer_arrays();
  });
  if (has_arrays(kind)) offer = manager_.broadcast(offer);
  arrays_.emplace(kind.outputs(), offer, manager_.is_root());
  evaluation_->begin(manager_, *arrays_);
  JobObserver& observer = root_ ? static_cast<JobObserver&>(*root_) : nobody_;
  job_ = manager_.begin_job(std::move(job), *evaluation_, observer);
}

SweepResult SweepRun::finish() {
  JobReport report;
  try {
    report = std::exchange(job_, nullptr)();
  } catch (const GroupStuck&) {
    static_cast<void>(evaluation_.release());  // a thread of this rank may be inside it for ever
    throw;
  }
  if (!root_) return read_conclusion(report.conclusion);
  SweepResult result = root_->finish(std::move(report), *evaluation_);
  if (!result.store.empty()) kind_.tidy();  // of workers that were lost, and of an earlier run's that ended late
  return result;
}

}  // namespace windrow::detail
