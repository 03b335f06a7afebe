#include "windrow/sweep/sweep.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include "array_route.hpp"
#include "deadline.hpp"
#include "evaluator.hpp"
#include "failure_policy.hpp"
#include "guard.hpp"
#include "sweep_costs.hpp"
#include "typical_time.hpp"
#include "windrow/error.hpp"
#include "windrow/parallel/byte_stream.hpp"
#include "windrow/sweep/interrupt.hpp"
#include "windrow/sweep/slurm.hpp"
#include "windrow/text/text.hpp"

namespace windrow {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kMostTimes = 100000;  // of an earlier run, for a time limit relative to their median

std::string type_of(const Parameter& parameter) {
  const auto* levels = std::get_if<Levels>(&parameter.source());
  if (levels == nullptr || levels->values.empty()) return "number";
  static const std::array<std::string, 4> names = {"number", "integer", "boolean", "string"};
  const std::size_t kind = levels->values.front().variant().index();
  const bool same = std::all_of(levels->values.begin(), levels->values.end(),
                                [kind](const Value& value) { return value.variant().index() == kind; });
  return same ? names[kind] : "mixed";
}

std::vector<Column> parameter_columns(const Design& design) {
  std::vector<Column> columns;
  for (const Parameter& p : design.parameters()) columns.push_back({p.name(), p.unit(), type_of(p), p.description()});
  return columns;
}

// FNV-1a over names and texts: enough to notice ranks that run different studies.
std::uint64_t fingerprint(const std::vector<std::pair<std::string, std::string>>& definition) {
  std::uint64_t hash = 14695981039346656037U;
  const auto add = [&hash](const std::string& text) {
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
    hash = (hash ^ 0xFFU) * 1099511628211U;
  };
  for (const auto& [name, text] : definition) {
    add(name);
    add(text);
  }
  return hash;
}

/// The root's side of one run: store, counts, progress, stop.
class RootRun {
 public:
  /// @param command  null for a sweep over functions
  RootRun(const Sweep& sweep, const SweepOptions& options, const ParallelManager& manager, const CommandSpec* command)
      : sweep_(sweep),
        options_(options),
        costs_(sweep.design(), options),
        judge_(options.failure_policy, sweep.design().size()),
        deadline_(options.limits, command != nullptr ? command->grace : std::chrono::nanoseconds(0),
                  manager.backend() == Backend::mpi, options.limits.slurm ? slurm_job_end() : std::nullopt),
        start_(Clock::now()) {
    result_.points = sweep.design().size();
    result_.workers = manager.evaluating_workers(options.root);
    const auto& relative_timeout = command != nullptr ? command->relative_timeout : options.relative_timeout;
    if (relative_timeout) time_limit_.emplace(*relative_timeout);
    result_.store = options.store;
    if (options.store.empty()) {
      TaskFailure none;
      none.kind = FailureKind::lost;
      none.message = "not evaluated";
      result_.outcomes.assign(static_cast<std::size_t>(result_.points), none);
      pending_ = IndexSet::first(result_.points);
    } else {
      open_store();
    }
  }

  void fill(detail::Job& job) {
    job.schedule = options_.schedule;
    job.costs = costs_.model();
    job.pending = std::move(pending_);
    job.on_completed = [this](const detail::Completed& completed) { keep(completed); };
    if (pieces_) job.on_piece = [this](int worker, std::span<const std::byte> piece) { pieces_->take(worker, piece); };
    job.on_tick = [this] { return tick(); };
    job.retry = [this](const TaskFailure& failure, int tries) { return retry(failure, tries); };
    job.on_retried = [this](const detail::Completed& completed) { keep_attempt(completed); };
    if (time_limit_) job.time_limit = [this] { return time_limit_->seconds(); };
    job.conclude = [this] { return conclude(); };
  }

  /// To all ranks of a sweep with arrays.
  detail::ArrayOffer offer_arrays() {
    if (!store_) return {};
    pieces_.emplace(store_->incoming());
    return detail::offer_arrays(*store_, options_.arrays_through_root);
  }

  void note(const std::string& text) { notes_.push_back(text); }

  SweepResult finish(detail::JobReport report) {
    if (result_.evaluated > 0) result_.notes = std::move(notes_);
    for (const TaskFailure& failure : report.build_failures) {
      result_.notes.push_back(
          fmt::format("worker {} ({}) was given up: {}", failure.rank, failure.host, failure.message));
    }
    for (std::string& lost : report.lost_workers) result_.notes.push_back(std::move(lost));
    if (result_.evaluated > 0) {
      for (std::string& note : costs_.notes()) result_.notes.push_back(std::move(note));
    }
    for (auto& [index, failure] : lowest_failures_) result_.failures.push_back(std::move(failure));
    return std::move(result_);
  }

 private:
  void open_store() {
    const auto points = [&](std::uint64_t index) { return sweep_.design().point(index).values(); };
    store_.emplace(options_.store, sweep_.identity(options_), provenance(), Journal::automatic, points);
    if (store_->resumption() && options_.on_resumed) options_.on_resumed(*store_->resumption());
    IndexSet succeeded = store_->succeeded();
    const IndexSet failed = store_->failed();
    if (options_.retry_failed) succeeded = succeeded.without(store_->damaged());
    result_.succeeded = succeeded.size();
    IndexSet done = succeeded;
    if (!options_.retry_failed) {
      result_.failed = failed.size();
      for (const IndexRange& range : failed.ranges()) done.insert(range);
    }
    result_.reused = result_.succeeded + result_.failed;
    pending_ = done.complement(result_.points);
    costs_.learn_from(store_->directory(), result_.succeeded);
    if (time_limit_ && result_.succeeded > 0) learn_times();
  }

  void learn_times() {
    const std::uint64_t stride = 1 + result_.succeeded / kMostTimes;
    std::uint64_t seen = 0;
    StoreReader(store_->directory()).for_each_time([&](const PointTime& time) {
      if (time.succeeded && seen++ % stride == 0) time_limit_->add(time.seconds);
    });
  }

  std::vector<std::pair<std::string, std::string>> provenance() const {
    auto provenance = options_.provenance;
    provenance.emplace_back("schedule", name_of(options_.schedule));
    if (!options_.costs_from.empty()) provenance.emplace_back("costs_from", options_.costs_from.string());
    provenance.emplace_back("root", name_of(options_.root));
    if (options_.isolation != Isolation::none) provenance.emplace_back("isolation", name_of(options_.isolation));
    return provenance;
  }

  void keep(const detail::Completed& completed) {
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
      record.attempts = completed.failure->attempts;
      record.outcome = *completed.failure;
    } else {
      detail::Evaluated evaluated = detail::decode(completed.payload);
      if (!evaluated.store_error.empty()) throw StoreError(evaluated.store_error);
      if (pieces_) pieces_->claim(completed.worker, evaluated.arrays);
      record.arrays = std::move(evaluated.arrays);
      if (time_limit_) time_limit_->add(completed.elapsed);
      record.attempts = completed.earlier_attempts + static_cast<int>(evaluated.attempts);
      if (store_ && evaluated.index_read) store_->note_index_matters();
      record.outcome = std::move(evaluated.outputs);
    }
    if (store_) {
      record.parameters = sweep_.design().point(completed.index).values();
      store_->record(record);
    } else {
      result_.outcomes[static_cast<std::size_t>(completed.index)] = std::move(record.outcome);
    }
  }

  void keep_attempt(const detail::Completed& completed) {
    ++result_.retried;
    if (store_) store_->record_attempt({*completed.failure, completed.started});
  }

  void remember(const TaskFailure& failure) {
    lowest_failures_.emplace(failure.index, failure);
    if (lowest_failures_.size() > detail::kFailuresShown) lowest_failures_.erase(std::prev(lowest_failures_.end()));
  }

  // What a signal to the whole job has ended has not failed: it is for the next run.
  std::optional<double> retry(const TaskFailure& failure, int tries) {
    if (deadline_.is_signalled() && detail::ended_from_outside(failure)) return std::numeric_limits<double>::infinity();
    return judge_.retry(failure.kind, tries);
  }

  detail::Direction tick() {
    const auto now = Clock::now();
    const int signal = options_.handle_interrupts ? InterruptGuard::signal() : 0;
    detail::Direction direction = deadline_.ask(signal, now);
    if (!direction.stop && judge_.gives_up()) direction = detail::Direction::finish_within(0.0);
    stopping_ = stopping_ || direction.stop || deadline_.is_signalled() || judge_.gives_up();
    if (signal != 0 && result_.interrupted_by == 0) {
      result_.interrupted_by = signal;
      if (store_) store_->commit();  // whoever asked may not wait long
    }
    if (now - last_tick_ >= std::chrono::milliseconds(2)) {
      last_tick_ = now;
      if (store_) store_->tick();
    }
    if (options_.on_progress && now - last_progress_ >= std::chrono::milliseconds(100)) {
      last_progress_ = now;
      options_.on_progress(progress());
    }
    return direction;
  }

  Progress progress() const {
    Progress progress;
    progress.points = result_.points;
    progress.done = result_.succeeded + result_.failed;
    progress.failed = result_.failed;
    progress.evaluated = result_.evaluated;
    progress.elapsed = std::chrono::duration<double>(Clock::now() - start_).count();
    progress.stopping = stopping_;
    return progress;
  }

  void tell_why_stopped() {
    const bool given_up = judge_.gives_up() && result_.interrupted_by == 0;
    result_.stopped_by = given_up ? StopReason::failures : deadline_.reason();
    result_.why_stopped = given_up ? judge_.why() : deadline_.why();
    if (store_) store_->note("stopped", result_.why_stopped);
  }

  Bytes conclude() {
    if (store_) store_->commit();
    Progress last = progress();
    const bool complete = last.done == last.points;
    if (complete) result_.interrupted_by = 0;  // asked to stop when all was done already
    if (!complete) tell_why_stopped();
    result_.elapsed = last.elapsed;
    last.finished = true;
    last.stopping = !complete;
    if (options_.on_progress) options_.on_progress(last);
    detail::ByteWriter out;
    for (const std::uint64_t number :
         {result_.points, result_.succeeded, result_.failed, result_.evaluated, result_.reused, result_.retried}) {
      out.put(number);
    }
    out.put(result_.interrupted_by);
    out.put(result_.stopped_by);
    out.put(result_.elapsed);
    out.put(result_.workers);
    return out.take();
  }

  const Sweep& sweep_;
  const SweepOptions& options_;
  detail::SweepCosts costs_;
  detail::FailureJudge judge_;
  detail::Deadline deadline_;
  std::optional<detail::RelativeLimit> time_limit_;
  bool stopping_ = false;
  std::optional<Store> store_;
  std::optional<detail::ArrayPieces> pieces_;
  IndexSet pending_;
  SweepResult result_;
  std::vector<std::string> notes_;  // of how points are evaluated
  std::map<std::uint64_t, TaskFailure> lowest_failures_;
  Clock::time_point start_;
  Clock::time_point last_tick_;
  Clock::time_point last_progress_;
};

SweepResult read_conclusion(const Bytes& conclusion) {
  if (conclusion.empty()) throw RootFailed("the root gave the sweep up");
  SweepResult result;
  detail::ByteReader in(conclusion);
  for (std::uint64_t* number :
       {&result.points, &result.succeeded, &result.failed, &result.evaluated, &result.reused, &result.retried}) {
    *number = in.get<std::uint64_t>();
  }
  result.interrupted_by = in.get<int>();
  result.stopped_by = in.get<StopReason>();
  result.elapsed = in.get<double>();
  result.workers = in.get<int>();
  return result;
}

void check_output(const Column& output, const std::vector<Column>& outputs) {
  static const std::vector<std::string> types = {"number", "integer", "boolean", "string", "array"};
  if (std::find(types.begin(), types.end(), output.type) == types.end()) {
    throw SpecError(fmt::format("output `{}`: unknown type `{}`{}", output.name, output.type,
                                text::suggestion(output.type, types)));
  }
  if (!detail::is_array_type(output.type)) return;
  const auto usable = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-'; };
  const bool good = !output.name.empty() && std::all_of(output.name.begin(), output.name.end(), usable);
  if (good && std::ranges::count(outputs, output.name, &Column::name) == 1) return;
  throw SpecError(
      fmt::format("output `{}`: arrays go to a directory of that name, which must be letters, digits, `_` and `-`, and "
                  "that of no other output",
                  output.name));
}

// Runs `prepare` at the root; if it throws there, every rank throws.
void on_root(ParallelManager& manager, const std::function<void()>& prepare) {
  std::exception_ptr failure;
  std::string message;
  if (manager.is_root()) {
    try {
      prepare();
    } catch (const std::exception& error) {
      failure = std::current_exception();
      message = std::string("the root failed: ") + error.what();
    }
  }
  message = manager.broadcast(message);
  if (failure) std::rethrow_exception(failure);
  if (!message.empty()) throw RootFailed(message);
}

// Every rank throws what one of them meets.
void check_ranks(ParallelManager& manager, const Design& design, const std::string& obstacle) {
  const auto ranks = manager.all_gather(std::pair(fingerprint(design.definition()), obstacle));
  for (std::size_t rank = 0; rank < ranks.size(); ++rank) {
    if (ranks[rank].first != ranks.front().first) {
      throw SpecError(
          fmt::format("the design of rank {} is not that of the root: every rank must make the same one", rank));
    }
    if (!ranks[rank].second.empty()) throw ParallelError(fmt::format("on rank {}: {}", rank, ranks[rank].second));
  }
}

}  // namespace

Sweep::Sweep(Design design, std::vector<Column> outputs, detail::FunctionSource functions)
    : design_(std::move(design)), outputs_(std::move(outputs)), functions_(std::move(functions)) {
  for (Column& output : outputs_) {
    if (output.type.empty()) output.type = "number";
    check_output(output, outputs_);
  }
}

Sweep::Sweep(Design design, Command command)
    : design_(std::move(design)), command_(std::make_shared<Command>(std::move(command))) {
  for (const OutputSpec& output : command_->spec().outputs) {
    outputs_.push_back({output.name, output.unit, output.type, output.description});
  }
}

std::vector<std::pair<std::string, std::string>> Sweep::definition(const SweepOptions& options) const {
  auto definition = design_.definition();
  if (command_) {
    for (auto& item : command_->definition()) definition.push_back(std::move(item));
  } else {
    definition.emplace_back("version", options.version);
    for (const Column& output : outputs_) definition.emplace_back("outputs." + output.name, output.type);
  }
  return definition;
}

void Sweep::check_isolation(const SweepOptions& options) const {
  const bool has_limit = options.timeout || options.relative_timeout || options.memory_limit > 0;
  if (command_ && (options.isolation != Isolation::none || has_limit)) {
    throw SpecError(
        "isolation, time-outs and memory_limit are for functions: a command runs in a process of its own, and has a "
        "time-out of its own");
  }
  if (options.isolation == Isolation::none && has_limit) {
    throw SpecError("a time or memory limit needs evaluations that can be ended: choose isolation = process, or fork");
  }
  if (options.timeout && *options.timeout <= std::chrono::nanoseconds(0)) {
    throw SpecError("the time limit of an evaluation must be longer than nothing");
  }
  if (options.relative_timeout && !(*options.relative_timeout > 1.0)) {
    throw SpecError("relative_timeout is a multiple of the median time: it must be more than 1");
  }
  if (options.evaluations_per_process < 1) throw SpecError("evaluations_per_process must be at least 1");
}

StudyIdentity Sweep::identity(const SweepOptions& options) const {
  StudyIdentity identity{options.name, design_.size(), parameter_columns(design_), outputs_, definition(options)};
  identity.index_matters = command_ && command_->sees_index();
  identity.seed_matters = !command_ || command_->sees_seed();
  identity.outputs_by_name = command_ != nullptr;
  return identity;
}

SweepResult Sweep::run(ParallelManager& manager, const SweepOptions& options) {
  const std::optional<InterruptGuard> guard(options.handle_interrupts ? std::make_optional<InterruptGuard>()
                                                                      : std::nullopt);
  check_isolation(options);
  std::optional<detail::Guard> guarded;
  std::string obstacle = detail::Guard::obstacle(functions_, options);
  try {
    if (options.isolation != Isolation::none && obstacle.empty()) {
      guarded.emplace(functions_, outputs_, design_, options);
    }
  } catch (const SystemError& error) {
    obstacle = error.what();
  }
  check_ranks(manager, design_, obstacle);
  std::optional<RootRun> root;
  detail::ArrayOffer offer;
  const bool has_arrays =
      std::ranges::any_of(outputs_, [](const Column& output) { return detail::is_array_type(output.type); });
  on_root(manager, [&] {
    root.emplace(*this, options, manager, command_ ? &command_->spec() : nullptr);
    if (command_ && !options.store.empty()) command_->tidy();  // this process is the store's only writer now
    if (has_arrays) offer = root->offer_arrays();
  });
  if (has_arrays) offer = manager.broadcast(offer);
  const detail::ArrayRoute arrays(outputs_, offer, manager.is_root());

  detail::Job job;
  job.root = options.root;
  if (command_) {
    if (auto launcher = manager.launcher()) command_->use(std::move(launcher));
    job.task = detail::command_task(design_, command_, arrays);
  } else {
    job.task = guarded ? guarded->task(arrays) : detail::function_task(design_, outputs_, functions_.make(), arrays);
  }
  if (root) root->fill(job);
  if (root && guarded) root->note(guarded->note());
  detail::JobReport report = manager.run_job(job);
  return root ? root->finish(std::move(report)) : read_conclusion(report.conclusion);
}

}  // namespace windrow
