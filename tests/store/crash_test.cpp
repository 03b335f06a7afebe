// Faults that are real: processes killed at any moment, full disks, two writers.

#include <fcntl.h>
#include <sys/resource.h>

#include <chrono>
#include <memory>
#include <random>
#include <sstream>
#include <thread>

#include "support.hpp"

namespace windrow {
namespace {

using namespace test;
using testing::AllOf;
using testing::AnyOf;
using testing::ElementsAre;
using testing::HasSubstr;

std::string host_name() {
  std::array<char, 256> name{};
  gethostname(name.data(), name.size() - 1);
  return name.data();
}

Record bulky(std::uint64_t index, std::size_t size = 2000) {
  return success(index, {static_cast<double>(index), std::string(size, 'b')}, {static_cast<double>(index) * 2});
}

/// Writes from `first` on without end, and says `index` once that one must survive.
void write_for_ever(const fs::path& directory, std::uint64_t first, unsigned seed, Journal journal, int to) {
  std::mt19937 generator(seed);
  Store store(directory, small_study(1u << 30), {}, journal);
  for (std::uint64_t i = first;; ++i) {
    store.record(bulky(i, generator() % 3000));
    if (generator() % 5 != 0) continue;
    store.commit();
    Child::say(to, std::to_string(i) + "\n");
  }
}

/// The last whole number that a killed child said.
std::uint64_t last_said(const std::string& text) {
  const std::size_t end = text.rfind('\n');
  if (end == std::string::npos) return 0;
  const std::size_t begin = text.rfind('\n', end - 1);
  return std::stoull(text.substr(begin == std::string::npos ? 0 : begin + 1));
}

class KillTest : public testing::TestWithParam<Journal> {};

TEST_P(KillTest, nothing_committed_is_lost_and_nothing_is_damaged_by_kill_9_at_any_moment) {
  const TemporaryDirectory directory;
  std::mt19937 generator(5);
  std::uint64_t next = 0;
  for (unsigned round = 0; round < 12; ++round) {
    Child child([&](int to) { write_for_ever(directory.path(), next, round, GetParam(), to); });
    const std::string first = child.line();
    ASSERT_THAT(first, testing::MatchesRegex("[0-9]+"));
    std::this_thread::sleep_for(std::chrono::microseconds(generator() % 40000));
    child.kill_and_wait();
    const std::uint64_t promised = last_said(first + "\n" + child.listen());

    std::uint64_t count = 0;
    StoreReader(directory.path()).for_each([&](const Record& record) {
      ASSERT_EQ(record.index, count) << "a hole";
      ASSERT_EQ(record.outcome.value()[0], Value(static_cast<double>(count) * 2));
      ++count;
    });
    ASSERT_GT(count, promised);
    ASSERT_EQ(query(directory.results(), "PRAGMA integrity_check"), "ok\n");
    next = count;
  }
}

TEST_P(KillTest, a_run_killed_while_it_creates_its_store_is_in_nobodys_way) {
  std::mt19937 generator(6);
  for (int round = 0; round < 12; ++round) {
    const TemporaryDirectory directory;
    Child child([&](int to) {
      Child::say(to, "go\n");
      const Store store(directory.path(), small_study(), {}, GetParam());
      pause();
    });
    ASSERT_EQ(child.line(), "go");
    std::this_thread::sleep_for(std::chrono::microseconds(generator() % 8000));
    child.kill_and_wait();
    EXPECT_EQ(error_of<StoreError>([&] { Store(directory.path(), small_study(), {}).record(point(1)); }), "");
    EXPECT_THAT(indices_in(directory.path()), ElementsAre(1));
  }
}

INSTANTIATE_TEST_SUITE_P(Journals, KillTest, testing::Values(Journal::wal, Journal::rollback));

/// Records until the store says that it cannot, saying each commit. Gives the message.
std::string fill_up(Store& store, std::uint64_t& committed) {
  return error_of<StoreError>([&] {
    for (std::uint64_t i = 0; i < 5000; ++i) {
      store.record(bulky(i));
      if (i % 10 != 9) continue;
      store.commit();
      committed = i + 1;
    }
  });
}

TEST(FullDiskTest, keeps_what_was_committed_and_continues_once_there_is_space) {
  const TemporaryDirectory directory;
  SmallFileSystem disk(directory.path());
  if (!disk.mounted()) GTEST_SKIP() << disk.reason();
  std::uint64_t committed = 0;
  {
    Store store(directory.path(), small_study(5000), {});
    const std::string error = fill_up(store, committed);
    EXPECT_THAT(error, AllOf(HasSubstr("results.sqlite"), HasSubstr("free some space")));
    EXPECT_EQ(error_of<StoreError>([&] { store.record(point(4999)); }), error) << "unusable, and says why";
    EXPECT_EQ(error_of<StoreError>([&] { store.commit(); }), error);
    EXPECT_EQ(error_of<StoreError>([&] { store.tick(); }), error);
    EXPECT_GE(store.succeeded().size(), committed);
  }
  EXPECT_GT(committed, 0u);
  ASSERT_TRUE(disk.remount(0, "size=64m"));
  EXPECT_EQ(query(directory.results(), "PRAGMA integrity_check"), "ok\n");
  Store store(directory.path(), small_study(5000), {});
  EXPECT_GE(store.succeeded().size(), committed);
  store.record(point(4999));
  store.commit();
  EXPECT_TRUE(StoreReader(directory.path()).find(4999).has_value());
}

TEST(FullDiskTest, a_disk_full_from_the_start_is_an_error_not_a_half_made_store) {
  const TemporaryDirectory directory;
  SmallFileSystem disk(directory.path());
  if (!disk.mounted()) GTEST_SKIP() << disk.reason();
  std::ofstream filler(directory.path() / "filler", std::ios::binary);
  filler << std::string(std::size_t{2} << 20, 'f');
  filler.close();
  const fs::path where = directory.path();
  EXPECT_THAT(error_of<StoreError>([&] { Store(where, small_study(), {}); }), HasSubstr("free some space"));
  fs::remove(directory.path() / "filler");
  EXPECT_EQ(error_of<StoreError>([&] { Store(where, small_study(), {}).record(point(1)); }), "");
  EXPECT_THAT(indices_in(where), ElementsAre(1));
}

TEST(FullDiskTest, a_limit_on_the_size_of_files_acts_like_a_full_disk) {
  for (const Journal journal : {Journal::wal, Journal::rollback}) {
    const TemporaryDirectory directory;
    Child child([&](int to) {
      signal(SIGXFSZ, SIG_IGN);
      const rlimit limit{512 * 1024, 512 * 1024};
      setrlimit(RLIMIT_FSIZE, &limit);
      Store store(directory.path(), small_study(5000), {}, journal);
      std::uint64_t committed = 0;
      const std::string error = fill_up(store, committed);
      Child::say(to, std::to_string(committed) + "\n" + error);
    });
    const std::uint64_t committed = std::stoull(child.line());
    EXPECT_GT(committed, 0u);
    EXPECT_THAT(child.listen(), HasSubstr("file size limit"));
    EXPECT_GE(indices_in(directory.path()).size(), committed);
    EXPECT_EQ(query(directory.results(), "PRAGMA integrity_check"), "ok\n");
  }
}

std::string error_of_second_writer(const fs::path& directory) {
  return Child([&](int to) { Child::say(to, error_of<StoreError>([&] { Store(directory, small_study(), {}); })); })
      .listen();
}

TEST(WriterLockTest, a_second_writer_learns_who_the_first_is) {
  const TemporaryDirectory directory;
  const std::string holder = "process " + std::to_string(getpid()) + " on " + host_name();
  {
    Store store(directory.path(), small_study(), {});
    EXPECT_THAT(error_of_second_writer(directory.path()),
                AllOf(HasSubstr(directory.path().string()), HasSubstr("being written by " + holder)));
    EXPECT_THAT(error_of<StoreError>([&] { Store(directory.path(), small_study(), {}); }), HasSubstr(holder))
        << "in one process";
    store.record(point(1));
    store.commit();
  }
  EXPECT_EQ(error_of_second_writer(directory.path()), "");
}

TEST(WriterLockTest, is_not_dropped_by_whatever_else_this_process_does_with_the_store) {
  const TemporaryDirectory directory;
  Store store(directory.path(), small_study(), {});
  EXPECT_TRUE(StoreReader(directory.path()).status().running);
  EXPECT_NE(error_of<StoreError>([&] { Store(directory.path(), small_study(), {}); }), "");
  EXPECT_NE(error_of_second_writer(directory.path()), "");
}

TEST(WriterLockTest, a_reader_in_another_process_sees_that_a_run_is_going_on) {
  const TemporaryDirectory directory;
  Store store(directory.path(), small_study(), {});
  const auto running = [&](int to) {
    const bool first = StoreReader(directory.path()).status().running;
    const bool again = StoreReader(directory.path()).status().running;
    Child::say(to, first && again ? "running" : "idle");
  };
  EXPECT_EQ(Child(running).listen(), "running");
  EXPECT_NE(error_of_second_writer(directory.path()), "") << "the reader must not have dropped the lock";
  store = Store(directory.path() / "other", small_study(), {});
  EXPECT_EQ(Child(running).listen(), "idle");
}

TEST(WriterLockTest, is_free_at_once_when_its_holder_is_killed_though_forked_children_live_on) {
  const TemporaryDirectory directory;
  Child writer([&](int to) {
    Store store(directory.path(), small_study(), {});
    const pid_t orphan = fork();
    if (orphan == 0) {
      close(to);
      pause();
      _exit(0);
    }
    Child::say(to, std::to_string(orphan) + "\n");
    pause();
  });
  const pid_t orphan = std::stoi(writer.line());
  EXPECT_THAT(error_of<StoreError>([&] { Store(directory.path(), small_study(), {}); }), HasSubstr("being written"));
  writer.kill_and_wait();
  EXPECT_EQ(error_of<StoreError>([&] { Store(directory.path(), small_study(), {}).record(point(1)); }), "");
  EXPECT_EQ(kill(orphan, SIGKILL), 0) << "the orphan was alive all the while";
  EXPECT_THAT(indices_in(directory.path()), ElementsAre(1));
}

TEST(ForkTest, a_forked_copy_can_neither_use_nor_harm_the_store) {
  const TemporaryDirectory directory;
  auto store =
      std::make_unique<Store>(directory.path(), small_study(), std::vector<std::pair<std::string, std::string>>{});
  store->record(point(0));
  Child child([&](int to) {
    Child::say(to, error_of<StoreError>([&] { store->record(point(1)); }) + "\n");
    Child::say(to, error_of<StoreError>([&] { store->tick(); }) + "\n");
    Child::say(to, error_of<StoreError>([&] { store->succeeded(); }) + "\n");
    store.reset();
    Child::say(to, "gone");
  });
  const std::string refusal = "opened by process " + std::to_string(getpid());
  EXPECT_THAT(child.line(), HasSubstr(refusal));
  EXPECT_THAT(child.line(), HasSubstr(refusal));
  EXPECT_THAT(child.line(), HasSubstr(refusal));
  EXPECT_EQ(child.listen(), "gone");
  EXPECT_THAT(error_of_second_writer(directory.path()), HasSubstr(" on " + host_name()))
      << "lock and holder must stand";
  store->record(point(2));
  store.reset();
  EXPECT_THAT(indices_in(directory.path()), ElementsAre(0, 2));
}

}  // namespace
}  // namespace windrow
