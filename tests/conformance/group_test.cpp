// Sweeps whose evaluations are parallel themselves, on every number of ranks; what other backends say of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <mpi.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "conformance/conformance.hpp"
#include "conformance/shared_directory.hpp"
#include "windrow/mpi.hpp"
#include "windrow/store/export.hpp"

namespace windrow {
namespace {

using test::manager;
using test::SharedDirectory;
using testing::HasSubstr;

int size_of(MPI_Comm comm) {
  int size = 0;
  MPI_Comm_size(comm, &size);
  return size;
}

int rank_of(MPI_Comm comm) {
  int rank = 0;
  MPI_Comm_rank(comm, &rank);
  return rank;
}

Design points(int count) {
  return grid({linear("i", 0.0, static_cast<double>(count - 1), static_cast<std::size_t>(count))}, 7);
}

/// A sum that is the same for every number of ranks: all integers.
double sum_over(MPI_Comm comm, const Point& p) {
  const int n = 100;
  double part = 0.0;
  for (int i = rank_of(comm); i < n; i += size_of(comm)) part += i * std::round(p["i"].number());
  double sum = 0.0;
  MPI_Allreduce(&part, &sum, 1, MPI_DOUBLE, MPI_SUM, comm);
  return sum;
}

bool has_ranks(int needed) {
  return manager().backend() == Backend::mpi && manager().size() >= needed;
}

std::vector<Column> two_outputs() {
  return {{"sum", "", "number", ""}, {"size", "", "integer", ""}};
}

std::vector<Value> sum_and_size(int&, const Point& p, MPI_Comm comm) {
  const double sum = sum_over(comm, p);
  // Only the first rank's result counts.
  return rank_of(comm) == 0 ? std::vector<Value>{sum, size_of(comm)} : std::vector<Value>{-1.0};
}

void expect_sums(const SweepResult& result, const Design& design, const std::function<int(const Point&)>& ranks) {
  EXPECT_EQ(result.succeeded, design.size());
  for (std::uint64_t i = 0; i < result.outcomes.size(); ++i) {
    const Point point = design.point(i);
    const std::vector<Value> expected{4950.0 * static_cast<double>(i), ranks(point)};
    if (result.outcomes[i].ok()) {
      EXPECT_EQ(result.outcomes[i].value(), expected) << "point " << i;
    } else {
      ADD_FAILURE() << describe(result.outcomes[i].failure());
    }
  }
}

TEST(GroupTest, every_group_has_a_communicator_of_its_size) {
  for (const int ranks : {1, 2, 3}) {
    if (!has_ranks(ranks)) continue;
    for (const Schedule schedule :
         {Schedule::automatic, Schedule::dynamic, Schedule::guided, Schedule::longest_first}) {
      GroupSweep sweep(points(23), [](MPI_Comm comm) { return size_of(comm); }, sum_and_size, two_outputs(),
                       {.ranks = ranks});
      expect_sums(sweep.run(manager(), {.schedule = schedule}), sweep.design(),
                  [ranks](const Point&) { return ranks; });
    }
  }
}

TEST(GroupTest, groups_differ_per_point) {
  const int most = manager().backend() == Backend::mpi ? std::min(manager().size(), 4) : 1;
  if (!has_ranks(1)) return;
  const auto ranks = [most](const Point& p) { return 1 + static_cast<int>(p["i"].number() * 7.0) % most; };
  GroupSweep sweep(points(120), [] { return 0; }, sum_and_size, two_outputs(), {.ranks = ranks});
  expect_sums(sweep.run(manager()), sweep.design(), ranks);
}

TEST(GroupTest, store_holds_the_same_as_on_one_rank_and_a_second_run_goes_on) {
  if (!has_ranks(2)) return;
  const SharedDirectory directory;
  std::string first;
  for (const int ranks : {1, 2}) {
    GroupSweep sweep(
        points(20), [] { return 0; },
        [](int&, const Point& p, MPI_Comm comm) {
          if (p["i"].number() > 9.5 && p["i"].number() < 10.5) throw Rejected("outside");
          return sum_over(comm, p);
        },
        {{"result"}}, {.ranks = ranks});
    const auto store = directory / std::to_string(ranks);
    const SweepOptions options{.store = store};
    const SweepResult result = sweep.run(manager(), options);
    EXPECT_EQ(result.evaluated, 20U);
    EXPECT_EQ(result.failed, 1U);
    EXPECT_EQ(sweep.run(manager(), options).evaluated, 0U);
    if (!manager().is_root()) continue;
    std::ostringstream out;
    export_csv(StoreReader(store), out);
    if (first.empty()) first = out.str();
    EXPECT_EQ(out.str(), first);
  }
}

/// Counts the models and the communicators of this rank. The number that a communicator is the how many-th is kept with
/// it.
struct Counts {
  std::atomic<int> builds{0};
  std::atomic<int> alive{0};
};

struct CountedModel {
  CountedModel(Counts& the_counts, MPI_Comm comm) : counts(&the_counts), comm_size(size_of(comm)) {
    ++counts->builds;
    ++counts->alive;
  }
  CountedModel(CountedModel&& other) noexcept : counts(other.counts), comm_size(other.comm_size) { ++counts->alive; }
  ~CountedModel() { --counts->alive; }

  Counts* counts;
  int comm_size;
};

TEST(GroupTest, a_group_keeps_its_model_and_communicator) {
  if (!has_ranks(2)) return;
  auto counts = std::make_shared<Counts>();
  GroupSweep sweep(
      points(60), [counts](MPI_Comm comm) { return CountedModel(*counts, comm); },
      [](CountedModel& model, const Point& p, MPI_Comm comm) { return sum_over(comm, p) + 0.0 * model.comm_size; },
      {{"result"}}, {.ranks = 2});
  const SweepResult result = sweep.run(manager());
  EXPECT_EQ(result.succeeded, 60U);
  EXPECT_LE(counts->builds, 1);  // its group stays together
  EXPECT_EQ(counts->alive, 0);   // and goes with the run
  const int builds = manager().all_reduce(counts->builds.load());
  EXPECT_EQ(builds, manager().size() / 2 * 2);
}

TEST(GroupTest, ranks_left_over_are_named) {
  if (!has_ranks(3)) return;
  for (const int ranks : {2, 3}) {
    GroupSweep sweep(
        points(30), [] { return 0; }, [](int&, const Point& p, MPI_Comm comm) { return sum_over(comm, p); },
        {{"result"}}, {.ranks = ranks});
    const SweepResult result = sweep.run(manager());
    EXPECT_EQ(result.succeeded, 30U);
    if (!manager().is_root()) continue;
    const int left_over = manager().size() % ranks;
    const std::string notes = testing::PrintToString(result.notes);
    if (left_over == 0) {
      EXPECT_TRUE(result.notes.empty()) << notes;
    } else {
      EXPECT_THAT(notes, HasSubstr("groups of " + std::to_string(ranks) + " leave " + std::to_string(left_over) +
                                   " of " + std::to_string(manager().size()) + " ranks over"));
      EXPECT_THAT(notes, HasSubstr(left_over == 1 ? "rank 0 evaluated nothing" : "ranks 0, 1 evaluated nothing"));
    }
  }
}

TEST(GroupTest, members_that_throw_fail_their_point_once) {
  if (!has_ranks(2)) return;
  GroupSweep sweep(
      points(12), [] { return 0; },
      [](int&, const Point& p, MPI_Comm comm) {
        const int i = static_cast<int>(std::lround(p["i"].number()));
        const double sum = sum_over(comm, p);
        if (i == 3) throw std::runtime_error("diverged");                             // all
        if (i == 5 && rank_of(comm) == 1) throw std::runtime_error("no space left");  // after the last collective
        if (i == 7 && rank_of(comm) == 0) throw std::runtime_error("no licence");
        if (i == 9) throw Rejected("outside");
        return sum;
      },
      {{"result"}}, {.ranks = 2});
  const SweepResult result = sweep.run(manager());
  EXPECT_EQ(result.succeeded, 8U);
  EXPECT_EQ(result.failed, 4U);
  EXPECT_EQ(result.evaluated, 12U);
  if (!manager().is_root()) return;
  for (std::uint64_t i = 0; i < 12; ++i) {
    const auto& outcome = result.outcomes[i];
    if (i != 3 && i != 5 && i != 7 && i != 9) {
      EXPECT_EQ(outcome.value(), std::vector<Value>{4950.0 * static_cast<double>(i)});
      continue;
    }
    ASSERT_FALSE(outcome.ok()) << "point " << i;  // the root alone, after the collective call
    const TaskFailure& failure = outcome.failure();
    EXPECT_EQ(failure.kind, i == 9 ? FailureKind::rejected : FailureKind::exception);
    EXPECT_EQ(failure.index, i);
    EXPECT_THAT(failure.message, HasSubstr(i == 3   ? "diverged"
                                           : i == 5 ? "no space left"
                                           : i == 7 ? "no licence"
                                                    : "outside"));
    EXPECT_THAT(failure.message, testing::StartsWith(i == 3 || i == 9 ? "ranks " : "rank "));
  }
}

// As with models of one rank: what failed in a used group is tried once more in a new one.
TEST(GroupTest, a_failure_of_a_used_group_is_tried_again_with_a_new_model) {
  for (const int ranks : {1, 2}) {
    if (!has_ranks(ranks)) continue;
    GroupSweep sweep(
        points(20), [] { return 0; },
        [](int& evaluated, const Point& p, MPI_Comm comm) {
          const double sum = sum_over(comm, p);
          if (++evaluated == 2) throw std::runtime_error("worn out");
          return sum;
        },
        {{"result"}}, {.ranks = ranks});
    const SweepResult result = sweep.run(manager());
    EXPECT_EQ(result.succeeded, 20U) << result.summary();
  }
}

TEST(GroupTest, retries_run_in_new_groups) {
  if (!has_ranks(2)) return;
  auto tries = std::make_shared<std::atomic<int>>(0);  // of this rank
  GroupSweep sweep(
      points(5), [] { return 0; },
      [tries](int&, const Point& p, MPI_Comm comm) -> double {
        static_cast<void>(p);
        if (rank_of(comm) == 0) ++*tries;
        throw std::runtime_error("never");
      },
      {{"result"}}, {.ranks = 2});
  SweepOptions options;
  options.failure_policy.retries = 2;
  const SweepResult result = sweep.run(manager(), options);
  EXPECT_EQ(result.failed, 5U);
  EXPECT_EQ(result.retried, 10U);
  for (const auto& outcome : result.outcomes) EXPECT_EQ(outcome.failure().attempts, 3);
  EXPECT_EQ(manager().all_reduce(tries->load()), 15);
}

// A message of a failed point that nobody received must not be taken for one of the next point.
TEST(GroupTest, messages_of_a_failed_point_are_not_seen_at_another) {
  if (!has_ranks(2)) return;
  GroupSweep sweep(
      points(40), [] { return 0; },
      [](int&, const Point& p, MPI_Comm comm) {
        const int i = static_cast<int>(std::lround(p["i"].number()));
        const int other = 1 - rank_of(comm);
        int theirs = -1;
        MPI_Request request;
        MPI_Isend(&i, 1, MPI_INT, other, 0, comm, &request);
        MPI_Wait(&request, MPI_STATUS_IGNORE);  // so small that it is gone at once
        if (i % 3 == 0) throw std::runtime_error("before its message is received");
        MPI_Recv(&theirs, 1, MPI_INT, other, 0, comm, MPI_STATUS_IGNORE);
        return static_cast<double>(theirs);
      },
      {{"result"}}, {.ranks = 2});
  const SweepResult result = sweep.run(manager());
  EXPECT_EQ(result.failed, 14U);
  for (std::size_t i = 0; i < result.outcomes.size(); ++i) {
    if (i % 3 == 0) continue;
    EXPECT_EQ(result.outcomes[i].value(), std::vector<Value>{static_cast<double>(i)});
  }
}

TEST(GroupTest, a_build_that_throws_is_told_as_that) {
  if (!has_ranks(2)) return;
  GroupSweep sweep(
      points(4), []() -> int { throw std::runtime_error("no such mesh"); },
      [](int&, const Point& p, MPI_Comm comm) { return sum_over(comm, p); }, {{"result"}}, {.ranks = 2});
  const SweepResult result = sweep.run(manager());
  EXPECT_EQ(result.failed, 4U);
  for (const auto& outcome : result.outcomes) {
    EXPECT_THAT(outcome.failure().message, HasSubstr("build failed: no such mesh"));
  }
}

TEST(GroupTest, a_point_that_needs_too_many_ranks_is_rejected) {
  if (!has_ranks(1)) return;
  const int size = manager().size();
  const auto ranks = [size](const Point& p) { return p["i"].number() > 4.5 ? size + 1 : 1; };
  GroupSweep sweep(
      points(6), [] { return 0; }, [](int&, const Point& p, MPI_Comm comm) { return sum_over(comm, p); }, {{"result"}},
      {.ranks = ranks});
  const SweepResult result = sweep.run(manager());
  EXPECT_EQ(result.succeeded, 5U);
  if (!manager().is_root()) return;
  EXPECT_EQ(result.outcomes[5].failure().kind, FailureKind::rejected);
  EXPECT_THAT(result.outcomes[5].failure().message,
              HasSubstr("it needs " + std::to_string(size + 1) + " ranks, and " + std::to_string(size) + " evaluate"));
}

TEST(GroupTest, all_ranks_of_a_group_have_the_time_in_their_accounts) {
  if (!has_ranks(2)) return;
  GroupSweep sweep(
      points(8), [] { return 0; },
      [](int&, const Point&, MPI_Comm comm) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        MPI_Barrier(comm);
        return 1.0;
      },
      {{"result"}}, {.ranks = 2});
  const SweepResult result = sweep.run(manager());
  if (!manager().is_root()) return;
  double evaluated = 0.0;
  for (const WorkerAccount& worker : result.account.workers) evaluated += worker.spent.evaluate;
  EXPECT_GE(evaluated, 2 * 8 * 0.020);
}

GroupSweep sizes(RanksPerEvaluation ranks) {
  return GroupSweep(
      points(3), [] { return 0; }, [](int&, const Point&, MPI_Comm comm) { return size_of(comm); }, {{"result"}},
      {.ranks = std::move(ranks)});
}

std::string refusal(RanksPerEvaluation ranks, const SweepOptions& options = {}) {
  try {
    sizes(std::move(ranks)).run(manager(), options);
  } catch (const SpecError& error) {
    return error.what();
  } catch (const RootFailed& error) {
    return error.what();
  }
  return {};
}

TEST(GroupTest, what_cannot_be_is_refused_on_every_rank) {
  const int too_many = manager().size() + 1;
  EXPECT_THAT(refusal(0), HasSubstr("at least 1"));
  if (manager().backend() == Backend::mpi) {
    EXPECT_THAT(refusal(too_many), HasSubstr("start mpirun with at least " + std::to_string(too_many)));
    const auto one = [](const Point&) { return 1; };
    EXPECT_THAT(refusal(one, {.schedule = Schedule::cyclic}), HasSubstr("schedule cyclic"));
  } else if (manager().backend() == Backend::fork) {
    EXPECT_THAT(refusal(1), HasSubstr("run under mpirun"));
  } else {
    EXPECT_THAT(refusal(2), HasSubstr("run under mpirun"));
    EXPECT_THAT(refusal(1), HasSubstr("MPI, which is not initialized"));
  }
}

// A rank that hears of the stop before it has begun its part must not leave the others alone with theirs.
TEST(GroupTest, stops_leave_nobody_waiting_and_the_next_run_goes_on) {
  if (!has_ranks(2)) return;
  const SharedDirectory directory;
  GroupSweep sweep(
      points(400), [] { return 0; },
      [](int&, const Point& p, MPI_Comm comm) {
        MPI_Barrier(comm);
        return sum_over(comm, p);
      },
      {{"result"}}, {.ranks = 2});
  SweepOptions options{.store = directory / "results"};
  for (int run = 0; run < 20; ++run) {
    auto asked = std::make_shared<int>(0);
    options.stop_requested = [asked, run] { return ++*asked > 1 + run % 7; };
    const SweepResult result = sweep.run(manager(), options);
    EXPECT_EQ(result.failed, 0U);
    EXPECT_EQ(result.succeeded, result.reused + result.evaluated);
  }
  options.stop_requested = {};
  EXPECT_EQ(sweep.run(manager(), options).succeeded, 400U);
}

TEST(GroupTest, the_callers_communicators_and_threads_are_left_alone) {
  if (!has_ranks(2)) return;
  GroupSweep sweep = sizes(2);
  for (int run = 0; run < 20; ++run) EXPECT_EQ(sweep.run(manager()).succeeded, 3U);
  EXPECT_EQ(manager().all_reduce(1), manager().size());
}

}  // namespace
}  // namespace windrow
