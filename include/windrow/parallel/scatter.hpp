#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

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

/// The outcomes of a scatter, until gather() takes them.
template <typename P, typename R>
class Scattered {
 public:
  Scattered(std::vector<LocalResults<P, R>> results, std::vector<std::string> lost_workers)
      : results_(std::move(results)), lost_workers_(std::move(lost_workers)) {}

  /// At the root one entry per worker, in worker order, workers without points included; on other ranks the entry of
  /// this rank alone, so that no result is copied to where nobody asked for it. Not collective.
  std::vector<LocalResults<P, R>> gather() { return std::move(results_); }

  /// Workers that died, in words (root).
  const std::vector<std::string>& lost_workers() const { return lost_workers_; }

 private:
  std::vector<LocalResults<P, R>> results_;
  std::vector<std::string> lost_workers_;
};

}  // namespace windrow
