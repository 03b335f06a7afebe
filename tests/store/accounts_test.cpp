// Where the time of runs went, as it is kept.
#include <cmath>
#include <limits>

#include "support.hpp"

namespace windrow {
namespace {

using namespace test;
using testing::ElementsAre;

TimeAccount some_account() {
  TimeAccount account;
  account.wall = 12.5;
  for (int w = 0; w < 3; ++w) {
    WorkerAccount& worker = account.workers.emplace_back();
    worker.worker = w;
    worker.host = "node" + std::to_string(w);
    worker.wall = account.wall;
    worker.spent = {0.1, 10.0 + w, 0.2, 0.3, 0.4, 0.5};
    worker.failed = 1.5;
    worker.points = 7;
    worker.attempts = 8;
    worker.losses = 1;
    worker.began = w == 2 ? std::numeric_limits<double>::quiet_NaN() : 1.7e9 + 0.123456 * w;
    worker.began_after = -0.25;
  }
  account.root = account.workers.front();
  account.root->worker = -1;
  return account;
}

void expect_same(const WorkerAccount& a, const WorkerAccount& b) {
  EXPECT_EQ(a.worker, b.worker);
  EXPECT_EQ(a.host, b.host);
  EXPECT_EQ(a.wall, b.wall);
  EXPECT_EQ(a.spent, b.spent);
  EXPECT_EQ(a.failed, b.failed);
  EXPECT_EQ(a.points, b.points);
  EXPECT_EQ(a.attempts, b.attempts);
  EXPECT_EQ(a.losses, b.losses);
  EXPECT_TRUE(a.began == b.began || (std::isnan(a.began) && std::isnan(b.began)));
  EXPECT_EQ(a.began_after, b.began_after);
}

TEST(StoreAccountsTest, read_back_as_they_were_by_run) {
  const TemporaryDirectory directory;
  const TimeAccount account = some_account();
  { Store(directory.path(), small_study(), {}).record_account(account); }
  { Store(directory.path(), small_study(), {}); }  // killed before its end, so to speak
  TimeAccount without_root = account;
  without_root.root.reset();
  { Store(directory.path(), small_study(), {}).record_account(without_root); }
  const auto runs = StoreReader(directory.path()).run_times();
  ASSERT_EQ(runs.size(), 3U);
  EXPECT_THAT((std::vector{runs[0].run, runs[1].run, runs[2].run}), ElementsAre(1, 2, 3));
  EXPECT_LE(runs[0].started, runs[2].started);
  ASSERT_TRUE(runs[0].account && runs[2].account);
  EXPECT_FALSE(runs[1].account);
  EXPECT_EQ(runs[0].account->wall, account.wall);
  ASSERT_EQ(runs[0].account->workers.size(), 3U);
  for (std::size_t w = 0; w < 3; ++w) expect_same(runs[0].account->workers[w], account.workers[w]);
  ASSERT_TRUE(runs[0].account->root);
  expect_same(*runs[0].account->root, *account.root);
  EXPECT_FALSE(runs[2].account->root);
}

TEST(StoreAccountsTest, a_store_from_before_accounts_has_none_until_a_run_ends) {
  const TemporaryDirectory directory;
  { Store(directory.path(), small_study(), {}).record(point(3)); }
  EXPECT_EQ(query(directory.results(), "SELECT count(*) FROM sqlite_schema WHERE name = 'accounts'"), "0\n")
      << "as in a file of a version that does not know them";
  const std::string version = query(directory.results(), "PRAGMA user_version");
  {
    const StoreReader reader(directory.path());
    ASSERT_EQ(reader.run_times().size(), 1U);
    EXPECT_FALSE(reader.run_times().front().account);
  }
  { Store(directory.path(), small_study(), {}).record_account(some_account()); }
  EXPECT_EQ(query(directory.results(), "PRAGMA user_version"), version) << "readers that do not know it go on";
  const StoreReader reader(directory.path());
  EXPECT_EQ(reader.run_times().size(), 2U);
  EXPECT_FALSE(reader.run_times().front().account);
  EXPECT_TRUE(reader.run_times().back().account);
  EXPECT_EQ(indices_in(directory.path()), (std::vector<std::uint64_t>{3}));
}

TEST(StoreAccountsTest, an_account_survives_a_change_of_the_study) {
  const TemporaryDirectory directory;
  { Store(directory.path(), small_study(), {}).record_account(some_account()); }
  StudyIdentity changed = small_study();
  changed.definition.back().second = "linear(1, 3, 5)";
  {
    Store(directory.path(), changed, {}, Journal::automatic, [](std::uint64_t) {
      return std::vector<Value>{1.0, 0.5};
    });
  }
  const auto runs = StoreReader(directory.path()).run_times();
  ASSERT_EQ(runs.size(), 2U);
  EXPECT_TRUE(runs.front().account);
}

TEST(StoreAccountsTest, evaluations_come_by_worker_and_begin_with_attempts_among_them) {
  const TemporaryDirectory directory;
  Store store(directory.path(), small_study(), {});
  const auto record = [&](std::uint64_t index, int worker, double started) {
    Record one = index == 4 ? failure(index) : point(index);
    one.rank = worker;
    one.started = started;
    one.elapsed = 0.5;
    store.record(one);
  };
  record(1, 1, 10.0);
  record(2, 0, 12.0);
  record(3, 0, 11.0);
  record(4, 1, 9.0);
  record(5, 0, 50.0);  // later than is asked for
  Attempt attempt;
  attempt.failure.index = 2;
  attempt.failure.kind = FailureKind::timed_out;
  attempt.failure.rank = 1;
  attempt.failure.elapsed = 0.25;
  attempt.started = 9.5;
  store.record_attempt(attempt);
  store.commit();
  std::vector<std::string> seen;
  StoreReader(directory.path()).for_each_evaluation(5.0, 20.0, [&](const EvaluationTime& one) {
    seen.push_back(std::to_string(one.worker) + ":" + std::to_string(one.index) + ":" + one.status +
                   (one.stands ? "" : ":again"));
  });
  EXPECT_THAT(seen, ElementsAre("0:3:ok", "0:2:ok", "1:4:crashed", "1:2:timed_out:again", "1:1:ok"));
}

}  // namespace
}  // namespace windrow
