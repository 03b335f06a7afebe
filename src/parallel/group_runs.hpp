#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "parallel/interface/wire.hpp"
#include "parallel/interface/workers.hpp"
#include "windrow/parallel/job.hpp"

namespace windrow::detail {

/// The root's side of points that several workers evaluate together (PointNeeds::Kind::ranks): which workers, as which
/// group, and what came of a point once all of them have come back.
///
/// A group keeps its communicator and model for the next points of its size. One at whose point somebody failed is
/// freed instead: messages of that point may still be under way in it, and its model may be broken.
class GroupRuns {
 public:
  /// @param job, workers  live longer than this
  GroupRuns(const JobSpec& job, const Workers& workers);

  /// A point's way to a group.
  struct Start {
    std::uint64_t index = 0;
    GroupHead head;
    std::vector<int> members;  ///< ascending; the first reports the result
  };
  struct Place {
    std::optional<Start> start{};
    std::optional<TaskFailure> failure{};  ///< why there will never be enough; if neither is set, there are not now
  };
  /// @param idle  workers without a point, not busy()
  /// @param able  how many workers take points at all
  Place find(std::uint64_t index, std::span<const int> idle, std::size_t able);
  /// Whether the worker, or another one of its group, is still at a point.
  bool busy(int worker) const { return run_of(worker) != nullptr; }

  /// Groups that end, with their members: to be told before the members get anything else.
  struct Freed {
    std::uint64_t id = 0;
    std::vector<int> members;
  };
  std::vector<Freed> take_freed() { return std::exchange(freed_, {}); }

  /// What a worker says of its point.
  void take(int worker, const Result& result, double now);
  /// It has left its point; without take(), it was interrupted.
  /// @return whether it was the last one: then end() goes next
  bool came_back(int worker);
  /// It will not come back. Its point fails, and is waited for as if it had thrown. @return as came_back()
  bool lose(int worker, const TaskFailure& failure, double now);

  /// A point that no group evaluates any more, or whose failure is certain.
  struct Ended {
    std::uint64_t index = 0;
    int leader = 0;
    Bytes payload{};
    std::optional<TaskFailure> failure{};
    bool has_outcome = true;       ///< if not, it was interrupted, or its failure has been told by take_overdue()
    std::optional<Start> again{};  ///< instead of an outcome: it is tried once more, with a new group
    bool interrupted = false;
    double started = 0.0;
    double elapsed = 0.0;
  };
  Ended end(int worker);
  /// A failure for which the others of its group are not waited for any longer. They stay busy.
  std::optional<Ended> take_overdue(double now);
  /// @throws GroupStuck if workers have been waited for too long
  void check_patience(double now) const;

 private:
  struct Group {
    std::uint64_t id = 0;
    std::vector<int> members;
    std::uint64_t last_used = 0;
  };
  struct Run {
    Start start;
    bool fresh = false;         // its group had evaluated nothing before
    std::vector<int> missing;   // members that have not come back
    std::vector<int> reported;  // members that said something
    std::vector<TaskFailure> failures{};
    double failed_at = 0.0;  // when the first of them was known
    bool told = false;       // by take_overdue()
    Bytes payload{};
    double started = 0.0;
    double elapsed = 0.0;
  };

  Run* run_of(int worker) const { return run_of_[static_cast<std::size_t>(worker)]; }
  std::optional<TaskFailure> obstacle(std::uint64_t needed, std::size_t able) const;
  Group* kept_group(std::uint64_t size, std::span<const int> idle);
  std::vector<int> choose(std::uint64_t size, std::span<const int> idle) const;
  Start start(std::uint64_t index, Group& group, bool fresh, int attempt);
  Group& make_group(std::vector<int> members);
  void bound_kept_groups(std::span<const int> idle, std::size_t more);
  void free_group(std::uint64_t id);
  void add_failure(Run& run, TaskFailure failure, double now);
  static Ended outcome_of(const Run& run);

  const JobSpec& job_;
  const Workers& workers_;
  std::vector<Group> groups_;
  std::vector<std::unique_ptr<Run>> runs_;
  std::vector<Run*> run_of_;  // by worker
  std::vector<Freed> freed_;
  std::uint64_t next_id_ = 1;
  std::uint64_t uses_ = 0;
};

}  // namespace windrow::detail
