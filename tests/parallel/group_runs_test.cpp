// Which ranks evaluate which point together, and what came of it; without any ranks.
#include "parallel/group_runs.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "parallel/callbacks.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Hosts : public Workers {
 public:
  explicit Hosts(std::vector<std::string> hosts) : hosts_(std::move(hosts)) {}
  int count() const override { return static_cast<int>(hosts_.size()); }
  const std::string& host(int worker) const override { return hosts_[static_cast<std::size_t>(worker)]; }
  bool is_remote(int) const override { return true; }
  void send(int, JobTag, std::span<const std::byte>) override {}
  std::optional<WorkerEvent> next(std::chrono::nanoseconds) override { return std::nullopt; }
  bool replace(int) override { return false; }
  bool disposable() const override { return false; }

 private:
  std::vector<std::string> hosts_;
};

class GroupRunsTest : public testing::Test {
 protected:
  explicit GroupRunsTest(std::vector<std::string> hosts = {"a", "a", "a", "a", "a"}) : hosts_(std::move(hosts)) {
    job_.needs = needs_ranks([this](std::uint64_t index) { return needs_.at(index); });
    job_.group_patience = 30.0;
  }

  GroupRuns::Place find(std::uint64_t index) { return runs_.find(index); }
  void succeed(int worker) {
    runs_.take(worker, {0, 1.0, 2.0, false, {}}, 0.0);
    last_ = runs_.came_back(worker);
  }
  void fail(int worker, const std::string& message, double now = 0.0, FailureKind kind = FailureKind::exception) {
    TaskFailure failure;
    failure.kind = kind;
    failure.rank = worker;
    failure.message = message;
    ByteWriter out;
    put_failure(out, failure);
    runs_.take(worker, {0, 1.0, 2.0, true, out.bytes()}, now);
  }
  void fail_and_come(int worker, const std::string& message, FailureKind kind = FailureKind::exception) {
    fail(worker, message, 0.0, kind);
    last_ = runs_.came_back(worker);
  }

  std::map<std::uint64_t, std::uint64_t> needs_;
  Hosts hosts_;
  JobSpec job_;
  GroupRuns runs_{job_, hosts_};
  bool last_ = false;  // whether the last one to come back was the last of its group
};

TEST_F(GroupRunsTest, takes_whoever_is_free_and_leaves_the_root_over) {
  needs_ = {{0, 2}, {1, 2}, {2, 2}};
  EXPECT_THAT(find(0).start->members, ElementsAre(3, 4));
  EXPECT_THAT(find(1).start->members, ElementsAre(1, 2));
  const auto none = find(2);
  EXPECT_FALSE(none.start || none.failure);
  EXPECT_EQ(runs_.first_idle(), 0);
}

TEST_F(GroupRunsTest, a_group_stays_together_and_is_not_made_again) {
  needs_ = {{0, 2}, {1, 2}, {2, 4}, {3, 2}};
  const auto first = *find(0).start;
  succeed(3);
  EXPECT_FALSE(last_);
  EXPECT_FALSE(find(2).start) << "the one that has come back waits for the other";
  succeed(4);
  EXPECT_TRUE(last_);
  const auto ended = runs_.end(4);
  EXPECT_TRUE(ended.has_outcome);
  EXPECT_FALSE(ended.failure);
  EXPECT_EQ(ended.leader, 3);
  const auto second = *find(1).start;
  EXPECT_EQ(second.head.id, first.head.id);
  EXPECT_EQ(second.members, first.members);
  EXPECT_NE(find(3).start->head.id, first.head.id);
  EXPECT_TRUE(runs_.take_freed().empty());
}

TEST_F(GroupRunsTest, a_failure_says_who_met_what) {
  needs_ = {{0, 4}};
  const auto group = *find(0).start;
  EXPECT_THAT(group.members, ElementsAre(1, 2, 3, 4));
  fail_and_come(4, "no space left");
  succeed(2);
  fail_and_come(3, "diverged");
  fail_and_come(1, "diverged");
  ASSERT_TRUE(last_);
  const auto ended = runs_.end(1);
  ASSERT_TRUE(ended.failure);
  EXPECT_EQ(ended.failure->message, "ranks 1, 3: diverged; rank 4: no space left");
  EXPECT_EQ(ended.failure->rank, 1);
  EXPECT_TRUE(ended.has_outcome);
  EXPECT_FALSE(ended.again) << "its model was fresh";
  const auto freed = runs_.take_freed();
  ASSERT_EQ(freed.size(), 1U) << "messages of the point may be under way";
  EXPECT_EQ(freed.front().id, group.head.id);
  EXPECT_EQ(freed.front().members, group.members);
}

TEST_F(GroupRunsTest, what_a_used_group_fails_at_is_tried_again_by_a_new_one) {
  needs_ = {{0, 2}, {1, 2}};
  find(0);
  succeed(3);
  succeed(4);
  runs_.end(3);
  const auto used = *find(1).start;
  fail_and_come(3, "worn out");
  succeed(4);
  const auto ended = runs_.end(4);
  ASSERT_TRUE(ended.again);
  EXPECT_EQ(ended.again->index, 1U);
  EXPECT_EQ(ended.again->head.attempt, 2);
  EXPECT_EQ(ended.again->members, used.members);
  EXPECT_NE(ended.again->head.id, used.head.id);
  EXPECT_EQ(find(0).start->members, (std::vector<int>{1, 2})) << "the others are at the point again";
  fail_and_come(3, "still broken");
  succeed(4);
  const auto last = runs_.end(4);
  EXPECT_FALSE(last.again);
  EXPECT_TRUE(last.has_outcome);
  EXPECT_EQ(last.failure->attempts, 2);
}

TEST_F(GroupRunsTest, a_point_that_all_ranks_reject_leaves_its_group_sound) {
  needs_ = {{0, 2}, {1, 2}};
  const auto group = *find(0).start;
  fail_and_come(3, "outside", FailureKind::rejected);
  fail_and_come(4, "outside", FailureKind::rejected);
  EXPECT_EQ(runs_.end(4).failure->kind, FailureKind::rejected);
  EXPECT_EQ(find(1).start->head.id, group.head.id);
  fail_and_come(3, "outside", FailureKind::rejected);
  succeed(4);
  runs_.end(4);
  EXPECT_EQ(runs_.take_freed().size(), 1U) << "not all of them did";
}

TEST_F(GroupRunsTest, an_interrupted_point_has_no_outcome) {
  needs_ = {{0, 2}};
  find(0);
  succeed(3);
  EXPECT_TRUE(runs_.came_back(4));
  const auto ended = runs_.end(4);
  EXPECT_TRUE(ended.interrupted);
  EXPECT_FALSE(ended.has_outcome);
}

TEST_F(GroupRunsTest, a_failure_is_told_though_others_have_not_come_back_and_then_the_job_is_given_up) {
  needs_ = {{0, 3}};
  find(0);
  fail(4, "no licence", 10.0);
  EXPECT_FALSE(runs_.came_back(4));
  EXPECT_FALSE(runs_.take_overdue(10.9));
  const auto overdue = runs_.take_overdue(11.1);
  ASSERT_TRUE(overdue);
  EXPECT_THAT(overdue->failure->message, HasSubstr("rank 4: no licence; ranks 2, 3 had not come back"));
  EXPECT_FALSE(runs_.take_overdue(20.0)) << "once";
  EXPECT_NO_THROW(runs_.check_patience(39.9));
  EXPECT_THROW(runs_.check_patience(40.1), GroupStuck);
  succeed(2);  // late, but there
  succeed(3);
  ASSERT_TRUE(last_);
  EXPECT_FALSE(runs_.end(3).has_outcome) << "it has been told";
  EXPECT_NO_THROW(runs_.check_patience(1e9));
}

TEST_F(GroupRunsTest, a_lost_rank_fails_its_group_and_is_in_no_other) {
  needs_ = {{0, 2}, {1, 4}, {2, 5}, {3, 6}};
  find(0);
  TaskFailure loss;
  loss.kind = FailureKind::lost;
  loss.rank = 4;
  loss.message = "rank 4 was lost";
  EXPECT_FALSE(runs_.lose(4, loss, 0.0));
  succeed(3);
  const auto ended = runs_.end(3);
  EXPECT_EQ(ended.failure->kind, FailureKind::lost);
  EXPECT_TRUE(runs_.take_freed().empty()) << "it is not there to free anything";
  EXPECT_THAT(find(1).start->members, ElementsAre(0, 1, 2, 3));
  EXPECT_EQ(find(2).failure->kind, FailureKind::lost);
  EXPECT_EQ(find(3).failure->kind, FailureKind::rejected);
}

TEST_F(GroupRunsTest, a_number_of_ranks_that_cannot_be_told_rejects_its_point) {
  job_.needs = needs_ranks([](std::uint64_t index) -> std::uint64_t {
    if (index == 1) throw 42;
    throw std::runtime_error("no such mesh");
  });
  for (const std::uint64_t index : {0, 1}) {
    const auto place = find(index);
    ASSERT_TRUE(place.failure);
    EXPECT_EQ(place.failure->kind, FailureKind::rejected);
    EXPECT_EQ(place.failure->message, index == 0 ? "no such mesh" : "42");
  }
}

TEST_F(GroupRunsTest, a_point_that_one_threw_at_and_another_was_lost_at_is_not_tried_again_by_both) {
  needs_ = {{0, 2}, {1, 2}};
  find(0);
  succeed(3);
  succeed(4);
  runs_.end(3);
  find(1);
  fail_and_come(3, "worn out");
  EXPECT_TRUE(runs_.lose(4, TaskFailure::lost("rank 4 was lost"), 0.0));
  const auto ended = runs_.end(4);
  EXPECT_FALSE(ended.again) << "the lost one would be waited for";
  EXPECT_TRUE(ended.has_outcome);
  EXPECT_TRUE(ended.failure);
}

TEST_F(GroupRunsTest, who_gives_up_gets_nothing_more) {
  needs_ = {{0, 2}, {1, 4}, {2, 5}};
  find(0);
  runs_.give_up(3);
  runs_.give_up(0);
  succeed(3);
  succeed(4);
  runs_.end(4);
  EXPECT_EQ(runs_.first_idle(), 1);
  EXPECT_EQ(find(1).failure->kind, FailureKind::lost);
  needs_[1] = 3;
  EXPECT_THAT(find(1).start->members, ElementsAre(1, 2, 4));
}

// However sizes and who is free alternate: a group that could take the point is taken, ranks are never in two points at
// a time, only idle groups are freed, and each rank is in few.
TEST_F(GroupRunsTest, kept_groups_are_found_again_and_are_bounded) {
  std::mt19937 random(7);
  std::map<std::uint64_t, std::vector<int>> kept;
  std::vector<std::vector<int>> running;
  std::set<int> busy;
  const auto is_idle = [&](int w) { return !busy.contains(w); };
  std::size_t found_again = 0;
  for (std::uint64_t i = 0; i < 2000; ++i) {
    needs_[i] = 1 + random() % 4;
    const auto place = find(i);
    const auto idle = static_cast<std::size_t>(hosts_.count()) - busy.size();
    ASSERT_EQ(place.start.has_value(), needs_[i] <= idle);
    const bool one_was_there = std::ranges::any_of(kept, [&](const auto& group) {
      return group.second.size() == needs_[i] && std::ranges::all_of(group.second, is_idle);
    });
    for (const auto& freed : runs_.take_freed()) {
      EXPECT_TRUE(std::ranges::all_of(freed.members, is_idle)) << "others may be at a point";
      EXPECT_EQ(kept.erase(freed.id), 1U);
    }
    if (place.start) {
      EXPECT_EQ(kept.contains(place.start->head.id), one_was_there);
      found_again += one_was_there ? 1 : 0;
      kept[place.start->head.id] = place.start->members;
      for (const int w : place.start->members) EXPECT_TRUE(busy.insert(w).second);
      running.push_back(place.start->members);
    }
    std::size_t memberships = 0;
    for (const auto& [id, members] : kept) memberships += members.size();
    EXPECT_LE(memberships, 4U * 5U + 4U);
    while (!running.empty() && (busy.size() == 5 || random() % 2 == 0)) {
      std::swap(running[random() % running.size()], running.back());
      for (const int w : running.back()) {
        succeed(w);
        busy.erase(w);
      }
      runs_.end(running.back().front());
      running.pop_back();
    }
  }
  EXPECT_GT(found_again, 500U);
}

class GroupsOnHostsTest : public GroupRunsTest {
 protected:
  GroupsOnHostsTest() : GroupRunsTest({"a", "a", "a", "b", "b", "c"}) {}
};

TEST_F(GroupsOnHostsTest, groups_are_on_one_host_where_they_fit_best) {
  needs_ = {{0, 2}, {1, 2}, {2, 2}};
  EXPECT_THAT(find(0).start->members, ElementsAre(3, 4));
  EXPECT_THAT(find(1).start->members, ElementsAre(1, 2));
  EXPECT_THAT(find(2).start->members, ElementsAre(0, 5));
}

}  // namespace
}  // namespace windrow::detail
