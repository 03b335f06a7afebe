#pragma once

// The typed side of ParallelManager::scatter; included by manager.hpp.

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "windrow/base/serialize.hpp"
#include "windrow/error.hpp"
#include "windrow/parallel/job.hpp"
#include "windrow/parallel/manager.hpp"
#include "windrow/parallel/scatter_traits.hpp"
#include "windrow/parallel/summary_impl.hpp"
#include "windrow/parallel/typed_outcome.hpp"

namespace [[gnu::visibility("default")]] windrow {
namespace detail {

/// Puts three columns in the order of the first.
template <typename P, typename R>
void sort_by_index(LocalResults<P, R>& local) {
  const std::vector<std::size_t> order = order_by_index(local.indices);
  if (order.empty()) return;
  LocalResults<P, R> sorted;
  sorted.worker = local.worker;
  for (const std::size_t i : order) {
    sorted.indices.push_back(local.indices[i]);
    sorted.parameters.push_back(std::move(local.parameters[i]));
    sorted.outcomes.push_back(std::move(local.outcomes[i]));
  }
  local = std::move(sorted);
}

/// One scatter on one rank: the job of typed functions, and typed results of its outcomes.
template <typename Build, typename Execute, typename P>
class ScatterRun : private Evaluation, private JobObserver {
 public:
  using Traits = ScatterTraits<Build, Execute, P>;
  using Model = typename Traits::Model;
  using R = typename Traits::Result;

  ScatterRun(ParallelManager& manager, Build& build, Execute& execute, const std::vector<P>& parameters)
      : manager_(manager), build_(build), execute_(execute), parameters_(parameters) {}

  JobSpec begin(const DispatchOptions& options) {
    if (Traits::whole_share) check_schedule_of_shares(options);
    const Schedule schedule = options.schedule.value_or(Schedule::static_split);
    results_ = manager_.is_root() ? empty_results<LocalResults<P, R>>(0, manager_.worker_count())
                                  : empty_results<LocalResults<P, R>>(manager_.rank(), 1);
    if (manager_.is_root() && (schedule == Schedule::static_split || schedule == Schedule::cyclic)) {
      reserve_shares(options.root);
    }
    return {.root = options.root,
            .schedule = schedule,
            .costs = options.costs,
            .pending = IndexSet::first(manager_.is_root() ? parameters_.size() : 0),
            .ships_parameters = true,
            .whole_shares = Traits::whole_share,
            .shares_clock = true};
  }
  Evaluation& evaluation() { return *this; }
  JobObserver& observer() { return *this; }

  Scattered<P, R> finish(JobReport report) {
    check_end(report, manager_.is_root());
    for (auto& local : results_) sort_by_index(local);
    keep_timing(results_, report.account);
    return {std::move(results_), std::move(report.lost_workers)};
  }

 private:
  // Each worker has as many points, but for one, where none is lost.
  void reserve_shares(RootRole root) {
    const auto owners = static_cast<std::size_t>(manager_.evaluating_workers(root));
    const std::size_t share = (parameters_.size() + owners - 1) / owners;
    for (std::size_t w = results_.size() - owners; w < results_.size(); ++w) {
      results_[w].indices.reserve(share);
      results_[w].parameters.reserve(share);
      results_[w].outcomes.reserve(share);
    }
  }

  void build() override { model_.reset(new Model(build_())); }

  std::optional<TaskFailure> evaluate(const Assigned& assigned, WorkerContext&, ByteWriter& result) override {
    if constexpr (!Traits::whole_share) {
      if (manager_.is_root()) {
        put_value<R>(result, execute_(*model_, parameters_[static_cast<std::size_t>(assigned.index)]));
      } else {
        loaded_.reset();  // or a failure of the next line would be told with this one's parameter
        put_value<R>(result, execute_(*model_, std::as_const(loaded_.emplace(from_bytes<P>(assigned.parameter)))));
      }
    }
    return std::nullopt;
  }

  std::vector<Outcome<Bytes>> evaluate_share(std::span<const Assigned> share, WorkerContext&) override {
    std::vector<Outcome<Bytes>> outcomes;
    if constexpr (Traits::whole_share) {
      std::vector<P> parameters;
      parameters.reserve(share.size());
      for (const Assigned& assigned : share) parameters.push_back(parameter_of(assigned));
      for (const auto& result : execute_(*model_, std::span<const P>(parameters)))
        outcomes.push_back(to_bytes<R>(result));
    }
    return outcomes;
  }

  // Ranks other than the root keep what they evaluated themselves.
  void observe(const Assigned& assigned, std::span<const std::byte> result, const TaskFailure* failure) override {
    if (manager_.is_root()) return;
    Outcome<R> outcome = failure == nullptr ? Outcome<R>(from_bytes<R>(result)) : Outcome<R>(*failure);
    keep(0, assigned.index, loaded_ ? *std::exchange(loaded_, std::nullopt) : parameter_of(assigned),
         std::move(outcome));
  }

  void parameter(std::uint64_t index, ByteWriter& out) override {
    put_value(out, parameters_[static_cast<std::size_t>(index)]);
  }

  void completed(const Completed& completed) override {
    keep(static_cast<std::size_t>(completed.worker), completed.index,
         P(parameters_[static_cast<std::size_t>(completed.index)]), outcome_of<R>(completed));
  }

  Bytes conclude() override { return came_to_the_end(); }

  P parameter_of(const Assigned& assigned) const {
    return manager_.is_root() ? parameters_[static_cast<std::size_t>(assigned.index)]
                              : from_bytes<P>(assigned.parameter);
  }

  void keep(std::size_t worker, std::uint64_t index, P&& parameter, Outcome<R>&& outcome) {
    LocalResults<P, R>& local = results_[worker];
    local.indices.push_back(index);
    local.parameters.push_back(std::move(parameter));
    local.outcomes.push_back(std::move(outcome));
  }

  ParallelManager& manager_;
  Build& build_;
  Execute& execute_;
  const std::vector<P>& parameters_;
  std::unique_ptr<Model> model_;
  std::optional<P> loaded_;  // on another rank: the parameter of the point being evaluated, until it is observed
  std::vector<LocalResults<P, R>> results_;
};

/// A scatter that has been begun, with all that it needs.
template <typename Build, typename Execute, typename P>
class ScatterJob {
 public:
  using Run = typename ScatterTraits<Build, Execute, P>::Run;
  using Result = decltype(std::declval<Run&>().finish(JobReport()));

  ScatterJob(ParallelManager& manager, Build build, Execute execute, std::vector<P> parameters,
             const DispatchOptions& options)
      : build_(std::move(build)),
        execute_(std::move(execute)),
        parameters_(std::move(parameters)),
        run_(manager, build_, execute_, parameters_),
        job_(manager.begin_job(run_.begin(options), run_.evaluation(), run_.observer())) {}
  ScatterJob(const ScatterJob&) = delete;
  ScatterJob& operator=(const ScatterJob&) = delete;

  void run_to_end() { result.emplace(run_.finish(job_())); }

  std::optional<Result> result{};

 private:
  Build build_;
  Execute execute_;
  std::vector<P> parameters_;
  Run run_;
  std::function<JobReport()> job_;
};

}  // namespace detail

template <typename Build, typename Execute, typename P>
auto ParallelManager::scatter(Build build, Execute execute, const std::vector<P>& parameters, DispatchOptions options) {
  typename detail::ScatterTraits<Build, Execute, P>::Run run(*this, build, execute, parameters);
  return run.finish(run_job(run.begin(options), run.evaluation(), run.observer()));
}

template <typename Build, typename Execute, typename P>
auto ParallelManager::scatter_async(Build build, Execute execute, std::vector<P> parameters, DispatchOptions options) {
  using Job = detail::ScatterJob<Build, Execute, P>;
  auto job = std::make_shared<Job>(*this, std::move(build), std::move(execute), std::move(parameters), options);
  detail::Background background([job] { job->run_to_end(); }, has_other_workers() && may_change_thread());
  std::shared_ptr<std::optional<typename Job::Result>> result(job, &job->result);
  return ScatterFuture(std::move(background), std::move(result));
}

/// The entries of a gathered list that this process evaluated: all of them for a serial manager and for a ForkManager
/// on the root alone, whose workers are this process's own; otherwise the entry of this rank.
template <typename P, typename R>
std::vector<LocalResults<P, R>> local_results(const ParallelManager& manager,
                                              const std::vector<LocalResults<P, R>>& results) {
  if (manager.size() == 1) return results;
  std::vector<LocalResults<P, R>> own;
  for (const auto& local : results) {
    if (local.worker == manager.rank()) own.push_back(local);
  }
  return own;
}

}  // namespace windrow
