#include "root_run.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <utility>

#include "evaluation/interface/evaluator.hpp"
#include "selection.hpp"
#include "shards/interface/shard_stores.hpp"
#include "windrow/base/byte_stream.hpp"
#include "windrow/base/machine.hpp"
#include "windrow/base/stopwatch.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"
#include "windrow/run/interrupt.hpp"
#include "windrow/slurm/slurm.hpp"

namespace windrow::detail {
namespace {

constexpr std::uint64_t kMostTimes = 100000;  // of an earlier run, for a time limit relative to their median

}  // namespace

RootRun::RootRun(const Design& design, const EvaluationKind& kind, StudyIdentity identity, const SweepOptions& options,
                 RootRole root, const ParallelManager& manager)
    : design_(design),
      kind_(kind),
      identity_(std::move(identity)),
      options_(options),
      root_(root),
      share_(options.shard ? points_of(*options.shard, design.size()) : IndexSet::first(design.size())),
      costs_(design, options.costs, options.schedule),
      judge_(options.failure_policy, share_.size()),
      deadline_(options.limits, kind.limits().grace, manager.backend() == Backend::mpi,
                options.limits.slurm ? slurm_job_end() : std::nullopt),
      is_mpi_(manager.backend() == Backend::mpi),
      start_(Clock::now()) {
  for (std::size_t i = 0; i < identity_.outputs.size(); ++i) {
    if (identity_.outputs[i].type == "number") numbers_.push_back(i);
  }
  not_finite_.resize(numbers_.size());
  result_.points = share_.size();
  result_.workers = manager.evaluating_workers(root);
  if (const auto factor = kind.limits().relative_timeout) time_limit_.emplace(*factor);
  result_.store = options.shard ? shard_directory(options.store, *options.shard) : options.store;
  if (options.store.empty()) {
    result_.outcomes.assign(static_cast<std::size_t>(result_.points), TaskFailure::lost("not evaluated"));
    pending_ = IndexSet::first(result_.points);
    choose();
    spare_equal_points({}, {});
  } else {
    open_store();
  }
  if (store_) doubt_files_of_retried();
  if (result_.succeeded > 0) judge_.note_success();
}

void RootRun::choose() {
  const std::uint64_t left = pending_.size();
  pending_ = chosen_points(design_, options_, std::move(pending_));
  result_.not_chosen = left - pending_.size();
}

void RootRun::spare_equal_points(const IndexSet& succeeded, const IndexSet& failed) {
  if (!kind_.computes_equal_points_once()) return;
  const std::vector<EqualPoint> equal = design_.equal_points();
  if (equal.empty()) return;
  equal_ = EqualOutcomes(equal, share_);
  const IndexSet again = store_ ? store_->again() : IndexSet();
  pending_ = equal_.choose(succeeded, failed, pending_, [&](std::uint64_t index, std::uint64_t of) {
    if (again.contains(index) || !store_->record_equal(index, of)) return false;
    ++(failed.contains(of) ? result_.failed : result_.succeeded);
    ++result_.reused;
    return true;
  });
  commit();
}

void RootRun::count_not_finite(const std::vector<Value>& outputs, std::uint64_t points) {
  for (std::size_t i = 0; i < numbers_.size() && numbers_[i] < outputs.size(); ++i) {
    const auto* number = std::get_if<double>(&outputs[numbers_[i]].variant());
    if (number != nullptr && !std::isfinite(*number)) not_finite_[i] += points;
  }
}

std::vector<std::pair<std::string, std::uint64_t>> RootRun::not_finite() const {
  std::vector<std::pair<std::string, std::uint64_t>> counts;
  for (std::size_t i = 0; i < numbers_.size(); ++i) {
    if (not_finite_[i] > 0) counts.emplace_back(identity_.outputs[numbers_[i]].name, not_finite_[i]);
  }
  return counts;
}

void RootRun::share_outcome(std::uint64_t index, const Outcome<std::vector<Value>>& outcome) {
  const std::vector<std::uint64_t> alike = equal_.waiting_for(index);
  if (outcome.ok() && !numbers_.empty()) count_not_finite(outcome.value(), 1 + alike.size());
  for (const std::uint64_t equal : alike) {
    ++(outcome.ok() ? result_.succeeded : result_.failed);
    if (store_) {
      if (!store_->record_equal(equal, index)) {
        throw StoreError(fmt::format("{}: an array of point {} has gone while its outcome was recorded",
                                     store_->directory().string(), index));
      }
      continue;
    }
    auto& copy = result_.outcomes[static_cast<std::size_t>(equal)];
    copy = outcome;
    if (!copy.ok()) {
      TaskFailure failure = copy.failure();
      failure.index = equal;
      copy = std::move(failure);
    }
  }
}

JobSpec RootRun::job(JobNeeds needs) {
  JobSpec job;
  job.root = root_;
  job.schedule = options_.schedule;
  job.costs = costs_.model();
  if (options_.random_order) {
    if (options_.schedule != Schedule::automatic && options_.schedule != Schedule::dynamic) {
      throw SpecError(fmt::format("the schedule `{}` has an order of its own: a random order goes with auto or dynamic",
                                  name_of(options_.schedule)));
    }
    job.schedule = Schedule::longest_first;
    job.costs = random_order(design_.seed(), design_.size());
  }
  job.pending = std::move(pending_);
  job.retries = true;
  job.limits_time = time_limit_.has_value();
  points_hold_slots_ = needs.points != nullptr;
  job.needs = std::move(needs.points);
  job.slots = std::move(needs.slots);
  job.group_patience = std::chrono::duration<double>(needs.patience).count();
  return job;
}

ArrayOffer RootRun::offer_arrays() {
  if (!store_) return {};
  pieces_.emplace(store_->incoming());
  return detail::offer_arrays(store_->incoming(), options_.arrays_through_root);
}

SweepResult RootRun::finish(JobReport report, const SweepEvaluation& evaluation) {
  if (result_.evaluated > 0) result_.notes = evaluation.notes(report, result_.workers);
  for (const TaskFailure& failure : report.build_failures) {
    result_.notes.push_back(
        fmt::format("worker {} ({}) was given up: {}", failure.rank, failure.host, failure.message));
  }
  for (std::string& lost : report.lost_workers) result_.notes.push_back(std::move(lost));
  if (result_.evaluated > 0) {
    for (std::string& note : costs_.notes()) result_.notes.push_back(std::move(note));
    if (damaged_rows_ > 0) {
      result_.notes.push_back(fmt::format("{} had a damaged row in the results, and {} evaluated again",
                                          text::counted(damaged_rows_, "point"), damaged_rows_ == 1 ? "is" : "are"));
    }
    if (equal_.count() > 0) result_.notes.push_back(describe_equal_points(equal_.count()));
  }
  if (result_.evaluated > 0) note_changes();
  for (auto& [index, failure] : lowest_failures_) result_.failures.push_back(std::move(failure));
  result_.failure_groups = failure_groups();
  result_.not_finite = not_finite();
  result_.parameters = identity_.parameters;
  keep_account(std::move(report.account));
  return std::move(result_);
}

// Results do not depend on it: that it cannot be kept is worth a note, no more.
void RootRun::keep_account(TimeAccount account) {
  result_.account = std::move(account);
  result_.account.schedule = options_.schedule;
  note_surroundings();
  try {
    if (!store_) return;
    store_->record_account(result_.account);
    if (result_.account.cores > 0) store_->note("cores", std::to_string(result_.account.cores));
    if (points_hold_slots_) store_->note("points_hold_slots", "true");
  } catch (const StoreError& error) {
    result_.notes.push_back(fmt::format("where the time went could not be kept: {}", error.what()));
  }
}

// Which of the points were before the change cannot be told. As what the study was when it began, they are all
// recorded.
void RootRun::note_changes() {
  auto before = identity_.definition;
  std::erase_if(before, [](const auto& item) {
    return item.first.starts_with("design.") || item.first.starts_with("parameters.");
  });
  StudyIdentity now;
  try {
    kind_.identify(now);
  } catch (const Error&) {  // something is gone: the next run says so
    return;
  }
  for (const std::string& line : differences(before, now.definition)) {
    result_.notes.push_back("while the study ran, this was changed, and points may be of either form: " + line);
  }
}

// Under MPI each rank may be bound to a core, and a quota of the host is not seen: all that is certain is that there
// are no more cores than the host has.
void RootRun::note_surroundings() {
  TimeAccount& account = result_.account;
  account.points_hold_slots = points_hold_slots_;
  const bool on_this_host =
      std::ranges::all_of(account.workers, [](const WorkerAccount& worker) { return worker.host == host_name(); });
  if (!on_this_host || account.empty()) return;
  const int all = is_mpi_ ? static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN)) : available_parallelism();
  if (!is_mpi_ || std::cmp_greater_equal(account.workers.size(), all)) account.cores = all;
}

void RootRun::open_store() {
  const auto points = [&](std::uint64_t index) { return design_.point(index).values(); };
  if (options_.shard && options_.again) {
    throw SpecError("points of a shard cannot be evaluated again: what the other stores have of them would stand");
  }
  store_.emplace(result_.store, identity_, provenance(), Journal::automatic, points, kind_.reader(design_));
  if (const auto damage = store_->damage(); !damage.empty() && options_.on_damaged) options_.on_damaged(damage);
  damaged_rows_ = store_->damaged_rows().size();
  if (store_->resumption() && options_.on_resumed) options_.on_resumed(*store_->resumption());
  IndexSet succeeded = store_->succeeded();
  IndexSet failed = store_->failed();
  const IndexSet succeeded_here = succeeded;
  const IndexSet failed_here = failed;
  if (options_.shard) add_known_elsewhere(succeeded, failed, points);
  const IndexSet done = settle(succeeded, failed);
  result_.succeeded = succeeded.size();
  result_.failed = failed.size();
  result_.reused = result_.succeeded + result_.failed;
  pending_ = options_.shard ? share_.without(done) : done.complement(result_.points);
  choose();
  spare_equal_points(succeeded_here.intersected(succeeded), failed_here.intersected(failed));
  live_.emplace(store_->directory());
  costs_.learn_from(store_->directory(), result_.succeeded);
  if (time_limit_ && result_.succeeded > 0) learn_times();
}

IndexSet RootRun::settle(IndexSet& succeeded, IndexSet& failed) {
  if (options_.again) {
    store_->mark_again(chosen_points(design_, options_, options_.again->intersected(succeeded.united(failed))));
  }
  const IndexSet again = store_->again();
  succeeded = succeeded.without(again);
  failed = failed.without(again);
  if (options_.retry_failed) {
    const std::vector<FailureKind>& kinds = options_.retry_kinds;
    failed = kinds.empty() ? IndexSet() : failed.without(store_->failed(kinds));
    if (kinds.empty()) succeeded = succeeded.without(store_->damaged());
  }
  return succeeded.united(failed);
}

void RootRun::doubt_files_of_retried() {
  if (!identity_.outputs_are_read || !options_.retry_failed) return;
  store_->doubt_files(store_->failed({FailureKind::bad_output}).intersected(pending_));
}

void RootRun::add_known_elsewhere(IndexSet& succeeded, IndexSet& failed, const PointValues& points) const {
  const KnownOutcomes known = known_elsewhere(options_.store, *options_.shard, identity_, points);
  // What a shard has of another form of the study may be at any index.
  succeeded = succeeded.united(known.succeeded).intersected(share_);
  failed = failed.united(known.failed).intersected(share_).without(succeeded);
}

void RootRun::learn_times() {
  const std::uint64_t stride = 1 + result_.succeeded / kMostTimes;
  std::uint64_t seen = 0;
  StoreReader(store_->directory()).for_each_time([&](const PointTime& time) {
    if (time.succeeded && seen++ % stride == 0) time_limit_->add(time.seconds);
  });
}

std::vector<std::pair<std::string, std::string>> RootRun::provenance() const {
  std::vector<std::pair<std::string, std::string>> provenance;
  const auto add = [&](std::string name, std::string text) {
    provenance.emplace_back(std::move(name), std::move(text));
  };
  for (const Setting& setting : options_.provenance) add(setting.name, setting.text);
  add("schedule", std::string(name_of(options_.schedule)));
  if (const auto* store = std::get_if<std::filesystem::path>(&options_.costs)) add("costs_from", store->string());
  add("root", std::string(name_of(root_)));
  if (options_.shard) add("shard", name_of(*options_.shard));
  for (const Setting& setting : kind_.provenance()) add(setting.name, setting.text);
  return provenance;
}

void RootRun::completed(const Completed& completed) {
  ++result_.evaluated;
  ++(completed.failure == nullptr ? result_.succeeded : result_.failed);
  Record record;
  record.index = completed.index;
  record.rank = completed.worker;
  record.host = completed.host;
  record.started = completed.started;
  record.elapsed = completed.elapsed;
  if (completed.failure != nullptr) {
    remember(*completed.failure);
    judge_.count(completed.failure->kind);
    judge_.note(*completed.failure, std::chrono::duration<double>(Clock::now() - start_).count());
    record.attempts = completed.failure->attempts;
    result_.retried += static_cast<std::uint64_t>(record.attempts - completed.earlier_attempts - 1);
    record.outcome = *completed.failure;
  } else {
    Evaluated evaluated = decode(completed.payload);
    if (!evaluated.store_error.empty()) give_up(evaluated.store_error);
    judge_.note_success();
    if (pieces_) pieces_->claim(completed.worker, evaluated.arrays);
    record.arrays = std::move(evaluated.arrays);
    if (time_limit_) time_limit_->add(completed.elapsed);
    record.attempts = completed.earlier_attempts + static_cast<int>(evaluated.attempts);
    result_.retried += evaluated.attempts - 1;
    if (store_ && evaluated.index_read) store_->note_index_matters();
    record.outcome = std::move(evaluated.outputs);
  }
  if (store_) {
    const Stopwatch storing(seconds_storing_);
    record.parameters = design_.point(completed.index).values();
    store_->record(record);
    share_outcome(completed.index, record.outcome);
  } else {
    share_outcome(completed.index, record.outcome);
    result_.outcomes[static_cast<std::size_t>(completed.index)] = std::move(record.outcome);
  }
}

void RootRun::give_up(const std::string& why) {
  try {
    if (store_) store_->note("stopped", "since " + why.substr(0, why.find(';')));
  } catch (const StoreError&) {
    // It is told below all the same.
  }
  throw StoreError(why);
}

void RootRun::retried(const Completed& completed) {
  result_.retried += static_cast<std::uint64_t>(completed.failure->attempts);
  if (!store_) return;
  const Stopwatch storing(seconds_storing_);
  store_->record_attempt({*completed.failure, completed.started});
}

void RootRun::piece(int worker, std::span<const std::byte> piece) {
  const Stopwatch storing(seconds_storing_);
  pieces_->take(worker, piece);
}

void RootRun::handed_out(RunningJob& running) {
  running_ = &running;
  if (live_is_due_) tell_live(progress());
  live_is_due_ = false;
}

void RootRun::remember(const TaskFailure& failure) {
  if (lowest_failures_.empty() && options_.on_first_failure) options_.on_first_failure(failure);
  failure_grouping_.add(failure);
  lowest_failures_.emplace(failure.index, failure);
  if (lowest_failures_.size() > kFailuresShown) lowest_failures_.erase(std::prev(lowest_failures_.end()));
}

std::vector<FailureGroup> RootRun::failure_groups() const {
  std::vector<FailureGroup> groups = failure_grouping_.groups();
  for (FailureGroup& group : groups) group.values = design_.point(group.example.index).values();
  return groups;
}

// What a signal to the whole job has ended has not failed: it is for the next run.
std::optional<double> RootRun::retry_after(const TaskFailure& failure, int tries) {
  if (deadline_.is_signalled() && ended_from_outside(failure)) return std::numeric_limits<double>::infinity();
  return judge_.retry(failure.kind, tries);
}

Direction RootRun::tick() {
  const auto now = Clock::now();
  const int signal = options_.handle_interrupts ? InterruptGuard::signal() : 0;
  Direction direction = deadline_.ask(signal, now);
  if (!direction.stop && judge_.gives_up()) direction = Direction::finish_within(0.0);
  if (options_.stop_requested && options_.stop_requested()) direction.stop = asked_to_stop_ = true;
  stopping_ = stopping_ || direction.stop || deadline_.is_signalled() || judge_.gives_up();
  if (signal != result_.interrupted_by) {
    result_.interrupted_by = signal;
    commit();  // whoever asked may not wait long
  }
  if (now - last_tick_ >= std::chrono::milliseconds(2)) {
    last_tick_ = now;
    const Stopwatch storing(seconds_storing_);
    if (store_) store_->tick();
  }
  live_is_due_ = live_ && live_->is_due(now);
  if (options_.on_progress && now - last_progress_ >= std::chrono::milliseconds(100)) {
    last_progress_ = now;
    options_.on_progress(progress());
  }
  return direction;
}

Progress RootRun::progress() const {
  Progress progress;
  progress.points = result_.points - result_.not_chosen;
  progress.done = result_.succeeded + result_.failed;
  progress.failed = result_.failed;
  progress.evaluated = result_.evaluated;
  progress.elapsed = std::chrono::duration<double>(Clock::now() - start_).count();
  progress.stopping = stopping_;
  return progress;
}

void RootRun::tell_live(const Progress& progress) {
  LiveStatus live;
  live.study = options_.name;
  if (options_.shard) live.shard = name_of(*options_.shard);
  live.progress = progress;
  live.stopped = result_.why_stopped;
  if (running_ != nullptr) {
    for (WorkerActivity& at : running_->activity()) {
      live.workers.push_back({at.worker, std::move(at.host), at.evaluated, at.point, at.seconds});
    }
  }
  live_->write(std::move(live));
}

void RootRun::tell_why_stopped() {
  const bool given_up = judge_.gives_up() && result_.interrupted_by == 0;
  result_.stopped_by = given_up ? StopReason::failures : deadline_.reason();
  result_.why_stopped = given_up ? judge_.why() : deadline_.why();
  if (asked_to_stop_ && result_.stopped_by == StopReason::none) {
    result_.stopped_by = StopReason::program;
    result_.why_stopped = "as the program asked";
  }
  if (store_) store_->note("stopped", result_.why_stopped);
}

void RootRun::commit() {
  const Stopwatch storing(seconds_storing_);
  if (store_) store_->commit();
}

Bytes RootRun::conclude() {
  commit();
  Progress last = progress();
  const bool complete = last.done == last.points;  // of those that it is about
  if (complete) result_.interrupted_by = 0;        // asked to stop when all was done already
  if (!complete) tell_why_stopped();
  result_.elapsed = last.elapsed;
  last.finished = true;
  last.stopping = !complete;
  if (options_.on_progress) options_.on_progress(last);
  if (live_) tell_live(last);
  ByteWriter out;
  for (const std::uint64_t number : {result_.points, result_.succeeded, result_.failed, result_.evaluated,
                                     result_.reused, result_.retried, result_.not_chosen}) {
    out.put(number);
  }
  out.put(result_.interrupted_by);
  out.put(result_.stopped_by);
  out.put(result_.elapsed);
  out.put(result_.workers);
  return out.take();
}

SweepResult read_conclusion(const Bytes& conclusion) {
  if (conclusion.empty()) throw RootFailed("the root gave the sweep up");
  SweepResult result;
  ByteReader in(conclusion);
  for (std::uint64_t* number : {&result.points, &result.succeeded, &result.failed, &result.evaluated, &result.reused,
                                &result.retried, &result.not_chosen}) {
    *number = in.get<std::uint64_t>();
  }
  result.interrupted_by = in.get<int>();
  result.stopped_by = in.get<StopReason>();
  result.elapsed = in.get<double>();
  result.workers = in.get<int>();
  return result;
}

}  // namespace windrow::detail
