#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "windrow/parallel/background.hpp"
#include "windrow/parallel/outcome.hpp"
#include "windrow/timing/record.hpp"

namespace [[gnu::visibility("default")]] windrow {

/// What one worker evaluated: three columns of equal length, in index order.
template <typename P, typename R>
struct LocalResults {
  int worker = 0;  ///< 0 .. worker_count() - 1; under MPI and among forked peers the rank
  std::vector<std::uint64_t> indices;
  std::vector<P> parameters;
  std::vector<Outcome<R>> outcomes;
  TimingRecord timing{};  ///< where the worker's time went (timing_records); at the root, elsewhere empty
};

/// One result for all that a worker evaluated, whatever its type: what an execute that takes a worker's whole share
/// returns instead of a std::vector with a result for each parameter. To be written out only where the one result is a
/// std::vector itself: `return Summary{histogram};`.
template <typename S>
struct Summary {
  S value;
};
template <typename S>
Summary(S) -> Summary<S>;

/// What one worker's share came to: two columns of equal length, in index order, and one result.
template <typename P, typename S>
struct LocalResults<P, Summary<S>> {
  /// 0 .. worker_count() - 1; under MPI and among forked peers the rank. The share is this worker's, also where another
  /// one evaluated it because this one was lost.
  int worker = 0;
  std::vector<std::uint64_t> indices;
  std::vector<P> parameters;
  /// What execute returned, or why it did not: then the failure's index is the first of the share. None if the worker
  /// got no parameters; execute was not called then.
  std::optional<Outcome<S>> summary{};
  TimingRecord timing{};  ///< as above
};

/// The outcomes of a scatter, until gather() takes them.
template <typename P, typename R>
class Scattered {
 public:
  Scattered(std::vector<LocalResults<P, R>> results, std::vector<std::string> lost_workers)
      : results_(std::move(results)), lost_workers_(std::move(lost_workers)) {}

  /// At the root one entry per worker, in worker order, workers without points included; on other ranks the entry of
  /// this rank alone (with summaries those of lost workers, too, whose shares it took over), so that no result is
  /// copied to where nobody asked for it. Not collective.
  std::vector<LocalResults<P, R>> gather() { return std::move(results_); }

  /// Workers that died, in words (root).
  const std::vector<std::string>& lost_workers() const { return lost_workers_; }

 private:
  std::vector<LocalResults<P, R>> results_;
  std::vector<std::string> lost_workers_;
};

/// A scatter that goes on while its caller does something else (ParallelManager::scatter_async).
template <typename P, typename R>
class ScatterFuture {
 public:
  /// @param result  set by the action of `job`
  ScatterFuture(detail::Background job, std::shared_ptr<std::optional<Scattered<P, R>>> result)
      : result_(std::move(result)), job_(std::move(job)) {}
  ScatterFuture(ScatterFuture&&) noexcept = default;
  ScatterFuture& operator=(ScatterFuture&&) = delete;
  /// Waits until it is over, whoever was interested.
  ~ScatterFuture() = default;

  void wait() const { job_.wait(); }
  /// @return whether it is over; where nothing goes on beside the caller it is evaluated now, whatever the limit
  bool wait_for(std::chrono::nanoseconds limit) const { return job_.wait_for(limit); }
  /// Waits, and hands over what Scattered::gather() does. @throws what scatter() throws
  std::vector<LocalResults<P, R>> gather() {
    job_.get();
    return (*result_)->gather();
  }
  /// Waits for them. @throws what scatter() throws
  const std::vector<std::string>& lost_workers() const {
    job_.get();
    return (*result_)->lost_workers();
  }

 private:
  std::shared_ptr<std::optional<Scattered<P, R>>> result_;
  detail::Background job_;
};

}  // namespace windrow
