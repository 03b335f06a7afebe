#include "parallel/group_runs.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <exception>
#include <map>
#include <utility>

#include "windrow/base/exception_text.hpp"

namespace windrow::detail {
namespace {

// Groups that are kept for each worker, on average: each may hold a model.
constexpr std::size_t kKeptGroupsPerWorker = 4;
// A failure waits so long for the others of its group, so that it can say what they met; then it is recorded.
constexpr double kMostDelaySeconds = 1.0;

bool holds_all(std::span<const int> sorted, const std::vector<int>& some) {
  return std::ranges::includes(sorted, some);
}

std::string name_of(const std::vector<int>& ranks) {
  return fmt::format("rank{} {}", ranks.size() == 1 ? "" : "s", fmt::join(ranks, ", "));
}

// "ranks 2, 3: diverged; rank 4: out of memory"
std::string message_of(std::vector<TaskFailure> failures) {
  std::ranges::sort(failures, {}, &TaskFailure::rank);
  std::vector<std::pair<std::string, std::vector<int>>> said;
  for (const TaskFailure& failure : failures) {
    const auto same = std::ranges::find(said, failure.message, [](const auto& one) { return one.first; });
    (same == said.end() ? said.emplace_back(failure.message, std::vector<int>()) : *same)
        .second.push_back(failure.rank);
  }
  std::vector<std::string> lines;
  for (const auto& [message, ranks] : said) lines.push_back(fmt::format("{}: {}", name_of(ranks), message));
  return fmt::format("{}", fmt::join(lines, "; "));
}

}  // namespace

GroupRuns::GroupRuns(const JobSpec& job, const Workers& workers)
    : job_(job), workers_(workers), run_of_(static_cast<std::size_t>(workers.count())) {}

GroupRuns::Place GroupRuns::find(std::uint64_t index, std::span<const int> idle, std::size_t able) {
  std::uint64_t needed = 0;
  try {
    needed = job_.needs->of(index);
  } catch (...) {
    return {{}, TaskFailure::rejected(exception_text(std::current_exception()))};
  }
  if (auto failure = obstacle(needed, able)) return {{}, std::move(failure)};
  if (idle.size() < needed) return {};
  if (Group* kept = kept_group(needed, idle)) {
    const Start begun = start(index, *kept, false, 1);
    bound_kept_groups(idle, 0);
    return {begun, {}};
  }
  bound_kept_groups(idle, 1);
  return {start(index, make_group(choose(needed, idle)), true, 1), {}};
}

std::optional<TaskFailure> GroupRuns::obstacle(std::uint64_t needed, std::size_t able) const {
  if (needed <= able) return std::nullopt;
  const auto initial = static_cast<std::size_t>(workers_.count() - workers_.first());
  if (needed > initial) {
    return TaskFailure::rejected(
        fmt::format("it needs {} ranks, and {} evaluate{}", needed, initial, initial == 1 ? "s" : ""));
  }
  return TaskFailure::lost(fmt::format("it needs {} ranks, and {} are left of {}", needed, able, initial));
}

// The one that was used last: those that nobody needs any more grow old.
GroupRuns::Group* GroupRuns::kept_group(std::uint64_t size, std::span<const int> idle) {
  Group* best = nullptr;
  for (Group& group : groups_) {
    if (group.members.size() != size || !holds_all(idle, group.members)) continue;
    if (best == nullptr || group.last_used > best->last_used) best = &group;
  }
  return best;
}

// On the host that they fill best, else on as few hosts as possible; of a host the last ones, so that, if somebody is
// left over, it is the root.
std::vector<int> GroupRuns::choose(std::uint64_t size, std::span<const int> idle) const {
  std::map<std::string, std::vector<int>> by_host;
  for (const int w : idle) by_host[workers_.host(w)].push_back(w);
  std::vector<int> members;
  while (members.size() < size) {
    const std::size_t left = size - members.size();
    auto& best = std::ranges::min_element(by_host, [left](const auto& a, const auto& b) {
                   const std::size_t free_a = a.second.size();
                   const std::size_t free_b = b.second.size();
                   if ((free_a >= left) != (free_b >= left)) return free_a >= left;
                   return free_a >= left ? free_a < free_b : free_a > free_b;
                 })->second;
    for (std::size_t n = std::min(left, best.size()); n > 0; --n) {
      members.push_back(best.back());
      best.pop_back();
    }
  }
  std::ranges::sort(members);
  return members;
}

GroupRuns::Start GroupRuns::start(std::uint64_t index, Group& group, bool fresh, int attempt) {
  group.last_used = ++uses_;
  auto& run = runs_.emplace_back(std::make_unique<Run>());
  run->start = {index, {group.id, attempt}, group.members};
  run->fresh = fresh;
  run->missing = group.members;
  for (const int w : group.members) run_of_[static_cast<std::size_t>(w)] = run.get();
  return run->start;
}

GroupRuns::Group& GroupRuns::make_group(std::vector<int> members) {
  return groups_.emplace_back(Group{next_id_++, std::move(members), 0});
}

// Only groups end whose members all have nothing to do: they do it at once, and in the same order, so that nobody waits
// for somebody who waits for another.
void GroupRuns::bound_kept_groups(std::span<const int> idle, std::size_t more) {
  const auto is_used = [this](const Group& group) {
    const Run* const run = run_of(group.members.front());
    return run != nullptr && run->start.head.id == group.id;
  };
  while (groups_.size() + more > kKeptGroupsPerWorker * run_of_.size()) {
    const Group* oldest = nullptr;
    for (const Group& group : groups_) {
      if (!holds_all(idle, group.members) || is_used(group)) continue;
      if (oldest == nullptr || group.last_used < oldest->last_used) oldest = &group;
    }
    if (oldest == nullptr) return;
    free_group(oldest->id);
  }
}

void GroupRuns::free_group(std::uint64_t id) {
  const auto found = std::ranges::find(groups_, id, &Group::id);
  if (found == groups_.end()) return;
  freed_.push_back({id, std::move(found->members)});
  groups_.erase(found);
}

void GroupRuns::take(int worker, const Result& result, double now) {
  Run& run = *run_of(worker);
  run.reported.push_back(worker);
  run.elapsed = std::max(run.elapsed, result.elapsed);
  if (worker == run.start.members.front()) run.started = result.started;
  if (result.failed) {
    ByteReader in(result.payload);
    add_failure(run, get_failure(in), now);
  } else if (worker == run.start.members.front()) {
    run.payload.assign(result.payload.begin(), result.payload.end());
  }
}

void GroupRuns::add_failure(Run& run, TaskFailure failure, double now) {
  if (run.failures.empty()) run.failed_at = now;
  run.failures.push_back(std::move(failure));
}

bool GroupRuns::came_back(int worker) {
  Run* const run = run_of(worker);
  if (run == nullptr) return false;
  std::erase(run->missing, worker);
  return run->missing.empty();
}

bool GroupRuns::lose(int worker, const TaskFailure& failure, double now) {
  std::erase_if(groups_, [worker](const Group& group) { return std::ranges::count(group.members, worker) > 0; });
  Run* const run = run_of(worker);
  if (run == nullptr) return false;
  run->reported.push_back(worker);
  add_failure(*run, failure, now);
  return came_back(worker);
}

// Whoever was turned down by all of its ranks may not be to blame, nor its model: all of them said so in the same
// place.
GroupRuns::Ended GroupRuns::end(int worker) {
  const auto at = std::ranges::find(runs_, run_of(worker), [](const auto& run) { return run.get(); });
  const std::unique_ptr<Run> run = std::move(*at);
  runs_.erase(at);
  for (const int w : run->start.members) run_of_[static_cast<std::size_t>(w)] = nullptr;

  const auto is_rejection = [](const TaskFailure& failure) { return failure.kind == FailureKind::rejected; };
  const bool all_said_something = run->reported.size() == run->start.members.size();
  const bool rejected =
      run->failures.size() == run->start.members.size() && std::ranges::all_of(run->failures, is_rejection);
  const bool sound = all_said_something && (run->failures.empty() || rejected);
  if (!sound) free_group(run->start.head.id);

  Ended ended = outcome_of(*run);
  ended.interrupted = run->failures.empty() && !all_said_something;
  ended.has_outcome = !run->told && !ended.interrupted;
  const bool may_be_models_fault = ended.failure && ended.failure->kind == FailureKind::exception && !run->fresh;
  if (may_be_models_fault && ended.has_outcome && run->start.head.attempt == 1) {
    ended.again = start(run->start.index, make_group(run->start.members), true, 2);
  }
  return ended;
}

GroupRuns::Ended GroupRuns::outcome_of(const Run& run) {
  Ended ended{run.start.index, run.start.members.front()};
  ended.started = run.started;
  ended.elapsed = run.elapsed;
  ended.payload = run.payload;
  if (run.failures.empty()) return ended;
  const auto rank_of = [](const TaskFailure& a, const TaskFailure& b) {
    const bool rejects_a = a.kind == FailureKind::rejected;
    const bool rejects_b = b.kind == FailureKind::rejected;
    return rejects_a != rejects_b ? rejects_b : a.rank < b.rank;
  };
  ended.failure = *std::ranges::min_element(run.failures, rank_of);
  ended.failure->index = run.start.index;
  ended.failure->attempts = run.start.head.attempt;
  ended.failure->elapsed = run.elapsed;
  if (run.start.members.size() > 1) ended.failure->message = message_of(run.failures);
  return ended;
}

std::optional<GroupRuns::Ended> GroupRuns::take_overdue(double now) {
  const double delay = std::min(kMostDelaySeconds, job_.group_patience);
  for (const auto& run : runs_) {
    if (run->failures.empty() || run->told || now - run->failed_at < delay) continue;
    run->told = true;
    Ended ended = outcome_of(*run);
    ended.failure->message += fmt::format("; {} had not come back {:.3g} s later", name_of(run->missing), delay);
    return ended;
  }
  return std::nullopt;
}

void GroupRuns::check_patience(double now) const {
  for (const auto& run : runs_) {
    if (!run->told || now - run->failed_at < job_.group_patience) continue;
    throw GroupStuck(fmt::format(
        "point {} failed ({}), and {} of its group did not come back within {:.3g} s: what waits inside MPI cannot be "
        "called back, so the job ends. The outcomes that it has are kept; run it again for the rest",
        run->start.index, message_of(run->failures), name_of(run->missing), job_.group_patience));
  }
}

}  // namespace windrow::detail
