#pragma once

// The typed side of ParallelManager::map and stream; included by manager.hpp.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "windrow/parallel/job.hpp"
#include "windrow/parallel/manager.hpp"
#include "windrow/parallel/put_value.hpp"

namespace [[gnu::visibility("default")]] windrow {
namespace detail {

template <typename Build, typename Execute>
struct MapTraits {
  using Model = std::decay_t<std::invoke_result_t<Build&>>;
  static_assert(std::is_invocable_v<Execute&, Model&, std::uint64_t>,
                "execute must take (Model&, std::uint64_t index) and return the result");
  using Result = std::decay_t<std::invoke_result_t<Execute&, Model&, std::uint64_t>>;
};

/// A job over the indices 0 .. count - 1. The functions must outlive it.
template <typename Build, typename Execute>
Job index_job(Build& build, Execute& execute, std::uint64_t count, const DispatchOptions& options) {
  using Traits = MapTraits<Build, Execute>;
  Job job;
  job.root = options.root;
  job.schedule = options.schedule.value_or(Schedule::automatic);
  job.costs = options.costs;
  job.pending = IndexSet::first(count);
  const auto model = std::make_shared<std::unique_ptr<typename Traits::Model>>();
  job.task.build = [model, &build] { model->reset(new typename Traits::Model(build())); };
  job.task.evaluate = [model, &execute](const Assigned& assigned, WorkerContext&,
                                        ByteWriter& result) -> std::optional<TaskFailure> {
    put_value<typename Traits::Result>(result, execute(**model, assigned.index));
    return std::nullopt;
  };
  return job;
}

}  // namespace detail

template <typename Build, typename Execute>
auto ParallelManager::map(Build build, Execute execute, std::uint64_t count, DispatchOptions options) {
  using R = typename detail::MapTraits<Build, Execute>::Result;
  detail::Job job = detail::index_job(build, execute, count, options);
  Mapped<R> mapped;
  if (is_root()) mapped.values.resize(static_cast<std::size_t>(count));
  job.on_completed = [&mapped](const detail::Completed& completed) {
    if (completed.failure != nullptr) {
      mapped.failures.push_back(*completed.failure);
    } else {
      mapped.values[static_cast<std::size_t>(completed.index)] = detail::from_bytes<R>(completed.payload);
    }
  };
  detail::JobReport report = run_job(job);
  mapped.lost_workers = std::move(report.lost_workers);
  mapped.account = std::move(report.account);
  std::sort(mapped.failures.begin(), mapped.failures.end(),
            [](const TaskFailure& a, const TaskFailure& b) { return a.index < b.index; });
  return mapped;
}

template <typename Build, typename Execute, typename Consume>
Streamed ParallelManager::stream(Build build, Execute execute, std::uint64_t count, Consume consume,
                                 DispatchOptions options) {
  using R = typename detail::MapTraits<Build, Execute>::Result;
  static_assert(std::is_invocable_v<Consume&, std::uint64_t, Outcome<R>>,
                "consume must take (std::uint64_t index, Outcome<R>)");
  detail::Job job = detail::index_job(build, execute, count, options);
  Streamed streamed;
  job.on_completed = [&](const detail::Completed& completed) {
    ++(completed.failure == nullptr ? streamed.succeeded : streamed.failed);
    if (completed.failure != nullptr) {
      consume(completed.index, Outcome<R>(*completed.failure));
    } else {
      consume(completed.index, Outcome<R>(detail::from_bytes<R>(completed.payload)));
    }
  };
  detail::JobReport report = run_job(job);
  streamed.lost_workers = std::move(report.lost_workers);
  streamed.account = std::move(report.account);
  return streamed;
}

}  // namespace windrow
