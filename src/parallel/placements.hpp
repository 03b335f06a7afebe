#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "parallel/idle_workers.hpp"
#include "parallel/interface/workers.hpp"
#include "parallel/slot_pool.hpp"
#include "windrow/parallel/job.hpp"

namespace windrow::detail {

/// Which slots the points of a job get that need some (PointNeeds::Kind::slots), and which worker evaluates where.
class Placements {
 public:
  /// @param job, workers  live longer than this
  Placements(const JobSpec& job, const Workers& workers);

  struct Place {
    std::optional<int> worker{};           ///< that launches it; its slots are taken
    std::optional<TaskFailure> failure{};  ///< why there will never be enough; if neither is set, there are not now
  };
  /// Slots for a point, and the worker: on a host where some of them are, if one is idle there. @pre one is idle
  Place find(std::uint64_t index);
  const Slots& of(int worker) const { return taken_[static_cast<std::size_t>(worker)]; }
  /// The lowest worker without a point.
  std::optional<int> first_idle() const { return idle_.first(); }
  /// The worker's evaluation has ended, if it had one.
  void release(int worker);
  /// The worker is gone for good, and its slot with it: the host may be gone as well.
  void lose(int worker);

 private:
  std::optional<TaskFailure> obstacle(std::uint64_t needed) const;
  int worker_for(const Slots& slots) const;

  const JobSpec& job_;
  const Workers& workers_;
  SlotPool pool_;
  IdleWorkers idle_;
  std::vector<Slots> taken_;   // by worker
  std::vector<bool> is_lost_;  // by worker
};

}  // namespace windrow::detail
