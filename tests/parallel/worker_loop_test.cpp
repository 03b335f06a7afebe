#include "parallel/worker_loop.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <deque>
#include <limits>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "parallel/callbacks.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

/// A root that has said everything beforehand, and keeps what it is told.
class FakeRoot : public RootLink {
 public:
  FakeRoot() : RootLink(&marked) {}
  struct Told {
    JobTag tag;
    std::uint64_t finished = 0;
    std::vector<std::uint64_t> indices = {};
  };

  void assign(std::vector<IndexRun> runs, double budget = 1000.0, double patience = 1000.0, bool gives_back = true) {
    ByteWriter out;
    AssignmentHead head{0, runs.size(), budget, patience, gives_back ? 1U : 0U};
    head.shares_clock = shares_clock ? 1 : 0;
    out.put(head);
    for (const IndexRun& run : runs) out.put(run);
    messages.push_back({kAssign, out.take()});
  }
  /// One point, for a group of ranks 0 and 1.
  void assign_to_group(std::uint64_t index, std::uint64_t group) {
    ByteWriter out;
    out.put(AssignmentHead{0, 1, 1000.0, 1000.0, 0, 0, 2});
    out.put(IndexRun{index, 1, 1});
    out.put(GroupHead{group, 1});
    out.put(0);
    out.put(1);
    messages.push_back({kAssign, out.take()});
  }
  void free_group(std::uint64_t group) {
    ByteWriter out;
    out.put(group);
    messages.push_back({kFreeGroup, out.take()});
  }
  void say(JobTag tag) { messages.push_back({tag, {}}); }

  Frame receive() override {
    auto frame = try_receive();
    if (!frame) throw PeerLost("the fake root has nothing more to say");
    return *std::move(frame);
  }
  std::optional<Frame> try_receive() override {
    if (messages.empty()) return std::nullopt;
    Frame frame = std::move(messages.front());
    messages.pop_front();
    return frame;
  }
  void send(JobTag tag, std::span<const std::byte> payload) override {
    told.push_back({tag});
    ++tellings;
    if (tag == kPiece && answers_pieces) say(kPieceTaken);
    if (tag != kResults && tag != kGivenBack) return;
    ResultReader in(payload);
    told.back().finished = in.finished();
    for (ResultGroup group; in.next(group);) {
      times.push_back({group.first.index, group.count, group.first.elapsed});
      for (std::uint64_t i = 0; i < group.count; ++i) {
        const Result result = group.at(i);
        told.back().indices.push_back(result.index);
        if (result.failed) failed.push_back(result.index);
        payloads.emplace_back(result.payload.begin(), result.payload.end());
      }
    }
  }
  bool is_thread_safe() const override { return watched; }

  std::vector<std::uint64_t> all_indices() const {
    std::vector<std::uint64_t> all;
    for (const Told& message : told) all.insert(all.end(), message.indices.begin(), message.indices.end());
    return all;
  }

  /// Outcomes with one time.
  struct Time {
    std::uint64_t first = 0;
    std::uint64_t count = 0;
    double each = 0.0;
  };
  std::uint64_t most_with_one_time() const {
    std::uint64_t most = 0;
    for (const Time& time : times) most = std::max(most, time.count);
    return most;
  }

  bool shares_clock = false;  // as assignments say from now on
  std::vector<Time> times;
  std::vector<std::uint64_t> failed;
  std::vector<Bytes> payloads;  // of all outcomes
  bool answers_pieces = false;
  bool watched = false;  // whether a second thread may look after the evaluating one
  std::deque<Frame> messages;
  std::vector<Told> told;
  std::atomic<int> tellings = 0;          // for an evaluation, which may go on while the second thread tells
  std::atomic<std::uint64_t> marked = 0;  // the index + 1
};

TestEvaluation returning_the_index(std::uint64_t slow = std::numeric_limits<std::uint64_t>::max()) {
  TestEvaluation task;
  task.on_evaluate = [slow](const Assigned& assigned, WorkerContext&,
                            ByteWriter& result) -> std::optional<TaskFailure> {
    if (assigned.index == slow) std::this_thread::sleep_for(std::chrono::milliseconds(30));
    result.put(assigned.index);
    return std::nullopt;
  };
  return task;
}

/// Groups without ranks, and what they are asked.
class FakeGroups : public RankGroups {
 public:
  RankGroup& use(std::uint64_t id, std::span<const int> members) override {
    asked.push_back("use " + std::to_string(id) + " of " + std::to_string(members.size()));
    return group;
  }
  void free(std::uint64_t id) override { asked.push_back("free " + std::to_string(id)); }
  RankGroup& alone() override { return group; }

  RankGroup group;
  std::vector<std::string> asked;
};

TEST(WorkerLoopTest, a_point_of_a_group_is_evaluated_though_a_stop_has_come) {
  FakeRoot root;
  root.assign_to_group(7, 3);
  root.say(kStop);
  TestEvaluation task = returning_the_index();
  task.rank_groups = std::make_shared<FakeGroups>();
  WorkerLoop loop(root, task, 1, "node1");
  while (loop.step()) {
  }
  EXPECT_THAT(root.all_indices(), ElementsAre(7)) << "another rank of the group may have begun, and waits";
  EXPECT_EQ(root.told.back().finished, 1U);
}

TEST(WorkerLoopTest, groups_are_made_and_freed_in_the_order_of_the_messages) {
  FakeRoot root;
  root.assign_to_group(7, 3);
  TestEvaluation task = returning_the_index();
  auto groups = std::make_shared<FakeGroups>();
  task.rank_groups = groups;
  RankGroup* seen = nullptr;
  task.on_evaluate = [&seen](const Assigned& assigned, WorkerContext&, ByteWriter&) -> std::optional<TaskFailure> {
    seen = assigned.group;
    return std::nullopt;
  };
  WorkerLoop loop(root, task, 1, "node1");
  while (loop.step()) {
  }
  root.free_group(3);
  root.assign_to_group(8, 4);
  while (loop.step()) {
  }
  EXPECT_EQ(seen, &groups->group);
  EXPECT_THAT(groups->asked, ElementsAre("use 3 of 2", "free 3", "use 4 of 2"));
}

// MPI gives the core away while it looks for messages, where cores are short.
TEST(WorkerLoopTest, looking_for_messages_is_in_the_account_however_long_it_takes) {
  class SlowToLook : public FakeRoot {
   public:
    std::optional<Frame> try_receive() override {
      ++looked;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      return std::nullopt;
    }
    Frame receive() override { return *FakeRoot::try_receive(); }
    void send(JobTag tag, std::span<const std::byte> payload) override {
      if (tag == kResults) times = ResultReader(payload).times();
      FakeRoot::send(tag, payload);
    }
    WorkerTimes times{};
    int looked = 0;
  };
  SlowToLook root;
  root.assign({{0, 4, 1}});
  for (int i = 0; i < 4; ++i) root.assign({{4, 1, 1}});
  root.say(kEnd);
  TestEvaluation task;
  task.on_evaluate = [](const Assigned&, WorkerContext&, ByteWriter&) -> std::optional<TaskFailure> {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    return std::nullopt;
  };
  WorkerLoop(root, task, 1, "node").run();
  EXPECT_GT(root.looked, 4);
  // The last messages are looked for after the times were told.
  EXPECT_GE(root.times.spent.sum(), 0.01 * (root.looked - 2) + 8 * 0.002);
  EXPECT_LE(root.times.spent.sum(), 1.01 * root.times.span + 1e-3);
}

TEST(WorkerLoopTest, runs_are_evaluated_in_order_and_told_together) {
  FakeRoot root;
  root.assign({{3, 2, 1}, {100, 3, 10}});
  TestEvaluation task = returning_the_index();
  WorkerLoop loop(root, task, 1, "node1");
  while (loop.step()) {
  }
  ASSERT_THAT(root.told, SizeIs(1));
  EXPECT_EQ(root.told[0].finished, 1U);
  EXPECT_THAT(root.told[0].indices, ElementsAre(3, 4, 100, 110, 120));
  EXPECT_EQ(root.marked, 0U);
}

TEST(WorkerLoopTest, without_patience_every_outcome_travels_as_it_is_made) {
  FakeRoot root;
  root.assign({{0, 3, 1}}, 1000.0, 0.0);
  TestEvaluation task = returning_the_index();
  WorkerLoop loop(root, task, 1, "node1");
  while (loop.step()) {
  }
  for (std::uint64_t i = 0; i < 3; ++i) EXPECT_THAT(root.told.at(i).indices, ElementsAre(i));
}

TEST(WorkerLoopTest, what_takes_over_its_budget_gives_back_everything_not_begun) {
  FakeRoot root;
  root.assign({{0, 5, 1}}, 0.010);
  root.assign({{50, 5, 1}}, 0.010);
  TestEvaluation task = returning_the_index(/*slow=*/2);
  WorkerLoop loop(root, task, 1, "node1");
  while (loop.step()) {
  }
  EXPECT_THAT(root.all_indices(), ElementsAre(0, 1, 2));
  EXPECT_EQ(root.told.back().finished, 2U) << "the assignment that waited goes back too";
}

TEST(WorkerLoopTest, the_last_point_may_take_as_long_as_it_likes) {
  FakeRoot root;
  root.assign({{0, 3, 1}}, 0.010);
  root.assign({{50, 2, 1}}, 10.0);
  TestEvaluation task = returning_the_index(/*slow=*/2);
  WorkerLoop loop(root, task, 1, "node1");
  while (loop.step()) {
  }
  EXPECT_THAT(root.all_indices(), ElementsAre(0, 1, 2, 50, 51)) << "nothing was late when the next began";
}

TEST(WorkerLoopTest, a_worker_that_cannot_evaluate_any_more_tells_what_it_has_and_leaves_the_rest) {
  FakeRoot root;
  root.assign({{0, 5, 1}});
  root.assign({{50, 5, 1}});
  TestEvaluation task = returning_the_index();
  task.on_evaluate = [good = task.on_evaluate](const Assigned& assigned, WorkerContext& context, ByteWriter& result) {
    if (assigned.index == 2) throw WorkerUnable("no licence any more");
    return good(assigned, context, result);
  };
  WorkerLoop loop(root, task, 1, "node1");
  while (loop.step()) {
  }
  ASSERT_THAT(root.told, SizeIs(4));
  EXPECT_THAT(root.told[0].indices, ElementsAre(0, 1));
  EXPECT_EQ(root.told[0].finished, 0U);
  EXPECT_EQ(root.told[1].tag, kBuildFailed);
  EXPECT_THAT(root.all_indices(), ElementsAre(0, 1));
  EXPECT_EQ(root.told[2].finished + root.told[3].finished, 2U) << "the root knows that it has finished";
  EXPECT_EQ(root.marked, 0U);
}

// The evaluation waits for the second thread, so that this fails by its limit if there is none.
TestEvaluation waiting_for_a_message(FakeRoot& root, std::uint64_t slow) {
  TestEvaluation task;
  task.on_evaluate = [&root, slow](const Assigned& assigned, WorkerContext& context,
                                   ByteWriter& result) -> std::optional<TaskFailure> {
    const int before = root.tellings;
    for (int i = 0; assigned.index == slow && i < 10'000; ++i) {
      context.stop_requested();  // holds the lock that the other thread has while it tells
      if (root.tellings > before) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    result.put(assigned.index);
    return std::nullopt;
  };
  return task;
}

TEST(WorkerLoopTest, inside_a_long_point_everything_else_is_told_and_given_back) {
  FakeRoot root;
  root.watched = true;
  root.assign({{0, 5, 1}}, 0.010);
  root.assign({{50, 5, 1}}, 0.010);
  TestEvaluation task = waiting_for_a_message(root, /*slow=*/2);
  WorkerLoop loop(root, task, 1, "node1");
  while (loop.step()) {
  }
  ASSERT_THAT(root.told, SizeIs(2));
  EXPECT_EQ(root.told[0].tag, kGivenBack);
  EXPECT_THAT(root.told[0].indices, ElementsAre(0, 1));
  EXPECT_EQ(root.told[0].finished, 2U) << "the assignment that waited is in it";
  EXPECT_EQ(root.told[1].tag, kResults);
  EXPECT_THAT(root.told[1].indices, ElementsAre(2));
  EXPECT_EQ(root.told[1].finished, 1U);
}

TEST(WorkerLoopTest, outcomes_do_not_wait_behind_a_long_point_where_nothing_is_given_back) {
  FakeRoot root;
  root.watched = true;
  root.assign({{0, 5, 1}}, 0.010, 1000.0, /*gives_back=*/false);
  TestEvaluation task = waiting_for_a_message(root, /*slow=*/2);
  WorkerLoop loop(root, task, 1, "node1");
  while (loop.step()) {
  }
  ASSERT_FALSE(root.told.empty());
  EXPECT_EQ(root.told[0].tag, kResults);
  EXPECT_THAT(root.told[0].indices, ElementsAre(0, 1));
  EXPECT_EQ(root.told[0].finished, 0U);
  EXPECT_THAT(root.all_indices(), ElementsAre(0, 1, 2, 3, 4));
}

std::vector<std::uint64_t> first_numbers(std::uint64_t count) {
  std::vector<std::uint64_t> numbers(count);
  std::iota(numbers.begin(), numbers.end(), std::uint64_t{0});
  return numbers;
}

void run_until_idle(FakeRoot& root, Evaluation& task) {
  WorkerLoop loop(root, task, 1, "node1");
  while (loop.step()) {
  }
}

TEST(WorkerLoopTest, short_points_share_a_reading_of_the_clock_where_they_may) {
  for (const bool may : {false, true}) {
    FakeRoot root;
    root.shares_clock = may;
    root.assign({{0, 3000, 1}});
    root.assign({{3000, 1000, 7}});
    TestEvaluation task = returning_the_index();
    run_until_idle(root, task);
    ASSERT_THAT(root.payloads, SizeIs(4000));
    const auto indices = root.all_indices();
    for (std::uint64_t i = 0; i < 4000; ++i) {
      EXPECT_EQ(indices[i], i < 3000 ? i : 3000 + 7 * (i - 3000));
      EXPECT_EQ(ByteReader(root.payloads[i]).get<std::uint64_t>(), indices[i]);
    }
    EXPECT_EQ(root.most_with_one_time() > 1, may);
    EXPECT_LE(root.most_with_one_time(), 16U);
  }
}

// So that a point that turns out to be long has few with it.
TEST(WorkerLoopTest, points_that_are_not_short_have_a_time_each) {
  FakeRoot root;
  root.shares_clock = true;
  root.assign({{0, 20, 1}});
  TestEvaluation task;
  task.on_evaluate = [](const Assigned&, WorkerContext&, ByteWriter&) -> std::optional<TaskFailure> {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return std::nullopt;
  };
  run_until_idle(root, task);
  EXPECT_EQ(root.most_with_one_time(), 1U);
  EXPECT_THAT(root.all_indices(), SizeIs(20));
}

TEST(WorkerLoopTest, a_long_point_among_short_ones_keeps_its_time_and_holds_nothing_up) {
  for (const bool gives_back : {true, false}) {
    FakeRoot root;
    root.watched = root.shares_clock = true;
    root.assign({{0, 4000, 1}}, 0.010, 1000.0, gives_back);
    TestEvaluation task = waiting_for_a_message(root, /*slow=*/1999);
    task.on_evaluate = [&root, wait = task.on_evaluate](const Assigned& assigned, WorkerContext& context,
                                                        ByteWriter& result) {
      auto outcome = wait(assigned, context, result);
      if (assigned.index == 1999) {
        context.stop_requested();  // once the other thread has told all
        EXPECT_THAT(root.all_indices(), first_numbers(1999)) << "told while it is evaluated";
      }
      return outcome;
    };
    run_until_idle(root, task);
    EXPECT_THAT(root.all_indices(), first_numbers(gives_back ? 2000 : 4000));
    const auto slow = std::find_if(root.times.begin(), root.times.end(), [](const auto& time) {
      return time.first <= 1999 && time.first + time.count > 1999;
    });
    ASSERT_NE(slow, root.times.end());
    EXPECT_EQ(slow->count, 1U);
    EXPECT_EQ(std::max_element(root.times.begin(), root.times.end(),
                               [](const auto& a, const auto& b) { return a.each < b.each; }),
              slow);
  }
}

TEST(WorkerLoopTest, what_shares_a_reading_may_fail_and_differ_in_size) {
  FakeRoot root;
  root.shares_clock = true;
  root.assign({{0, 2000, 1}});
  TestEvaluation task;
  task.on_evaluate = [](const Assigned& assigned, WorkerContext&, ByteWriter& result) -> std::optional<TaskFailure> {
    result.put(assigned.index);
    if (assigned.index % 97 == 50) result.put(true);
    if (assigned.index % 101 == 7) throw std::runtime_error("no");
    if (assigned.index % 103 == 9) return TaskFailure::rejected("turned down");
    return std::nullopt;
  };
  task.on_observe = [](const Assigned& assigned, std::span<const std::byte>, const TaskFailure* failure) {
    if (failure == nullptr && assigned.index % 107 == 11) throw std::runtime_error("cannot be kept");
  };
  run_until_idle(root, task);
  EXPECT_THAT(root.all_indices(), first_numbers(2000));
  EXPECT_GT(root.most_with_one_time(), 1U);
  std::vector<std::uint64_t> failing;
  for (std::uint64_t i = 0; i < 2000; ++i) {
    if (i % 101 == 7 || i % 103 == 9 || i % 107 == 11) {
      failing.push_back(i);
    } else {
      EXPECT_EQ(ByteReader(root.payloads[i]).get<std::uint64_t>(), i);
      EXPECT_EQ(root.payloads[i].size(), i % 97 == 50 ? 9U : 8U);
    }
  }
  EXPECT_EQ(root.failed, failing);
}

TEST(WorkerLoopTest, none_begins_after_a_recall_though_it_were_to_share_a_reading) {
  FakeRoot root;
  root.shares_clock = true;
  root.assign({{0, 4000, 1}});
  TestEvaluation task = returning_the_index();
  task.on_evaluate = [&root, good = task.on_evaluate](const Assigned& assigned, WorkerContext& context,
                                                      ByteWriter& result) {
    if (assigned.index == 1999) {
      root.say(kRecall);
      while (!root.messages.empty()) context.stop_requested();
    }
    return good(assigned, context, result);
  };
  run_until_idle(root, task);
  EXPECT_THAT(root.all_indices(), first_numbers(2000));
}

TEST(WorkerLoopTest, where_it_may_not_nothing_is_given_back) {
  FakeRoot root;
  root.assign({{0, 5, 1}}, 0.010, 1000.0, /*gives_back=*/false);
  TestEvaluation task = returning_the_index(/*slow=*/2);
  WorkerLoop loop(root, task, 1, "node1");
  while (loop.step()) {
  }
  EXPECT_THAT(root.all_indices(), SizeIs(5));
}

TEST(WorkerLoopTest, a_failure_takes_nothing_from_the_points_around_it) {
  FakeRoot root;
  root.assign({{0, 4, 1}});
  TestEvaluation task;
  std::vector<std::uint64_t> failed;
  task.on_evaluate = [](const Assigned& assigned, WorkerContext&, ByteWriter& result) -> std::optional<TaskFailure> {
    result.put(assigned.index);
    if (assigned.index == 1) throw std::runtime_error("no");
    if (assigned.index == 2) return TaskFailure{.kind = FailureKind::rejected, .message = "turned down", .host = ""};
    return std::nullopt;
  };
  task.on_observe = [&](const Assigned& assigned, std::span<const std::byte> result, const TaskFailure* failure) {
    if (failure != nullptr) failed.push_back(failure->index);
    if (failure == nullptr) {
      EXPECT_EQ(ByteReader(result).get<std::uint64_t>(), assigned.index);
    }
  };
  WorkerLoop loop(root, task, 1, "node1");
  while (loop.step()) {
  }
  EXPECT_THAT(root.all_indices(), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(failed, ElementsAre(1, 2));
}

TEST(WorkerLoopTest, a_stop_leaves_what_has_not_begun) {
  FakeRoot root;
  root.assign({{0, 1000, 1}});
  TestEvaluation task;
  task.on_evaluate = [&root](const Assigned& assigned, WorkerContext& context,
                             ByteWriter&) -> std::optional<TaskFailure> {
    if (assigned.index != 1) return std::nullopt;
    root.say(kStop);
    while (!context.stop_requested()) {
    }
    return std::nullopt;
  };
  WorkerLoop loop(root, task, 1, "node1");
  while (loop.step()) {
  }
  EXPECT_THAT(root.all_indices(), ElementsAre(0, 1));
  EXPECT_EQ(root.told.back().finished, 1U);
}

TEST(WorkerLoopTest, a_build_that_a_stop_interrupts_has_not_failed) {
  FakeRoot root;
  root.assign({{0, 10, 1}});
  TestEvaluation task = returning_the_index();
  task.on_build = [&root] {
    root.say(kStop);
    throw Interrupted();
  };
  WorkerLoop loop(root, task, 1, "node1");
  while (loop.step()) {
  }
  EXPECT_THAT(root.all_indices(), IsEmpty());
  ASSERT_EQ(root.told.size(), 1U);
  EXPECT_EQ(root.told.back().tag, kResults);
  EXPECT_EQ(root.told.back().finished, 1U);
}

TEST(WorkerLoopTest, a_root_that_goes_while_an_evaluation_asks_for_it_fails_the_point_and_hangs_nothing) {
  class Leaving : public FakeRoot {
   public:
    std::optional<Frame> try_receive() override {
      if (gone) throw PeerLost("the root is gone");
      return FakeRoot::try_receive();
    }
    bool gone = false;
  };
  Leaving root;
  root.assign({{0, 1, 1}});
  TestEvaluation task;
  task.on_evaluate = [&root](const Assigned&, WorkerContext& context, ByteWriter&) -> std::optional<TaskFailure> {
    root.gone = true;
    while (!context.stop_requested()) {
    }
    return std::nullopt;
  };
  WorkerLoop loop(root, task, 1, "node1");
  EXPECT_TRUE(loop.step());
  EXPECT_THAT(root.all_indices(), ElementsAre(0));
  EXPECT_THROW(loop.step(), PeerLost);
}

TEST(WorkerLoopTest, what_is_kept_ready_is_given_up_before_a_wait_and_at_the_end_alone) {
  FakeRoot root;
  root.assign({{0, 3, 1}});
  root.assign({{3, 2, 1}});
  TestEvaluation task = returning_the_index();
  std::vector<std::size_t> rested_after;
  task.on_idle = [&] { rested_after.push_back(root.all_indices().size()); };
  {
    WorkerLoop loop(root, task, 1, "node1");
    while (loop.step()) {
    }
    EXPECT_THAT(rested_after, ElementsAre(5));
    root.assign({{5, 1, 1}});
    root.say(kEnd);
    EXPECT_TRUE(loop.step());
  }
  EXPECT_THAT(rested_after, ElementsAre(5, 6));
}

TEST(WorkerLoopTest, may_tell_each_point_and_let_its_caller_look_up) {
  FakeRoot root;
  root.assign({{0, 3, 1}});
  TestEvaluation task = returning_the_index();
  WorkerLoop loop(root, task, 1, "node1");
  loop.tell_each_point();
  for (std::uint64_t i = 0; i < 3; ++i) {
    EXPECT_TRUE(loop.step());
    EXPECT_EQ(root.all_indices().size(), i + 1);
  }
}

TEST(WorkerLoopTest, an_evaluation_that_asks_for_its_limit_has_the_outcomes_told_that_it_may_follow_from) {
  FakeRoot root;
  root.assign({{0, 3, 1}});
  TestEvaluation task = returning_the_index();
  std::vector<std::size_t> told;
  task.on_evaluate = [&](const Assigned&, WorkerContext& context, ByteWriter&) -> std::optional<TaskFailure> {
    context.time_limit();
    told.push_back(root.all_indices().size());
    return std::nullopt;
  };
  WorkerLoop loop(root, task, 1, "node1");
  while (loop.step()) {
  }
  EXPECT_THAT(told, ElementsAre(0, 1, 2));
}

TEST(WorkerLoopTest, an_assignment_that_is_cut_off_is_an_error) {
  for (std::size_t size : {0U, 8U, 31U, 33U}) {
    FakeRoot root;
    root.assign({{0, 1, 1}});
    root.messages.front().payload.resize(size);
    TestEvaluation task = returning_the_index();
    WorkerLoop loop(root, task, 1, "node1");
    EXPECT_THROW(loop.step(), ParallelError) << size;
  }
}

TestEvaluation sending_pieces(int pieces) {
  TestEvaluation task;
  task.on_evaluate = [pieces](const Assigned&, WorkerContext& context, ByteWriter&) -> std::optional<TaskFailure> {
    for (int i = 0; i < pieces; ++i) context.send_piece(Bytes(10));
    return std::nullopt;
  };
  return task;
}

TEST(WorkerLoopTest, pieces_go_ahead_of_their_outcome) {
  FakeRoot root;
  root.answers_pieces = true;
  root.assign({{0, 1, 1}});
  TestEvaluation task = sending_pieces(3);
  WorkerLoop loop(root, task, 1, "node1");
  EXPECT_TRUE(loop.step());
  ASSERT_THAT(root.told, SizeIs(4));
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(root.told[i].tag, kPiece);
  EXPECT_THAT(root.told[3].indices, ElementsAre(0));
}

TEST(WorkerLoopTest, what_the_root_says_before_it_takes_a_piece_is_heard) {
  FakeRoot root;
  root.answers_pieces = true;
  root.assign({{0, 2, 1}});
  TestEvaluation task;
  task.on_evaluate = [&](const Assigned&, WorkerContext& context, ByteWriter&) -> std::optional<TaskFailure> {
    root.say(kStop);
    context.send_piece(Bytes(10));
    EXPECT_TRUE(root.messages.empty());
    return std::nullopt;
  };
  WorkerLoop loop(root, task, 1, "node1");
  while (loop.step()) {
  }
  EXPECT_LE(root.all_indices().size(), 2U);
  EXPECT_EQ(root.told.back().finished, 1U);
}

TEST(WorkerLoopTest, the_next_piece_waits_until_the_root_has_taken_the_last) {
  FakeRoot root;  // never answers, and has nothing more to say: to wait for it throws
  root.assign({{0, 1, 1}});
  TestEvaluation task = sending_pieces(3);
  WorkerLoop loop(root, task, 1, "node1");
  loop.step();
  int pieces = 0;
  for (const FakeRoot::Told& told : root.told) pieces += told.tag == kPiece ? 1 : 0;
  EXPECT_EQ(pieces, 1);
}

}  // namespace
}  // namespace windrow::detail
