#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "parallel/idle_workers.hpp"
#include "parallel/interface/wire.hpp"
#include "parallel/interface/workers.hpp"
#include "windrow/parallel/job.hpp"

namespace windrow::detail {

/// The root's side of points that several workers evaluate together (PointNeeds::Kind::ranks): which workers, as which
/// group, and what came of a point once all of them have come back.
///
/// A group keeps its communicator and model for the next points of its size. One at whose point somebody failed is
/// freed instead: messages of that point may still be under way in it, and its model may be broken.
///
/// What a point costs grows with its own ranks, and as the logarithm of all.
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
  Place find(std::uint64_t index);
  /// The lowest worker that has no point, nor waits for others of its group.
  std::optional<int> first_idle() const { return idle_.first(); }

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
  /// It takes no more points, but may come back from the one that it has.
  void give_up(int worker);

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
    std::size_t away = 0;  // members that are not idle
  };
  struct Run {
    Start start;
    bool fresh = false;           // its group had evaluated nothing before
    std::size_t missing = 0;      // members that have not come back
    std::size_t silent = 0;       // members that said nothing
    std::vector<bool> came_back;  // by place among the members
    std::vector<bool> said;       // the same
    std::vector<TaskFailure> failures{};
    double failed_at = 0.0;  // when the first of them was known
    std::uint64_t failure_number = 0;
    bool told = false;  // by take_overdue()
    Bytes payload{};
    double started = 0.0;
    double elapsed = 0.0;
  };

  std::shared_ptr<Run>& run_of(int worker) { return run_of_[static_cast<std::size_t>(worker)]; }
  std::vector<Group*>& groups_of(int worker) { return groups_of_[static_cast<std::size_t>(worker)]; }
  std::optional<TaskFailure> obstacle(std::uint64_t needed) const;
  Group* kept_group(std::uint64_t size) const;
  Start start(std::uint64_t index, Group& group, bool fresh, int attempt);
  void leaves_idle(int worker);
  void becomes_idle(int worker);
  Group& make_group(std::vector<int> members);
  void list(Group& group);
  void unlist(const Group& group);
  void bound_kept_groups(std::uint64_t more);
  void free_group(std::uint64_t id);
  Group forget_group(std::uint64_t id);
  static void note_said(Run& run, int worker);
  void add_failure(const std::shared_ptr<Run>& run, TaskFailure failure, double now);
  bool may_try_again(const Run& run, const Ended& ended) const;
  static Ended outcome_of(const Run& run);
  static std::vector<int> missing_of(const Run& run);

  const JobSpec& job_;
  const Workers& workers_;
  IdleWorkers idle_;
  std::size_t able_;                            // workers that take points
  std::vector<bool> gave_up_;                   // by worker
  std::vector<std::shared_ptr<Run>> run_of_;    // by worker; shared by the members
  std::vector<std::vector<Group*>> groups_of_;  // by worker
  std::unordered_map<std::uint64_t, Group> groups_;
  std::uint64_t memberships_ = 0;                                 // of all groups
  std::map<std::uint64_t, Group*> idle_groups_;                   // whose members are all idle, by last use
  std::set<std::pair<std::uint64_t, std::uint64_t>> idle_sizes_;  // the same: size and last use
  // Those that have failed and are waited for, in the order of their failures.
  std::map<std::uint64_t, std::shared_ptr<Run>> failed_;
  std::map<std::uint64_t, std::shared_ptr<Run>> told_;  // by take_overdue()
  std::vector<Freed> freed_;
  std::uint64_t next_id_ = 1;
  std::uint64_t uses_ = 0;
  std::uint64_t failures_ = 0;
};

}  // namespace windrow::detail
