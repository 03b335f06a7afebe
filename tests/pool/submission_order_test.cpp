#include "pool/submission_order.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Kind = SubmissionOrder::Decision::Kind;

constexpr std::uint64_t kEndless = 1'000'000'000;

// Runs an order with sources of given lengths, and no executor.
class DrivenOrder {
 public:
  DrivenOrder(SubmissionPlan plan, std::map<std::size_t, std::uint64_t> lengths)
      : plan_(plan), order_(std::move(plan)), lengths_(std::move(lengths)) {}

  // Submits until nothing more can be.
  Kind pump() {
    for (;;) {
      const auto decision = order_.decide();
      const Tasklet& tasklet = decision.tasklet;
      if (decision.kind == Kind::pull) {
        std::uint64_t& read = pulled[tasklet.stage];
        const std::uint64_t consume = plan_.stages[tasklet.stage].consume;
        const std::uint64_t got = std::min(consume, lengths_.at(tasklet.stage) - read);
        read += got;
        order_.pulled(tasklet.stage, got > 0);
      } else if (decision.kind == Kind::submit) {
        order_.submitted(tasklet);
        order.push_back(tasklet);
        in_flight.push_back(tasklet);
        most_untaken = std::max(most_untaken, order_.untaken());
      } else {
        return decision.kind;
      }
    }
  }
  void arrive(std::size_t which) {
    const Tasklet tasklet = in_flight[which];
    in_flight.erase(in_flight.begin() + static_cast<std::ptrdiff_t>(which));
    order_.arrived(tasklet);
    if (order_.has_readers(tasklet.stage)) return;
    const std::uint64_t produce = plan_.stages[tasklet.stage].produce;
    for (std::uint64_t i = 0; i < produce; ++i) there.push_back({tasklet.stage, tasklet.index * produce + i});
  }
  void take(std::size_t which) {
    const StageResult result = there[which];
    there.erase(there.begin() + static_cast<std::ptrdiff_t>(which));
    order_.taken(result);
    ++taken[result.stage];
  }
  // Everything arrives, in order, until nothing more can be done before results are taken.
  Kind settle() {
    for (;;) {
      const Kind kind = pump();
      if (in_flight.empty()) return kind;
      arrive(0);
    }
  }
  // Reads sources for tasklets that nobody has asked for yet, as far as the buffer goes.
  void read_ahead() {
    for (auto& [stage, length] : lengths_) {
      const StageRates& rates = plan_.stages[stage];
      for (int i = 0; i < 3 && pulled[stage] < length && !order_.has_ended(stage); ++i) {
        if (order_.untaken() + (order_.count_pulled(stage) + 1) * rates.produce > plan_.buffer) break;
        pulled[stage] += std::min(rates.consume, length - pulled[stage]);
        order_.pulled(stage, true);
      }
    }
  }
  bool take_from(std::size_t stage) {
    for (std::size_t i = 0; i < there.size(); ++i) {
      if (there[i].stage == stage) return take(i), true;
    }
    return false;
  }
  SubmissionOrder& rules() { return order_; }

  std::vector<Tasklet> order;
  std::vector<Tasklet> in_flight;
  std::vector<StageResult> there;
  std::map<std::size_t, std::uint64_t> pulled;
  std::map<std::size_t, std::uint64_t> taken;
  std::uint64_t most_untaken = 0;

 private:
  SubmissionPlan plan_;
  SubmissionOrder order_;
  std::map<std::size_t, std::uint64_t> lengths_;
};

SubmissionPlan chain(std::size_t length, std::uint64_t stride, std::uint64_t buffer) {
  SubmissionPlan plan{{{}}, stride, buffer, true};
  while (plan.stages.size() < length) plan.stages.push_back({{plan.stages.size() - 1}});
  return plan;
}

TEST(SubmissionOrderTest, takes_the_stages_of_a_chain_in_turn_by_its_stride) {
  DrivenOrder driven(chain(2, 2, 4), {{0, 4}});
  EXPECT_EQ(driven.settle(), Kind::full);  // whether there is a fifth is not asked before there is room for it
  using T = Tasklet;
  EXPECT_THAT(driven.order, ElementsAre(T{0, 0}, T{0, 1}, T{1, 0}, T{1, 1}, T{0, 2}, T{0, 3}, T{1, 2}, T{1, 3}));
}

TEST(SubmissionOrderTest, stops_at_the_buffer_and_goes_on_with_each_result_taken) {
  DrivenOrder driven(chain(2, 2, 2), {{0, 4}});
  EXPECT_EQ(driven.settle(), Kind::full);
  using T = Tasklet;
  EXPECT_THAT(driven.order, ElementsAre(T{0, 0}, T{0, 1}, T{1, 0}, T{1, 1}));
  EXPECT_TRUE(driven.take_from(1));
  EXPECT_EQ(driven.settle(), Kind::full);
  EXPECT_EQ(driven.order.back(), (T{0, 2}));
  EXPECT_EQ(driven.order.size(), 5U);
}

TEST(SubmissionOrderTest, a_stage_whose_results_are_not_taken_stops_the_others) {
  DrivenOrder driven({{{}, {}}, 3, 6, true}, {{0, kEndless}, {1, kEndless}});
  driven.settle();
  EXPECT_EQ(driven.order.size(), 6U);
  for (int i = 0; i < 6; ++i) {
    EXPECT_TRUE(driven.take_from(0));
    driven.settle();
  }
  using T = Tasklet;
  EXPECT_THAT(driven.order, ElementsAre(T{0, 0}, T{0, 1}, T{0, 2}, T{1, 0}, T{1, 1}, T{1, 2}, T{0, 3}, T{0, 4}, T{0, 5},
                                        T{1, 3}, T{1, 4}, T{1, 5}));
  EXPECT_FALSE(driven.take_from(0));
  EXPECT_EQ(driven.settle(), Kind::full);
  EXPECT_EQ(driven.order.size(), 12U);
  EXPECT_TRUE(driven.take_from(1));
  driven.settle();
  EXPECT_EQ(driven.order.back(), (T{0, 6}));
  EXPECT_TRUE(driven.take_from(0));
  driven.settle();
  EXPECT_EQ(driven.order.back(), (T{0, 7}));
}

TEST(SubmissionOrderTest, waits_for_the_next_in_order_whatever_else_has_come) {
  DrivenOrder driven(chain(2, 2, 8), {{0, kEndless}});
  EXPECT_EQ(driven.pump(), Kind::wait);
  driven.arrive(1);  // (0,1)
  EXPECT_EQ(driven.pump(), Kind::wait);
  EXPECT_EQ(driven.order.size(), 2U);
  driven.arrive(0);
  driven.pump();
  EXPECT_EQ(driven.order[2], (Tasklet{1, 0}));
}

TEST(SubmissionOrderTest, in_completion_order_what_has_come_overtakes) {
  SubmissionPlan plan = chain(2, 2, 8);
  plan.ordered = false;
  DrivenOrder driven(plan, {{0, kEndless}});
  driven.pump();
  driven.arrive(1);  // (0,1)
  driven.pump();
  EXPECT_NE(std::find(driven.order.begin(), driven.order.end(), Tasklet{1, 1}), driven.order.end());
  EXPECT_EQ(std::find(driven.order.begin(), driven.order.end(), Tasklet{1, 0}), driven.order.end());
  EXPECT_NE(std::find(driven.order.begin(), driven.order.end(), Tasklet{0, 2}),
            driven.order.end());  // room beyond the need
}

TEST(SubmissionOrderTest, stages_at_different_rates_share_a_round) {
  EXPECT_THAT(round_quotas({{}, {{0}}, {{1}}}, 4), ElementsAre(4, 4, 4));
  EXPECT_THAT(round_quotas({{{}, 1, 3}, {{0}}}, 2), ElementsAre(2, 6));
  EXPECT_THAT(round_quotas({{}, {{0}, 2, 1}}, 2), ElementsAre(4, 2));
  EXPECT_THAT(round_quotas({{{}, 1, 2}, {{0}, 3, 1}}, 1), ElementsAre(3, 2));
  EXPECT_THAT(round_quotas({{{}, 1, 2}, {}, {{0, 1}}}, 1), ElementsAre(1, 2, 2));  // the second source is read faster
}

TEST(SubmissionOrderTest, stages_that_can_never_balance_are_refused) {
  const std::vector<StageRates> stages = {{}, {{0}, 2, 1}, {{0, 1}}};
  try {
    round_quotas(stages, 1);
    FAIL();
  } catch (const SpecError& error) {
    EXPECT_THAT(error.what(), HasSubstr("stage 2 reads stages 0 and 1"));
  }
  EXPECT_THROW(round_quotas({{{}, 1, kEndless}, {{0}, 1, kEndless}, {{1}, 1, kEndless}}, 1), SpecError);
}

TEST(SubmissionOrderTest, knows_the_buffer_that_is_needed) {
  EXPECT_EQ(needed_buffer({{}}, 5), 1U);
  EXPECT_EQ(needed_buffer({{}, {}}, 5), 1U);
  EXPECT_EQ(needed_buffer({{}, {{0}}}, 2), 2U);
  EXPECT_EQ(needed_buffer({{}, {{0}}, {{1}}}, 7), 7U);
  EXPECT_EQ(needed_buffer({{}, {{0}}, {{0, 1}}}, 3), 6U);  // 0 is kept until 2 has read it
  EXPECT_EQ(needed_buffer({{{}, 1, 4}}, 3), 4U);
  EXPECT_EQ(needed_buffer({{}, {}, {{0, 1}}}, 3), 6U);
}

TEST(SubmissionOrderTest, a_buffer_that_is_too_small_is_refused_with_the_size_that_is_needed) {
  try {
    SubmissionOrder(chain(2, 5, 4));
    FAIL();
  } catch (const SpecError& error) {
    EXPECT_THAT(error.what(), HasSubstr("buffer of 4 is too small"));
    EXPECT_THAT(error.what(), HasSubstr("at least 5"));
  }
}

TEST(SubmissionOrderTest, the_shortest_input_ends_a_zip_and_what_only_it_reads) {
  DrivenOrder driven({{{}, {}, {{0, 1}}}, 3, 9, true}, {{0, 4}, {1, kEndless}});
  for (Kind kind = driven.settle(); kind != Kind::idle; kind = driven.settle()) ASSERT_TRUE(driven.take_from(2));
  while (driven.take_from(2)) {
  }
  EXPECT_EQ(driven.taken[2], 4U);
  EXPECT_LE(driven.pulled[1], 6U);  // no further than its turn
  EXPECT_EQ(driven.rules().untaken(), 0U);
}

// Random stages, with the rates' trouble left in: those that cannot balance are drawn again.
SubmissionPlan random_plan(std::mt19937& random) {
  const auto pick = [&](int low, int high) { return std::uniform_int_distribution<int>(low, high)(random); };
  for (;;) {
    SubmissionPlan plan;
    const int count = pick(1, 6);
    for (int k = 0; k < count; ++k) {
      StageRates stage;
      if (k > 0 && pick(0, 3) > 0) {
        const int inputs = pick(1, 2);
        for (int i = 0; i < inputs; ++i) stage.inputs.push_back(static_cast<std::size_t>(pick(0, k - 1)));
      }
      if (pick(0, 3) == 0) stage.consume = static_cast<std::uint64_t>(pick(1, 4));
      if (pick(0, 3) == 0) stage.produce = static_cast<std::uint64_t>(pick(1, 4));
      plan.stages.push_back(stage);
    }
    plan.stride = static_cast<std::uint64_t>(pick(1, 4));
    try {
      plan.buffer = needed_buffer(plan.stages, plan.stride);
      if (plan.buffer < 2000) return plan;
    } catch (const SpecError&) {
    }
  }
}

bool is_plain(const SubmissionPlan& plan) {
  return std::all_of(plan.stages.begin(), plan.stages.end(), [](const StageRates& stage) {
    return stage.inputs.size() < 2 && stage.consume == 1 && stage.produce == 1;
  });
}

std::map<std::size_t, std::uint64_t> random_lengths(const SubmissionPlan& plan, std::mt19937& random) {
  std::map<std::size_t, std::uint64_t> lengths;
  for (std::size_t k = 0; k < plan.stages.size(); ++k) {
    if (plan.stages[k].inputs.empty()) lengths[k] = std::uniform_int_distribution<std::uint64_t>(0, 40)(random);
  }
  return lengths;
}

// Results that a stage gives in all: what the order must come to, worked out from the lengths alone.
std::vector<std::uint64_t> expected_results(const SubmissionPlan& plan,
                                            const std::map<std::size_t, std::uint64_t>& lengths) {
  std::vector<std::uint64_t> results;
  for (std::size_t k = 0; k < plan.stages.size(); ++k) {
    const StageRates& stage = plan.stages[k];
    std::uint64_t inputs = stage.inputs.empty() ? lengths.at(k) : kEndless;
    for (const std::size_t input : stage.inputs) inputs = std::min(inputs, results[input]);
    results.push_back((inputs + stage.consume - 1) / stage.consume * stage.produce);
  }
  return results;
}

// Runs to the end with arrivals and takes at random. @return whether it got there
bool run(DrivenOrder& driven, std::mt19937& random, bool held = false) {
  const auto below = [&](std::size_t size) { return std::uniform_int_distribution<std::size_t>(0, size - 1)(random); };
  for (;;) {
    const Kind kind = driven.pump();
    if (kind == Kind::idle && driven.in_flight.empty() && driven.there.empty()) return true;
    const bool can_arrive = !driven.in_flight.empty();
    const bool can_take = !driven.there.empty();
    if (!can_arrive && !can_take) return held;  // the rest waits for the sources
    if (can_arrive && (!can_take || below(2) == 0)) {
      driven.arrive(below(driven.in_flight.size()));
    } else {
      driven.take(below(driven.there.size()));
    }
  }
}

TEST(SubmissionOrderTest, random_stages_come_to_their_end_within_the_needed_buffer_and_in_one_order) {
  for (unsigned seed = 0; seed < 3000; ++seed) {
    std::mt19937 random(seed);
    SubmissionPlan plan = random_plan(random);
    plan.buffer += seed % 3;
    plan.ordered = seed % 2 == 0;
    const auto lengths = random_lengths(plan, random);
    DrivenOrder driven(plan, lengths);
    ASSERT_TRUE(run(driven, random)) << "stuck, seed " << seed;
    ASSERT_LE(driven.most_untaken, plan.buffer) << "seed " << seed;
    ASSERT_EQ(driven.rules().untaken(), 0U) << "seed " << seed;
    const auto expected = expected_results(plan, lengths);
    for (std::size_t k = 0; k < plan.stages.size(); ++k) {
      ASSERT_TRUE(driven.rules().is_finished(k)) << "seed " << seed;
      if (driven.rules().has_readers(k)) continue;
      ASSERT_EQ(driven.taken[k], expected[k]) << "stage " << k << ", seed " << seed;
    }
    if (!plan.ordered) continue;
    std::mt19937 other(seed + 1);
    DrivenOrder again(plan, lengths);
    ASSERT_TRUE(run(again, other));
    // Ends are noticed when sources are read, which depends on what is taken, but what comes before what does not.
    ASSERT_EQ(driven.order, again.order) << "seed " << seed;
  }
}

TEST(SubmissionOrderTest, one_less_than_the_needed_buffer_is_refused) {
  for (unsigned seed = 0; seed < 500; ++seed) {
    std::mt19937 random(seed);
    SubmissionPlan plan = random_plan(random);
    if (plan.buffer == 1) continue;
    --plan.buffer;
    ASSERT_THROW(SubmissionOrder{plan}, SpecError) << "seed " << seed;
  }
}

TEST(SubmissionOrderTest, held_it_runs_out_of_what_was_read_and_then_goes_on_to_the_end) {
  for (unsigned seed = 0; seed < 2000; ++seed) {
    std::mt19937 random(seed);
    SubmissionPlan plan = random_plan(random);
    plan.buffer += seed % 5;
    plan.ordered = seed % 2 == 0;
    const auto lengths = random_lengths(plan, random);
    DrivenOrder driven(plan, lengths);
    for (int stops = 0; stops < 3; ++stops) {
      driven.pump();
      for (int i = 0; i < 5 && !driven.in_flight.empty(); ++i) {
        driven.arrive(std::uniform_int_distribution<std::size_t>(0, driven.in_flight.size() - 1)(random));
        driven.pump();
        if (!driven.there.empty()) driven.take(0);
      }
      if (seed % 3 == 0) driven.read_ahead();
      driven.rules().hold(true);
      const auto pulled = driven.pulled;
      run(driven, random, /*held=*/true);
      ASSERT_EQ(driven.pulled, pulled) << "seed " << seed;
      for (std::size_t k = 0; k < plan.stages.size() && is_plain(plan); ++k)
        ASSERT_TRUE(driven.rules().is_finished(k)) << seed;
      driven.rules().hold(false);
    }
    ASSERT_TRUE(run(driven, random)) << "stuck afterwards, seed " << seed;
    ASSERT_LE(driven.most_untaken, plan.buffer) << "seed " << seed;
    const auto expected = expected_results(plan, lengths);
    for (std::size_t k = 0; k < plan.stages.size(); ++k) {
      if (driven.rules().has_readers(k)) continue;
      ASSERT_EQ(driven.taken[k], expected[k]) << "stage " << k << ", seed " << seed;
    }
  }
}

}  // namespace
}  // namespace windrow::detail
