#pragma once

// The typed side of ParallelManager::map and stream; included by manager.hpp.

#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "windrow/base/serialize.hpp"
#include "windrow/parallel/job.hpp"
#include "windrow/parallel/manager.hpp"
#include "windrow/parallel/typed_outcome.hpp"

namespace [[gnu::visibility("default")]] windrow {
namespace detail {

template <typename Build, typename Execute>
struct MapTraits {
  using Model = std::decay_t<std::invoke_result_t<Build&>>;
  static_assert(!std::is_void_v<Model>, "build must return the model");
  static_assert(std::is_invocable_v<Execute&, Model&, std::uint64_t>,
                "execute must take (Model&, std::uint64_t index) and return the result");
  using Result = std::decay_t<std::invoke_result_t<Execute&, Model&, std::uint64_t>>;
  static_assert(std::is_nothrow_destructible_v<Model> && std::is_nothrow_destructible_v<Result>,
                "the destructors of models and results must not throw");
};

/// The functions of a map or a stream. They must outlive it.
template <typename Build, typename Execute>
class IndexEvaluation : public Evaluation {
 public:
  using Traits = MapTraits<Build, Execute>;
  IndexEvaluation(Build& build, Execute& execute) : build_(build), execute_(execute) {}

  void build() override { model_.reset(new typename Traits::Model(build_())); }
  std::optional<TaskFailure> evaluate(const Assigned& assigned, WorkerContext&, ByteWriter& result) override {
    put_value<typename Traits::Result>(result, execute_(*model_, assigned.index));
    return std::nullopt;
  }

 private:
  Build& build_;
  Execute& execute_;
  std::unique_ptr<typename Traits::Model> model_;
};

/// Hands each outcome to a function as (index, Outcome<R>), and counts them.
template <typename R, typename Consume>
class OutcomeConsumer : public JobObserver {
 public:
  explicit OutcomeConsumer(Consume& consume) : consume_(consume) {}
  void completed(const Completed& completed) override {
    Outcome<R> outcome = outcome_of<R>(completed);
    ++(outcome.ok() ? streamed.succeeded : streamed.failed);
    consume_(completed.index, std::move(outcome));
  }

  Bytes conclude() override { return came_to_the_end(); }

  Streamed streamed{};

 private:
  Consume& consume_;
};

}  // namespace detail

template <typename Build, typename Execute>
auto ParallelManager::map(Build build, Execute execute, std::uint64_t count, DispatchOptions options) {
  using R = typename detail::MapTraits<Build, Execute>::Result;
  static_assert(std::is_default_constructible_v<R>,
                "map keeps a value for every index, also where execute failed: its results need a default constructor "
                "(stream's do not)");
  Mapped<R> mapped;
  if (is_root()) mapped.values.resize(static_cast<std::size_t>(count));
  const auto keep = [&mapped](std::uint64_t index, Outcome<R>&& outcome) {
    if (outcome.ok()) {
      mapped.values[static_cast<std::size_t>(index)] = std::move(outcome.value());
    } else {
      mapped.failures.push_back(std::move(outcome.failure()));
    }
  };
  Streamed streamed = stream(std::move(build), std::move(execute), count, keep, std::move(options));
  mapped.lost_workers = std::move(streamed.lost_workers);
  mapped.account = std::move(streamed.account);
  detail::sort_by_index(mapped.failures);
  return mapped;
}

template <typename Build, typename Execute, typename Consume>
Streamed ParallelManager::stream(Build build, Execute execute, std::uint64_t count, Consume consume,
                                 DispatchOptions options) {
  using R = typename detail::MapTraits<Build, Execute>::Result;
  static_assert(std::is_invocable_v<Consume&, std::uint64_t, Outcome<R>>,
                "consume must take (std::uint64_t index, Outcome<R>)");
  detail::IndexEvaluation<Build, Execute> evaluation(build, execute);
  detail::OutcomeConsumer<R, Consume> observer(consume);
  detail::JobReport report = run_job({.root = options.root,
                                      .schedule = options.schedule.value_or(Schedule::automatic),
                                      .costs = std::move(options.costs),
                                      .pending = IndexSet::first(count),
                                      .shares_clock = true},
                                     evaluation, observer);
  detail::check_end(report, is_root());
  observer.streamed.lost_workers = std::move(report.lost_workers);
  observer.streamed.account = std::move(report.account);
  return std::move(observer.streamed);
}

}  // namespace windrow
