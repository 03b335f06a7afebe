#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "staged_map_impl.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {

using std::chrono::nanoseconds;

StagedMapCore::StagedMapCore(std::shared_ptr<Driver> driver, const StagedMapOptions& options)
    : impl_(std::make_shared<Impl>()) {
  impl_->in_background = driver->runs_by_itself();
  impl_->driver = std::move(driver);
  impl_->options = options;
}

StagedMapCore::~StagedMapCore() {
  close();
}

std::size_t StagedMapCore::add(StageSpec spec) {
  const Impl::Call call(*impl_);
  if (spec.consume == 0 || spec.produce == 0) throw SpecError("a stage consumes and produces at least 1");
  impl_->allow_stages();
  for (const std::size_t input : spec.inputs) impl_->stages[input].for_caller = false;
  impl_->stages.push_back({});
  impl_->stages.back().spec = std::move(spec);
  return impl_->stages.size() - 1;
}

std::size_t StagedMapCore::own(const StagedMapCore& owner, std::size_t stage) const {
  if (&owner != this) throw SpecError("a stage can only read stages of its own map");
  return stage;
}

void StagedMapCore::observe(std::function<void(const Submission&)> observer) {
  const Impl::Call call(*impl_);
  impl_->observer = std::move(observer);
}

void StagedMapCore::start() {
  const Impl::Call call(*impl_);
  switch (impl_->state) {
    case Impl::State::running:
      throw Error("start(): this map is running");
    case Impl::State::closed:
      throw Error("start(): this map has been destroyed");
    case Impl::State::draining:
      impl_->state = Impl::State::running;
      impl_->order->hold(false);
      break;
    case Impl::State::built:
    case Impl::State::stopped:
      impl_->begin();
  }
  impl_->pump();
  impl_->read_ahead();
}

void StagedMapCore::stop(StopMode mode) {
  const Impl::Call call(*impl_);
  if (impl_->state != Impl::State::running && impl_->state != Impl::State::draining) return;
  if (mode == StopMode::cancel) {
    impl_->drop_everything();
    impl_->state = Impl::State::stopped;
    return;
  }
  impl_->hold();
  impl_->advance(kNoLimit);
}

void StagedMapCore::close() {
  impl_->begin_use();
  impl_->drop_everything();
  impl_->state = Impl::State::closed;
  for (auto& stage : impl_->stages) stage.spec.source.reset();  // it may refer to what ends with the map
  impl_->observer = nullptr;
  impl_->end_use();
}

bool StagedMapCore::advance(nanoseconds limit) {
  const Impl::Call call(*impl_);
  impl_->require_started();
  if (impl_->state == Impl::State::stopped) return true;
  const bool all_done = impl_->advance(limit);
  impl_->read_ahead();
  return all_done;
}

bool StagedMapCore::Impl::advance(nanoseconds limit) {
  const auto deadline = deadline_of(limit);
  for (;;) {
    pump();
    if (in_flight.empty()) return true;
    if (!collect(deadline)) return false;
  }
}

TakenResult StagedMapCore::next(std::size_t stage, nanoseconds limit, OnTimeout on_timeout) {
  const Impl::Call call(*impl_);
  impl_->require_started();
  if (!impl_->stages[stage].for_caller) {
    throw Error(fmt::format("the results of stage {} are taken by the stage that reads it", stage));
  }
  if (impl_->state == Impl::State::stopped) return {};
  TakenResult taken = impl_->next(stage, limit, on_timeout);
  impl_->keep_thrown([this] { impl_->read_ahead(); });
  return taken;
}

TakenResult StagedMapCore::Impl::next(std::size_t k, nanoseconds limit, OnTimeout on_timeout) {
  const auto deadline = deadline_of(limit);
  // What has come lets further stages go on. Not everything: a serial executor would evaluate it all first.
  for (std::size_t i = 0; i <= stages.size() && collect(Clock::time_point::min()); ++i) {
  }
  pump();
  for (bool waited = false;; waited = true) {
    if (auto taken = deliver(k)) {
      keep_thrown([this] { pump(); });
      return *std::move(taken);
    }
    if (is_finished(k)) return {};
    if (in_flight.empty()) {
      if (look_ahead(k)) continue;
      return starved(k, deadline.has_value());
    }
    const bool is_late = waited && deadline && Clock::now() >= *deadline;
    if (is_late || !collect(deadline)) return timed_out(k, on_timeout);
    pump();
  }
}

std::uint64_t StagedMapCore::last_index(std::size_t stage) const {
  return impl_->stages[stage].last_index;
}

std::uint64_t StagedMapCore::buffer() const {
  return impl_->chosen_buffer;
}

std::uint64_t StagedMapCore::untaken() const {
  impl_->begin_use();
  const std::uint64_t untaken = impl_->order ? impl_->order->untaken() : 0;
  impl_->end_use();
  return untaken;
}

StagedMapCore::Impl::Call::Call(Impl& map) : map_(map) {
  map_.check_not_reading();
  map_.begin_use();
  if (!map_.thrown) return;
  const auto thrown = std::exchange(map_.thrown, nullptr);
  map_.end_use();
  std::rethrow_exception(thrown);
}

void StagedMapCore::Impl::begin_use() {
  if (in_background) use.begin();
}

// Does what the driver's thread left to this one.
void StagedMapCore::Impl::end_use() noexcept {
  if (!in_background) return;
  while (!use.end()) catch_up();
}

// Called by the driver's thread, which must not wait.
void StagedMapCore::Impl::on_outcomes() noexcept {
  if (!use.begin_or_note()) return;
  catch_up();
  end_use();
}

// What needs neither sources nor the observer.
void StagedMapCore::Impl::catch_up() noexcept try {
  if (!batch || thrown) return;
  while (auto outcome = driver->take(*batch, nanoseconds(0))) accept(*std::move(outcome));
  pump_what_is_read();
} catch (...) {
  thrown = std::current_exception();
}

void StagedMapCore::Impl::check_not_reading() const {
  if (reading) throw Error("a map cannot be used by its own source or observer");
}

void StagedMapCore::Impl::require_started() const {
  if (state == State::built) throw Error("a map has results after start() only");
  if (state == State::closed) throw Error("the map of this stage has been destroyed");
}

// A map with other stages begins anew: nothing of before may be left.
void StagedMapCore::Impl::allow_stages() {
  if (state == State::closed) throw Error("add_stage(): this map has been destroyed");
  if (state == State::running) {
    throw Error("add_stage() comes before start(), or after stop(): this map is running");
  }
  if (state != State::draining) return;
  if (order->untaken() > 0) {
    throw Error(fmt::format("add_stage(): {} results from before stop() are left: take them, or stop(StopMode::cancel)",
                            order->untaken()));
  }
  drop_everything();
  state = State::stopped;
}

SubmissionPlan StagedMapCore::Impl::plan() const {
  SubmissionPlan made;
  for (const Stage& stage : stages) made.stages.push_back({stage.spec.inputs, stage.spec.consume, stage.spec.produce});
  made.stride = options.stride > 0 ? options.stride : static_cast<std::uint64_t>(std::max(1, driver->worker_count()));
  made.ordered = options.ordered;
  made.buffer = options.buffer > 0
                    ? options.buffer
                    : std::max(made.stages.size() * made.stride, needed_buffer(made.stages, made.stride));
  return made;
}

void StagedMapCore::Impl::begin() {
  const SubmissionPlan made = plan();
  order.emplace(made);
  chosen_buffer = made.buffer;
  batch = Driver::new_batch(/*ordered=*/false);
  if (in_background) {
    batch->on_outcomes = [map = weak_from_this()] {
      if (const auto alive = map.lock()) alive->on_outcomes();
    };
  }
  next_serial = 0;
  for (Stage& stage : stages) stage.taken = stage.submitted = stage.last_index = 0;
  state = State::running;
}

void StagedMapCore::Impl::drop_everything() {
  if (batch) driver->cancel(*batch);
  batch.reset();
  order.reset();
  in_flight.clear();
  untold.clear();
  for (Stage& stage : stages) {
    stage.results.clear();
    stage.come.clear();
    stage.dropped.clear();
  }
}

void StagedMapCore::Impl::hold() {
  state = State::draining;
  for (std::size_t k = 0; k < stages.size(); ++k) {
    while (!order->has_ended(k) && order->count_pulled(k) < stages[k].read.size()) order->pulled(k, true);
  }
  order->hold(true);
}

std::optional<TakenResult> StagedMapCore::Impl::deliver(std::size_t k) {
  Stage& stage = stages[k];
  for (;;) {
    if (!options.ordered && stage.come.empty()) return std::nullopt;
    const std::uint64_t index = options.ordered ? stage.taken : stage.come.front();
    const auto found = stage.results.find(index);
    if (found == stage.results.end()) return std::nullopt;
    TakenResult taken{false, index, std::move(found->second)};
    ++stage.taken;
    if (!options.ordered) stage.come.pop_front();
    order->taken({k, index});
    release();
    if (driver->skips(*taken.outcome)) continue;
    stage.last_index = index;
    return taken;
  }
}

bool StagedMapCore::Impl::is_finished(std::size_t k) const {
  return stages[k].taken >= stages[k].submitted && order->is_finished(k);
}

// Whether a source has ended shows only when it is read once more, which must not wait for room in the buffer: with its
// end the stage's end may be known, too. @return whether one has ended
bool StagedMapCore::Impl::look_ahead(std::size_t k) {
  if (state == State::draining) return false;
  bool ended = false;
  for (const std::size_t source : order->sources_of(k)) {
    if (order->count_pulled(source) > 0 || order->has_ended(source)) continue;
    const bool got = pull(source);
    order->pulled(source, got);
    ended = ended || !got;
  }
  release();
  if (ended) pump();
  return ended;
}

TakenResult StagedMapCore::Impl::starved(std::size_t k, bool may_wait) const {
  const bool others_hold =
      std::any_of(stages.begin(), stages.end(), [](const Stage& stage) { return stage.has_for_caller(); });
  if (state == State::draining && !others_hold) return {};  // what is left waits for the sources
  if (may_wait) return {true, 0, std::nullopt};
  std::vector<std::size_t> holders;
  for (std::size_t other = 0; other < stages.size(); ++other) {
    if (other != k && stages[other].has_for_caller()) holders.push_back(other);
  }
  throw Error(fmt::format("stage {} cannot go on until results of stage {} are taken: the buffer of {} is full", k,
                          fmt::join(holders, " or "), chosen_buffer));
}

TakenResult StagedMapCore::Impl::timed_out(std::size_t k, OnTimeout on_timeout) {
  Stage& stage = stages[k];
  if (on_timeout == OnTimeout::skip && options.ordered && order->is_foreseen({k, stage.taken / stage.spec.produce})) {
    stage.dropped.insert(stage.taken++);
  }
  return {true, 0, std::nullopt};
}

StagedMapCore::Impl::Deadline StagedMapCore::Impl::deadline_of(nanoseconds limit) {
  const auto now = Clock::now();
  if (limit >= Clock::time_point::max() - now) return std::nullopt;
  return now + limit;
}

}  // namespace windrow::detail
