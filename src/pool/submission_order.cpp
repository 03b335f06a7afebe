#include "submission_order.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

std::uint64_t divided_up(std::uint64_t a, std::uint64_t b) {
  return a / b + (a % b != 0 ? 1 : 0);
}

}  // namespace

SubmissionOrder::SubmissionOrder(SubmissionPlan plan) : SubmissionOrder(plan, needed_buffer(plan.stages, plan.stride)) {
  if (plan.buffer >= needed_) return;
  throw SpecError(fmt::format("a buffer of {} is too small for these stages with a stride of {}: they need at least {}",
                              plan.buffer, plan.stride, needed_));
}

SubmissionOrder::SubmissionOrder(SubmissionPlan plan, std::uint64_t needed)
    : stride_(plan.stride), buffer_(plan.buffer), needed_(needed), ordered_(plan.ordered) {
  const auto quotas = round_quotas(plan.stages, plan.stride);
  stages_.resize(plan.stages.size());
  for (std::size_t k = 0; k < stages_.size(); ++k) {
    auto& inputs = plan.stages[k].inputs;
    std::sort(inputs.begin(), inputs.end());
    inputs.erase(std::unique(inputs.begin(), inputs.end()), inputs.end());
    for (const std::size_t input : inputs) stages_[input].readers.push_back(k);
    stages_[k].plan = std::move(plan.stages[k]);
    stages_[k].quota = quotas[k];
  }
  if (!stages_.empty()) begin_turn(0);
}

std::uint64_t SubmissionOrder::results_of(const Stage& stage) {
  return stage.total == kUnknown ? kUnknown : stage.total * stage.plan.produce;
}

// The round is done when each stage has come to this number. Ended stages go on with empty tasklets, which cost
// nothing, so that whatever ends when, nothing is submitted earlier than needed_buffer() saw it.
std::uint64_t SubmissionOrder::round_end(const Stage& stage) const {
  return stage.quota * (at_.round + 1);
}

bool SubmissionOrder::has_work(std::size_t k) const {
  const Stage& stage = stages_[k];
  if (stage.lowest >= std::min(at_.turn_end, round_end(stage))) return false;
  return stage.is_source() ? stage.pulled > 0 || !held_ || has_ended(k) : inputs_submitted({k, stage.lowest});
}

void SubmissionOrder::begin_turn(std::size_t k) {
  at_.stage = k;
  at_.turn_end = stages_[k].lowest + stride_;
}

void SubmissionOrder::move_on() {
  begin_turn((at_.stage + 1) % stages_.size());
  if (at_.stage != 0) return;
  const auto has_come_round = [&](const Stage& stage) { return stage.lowest >= round_end(stage); };
  while (std::all_of(stages_.begin(), stages_.end(), has_come_round)) ++at_.round;
}

bool SubmissionOrder::all_ended() const {
  return std::all_of(stages_.begin(), stages_.end(), [](const Stage& stage) { return stage.lowest >= stage.total; });
}

SubmissionOrder::Decision SubmissionOrder::decide() {
  bool is_full = false;  // held, another stage may be able to go on
  // In a round that is not done, the first stage that lacks something has all its inputs: two passes see every case.
  for (std::size_t tried = 0; tried <= 2 * stages_.size() && !all_ended(); ++tried) {
    if (!has_work(at_.stage)) {
      move_on();
    } else if (has_ended(at_.stage)) {
      ++stages_[at_.stage].lowest;  // an empty tasklet
      tried = 0;
    } else {
      const Decision decision = decide_turn();
      if (!held_ || decision.kind == Decision::wait) return decision;
      if (decision.kind == Decision::submit && can_go_on_after(decision.tasklet)) return decision;
      is_full = is_full || decision.kind == Decision::full;
      move_on();
    }
  }
  if (held_ && jump()) return decide();
  return {is_full ? Decision::full : Decision::idle};
}

// Held sources do not complete their round, but what was read of others, or had overtaken, can be of a later one.
// @return whether there is such a round
bool SubmissionOrder::jump() {
  std::uint64_t next_round = kUnknown;
  for (std::size_t k = 0; k < stages_.size(); ++k) {
    if (!is_finished(k)) next_round = std::min(next_round, stages_[k].lowest / stages_[k].quota);
  }
  if (next_round == kUnknown || next_round == at_.round) return false;
  at_.round = next_round;
  return true;
}

// While sources are held, others get ahead of them. That must not fill the buffer such that the sources find no room
// when they go on: tried out to the end of the round that has been come to.
bool SubmissionOrder::can_go_on_after(const Tasklet& tasklet) const {
  SubmissionOrder trial = *this;
  trial.submitted(tasklet);
  trial.hold(false);
  std::uint64_t rounds = 0;
  for (Stage& stage : trial.stages_) {
    rounds = std::max(rounds, divided_up(stage.lowest + stage.submitted_above.size(), stage.quota));
  }
  trial.all_arrive();
  return trial.runs_through(rounds, nullptr);
}

// With tasklets that arrive at once and a caller who takes at once. @return whether it did not get stuck
bool SubmissionOrder::runs_through(std::uint64_t rounds, std::uint64_t* most_untaken) {
  for (;;) {
    take_all();
    const Decision decision = decide();
    if (at_.round >= rounds || decision.kind == Decision::idle) return true;
    if (decision.kind == Decision::pull) {
      pulled(decision.tasklet.stage, true);
    } else if (decision.kind == Decision::submit) {
      submitted(decision.tasklet);
      if (most_untaken != nullptr) *most_untaken = std::max(*most_untaken, untaken_);
      arrived(decision.tasklet);
    } else {
      return false;
    }
  }
}

void SubmissionOrder::all_arrive() {
  for (std::size_t k = 0; k < stages_.size(); ++k) {
    const std::uint64_t end = stages_[k].base + stages_[k].slots.size();
    for (std::uint64_t i = stages_[k].base; i < end; ++i) {
      const Slot* found = find_slot({k, i});
      if (found == nullptr || found->arrived) continue;
      slot({k, i}).arrived = true;
      release_if_done({k, i});
    }
  }
}

void SubmissionOrder::take_all() {
  for (std::size_t k = 0; k < stages_.size(); ++k) {
    Stage& stage = stages_[k];
    const std::uint64_t end = stage.base + stage.slots.size();
    for (std::uint64_t i = stage.base; stage.readers.empty() && i < end; ++i) {
      const Slot* found = find_slot({k, i});
      if (found != nullptr && found->takers > 0) lose_taker({k, i});
    }
  }
  released_.clear();
}

SubmissionOrder::Decision SubmissionOrder::source_step(std::size_t k) const {
  return {stages_[k].pulled > 0 ? Decision::submit : Decision::pull, {k, stages_[k].lowest}};
}

SubmissionOrder::Decision SubmissionOrder::decide_turn() {
  const Stage& stage = stages_[at_.stage];
  Tasklet tasklet{at_.stage, stage.lowest};
  if (!stage.is_source()) {
    const auto index =
        lowest_arrived(at_.stage, ordered_ ? stage.lowest + 1 : std::min(at_.turn_end, round_end(stage)));
    if (!index) return ordered_ ? Decision{Decision::wait} : overtake();
    tasklet.index = *index;
  }
  if (untaken_after(tasklet) > buffer_) return {Decision::full};
  return stage.is_source() ? source_step(at_.stage) : Decision{Decision::submit, tasklet};
}

// The turn's stage waits. Others may go on with what the round does not need of the buffer, later stages first.
SubmissionOrder::Decision SubmissionOrder::overtake() const {
  for (std::size_t ahead = 1; ahead <= stages_.size(); ++ahead) {
    const std::size_t k = (at_.stage + ahead) % stages_.size();
    const Stage& stage = stages_[k];
    Tasklet tasklet{k, stage.lowest};
    if (stage.is_source()) {
      if (stage.lowest >= stage.total || (held_ && stage.pulled == 0)) continue;
    } else {
      const auto index = lowest_arrived(k, stage.total);
      if (!index) continue;
      tasklet.index = *index;
    }
    if (untaken_after(tasklet) + needed_ > buffer_) continue;
    return stage.is_source() ? source_step(k) : Decision{Decision::submit, tasklet};
  }
  return {Decision::wait};
}

void SubmissionOrder::pulled(std::size_t k, bool got) {
  if (got) {
    ++stages_[k].pulled;
    return;
  }
  stages_[k].total = stages_[k].lowest + stages_[k].pulled;
  end_stages();
}

void SubmissionOrder::submitted(const Tasklet& tasklet) {
  Stage& stage = stages_[tasklet.stage];
  if (stage.pulled > 0) --stage.pulled;
  for (const std::size_t input : stage.plan.inputs) {
    const Span span = span_of(tasklet, input);
    for (std::uint64_t i = span.first; i < span.last; ++i) lose_taker({input, i});
  }
  stage.submitted_above.insert(tasklet.index);
  while (stage.submitted_above.erase(stage.lowest) > 0) ++stage.lowest;
  untaken_ += stage.plan.produce;
  for (std::uint64_t i = 0; i < stage.plan.produce; ++i) {
    const StageResult result{tasklet.stage, tasklet.index * stage.plan.produce + i};
    Slot& fresh = slot(result);
    fresh.submitted = true;
    fresh.takers = stage.readers.empty() ? 1 : 0;
    for (const std::size_t reader : stage.readers) fresh.takers += result.index < wanted_below(reader) ? 1 : 0;
  }
}

void SubmissionOrder::arrived(const Tasklet& tasklet) {
  const std::uint64_t produce = stages_[tasklet.stage].plan.produce;
  for (std::uint64_t i = 0; i < produce; ++i) {
    const StageResult result{tasklet.stage, tasklet.index * produce + i};
    slot(result).arrived = true;
    release_if_done(result);
  }
}

void SubmissionOrder::taken(const StageResult& result) {
  lose_taker(result);
}

void SubmissionOrder::hold(bool held) {
  if (held == held_) return;
  held_ = held;
  if (held) {
    held_at_ = at_;
  } else {
    at_ = held_at_;  // the sources' place in the order; what has come further meanwhile is passed over
  }
}

SubmissionOrder::Span SubmissionOrder::span_of(const Tasklet& tasklet, std::size_t input) const {
  const std::uint64_t consume = stages_[tasklet.stage].plan.consume;
  const std::uint64_t end = results_of(stages_[input]);
  return {std::min(end, tasklet.index * consume), std::min(end, (tasklet.index + 1) * consume)};
}

bool SubmissionOrder::inputs_submitted(const Tasklet& tasklet) const {
  const auto& inputs = stages_[tasklet.stage].plan.inputs;
  return std::all_of(inputs.begin(), inputs.end(), [&](std::size_t input) {
    return (tasklet.index + 1) * stages_[tasklet.stage].plan.consume <=
           stages_[input].lowest * stages_[input].plan.produce;
  });
}

bool SubmissionOrder::has_arrived(const Tasklet& tasklet) const {
  const std::uint64_t consume = stages_[tasklet.stage].plan.consume;
  for (const std::size_t input : stages_[tasklet.stage].plan.inputs) {
    const std::uint64_t end = results_of(stages_[input]);
    for (std::uint64_t i = tasklet.index * consume; i < (tasklet.index + 1) * consume; ++i) {
      const Slot* found = find_slot({input, i});
      const bool is_there =
          i < end ? found != nullptr && found->arrived : i / stages_[input].plan.produce < stages_[input].lowest;
      if (!is_there) return false;
    }
  }
  return true;
}

std::optional<std::uint64_t> SubmissionOrder::lowest_arrived(std::size_t k, std::uint64_t end) const {
  const Stage& stage = stages_[k];
  const Stage& input = stages_[stage.plan.inputs.front()];
  const std::uint64_t there = divided_up(input.base + input.slots.size(), stage.plan.consume);
  for (std::uint64_t index = stage.lowest; index < std::min({end, there, stage.total}); ++index) {
    if (!stage.submitted_above.contains(index) && has_arrived({k, index})) return index;
  }
  return std::nullopt;
}

std::uint64_t SubmissionOrder::untaken_after(const Tasklet& tasklet) const {
  const Stage& stage = stages_[tasklet.stage];
  std::uint64_t freed = 0;
  for (const std::size_t input : stage.plan.inputs) {
    const Span span = span_of(tasklet, input);
    for (std::uint64_t i = span.first; i < span.last; ++i) freed += find_slot({input, i})->takers == 1 ? 1 : 0;
  }
  return untaken_ - freed + stage.plan.produce;
}

const SubmissionOrder::Slot* SubmissionOrder::find_slot(const StageResult& result) const {
  const Stage& stage = stages_[result.stage];
  if (result.index < stage.base || result.index - stage.base >= stage.slots.size()) return nullptr;
  const Slot& found = stage.slots[static_cast<std::size_t>(result.index - stage.base)];
  return found.submitted ? &found : nullptr;
}

SubmissionOrder::Slot& SubmissionOrder::slot(const StageResult& result) {
  Stage& stage = stages_[result.stage];
  const auto position = static_cast<std::size_t>(result.index - stage.base);
  if (position >= stage.slots.size()) stage.slots.resize(position + 1);
  return stage.slots[position];
}

void SubmissionOrder::lose_taker(const StageResult& result) {
  --slot(result).takers;
  release_if_done(result);
}

// A slot that is done stays, arrived and without takers, until those before it are done too.
void SubmissionOrder::release_if_done(const StageResult& result) {
  Stage& stage = stages_[result.stage];
  const Slot& done = slot(result);
  if (!done.arrived || done.takers > 0) return;
  --untaken_;
  released_.push_back(result);
  while (!stage.slots.empty() && stage.slots.front().arrived && stage.slots.front().takers == 0) {
    stage.slots.pop_front();
    ++stage.base;
  }
}

// Results of its inputs that a reader wants are those below this number.
std::uint64_t SubmissionOrder::wanted_below(std::size_t reader) const {
  const Stage& stage = stages_[reader];
  return stage.total == kUnknown ? kUnknown : stage.total * stage.plan.consume;
}

// A stage ends with the first of its inputs, and when all that read it have what they need.
void SubmissionOrder::end_stages() {
  for (std::size_t k = 0; k < stages_.size(); ++k) {
    std::uint64_t total = stages_[k].total;
    for (const std::size_t input : stages_[k].plan.inputs) {
      const std::uint64_t results = results_of(stages_[input]);
      if (results != kUnknown) total = std::min(total, divided_up(results, stages_[k].plan.consume));
    }
    set_total(k, total);
  }
  for (std::size_t k = stages_.size(); k-- > 0;) {
    const Stage& stage = stages_[k];
    if (stage.readers.empty()) continue;
    std::uint64_t wanted = 0;
    for (const std::size_t reader : stage.readers) wanted = std::max(wanted, wanted_below(reader));
    if (wanted == kUnknown) continue;
    const std::uint64_t highest = stage.submitted_above.empty() ? stage.lowest : *stage.submitted_above.rbegin() + 1;
    set_total(k, std::min(stage.total, std::max(highest, divided_up(wanted, stage.plan.produce))));
  }
}

void SubmissionOrder::set_total(std::size_t k, std::uint64_t total) {
  const std::uint64_t wanted_before = wanted_below(k);
  if (stages_[k].total == total) return;
  stages_[k].total = total;
  for (const std::size_t input : stages_[k].plan.inputs) {
    const std::uint64_t end = std::min(wanted_before, stages_[input].base + stages_[input].slots.size());
    for (std::uint64_t i = std::max(stages_[input].base, wanted_below(k)); i < end; ++i) {
      if (find_slot({input, i}) != nullptr) lose_taker({input, i});
    }
  }
}

std::vector<std::size_t> SubmissionOrder::sources_of(std::size_t stage) const {
  std::set<std::size_t> wanted{stage};
  std::vector<std::size_t> sources;
  for (std::size_t k = stage + 1; k-- > 0;) {
    if (!wanted.contains(k)) continue;
    wanted.insert(stages_[k].plan.inputs.begin(), stages_[k].plan.inputs.end());
    if (stages_[k].is_source()) sources.push_back(k);
  }
  return sources;
}

// Whether the tasklet, or an empty one in its place, will come while the sources are as they are.
bool SubmissionOrder::will_come(const Tasklet& tasklet) const {
  const Stage& stage = stages_[tasklet.stage];
  if (tasklet.index < stage.lowest) return true;
  if (stage.is_source()) return !held_ || has_ended(tasklet.stage) || tasklet.index < stage.lowest + stage.pulled;
  return std::all_of(stage.plan.inputs.begin(), stage.plan.inputs.end(), [&](std::size_t input) {
    return will_come({input, ((tasklet.index + 1) * stage.plan.consume - 1) / stages_[input].plan.produce});
  });
}

bool SubmissionOrder::is_finished(std::size_t k) const {
  return has_ended(k) || !will_come({k, stages_[k].lowest});
}

bool SubmissionOrder::is_foreseen(const Tasklet& tasklet) const {
  const Stage& stage = stages_[tasklet.stage];
  if (tasklet.index < stage.lowest || stage.submitted_above.contains(tasklet.index)) return true;
  return !stage.is_source() && tasklet.index < stage.total && inputs_submitted(tasklet);
}

}  // namespace windrow::detail
