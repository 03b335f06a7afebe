#include "parallel/group_runs.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <exception>
#include <string>
#include <utility>

#include "windrow/base/exception_text.hpp"

namespace windrow::detail {
namespace {

// Groups that a worker is in, on average: each may hold a model.
constexpr std::uint64_t kKeptGroupsPerWorker = 4;
// A failure waits so long for the others of its group, so that it can say what they met; then it is recorded.
constexpr double kMostDelaySeconds = 1.0;

std::string name_of(const std::vector<int>& ranks) {
  return fmt::format("rank{} {}", ranks.size() == 1 ? "" : "s", fmt::join(ranks, ", "));
}

std::size_t place_of(int worker, const std::vector<int>& members) {
  return static_cast<std::size_t>(std::ranges::lower_bound(members, worker) - members.begin());
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
    : job_(job),
      workers_(workers),
      idle_(workers),
      able_(idle_.size()),
      gave_up_(static_cast<std::size_t>(workers.count()), false),
      run_of_(gave_up_.size()),
      groups_of_(gave_up_.size()) {}

GroupRuns::Place GroupRuns::find(std::uint64_t index) {
  std::uint64_t needed = 0;
  try {
    needed = job_.needs->of(index);
  } catch (...) {
    return {{}, TaskFailure::rejected(exception_text(std::current_exception()))};
  }
  if (auto failure = obstacle(needed)) return {{}, std::move(failure)};
  if (idle_.size() < needed) return {};
  if (Group* kept = kept_group(needed)) {
    const Start begun = start(index, *kept, false, 1);
    bound_kept_groups(0);
    return {begun, {}};
  }
  bound_kept_groups(needed);
  return {start(index, make_group(idle_.take(needed)), true, 1), {}};
}

std::optional<TaskFailure> GroupRuns::obstacle(std::uint64_t needed) const {
  if (needed <= able_) return std::nullopt;
  const auto initial = static_cast<std::size_t>(workers_.count() - workers_.first());
  if (needed > initial) {
    return TaskFailure::rejected(
        fmt::format("it needs {} ranks, and {} evaluate{}", needed, initial, initial == 1 ? "s" : ""));
  }
  return TaskFailure::lost(fmt::format("it needs {} ranks, and {} are left of {}", needed, able_, initial));
}

// The one that was used last: those that nobody needs any more grow old.
GroupRuns::Group* GroupRuns::kept_group(std::uint64_t size) const {
  const auto after = idle_sizes_.lower_bound({size + 1, 0});
  if (after == idle_sizes_.begin()) return nullptr;
  const auto& [found, last_used] = *std::prev(after);
  return found == size ? idle_groups_.at(last_used) : nullptr;
}

GroupRuns::Start GroupRuns::start(std::uint64_t index, Group& group, bool fresh, int attempt) {
  for (const int w : group.members) leaves_idle(w);
  group.last_used = ++uses_;
  const auto run = std::make_shared<Run>();
  run->start = {index, {group.id, attempt}, group.members};
  run->fresh = fresh;
  run->missing = run->silent = group.members.size();
  run->came_back.resize(group.members.size(), false);
  run->said = run->came_back;
  for (const int w : group.members) run_of(w) = run;
  return run->start;
}

// idle_ may have lost the worker already, to its group.
void GroupRuns::leaves_idle(int worker) {
  idle_.erase(worker);
  for (Group* group : groups_of(worker)) {
    if (group->away++ == 0) unlist(*group);
  }
}

void GroupRuns::becomes_idle(int worker) {
  if (gave_up_[static_cast<std::size_t>(worker)]) return;
  idle_.insert(worker);
  for (Group* group : groups_of(worker)) {
    if (--group->away == 0) list(*group);
  }
}

// Of members that are idle.
GroupRuns::Group& GroupRuns::make_group(std::vector<int> members) {
  const std::uint64_t id = next_id_++;
  Group& group = groups_.emplace(id, Group{id, std::move(members), ++uses_}).first->second;
  for (const int w : group.members) groups_of(w).push_back(&group);
  memberships_ += group.members.size();
  list(group);
  return group;
}

void GroupRuns::list(Group& group) {
  idle_groups_.emplace(group.last_used, &group);
  idle_sizes_.emplace(group.members.size(), group.last_used);
}

void GroupRuns::unlist(const Group& group) {
  idle_groups_.erase(group.last_used);
  idle_sizes_.erase({group.members.size(), group.last_used});
}

// Only groups end whose members all have nothing to do: they do it at once, and in the same order, so that nobody waits
// for somebody who waits for another.
void GroupRuns::bound_kept_groups(std::uint64_t more) {
  while (memberships_ + more > kKeptGroupsPerWorker * run_of_.size() && !idle_groups_.empty()) {
    free_group(idle_groups_.begin()->second->id);
  }
}

void GroupRuns::free_group(std::uint64_t id) {
  if (!groups_.contains(id)) return;
  freed_.push_back({id, forget_group(id).members});
}

GroupRuns::Group GroupRuns::forget_group(std::uint64_t id) {
  const auto found = groups_.find(id);
  Group& group = found->second;
  if (group.away == 0) unlist(group);
  for (const int w : group.members) std::erase(groups_of(w), &group);
  memberships_ -= group.members.size();
  Group forgotten = std::move(group);
  groups_.erase(found);
  return forgotten;
}

void GroupRuns::take(int worker, const Result& result, double now) {
  const std::shared_ptr<Run> run = run_of(worker);
  note_said(*run, worker);
  run->elapsed = std::max(run->elapsed, result.elapsed);
  const bool leads = worker == run->start.members.front();
  if (leads) run->started = result.started;
  if (result.failed) {
    ByteReader in(result.payload);
    add_failure(run, get_failure(in), now);
  } else if (leads) {
    run->payload.assign(result.payload.begin(), result.payload.end());
  }
}

void GroupRuns::note_said(Run& run, int worker) {
  const auto said = run.said.begin() + static_cast<std::ptrdiff_t>(place_of(worker, run.start.members));
  if (!*said) --run.silent;
  *said = true;
}

void GroupRuns::add_failure(const std::shared_ptr<Run>& run, TaskFailure failure, double now) {
  if (run->failures.empty()) {
    run->failed_at = now;
    run->failure_number = ++failures_;
    failed_.emplace(run->failure_number, run);
  }
  run->failures.push_back(std::move(failure));
}

bool GroupRuns::came_back(int worker) {
  const std::shared_ptr<Run> run = run_of(worker);
  if (!run) return false;
  const auto came_back = run->came_back.begin() + static_cast<std::ptrdiff_t>(place_of(worker, run->start.members));
  if (!*came_back) --run->missing;
  *came_back = true;
  return run->missing == 0;
}

bool GroupRuns::lose(int worker, const TaskFailure& failure, double now) {
  give_up(worker);
  while (!groups_of(worker).empty()) forget_group(groups_of(worker).back()->id);
  const std::shared_ptr<Run> run = run_of(worker);
  if (!run) return false;
  note_said(*run, worker);
  add_failure(run, failure, now);
  return came_back(worker);
}

void GroupRuns::give_up(int worker) {
  const auto gave_up = gave_up_.begin() + worker;
  if (*gave_up) return;
  *gave_up = true;
  --able_;
  if (!run_of(worker)) leaves_idle(worker);
}

// Whoever was turned down by all of its ranks may not be to blame, nor its model: all of them said so in the same
// place.
GroupRuns::Ended GroupRuns::end(int worker) {
  const std::shared_ptr<Run> run = run_of(worker);
  failed_.erase(run->failure_number);
  told_.erase(run->failure_number);
  const auto is_rejection = [](const TaskFailure& failure) { return failure.kind == FailureKind::rejected; };
  const bool rejected =
      run->failures.size() == run->start.members.size() && std::ranges::all_of(run->failures, is_rejection);
  const bool sound = run->silent == 0 && (run->failures.empty() || rejected);
  if (!sound) free_group(run->start.head.id);
  for (const int w : run->start.members) {
    run_of(w) = nullptr;
    becomes_idle(w);
  }

  Ended ended = outcome_of(*run);
  ended.interrupted = run->failures.empty() && run->silent > 0;
  ended.has_outcome = !run->told && !ended.interrupted;
  if (may_try_again(*run, ended)) ended.again = start(run->start.index, make_group(run->start.members), true, 2);
  return ended;
}

// Its model may have been to blame. All ranks must be there, or the others would wait for one that is gone.
bool GroupRuns::may_try_again(const Run& run, const Ended& ended) const {
  if (!ended.failure || ended.failure->kind != FailureKind::exception) return false;
  const auto is_there = [this](int w) { return !gave_up_[static_cast<std::size_t>(w)]; };
  return !run.fresh && ended.has_outcome && run.start.head.attempt == 1 &&
         std::ranges::all_of(run.start.members, is_there);
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
  if (failed_.empty()) return std::nullopt;
  const double delay = std::min(kMostDelaySeconds, job_.group_patience);
  Run& run = *failed_.begin()->second;
  if (now - run.failed_at < delay) return std::nullopt;
  told_.insert(failed_.extract(failed_.begin()));
  run.told = true;
  Ended ended = outcome_of(run);
  ended.failure->message += fmt::format("; {} had not come back {:.3g} s later", name_of(missing_of(run)), delay);
  return ended;
}

std::vector<int> GroupRuns::missing_of(const Run& run) {
  std::vector<int> missing;
  for (std::size_t i = 0; i < run.came_back.size(); ++i) {
    if (!run.came_back[i]) missing.push_back(run.start.members[i]);
  }
  return missing;
}

void GroupRuns::check_patience(double now) const {
  if (told_.empty()) return;
  const Run& run = *told_.begin()->second;
  if (now - run.failed_at < job_.group_patience) return;
  throw GroupStuck(fmt::format(
      "point {} failed ({}), and {} of its group did not come back within {:.3g} s: what waits inside MPI cannot be "
      "called back, so the job ends. The outcomes that it has are kept; run it again for the rest",
      run.start.index, message_of(run.failures), name_of(missing_of(run)), job_.group_patience));
}

}  // namespace windrow::detail
