#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "staged_map_impl.hpp"
#include "windrow/base/byte_stream.hpp"
#include "windrow/base/exception_text.hpp"
#include "windrow/error.hpp"

/// How values flow through the stages of a StagedMap.
namespace windrow::detail {
namespace {

void put_value(ByteWriter& out, const Bytes& value) {
  out.put(static_cast<std::uint64_t>(value.size()));
  out.put_bytes(value);
}

}  // namespace

// Reads a group for a tasklet of the stage. @return whether there is one
bool StagedMapCore::Impl::read(std::size_t k) {
  Stage& stage = stages[k];
  Group group;
  bool ended = stage.source_ended;
  if (!ended) {
    const UserCode user_code(*this);
    while (!ended && group.values.size() < stage.spec.consume) {
      try {
        auto value = stage.spec.source->next();
        ended = !value;
        if (value) group.values.push_back(*std::move(value));
      } catch (...) {
        const std::string text = exception_text(std::current_exception());
        group.failure = TaskFailure::exception(fmt::format("the source threw: {}", text));
        group.failure->cause = std::current_exception();
        ended = true;
      }
    }
  }
  stage.source_ended = ended;
  if (group.values.empty() && !group.failure) return false;
  stage.read.push_back(std::move(group));
  return true;
}

// Reads what the driver's thread will submit while the caller is elsewhere, as far as the buffer goes. Meanwhile that
// thread may have come to where it lacked what is read now, and nothing else would make it go on.
void StagedMapCore::Impl::read_ahead() {
  if (!in_background || state != State::running) return;
  while (const auto k = next_to_read()) {
    if (read(*k)) pump_what_is_read();
  }
  tell();
}

// The source that is the fewest rounds ahead, if there is room for one more tasklet of it.
std::optional<std::size_t> StagedMapCore::Impl::next_to_read() const {
  std::uint64_t used = order->untaken();
  for (const Stage& stage : stages) used += stage.read.size() * stage.spec.produce;
  std::optional<std::size_t> next;
  std::uint64_t fewest = 0;
  for (std::size_t k = 0; k < stages.size(); ++k) {
    const Stage& stage = stages[k];
    if (!stage.spec.source || stage.source_ended || order->has_ended(k)) continue;
    if (used + stage.spec.produce > chosen_buffer) continue;
    const std::uint64_t rounds = order->round_after(k, stage.read.size());
    if (next && rounds >= fewest) continue;
    next = k;
    fewest = rounds;
  }
  return next;
}

bool StagedMapCore::Impl::needs_reading(std::size_t k) const {
  return order->count_pulled(k) == stages[k].read.size() && !stages[k].source_ended;
}

// Whether there is a group for the stage's next tasklet, of those that were read ahead or now.
bool StagedMapCore::Impl::pull(std::size_t k) {
  return order->count_pulled(k) < stages[k].read.size() || read(k);
}

// Submits what can be. @return why no more
SubmissionOrder::Decision::Kind StagedMapCore::Impl::pump() {
  for (;;) {
    tell();
    const SubmissionOrder::Decision decision = order->decide();
    if (decision.kind != SubmissionOrder::Decision::pull && decision.kind != SubmissionOrder::Decision::submit) {
      return decision.kind;
    }
    carry_out(decision);
  }
}

// The same, as far as no source is to be read.
void StagedMapCore::Impl::pump_what_is_read() {
  for (;;) {
    const SubmissionOrder::Decision decision = order->decide();
    const bool reads = decision.kind == SubmissionOrder::Decision::pull;
    if (!reads && decision.kind != SubmissionOrder::Decision::submit) return;
    if (reads && needs_reading(decision.tasklet.stage)) return;
    carry_out(decision);
  }
}

void StagedMapCore::Impl::carry_out(const SubmissionOrder::Decision& decision) {
  if (decision.kind == SubmissionOrder::Decision::submit) return submit(decision.tasklet);
  order->pulled(decision.tasklet.stage, pull(decision.tasklet.stage));
  release();
}

void StagedMapCore::Impl::tell() {
  while (!untold.empty()) {
    const Submission submission = untold.front();
    untold.pop_front();
    const UserCode user_code(*this);
    if (observer) observer(submission);
  }
}

void StagedMapCore::Impl::submit(const Tasklet& tasklet) {
  Stage& stage = stages[tasklet.stage];
  ByteWriter item;
  item.put(next_serial);
  std::optional<TaskFailure> failure;
  const bool is_source = stage.spec.source != nullptr;
  if (is_source) {
    const Group group = std::move(stage.read.front());
    stage.read.pop_front();
    failure = group.failure;
    if (failure) failure->index = tasklet.index * stage.spec.produce;
    put_group(item, group);
  } else {
    failure = put_inputs(item, tasklet);
  }
  item.put_bytes(stage.spec.extra);
  order->submitted(tasklet);
  release();
  stage.submitted += stage.spec.produce;
  if (!failure && is_dropped(tasklet)) failure = TaskFailure::lost("dropped");
  if (failure) {
    complete(tasklet, std::vector<Outcome<Bytes>>(stage.spec.produce, *failure));
  } else {
    hand_over(tasklet, item.take());
  }
}

// @return the failure of an input, if there is one
std::optional<TaskFailure> StagedMapCore::Impl::put_inputs(ByteWriter& item, const Tasklet& tasklet) const {
  const auto& inputs = stages[tasklet.stage].spec.inputs;
  std::uint64_t count = stages[tasklet.stage].spec.consume;
  for (const std::size_t input : inputs) {  // side by side: as long as the shortest
    const SubmissionOrder::Span span = order->span_of(tasklet, input);
    count = std::min(count, span.last - span.first);
  }
  for (const std::size_t input : inputs) {
    const std::uint64_t first = order->span_of(tasklet, input).first;
    item.put(count);
    for (std::uint64_t i = first; i < first + count; ++i) {
      const Outcome<Bytes>& value = stages[input].results.at(i);
      if (!value.ok()) return value.failure();
      put_value(item, value.value());
    }
  }
  return std::nullopt;
}

void StagedMapCore::Impl::put_group(ByteWriter& item, const Group& group) {
  item.put(static_cast<std::uint64_t>(group.values.size()));
  for (const Bytes& value : group.values) put_value(item, value);
}

void StagedMapCore::Impl::hand_over(const Tasklet& tasklet, Bytes item) {
  std::vector<Bytes> items;
  items.push_back(std::move(item));
  const Stage& stage = stages[tasklet.stage];
  try {
    driver->submit(batch, stage.spec.invoke, std::move(items), 1);
  } catch (
      const Error& error) {  // the executor was closed: what has been submitted can still be taken, and then it ends
    if (state == State::running) hold();
    const auto failure = TaskFailure::lost(error.what());
    return complete(tasklet, results_of(tasklet, failure));
  }
  in_flight.emplace(next_serial++, tasklet);
  if (observer) untold.push_back({tasklet.stage, tasklet.index});
}

bool StagedMapCore::Impl::is_dropped(const Tasklet& tasklet) const {
  const Stage& stage = stages[tasklet.stage];
  for (std::uint64_t i = 0; i < stage.spec.produce; ++i) {
    if (!stage.dropped.contains(tasklet.index * stage.spec.produce + i)) return false;
  }
  return true;
}

// Waits for the next outcome of any tasklet. @return whether there was one
bool StagedMapCore::Impl::collect(const Deadline& deadline) {
  if (in_flight.empty()) return false;
  auto left = kNoLimit;
  if (deadline) {
    const auto now = Clock::now();
    left = *deadline > now ? std::chrono::nanoseconds(*deadline - now) : std::chrono::nanoseconds(0);
  }
  auto outcome = driver->take(*batch, left);
  if (outcome) accept(*std::move(outcome));
  return outcome.has_value();
}

void StagedMapCore::Impl::accept(Outcome<Bytes> outcome) {
  // A failure carries the number of its submission, a result what the call sent back.
  const std::uint64_t serial =
      outcome.ok() ? ByteReader(outcome.value()).get<std::uint64_t>() : outcome.failure().index;
  const auto found = in_flight.find(serial);
  if (found == in_flight.end()) throw ParallelError("an executor gave an outcome that was not asked for");
  const Tasklet tasklet = found->second;
  in_flight.erase(found);
  complete(tasklet, results_of(tasklet, outcome));
}

std::vector<Outcome<Bytes>> StagedMapCore::Impl::results_of(const Tasklet& tasklet,
                                                            const Outcome<Bytes>& outcome) const {
  const std::uint64_t produce = stages[tasklet.stage].spec.produce;
  std::vector<Outcome<Bytes>> results;
  TaskFailure failure;
  if (outcome.ok()) {
    ByteReader in(outcome.value());
    in.get<std::uint64_t>();
    while (!in.at_end()) {
      const auto value = in.take(in.get<std::uint64_t>());
      results.emplace_back(Bytes(value.begin(), value.end()));
    }
    if (results.size() == produce) return results;
    failure = TaskFailure::bad_output(
        fmt::format("a call gave {} results where produce({}) was said", results.size(), produce));
  } else {
    failure = outcome.failure();
  }
  results.clear();
  for (std::uint64_t i = 0; i < produce; ++i) {
    failure.index = tasklet.index * produce + i;
    results.emplace_back(failure);
  }
  return results;
}

void StagedMapCore::Impl::complete(const Tasklet& tasklet, std::vector<Outcome<Bytes>> results) {
  Stage& stage = stages[tasklet.stage];
  const std::uint64_t first = tasklet.index * stage.spec.produce;
  for (std::uint64_t i = 0; i < results.size(); ++i) {
    stage.results.emplace(first + i, std::move(results[static_cast<std::size_t>(i)]));
  }
  order->arrived(tasklet);
  for (std::uint64_t index = first; stage.for_caller && index < first + results.size(); ++index) {
    if (stage.dropped.erase(index) > 0) {
      order->taken({tasklet.stage, index});
    } else if (!options.ordered) {
      stage.come.push_back(index);
    }
  }
  release();
}

void StagedMapCore::Impl::release() {
  for (const StageResult& result : order->take_released()) stages[result.stage].results.erase(result.index);
}

}  // namespace windrow::detail
