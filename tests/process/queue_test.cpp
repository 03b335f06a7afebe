#include "windrow/process/queue.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "faults/support.hpp"
#include "process/random_kills.hpp"
#include "windrow/base/serialize.hpp"
#include "windrow/process/process.hpp"
#include "windrow/process/shared_array.hpp"

namespace windrow {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using test::kLong;
using test::RandomKills;

// Memory that the only queue of this process takes for items beyond its slots.
std::int64_t payload_bytes() {
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code error;
    if (std::filesystem::read_symlink(entry, error).string().find("memfd:windrow-queue") == std::string::npos) continue;
    struct stat info {};
    ::stat(entry.path().c_str(), &info);
    return info.st_blocks * 512;
  }
  return -1;
}

struct Sample {
  std::string name;
  std::map<int, double> values;
  template <typename Archive>
  void serialize(Archive& archive, unsigned /*version*/) {
    archive& name& values;
  }
};

TEST(QueueTest, gives_in_the_order_of_putting) {
  Queue<int> queue(5);
  EXPECT_EQ(queue.capacity(), 5U);
  for (int lap = 0; lap < 20; ++lap) {
    for (int i = 0; i < 4; ++i) queue.put(10 * lap + i);
    EXPECT_EQ(queue.size(), 4U);
    for (int i = 0; i < 4; ++i) EXPECT_EQ(queue.get(), 10 * lap + i);
  }
  EXPECT_EQ(queue.size(), 0U);
}

TEST(QueueTest, carries_whatever_can_be_serialized) {
  Queue<Sample> samples(2);
  Queue<std::vector<double>> vectors(2);
  Process child = test::forked("puts", [&] {
    samples.put({std::string(1000, 'x'), {{1, 0.1}, {2, 0.2}}});
    vectors.put({});
    vectors.put({1.0, 2.0});
    return 0;
  });
  const Sample sample = samples.get();
  EXPECT_EQ(sample.name, std::string(1000, 'x'));
  EXPECT_EQ(sample.values, (std::map<int, double>{{1, 0.1}, {2, 0.2}}));
  EXPECT_EQ(vectors.get(), std::vector<double>());
  EXPECT_EQ(vectors.get(), (std::vector<double>{1.0, 2.0}));
}

TEST(QueueTest, is_bounded) {
  Queue<int> queue(2);
  EXPECT_TRUE(queue.put_for(1, nanoseconds(0)));
  EXPECT_TRUE(queue.put_for(2, nanoseconds(0)));
  EXPECT_FALSE(queue.put_for(3, nanoseconds(0)));
  EXPECT_FALSE(queue.put_for(3, milliseconds(20)));
  Process child = test::forked("gets", [&] { return queue.get() == 1 ? 0 : 1; });
  EXPECT_TRUE(queue.put_for(4, kLong)) << "waits for room";
  EXPECT_EQ(child.join(), ExitStatus::exited(0));
  EXPECT_EQ(queue.get(), 2);
  EXPECT_EQ(queue.get_for(kLong), 4);
  EXPECT_EQ(queue.get_for(nanoseconds(0)), std::nullopt);
  EXPECT_EQ(queue.get_for(milliseconds(20)), std::nullopt);
  EXPECT_THROW(Queue<int>(0), SpecError);
  EXPECT_THROW(Queue<int>((std::size_t{1} << 24) + 1), SpecError);
}

TEST(QueueTest, works_with_room_for_one) {
  Queue<std::string> queue(1);
  Process child = test::forked("puts", [&] {
    for (std::size_t i = 0; i < 5000; ++i) queue.put(std::string(i, 'a'));
    return 0;
  });
  for (std::size_t i = 0; i < 5000; ++i) ASSERT_TRUE(queue.get() == std::string(i, 'a')) << "item " << i;
}

TEST(QueueTest, a_closed_one_gives_what_is_left_and_then_says_so) {
  Queue<int> queue(3);
  queue.put(1);
  queue.put(2);
  queue.close();
  queue.close();
  EXPECT_TRUE(queue.is_closed());
  EXPECT_THROW(queue.put(3), QueueClosed);
  EXPECT_THROW(queue.put_for(3, nanoseconds(0)), QueueClosed);
  EXPECT_EQ(queue.get(), 1);
  EXPECT_EQ(queue.get_for(nanoseconds(0)), 2);
  EXPECT_THROW(queue.get(), QueueClosed);
  EXPECT_THROW(queue.get_for(nanoseconds(0)), QueueClosed);
}

TEST(QueueTest, closing_ends_the_waits_of_all) {
  Queue<int> full(1);
  Queue<int> empty(1);
  full.put(0);
  const auto ends = [](const std::function<void()>& wait) {
    try {
      wait();
    } catch (const QueueClosed&) {
      return 0;
    }
    return 1;
  };
  std::vector<Process> children;
  for (int i = 0; i < 3; ++i) {
    children.push_back(test::forked("puts", [&] { return ends([&] { full.put(1); }); }));
    children.push_back(test::forked("gets", [&] { return ends([&] { empty.get(); }); }));
  }
  std::this_thread::sleep_for(milliseconds(20));
  full.close();
  empty.close();
  for (Process& child : children) {
    EXPECT_TRUE(child.join_for(kLong));
    EXPECT_EQ(child.status(), ExitStatus::exited(0));
  }
  EXPECT_EQ(full.size(), 1U);
}

TEST(QueueTest, carries_items_of_any_size_and_gives_their_memory_back) {
  Queue<std::vector<std::uint64_t>> queue(3);
  const std::size_t large = (std::size_t{64} << 20) / sizeof(std::uint64_t);
  for (int lap = 0; lap < 3; ++lap) {
    queue.put(std::vector<std::uint64_t>(large, 7));
    queue.put({1, 2, 3});
    queue.put(std::vector<std::uint64_t>(large / 2, 8));
    EXPECT_GE(payload_bytes(), 96 << 20);
    EXPECT_EQ(queue.get(), std::vector<std::uint64_t>(large, 7));
    EXPECT_LT(payload_bytes(), 33 << 20) << "given back before the queue is empty";
    queue.put({4});
    EXPECT_EQ(queue.get(), (std::vector<std::uint64_t>{1, 2, 3}));
    EXPECT_EQ(queue.get(), std::vector<std::uint64_t>(large / 2, 8));
    EXPECT_EQ(queue.get(), std::vector<std::uint64_t>{4});
    EXPECT_EQ(payload_bytes(), 0);
  }
}

constexpr std::uint64_t kPutters = 4;

// Gets until the queue is closed. @return 1 if an item came twice, or those of a putter out of order
int get_all(Queue<std::uint64_t>& queue, SharedArray<std::uint32_t>& times_got) {
  std::vector<std::int64_t> last(kPutters, -1);
  try {
    for (;;) {
      const std::uint64_t item = queue.get();
      const std::uint64_t putter = item % kPutters;
      const auto number = static_cast<std::int64_t>(item / kPutters);
      if (number <= last[putter]) return 1;
      last[putter] = number;
      if (std::atomic_ref(times_got(item)).fetch_add(1) != 0) return 1;
    }
  } catch (const QueueClosed&) {
    return 0;
  }
}

TEST(QueueTest, items_of_any_size_pass_to_and_from_a_process_that_inherits_nothing) {
  Queue<std::vector<double>> to(4);
  Queue<std::vector<double>> from(4);
  Process process([&] {
    for (;;) {
      const std::vector<double> values = to.get();
      from.put(values);
      if (values.empty()) return;
    }
  });
  for (const std::size_t size : {1, 27, 28, 29, 1000, 1'000'000, 0}) {
    const std::vector<double> values(size, 0.5);
    to.put(values);
    const auto back = from.get_for(std::chrono::seconds(20));
    ASSERT_TRUE(back.has_value()) << size;
    EXPECT_EQ(*back, values);
  }
  EXPECT_EQ(process.join(), ExitStatus::exited(0));
}

TEST(QueueTest, many_processes_put_and_get_each_item_exactly_once) {
  constexpr std::uint64_t items = 100000;
  Queue<std::uint64_t> queue(64);
  SharedArray<std::uint32_t> times_got({items});
  std::vector<Process> putters;
  std::vector<Process> getters;
  for (std::uint64_t i = 0; i < kPutters; ++i) {
    getters.push_back(test::forked("gets", [&] { return get_all(queue, times_got); }));
    putters.push_back(test::forked("puts", [&, i] {
      for (std::uint64_t k = i; k < items; k += kPutters) queue.put(k);
      return 0;
    }));
  }
  for (Process& child : putters) EXPECT_EQ(child.join(), ExitStatus::exited(0));
  queue.close();
  for (Process& child : getters) EXPECT_EQ(child.join(), ExitStatus::exited(0));
  EXPECT_EQ(std::count(times_got.begin(), times_got.end(), 1U), static_cast<std::ptrdiff_t>(items));
}

TEST(QueueTest, serves_threads_too) {
  Queue<int> queue(4);
  std::jthread putter([&] {
    for (int i = 0; i < 10000; ++i) queue.put(i);
    queue.close();
  });
  int expected = 0;
  EXPECT_THROW(
      {
        for (;;) {
          if (queue.get() != expected++) break;
        }
      },
      QueueClosed);
  EXPECT_EQ(expected, 10000);
}

// An item that tells whether it is whole: number, size, then bytes that follow from the number.
using Item = std::vector<std::uint32_t>;

Item make_item(std::uint32_t number) {
  Item item(number % 5 == 0 ? 3 + number % 30000 : 3 + number % 20, number);
  item[1] = static_cast<std::uint32_t>(item.size());
  return item;
}

bool is_whole(const Item& item) {
  return item.size() >= 3 && item[1] == item.size() &&
         std::all_of(item.begin() + 2, item.end(), [&](std::uint32_t value) { return value == item[0]; });
}

// What happened to each item, written by whoever did it.
struct ItemCount {
  SharedArray<std::uint32_t> next{{1}};
  SharedArray<std::uint8_t> put{{1 << 22}};
  SharedArray<std::uint8_t> times_got{{1 << 22}};
  SharedArray<std::uint32_t> damaged{{1}};

  void put_one(Queue<Item>& queue) {
    const std::uint32_t number = std::atomic_ref(next(0)).fetch_add(1);
    queue.put(make_item(number));
    put(number) = 1;
  }
  void note(const Item& item) {
    if (!is_whole(item)) std::atomic_ref(damaged(0)).fetch_add(1);
    if (is_whole(item)) std::atomic_ref(times_got(item[0])).fetch_add(1);
  }
};

TEST(QueueTest, loses_one_item_at_most_with_each_process_killed_at_a_random_moment) {
  RandomKills kills;
  Queue<Item> queue(6);
  ItemCount count;
  for (int round = 0; round < test::kRounds; ++round) {
    Process putter = test::again_and_again([&] { count.put_one(queue); });
    Process getter = test::again_and_again([&] { count.note(queue.get()); });
    Process& first = kills.below(2) == 0 ? putter : getter;
    kills.kill_soon(first);
    kills.kill_soon(&first == &putter ? getter : putter);
    while (const auto item = queue.get_for(nanoseconds(0))) count.note(*item);
    ASSERT_EQ(queue.size(), 0U) << "round " << round;
    const std::uint32_t mine = count.next(0);
    ASSERT_NO_THROW(count.put_one(queue));
    const auto item = queue.get_for(kLong);
    ASSERT_TRUE(item && is_whole(*item) && (*item)[0] == mine) << "round " << round;
    count.note(*item);
    ASSERT_EQ(payload_bytes(), 0) << "round " << round;
  }
  const std::uint32_t last = count.next(0);
  std::uint32_t lost = 0;
  for (std::uint32_t i = 0; i < last; ++i) {
    ASSERT_LE(count.times_got(i), 1) << "item " << i;
    if (count.put(i) == 1 && count.times_got(i) == 0) ++lost;
  }
  EXPECT_EQ(count.damaged(0), 0U);
  EXPECT_LE(lost, static_cast<std::uint32_t>(test::kRounds)) << "of " << last;
}

TEST(QueueTest, survivors_go_on_while_others_are_killed) {
  RandomKills kills;
  Queue<Item> queue(6);
  ItemCount count;
  Process putter = test::again_and_again([&] { count.put_one(queue); });
  Process getter = test::again_and_again([&] { count.note(queue.get()); });
  for (int round = 0; round < test::kRounds; ++round) {
    Process victims[] = {test::again_and_again([&] { count.put_one(queue); }),
                         test::again_and_again([&] { count.note(queue.get()); })};
    for (Process& victim : victims) kills.kill_soon(victim);
    const std::uint32_t before = count.next(0);
    ASSERT_TRUE(test::within(kLong,
                             [&] {
                               const std::atomic_ref next(count.next(0));
                               return next > before + 20;
                             }))
        << "round " << round;
  }
  EXPECT_EQ(count.damaged(0), 0U);
  EXPECT_LE(*std::max_element(count.times_got.begin(), count.times_got.end()), 1);
}

TEST(QueueTest, a_wait_sleeps_and_does_not_poll) {
  Queue<int> queue(1);
  std::jthread waits([&] {
    const long sleeps = test::sleeps_during([&] {
      EXPECT_EQ(queue.get_for(milliseconds(300)), std::nullopt);
      queue.put(1);
      EXPECT_FALSE(queue.put_for(2, milliseconds(300)));
    });
    EXPECT_GE(sleeps, 2);
    EXPECT_LE(sleeps, 200) << "in 0.6 s; they wake up now and then, in case a holder died";
  });
}

TEST(QueueTest, leaves_nothing_behind) {
  const test::Belongings before;
  {
    Queue<std::string> queue(3);
    queue.put(std::string(100000, 'a'));
    Queue<std::string> moved(std::move(queue));
    EXPECT_EQ(moved.get().size(), 100000U);
    Process child = test::forked("dies", [&]() -> int {
      moved.put(std::string(100000, 'b'));
      for (;;) ::pause();
    });
    EXPECT_EQ(moved.get().size(), 100000U);
  }
  EXPECT_EQ(test::Belongings(), before);
}

}  // namespace
}  // namespace windrow
