#include "stream.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "parallel/interface/wire.hpp"
#include "windrow/error.hpp"
#include "windrow/process/code_address.hpp"

namespace windrow::detail {
namespace {

constexpr double kAssignmentSeconds = 0.005;  // of work, at most, handed out at a time
constexpr double kPatienceSeconds = 0.001;    // that outcomes wait at a worker, to travel together
constexpr std::size_t kMostItems = 1024;      // in one assignment
constexpr int kFruitlessDeaths = 3;

const CodeAddress& encoded(ItemInvoker invoke) {
  static thread_local std::unordered_map<ItemInvoker, CodeAddress> known;
  static thread_local ItemInvoker last = nullptr;
  static thread_local const CodeAddress* last_code = nullptr;
  if (invoke != last) {
    auto it = known.find(invoke);
    if (it == known.end()) it = known.emplace(invoke, encode_address(reinterpret_cast<const void*>(invoke))).first;
    last = invoke;
    last_code = &it->second;
  }
  return *last_code;
}

// The reverse, remembering the last one: items of one call come one after another.
class Decoder {
 public:
  ItemInvoker operator()(const CodeAddress& code) {
    if (invoke_ == nullptr || code.module != code_.module || code.offset != code_.offset) {
      invoke_ = reinterpret_cast<ItemInvoker>(const_cast<void*>(decode_address(code)));
      code_ = code;
    }
    return invoke_;
  }

 private:
  CodeAddress code_;
  ItemInvoker invoke_ = nullptr;
};

int forks = 0;

}  // namespace

void ThrownByItems::put(std::uint64_t key, std::exception_ptr thrown) {
  const std::lock_guard lock(mutex_);
  thrown_[key] = std::move(thrown);
}

ThrownException ThrownByItems::take(std::uint64_t key) {
  const std::lock_guard lock(mutex_);
  const auto found = thrown_.extract(key);
  return found ? ThrownException(std::move(found.mapped())) : ThrownException();
}

void ItemEvaluation::build() {
  if (initializer_) initializer_();
}

void ForkedItemEvaluation::build() {
  ++forks;
  ItemEvaluation::build();
}

int forks_so_far() {
  return forks;
}

std::optional<TaskFailure> ItemEvaluation::evaluate(const Assigned& assigned, WorkerContext&, ByteWriter& result) {
  static thread_local Decoder decode;
  ByteReader in(assigned.parameter);
  const ItemInvoker invoke = decode(in.get<CodeAddress>());
  try {
    invoke(in.remaining(), result);
  } catch (...) {
    if (thrown_) thrown_->put(assigned.index, std::current_exception());
    throw;
  }
  return std::nullopt;
}

Stream::Stream(Workers& workers, const ExecutorOptions& options, std::shared_ptr<ThrownByItems> thrown)
    : workers_(workers),
      options_(options),
      thrown_(std::move(thrown)),
      states_(static_cast<std::size_t>(workers.count())),
      respawns_left_(options.respawn_budget) {}

void Stream::submit(const std::shared_ptr<Batch>& batch, ItemInvoker invoke, std::vector<Bytes> items,
                    std::size_t size) {
  for (std::size_t begin = 0; begin < items.size(); begin += size) {
    const std::size_t end = std::min(items.size(), begin + size);
    Chunk chunk;
    chunk.reserve(end - begin);
    for (std::size_t i = begin; i < end; ++i) {
      chunk.push_back({batch, batch->submitted++, invoke, std::move(items[i]), 0});
      if (batch->ordered) batch->outcomes.emplace_back();
    }
    if (gave_up_) {
      for (Item& item : chunk) complete(item, TaskFailure::lost(*gave_up_));
    } else {
      queue_.push_back(std::move(chunk));
    }
  }
}

bool Stream::has_no_assignments() const {
  return std::all_of(states_.begin(), states_.end(),
                     [](const WorkerState& worker) { return worker.assignments.empty(); });
}

bool Stream::someone_takes_items() const {
  return std::any_of(states_.begin() + workers_.first(), states_.end(),
                     [](const WorkerState& worker) { return worker.takes_items; });
}

// How long a chunk should take. A function that has not been seen yet may take long: it is given alone.
double Stream::expected_seconds(const Chunk& chunk) const {
  const auto known = mean_seconds_.find(chunk.front().invoke);
  if (known == mean_seconds_.end()) return 2.0 * kAssignmentSeconds;
  return known->second * static_cast<double>(chunk.size());
}

void Stream::learn(const Item& item, double seconds) {
  const auto [known, is_new] = mean_seconds_.try_emplace(item.invoke, seconds);
  if (!is_new) known->second += 0.02 * (seconds - known->second);
}

// A second assignment ahead only behind a short one, and only of short items: nothing quick waits behind something
// slow.
bool Stream::may_take(const WorkerState& worker) const {
  if (!worker.takes_items || worker.retiring) return false;
  if (options_.max_tasks_per_worker > 0 && worker.given >= options_.max_tasks_per_worker) return false;
  if (worker.assignments.empty()) return true;
  return worker.assignments.size() == 1 && worker.assignments.front() <= kAssignmentSeconds &&
         expected_seconds(queue_.front()) <= kAssignmentSeconds;
}

void Stream::hand_out() {
  for (bool any = true; any && !queue_.empty();) {
    any = false;
    for (int w = workers_.first(); w < workers_.count() && !queue_.empty(); ++w) {
      if (may_take(state(w))) any = assign(w) || any;
    }
  }
}

// As many as fill kAssignmentSeconds, but no more than a fair part of what waits.
bool Stream::assign(int w) {
  WorkerState& worker = state(w);
  std::size_t most = std::min(kMostItems, queue_.size() / (2 * states_.size()) + 1);
  if (options_.max_tasks_per_worker > 0) {
    most = std::min<std::size_t>(most, options_.max_tasks_per_worker - worker.given);
  }
  const std::uint64_t first_key = next_key_;
  ByteWriter items;
  std::size_t count = 0;
  double seconds = 0.0;
  while (!queue_.empty()) {
    const double more = expected_seconds(queue_.front());
    if (count > 0 && (count + queue_.front().size() > most || seconds + more > kAssignmentSeconds)) break;
    Chunk chunk = std::move(queue_.front());
    queue_.pop_front();
    seconds += more;
    for (Item& item : chunk) {
      if (item.batch->cancelled) continue;
      items.put(static_cast<std::uint64_t>(sizeof(CodeAddress) + item.bytes.size()));
      items.put(encoded(item.invoke));
      items.put_bytes(item.bytes);
      worker.held.push_back({next_key_++, std::move(item)});
      ++count;
    }
  }
  if (count == 0) return false;
  ByteWriter out;
  out.put(AssignmentHead{.ships_parameters = 1, .runs = 1, .budget = kAssignmentSeconds, .patience = kPatienceSeconds});
  out.put(IndexRun{first_key, count, 1});
  out.put_bytes(items.bytes());
  worker.assignments.push_back(seconds);
  worker.given += count;
  in_flight_ += count;
  workers_.send(w, kAssign, out.bytes());
  return true;
}

void Stream::handle(const WorkerEvent& event) {
  if (const auto* loss = std::get_if<WorkerLoss>(&event.what)) return handle_loss(event.worker, *loss);
  const Frame& frame = std::get<Frame>(event.what);
  if (frame.tag == kResults) return handle_results(event.worker, frame.payload);
  if (frame.tag != kBuildFailed) throw ParallelError(fmt::format("worker {} sent message {}", event.worker, frame.tag));
  ByteReader in(frame.payload);
  handle_build_failure(event.worker, get_failure(in));
}

void Stream::handle_results(int w, std::span<const std::byte> message) {
  WorkerState& worker = state(w);
  ResultReader in(message);
  for (Result result; in.next(result);) {
    const ThrownException cause = result.failed && thrown_ ? thrown_->take(result.index) : ThrownException();
    if (worker.held.empty() || worker.held.front().key != result.index) {
      if (gave_up_) continue;  // it was asked for, and has been given up since
      throw ParallelError(fmt::format("worker {} sent an outcome that was not asked for", w));
    }
    Item item = std::move(worker.held.front().item);
    worker.held.pop_front();
    --in_flight_;
    worker.fruitless_deaths = 0;
    learn(item, result.elapsed);
    if (result.failed) {
      ByteReader failure(result.payload);
      TaskFailure told = get_failure(failure);
      told.attempts = item.losses + 1;
      told.cause = cause;
      complete(item, std::move(told));
    } else {
      complete(item, Bytes(result.payload.begin(), result.payload.end()));
    }
  }
  for (std::uint64_t i = 0; i < in.finished() && !worker.assignments.empty(); ++i) worker.assignments.pop_front();
  if (worker.assignments.empty() && !worker.held.empty()) requeue(worker, std::nullopt, {});
  retire_if_due(w);
}

// A worker that has had its fill is told to end; its end is then no loss.
void Stream::retire_if_due(int w) {
  WorkerState& worker = state(w);
  if (options_.max_tasks_per_worker == 0 || worker.retiring || !worker.assignments.empty() ||
      worker.given < options_.max_tasks_per_worker || !workers_.disposable()) {
    return;
  }
  worker.retiring = true;
  workers_.send(w, kEnd, {});
}

void Stream::complete(Item& item, Outcome<Bytes> outcome) {
  Batch& batch = *item.batch;
  ++batch.finished;
  if (batch.cancelled) return;
  if (!outcome.ok()) outcome.failure().index = item.number;
  if (batch.ordered) {
    batch.outcomes[static_cast<std::size_t>(item.number - batch.base)] = std::move(outcome);
  } else {
    batch.ready.push_back(std::move(outcome));
  }
  if (batch.on_outcomes && std::find(news_.begin(), news_.end(), item.batch) == news_.end())
    news_.push_back(item.batch);
}

// Puts what a worker held back to the front, in order; the lost item fails or, within its retries, comes last of them.
void Stream::requeue(WorkerState& worker, std::optional<std::uint64_t> lost_key, const TaskFailure& failure) {
  in_flight_ -= worker.held.size();
  for (auto held = worker.held.rbegin(); held != worker.held.rend(); ++held) {
    if (held->key == lost_key && held->item.losses++ >= options_.loss.retries) {
      TaskFailure told = failure;
      told.attempts = held->item.losses;
      complete(held->item, std::move(told));
      continue;
    }
    Chunk alone;
    alone.push_back(std::move(held->item));
    queue_.push_front(std::move(alone));
  }
  worker.held.clear();
}

void Stream::handle_build_failure(int w, const TaskFailure& failure) {
  WorkerState& worker = state(w);
  worker.takes_items = false;
  worker.has_no_use = true;
  requeue(worker, std::nullopt, {});
  if (!someone_takes_items()) give_up("initializer failed: " + failure.message);
}

void Stream::handle_loss(int w, const WorkerLoss& loss) {
  WorkerState& worker = state(w);
  const bool retired = worker.retiring && worker.held.empty();
  auto evaluating = loss.evaluating;
  if (!loss.knows_point && !worker.held.empty()) evaluating = worker.held.front().key;
  const bool held_it = evaluating && std::any_of(worker.held.begin(), worker.held.end(),
                                                 [&](const Held& held) { return held.key == *evaluating; });
  worker.fruitless_deaths = held_it || retired ? 0 : worker.fruitless_deaths + 1;
  worker.assignments.clear();
  worker.given = 0;
  worker.retiring = false;
  requeue(worker, evaluating, failure_of(loss, w, workers_.host(w)));
  if (!retired) --respawns_left_;
  const bool worth_replacing = !gave_up_ && worker.fruitless_deaths < kFruitlessDeaths && respawns_left_ >= 0;
  worker.takes_items = worth_replacing && !worker.has_no_use && workers_.replace(w);
  if (gave_up_ || worker.takes_items || someone_takes_items()) return;
  give_up("no worker is left; the last: " + loss.failure.message);
}

void Stream::give_up(const std::string& message) {
  gave_up_ = message;
  for (WorkerState& worker : states_) requeue(worker, std::nullopt, {});
  for (Chunk& chunk : std::exchange(queue_, {})) {
    for (Item& item : chunk) complete(item, TaskFailure::lost(message));
  }
}

void Stream::end_workers() {
  for (int w = workers_.first(); w < workers_.count(); ++w) workers_.send(w, kEnd, {});
}

}  // namespace windrow::detail
