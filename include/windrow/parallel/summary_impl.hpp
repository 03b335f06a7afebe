#pragma once

// The typed side of ParallelManager::scatter for an execute that summarizes a worker's share; included by
// scatter_impl.hpp.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "windrow/base/serialize.hpp"
#include "windrow/parallel/job.hpp"
#include "windrow/parallel/manager.hpp"
#include "windrow/parallel/scatter_traits.hpp"
#include "windrow/parallel/typed_outcome.hpp"

namespace [[gnu::visibility("default")]] windrow {
namespace detail {

/// A worker's share on its way to another process.
template <typename P>
struct Share {
  int worker = 0;  ///< whose it is
  std::uint64_t first = 0;
  std::vector<P> parameters;
};

/// One scatter of whole shares with a summary each, on one rank. A share is a point of its job: it is evaluated, fails
/// and is tried again as one.
template <typename Build, typename Execute, typename P>
class SummaryRun : private Evaluation, private JobObserver {
 public:
  using Traits = ScatterTraits<Build, Execute, P>;
  using Model = typename Traits::Model;
  using S = typename Traits::Result;
  using Local = LocalResults<P, Summary<S>>;

  SummaryRun(ParallelManager& manager, Build& build, Execute& execute, const std::vector<P>& parameters)
      : manager_(manager), build_(build), execute_(execute), parameters_(parameters) {}

  JobSpec begin(const DispatchOptions& options) {
    check_schedule_of_shares(options);
    results_ = manager_.is_root() ? empty_results<Local>(0, manager_.worker_count())
                                  : empty_results<Local>(manager_.rank(), 1);
    if (manager_.is_root()) share_out(options.root);
    return {.root = options.root,
            .schedule = Schedule::static_split,
            .pending = IndexSet::first(shares_.size()),
            .ships_parameters = true};
  }
  Evaluation& evaluation() { return *this; }
  JobObserver& observer() { return *this; }

  Scattered<P, Summary<S>> finish(JobReport report) {
    check_end(report, manager_.is_root());
    keep_timing(results_, report.account);
    return {std::move(results_), std::move(report.lost_workers)};
  }

 private:
  /// A contiguous part of the root's parameters.
  struct Part {
    int worker = 0;
    std::size_t first = 0;
    std::size_t count = 0;
  };

  // As Schedule::static_split does it with points.
  void share_out(RootRole root) {
    const auto owners = static_cast<std::size_t>(manager_.evaluating_workers(root));
    const std::size_t quotient = parameters_.size() / owners;
    const std::size_t more = parameters_.size() % owners;
    int worker = manager_.worker_count() - static_cast<int>(owners);
    for (std::size_t first = 0; first < parameters_.size(); ++worker) {
      const std::size_t count = quotient + (shares_.size() < more ? 1 : 0);
      shares_.push_back({worker, first, count});
      keep_parameters(results_[static_cast<std::size_t>(worker)], first, parameters_of(shares_.back()));
      first += count;
    }
  }

  void build() override { model_.reset(new Model(build_())); }

  std::optional<TaskFailure> evaluate(const Assigned& assigned, WorkerContext&, ByteWriter& result) override {
    if (manager_.is_root()) {
      put_summary(result, parameters_of(shares_[static_cast<std::size_t>(assigned.index)]));
    } else {
      put_summary(result, from_bytes<Share<P>>(assigned.parameter).parameters);
    }
    return std::nullopt;
  }

  void put_summary(ByteWriter& result, std::span<const P> parameters) {
    if constexpr (is_a<typename Traits::Returned, Summary>) {
      put_value<S>(result, execute_(*model_, parameters).value);
    } else {
      put_value<S>(result, execute_(*model_, parameters));
    }
  }

  // Ranks other than the root keep what they evaluated themselves.
  void observe(const Assigned& assigned, std::span<const std::byte> result, const TaskFailure* failure) override {
    if (manager_.is_root()) return;
    Share<P> share = from_bytes<Share<P>>(assigned.parameter);
    Local local{.worker = share.worker, .indices = {}, .parameters = {}};
    keep_parameters(local, share.first, share.parameters);
    if (failure == nullptr) {
      local.summary = from_bytes<S>(result);
    } else {
      local.summary = *failure;
      local.summary->failure().index = share.first;
    }
    if (share.worker != manager_.rank()) results_.emplace_back();
    (share.worker == manager_.rank() ? results_.front() : results_.back()) = std::move(local);
  }

  void parameter(std::uint64_t index, ByteWriter& out) override {
    const Part& share = shares_[static_cast<std::size_t>(index)];
    const std::span<const P> parameters = parameters_of(share);
    put_value(out, Share<P>{share.worker, share.first, std::vector<P>(parameters.begin(), parameters.end())});
  }

  void completed(const Completed& completed) override {
    const Part& share = shares_[static_cast<std::size_t>(completed.index)];
    Outcome<S> outcome = outcome_of<S>(completed);
    if (!outcome.ok()) outcome.failure().index = share.first;
    results_[static_cast<std::size_t>(share.worker)].summary = std::move(outcome);
  }

  Bytes conclude() override { return came_to_the_end(); }

  std::span<const P> parameters_of(const Part& share) const {
    return std::span<const P>(parameters_).subspan(share.first, share.count);
  }

  static void keep_parameters(Local& local, std::uint64_t first, std::span<const P> parameters) {
    for (std::size_t i = 0; i < parameters.size(); ++i) local.indices.push_back(first + i);
    local.parameters.assign(parameters.begin(), parameters.end());
  }

  ParallelManager& manager_;
  Build& build_;
  Execute& execute_;
  const std::vector<P>& parameters_;
  std::vector<Part> shares_;  // at the root: those with parameters
  std::unique_ptr<Model> model_;
  std::vector<Local> results_;
};

}  // namespace detail
}  // namespace windrow
