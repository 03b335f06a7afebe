#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "array_route.hpp"
#include "evaluation/sweep_model.hpp"
#include "windrow/parallel/job.hpp"
#include "windrow/process/fork_server.hpp"
#include "windrow/run/sweep.hpp"

namespace windrow::detail {

/// How one run of a sweep isolates its evaluations, on one rank. Must stay where it is, and live as long as the tasks
/// that it makes.
class Guard {
 public:
  /// Where evaluations will run: as asked, or `fork` where functions cannot go to the fork server.
  static Isolation effective(const FunctionSource& functions, const SweepOptions& options);
  /// Why this rank cannot isolate as asked; empty if it can.
  static std::string obstacle(const FunctionSource& functions, const SweepOptions& options);

  /// Starts a server if none can be used. On the thread that runs the sweep, before the job's threads and workers:
  /// forks from a process with fewer threads, and one server is for all workers that this process forks.
  /// @pre options.isolation != none, and no obstacle
  /// @throws SystemError
  Guard(const FunctionSource& functions, const std::vector<Column>& outputs, const Design& design,
        const SweepOptions& options);
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;

  /// @param arrays  must stay where it is, too
  WorkerTask task(const ArrayRoute& arrays) const;
  /// Where evaluations run and why, for the user.
  const std::string& note() const { return note_; }

 private:
  class Evaluator;

  LocalSweep sweep_;
  ForkLimits limits_;
  std::optional<double> relative_timeout_;
  ForkServerFiles files_ = ForkServerFiles::none;
  bool may_restart_ = true;
  MakeForkedModel make_ = nullptr;
  Bytes argument_;
  std::string note_;
  std::shared_ptr<const ForkServer> server_;
};

}  // namespace windrow::detail
