#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "parallel/interface/wire.hpp"
#include "windrow/parallel/job.hpp"

namespace windrow::detail {

/// The points of a job that nobody has been given yet, and which of them a worker is to get next: what differs between
/// schedules. How many it gets is not decided here. Memory does not grow with the number of points, as long as they
/// are in few ranges.
class Supply {
 public:
  virtual ~Supply() = default;
  /// All points that are left.
  virtual std::uint64_t size() const = 0;
  /// Those that this worker would take before it takes over anything from others.
  virtual std::uint64_t available(int worker) const = 0;
  /// The next points for a worker: `most` at most, and at least one if available() says so.
  virtual std::vector<IndexRun> take(int worker, std::uint64_t most) = 0;
  /// What a worker was given and has not evaluated.
  virtual void put_back(int worker, const IndexRun& run) = 0;
  /// What is left of a worker's own share. @return empty if no points are anyone's own
  virtual std::vector<IndexRun> take_share(int worker) = 0;
  /// A worker takes no more: what is its own is anyone's.
  virtual void disown(int worker) = 0;
};

/// Adds the indices of a run.
void insert(IndexSet& set, const IndexRun& run);

/// The supply that a job's schedule asks for. Empties job.pending.
std::unique_ptr<Supply> make_supply(JobSpec& job, int first_worker, int worker_count);

}  // namespace windrow::detail
