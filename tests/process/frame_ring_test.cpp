#include "windrow/process/frame_ring.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "faults/support.hpp"
#include "process/random_kills.hpp"
#include "windrow/process/channel.hpp"
#include "windrow/process/process.hpp"
#include "windrow/process/shared_array.hpp"
#include "windrow/process/sync.hpp"

namespace windrow {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using test::kLong;
using test::RandomKills;
using testing::HasSubstr;
using Ring = FrameRing<std::uint64_t>;

constexpr FrameRingOptions kWait{.capacity = 4, .when_full = WhenFull::wait};
constexpr FrameRingOptions kDrop{.capacity = 4, .when_full = WhenFull::drop};

// The frame of this number in all tests that look at contents.
std::vector<std::uint64_t> frame_of(std::uint64_t number, std::size_t size) {
  return std::vector<std::uint64_t>(size, number);
}

bool is_whole(const std::vector<std::uint64_t>& frame, std::uint64_t number) {
  return std::all_of(frame.begin(), frame.end(), [&](std::uint64_t element) { return element == number; });
}

// Writes in place, as its numbers go on from whoever wrote before.
void write_next(Ring& ring, FrameWriter<std::uint64_t>& writer) {
  const std::span<std::uint64_t> frame = writer.next();
  std::fill(frame.begin(), frame.end(), ring.written());
  writer.publish();
}

TEST(FrameRingTest, gives_frames_with_their_numbers_in_order) {
  for (const FrameRingOptions& options : {kWait, kDrop}) {
    Ring ring(100, options);
    EXPECT_EQ(ring.frame_size(), 100U);
    EXPECT_EQ(ring.capacity(), 4U);
    auto writer = ring.writer();
    auto reader = ring.reader();
    std::vector<std::uint64_t> frame(100);
    EXPECT_EQ(reader.try_read(frame), std::nullopt);
    EXPECT_EQ(reader.read_for(frame, milliseconds(5)), std::nullopt);
    for (std::uint64_t lap = 0; lap < 10; ++lap) {
      for (std::uint64_t i = 0; i < 3; ++i) EXPECT_EQ(writer.write(frame_of(3 * lap + i, 100)), 3 * lap + i);
      for (std::uint64_t i = 0; i < 3; ++i) {
        const FrameInfo info = reader.read(frame);
        EXPECT_EQ(info.sequence, 3 * lap + i);
        EXPECT_EQ(info.lost, 0U);
        EXPECT_TRUE(is_whole(frame, 3 * lap + i));
      }
    }
    EXPECT_EQ(ring.written(), 30U);
  }
}

TEST(FrameRingTest, a_frame_made_in_place_is_seen_once_it_is_published) {
  FrameRing<float> ring(3);
  auto reader = ring.reader();
  auto writer = ring.writer();
  EXPECT_THROW(writer.publish(), SpecError);
  std::vector<float> frame(3);
  const std::span<float> place = writer.next();
  ASSERT_EQ(place.size(), 3U);
  std::fill(place.begin(), place.end(), 0.5F);
  EXPECT_EQ(reader.try_read(frame), std::nullopt);
  EXPECT_EQ(writer.publish(), 0U);
  EXPECT_THROW(writer.publish(), SpecError) << "the same again";
  EXPECT_EQ(reader.read(frame).sequence, 0U);
  EXPECT_THAT(frame, testing::Each(0.5F));
}

TEST(FrameRingTest, an_overtaken_reader_is_told_how_many_frames_it_lost) {
  Ring ring(10, kDrop);
  auto reader = ring.reader();
  auto writer = ring.writer();
  std::vector<std::uint64_t> frame(10);
  for (std::uint64_t i = 0; i < 10; ++i) write_next(ring, writer);
  std::uint64_t read = 0;
  std::uint64_t lost = 0;
  std::uint64_t next = 0;
  while (const auto info = reader.try_read(frame)) {
    EXPECT_TRUE(is_whole(frame, info->sequence));
    EXPECT_EQ(info->sequence, next + info->lost);
    next = info->sequence + 1;
    lost += info->lost;
    ++read;
  }
  EXPECT_EQ(read, 2U) << "half a ring is left";
  EXPECT_EQ(read + lost, 10U);
  EXPECT_EQ(reader.lost(), lost);
  write_next(ring, writer);
  EXPECT_EQ(reader.read(frame).lost, 0U) << "told once";
}

TEST(FrameRingTest, skipping_to_the_newest_is_no_loss) {
  Ring ring(1, kWait);
  auto reader = ring.reader();
  auto writer = ring.writer();
  EXPECT_EQ(reader.skip_to_newest(), 0U);
  for (int i = 0; i < 4; ++i) write_next(ring, writer);
  EXPECT_EQ(reader.skip_to_newest(), 3U);
  EXPECT_EQ(reader.skip_to_newest(), 0U);
  for (int i = 0; i < 3; ++i) write_next(ring, writer);
  std::vector<std::uint64_t> frame(1);
  const FrameInfo info = reader.read(frame);
  EXPECT_EQ(info.sequence, 3U);
  EXPECT_EQ(info.lost, 0U);
}

TEST(FrameRingTest, a_writer_that_waits_overwrites_nothing_unread) {
  Ring ring(10, kWait);
  auto writer = ring.writer();
  for (int i = 0; i < 10; ++i) write_next(ring, writer);  // nobody reads: nobody to wait for
  auto slow = ring.reader();
  auto fast = ring.reader();
  std::vector<std::uint64_t> frame(10);
  for (int i = 0; i < 4; ++i) write_next(ring, writer);
  for (int i = 0; i < 4; ++i) fast.read(frame);
  EXPECT_FALSE(writer.write_for(frame, nanoseconds(0)));
  EXPECT_FALSE(writer.write_for(frame, milliseconds(20)));
  EXPECT_TRUE(writer.next_for(milliseconds(-1)).empty());
  EXPECT_EQ(slow.read(frame).sequence, 10U);
  EXPECT_TRUE(writer.write_for(frame_of(14, 10), nanoseconds(0)));
  EXPECT_FALSE(writer.write_for(frame, nanoseconds(0)));
  { const auto gone = std::move(slow); }
  EXPECT_TRUE(writer.write_for(frame, nanoseconds(0))) << "nobody waits for a reader that has left";
}

TEST(FrameRingTest, every_reader_sees_every_frame_of_a_writer_that_waits) {
  constexpr std::uint64_t frames = 5000;
  Ring ring(50, kWait);
  Barrier ready(4);
  std::vector<Process> readers;
  for (int i = 0; i < 3; ++i) {
    readers.push_back(test::forked("reads", [&] {
      auto reader = ring.reader();
      std::vector<std::uint64_t> frame(50);
      if (!ready.wait_for(kLong)) return 1;
      for (std::uint64_t number = 0; number < frames; ++number) {
        const auto info = reader.read_for(frame, kLong);
        if (!info || info->sequence != number || info->lost != 0 || !is_whole(frame, number)) return 2;
      }
      try {
        reader.read(frame);
      } catch (const StreamEnded&) {
        return 0;
      }
      return 3;
    }));
  }
  ASSERT_TRUE(ready.wait_for(kLong));
  {
    auto writer = ring.writer();
    for (std::uint64_t number = 0; number < frames; ++number) {
      ASSERT_TRUE(writer.write_for(frame_of(number, 50), kLong)) << number;
    }
  }
  for (Process& reader : readers) EXPECT_EQ(reader.join(), ExitStatus::exited(0));
}

// At full speed, with frames that take a while to copy.
TEST(FrameRingTest, no_frame_is_torn_by_a_writer_that_does_not_wait) {
  constexpr std::size_t size = 20'000;  // 160 KB
  for (const std::size_t capacity : {2, 3, 8}) {
    Ring ring(size, {.capacity = capacity, .when_full = WhenFull::drop});
    auto reader = ring.reader();
    Process writes = test::forked("writes", [&] {
      auto writer = ring.writer();
      for (int i = 0; i < 3000; ++i) write_next(ring, writer);
      return 0;
    });
    std::vector<std::uint64_t> frame(size);
    std::uint64_t next = 0;
    std::uint64_t lost = 0;
    try {
      while (const auto info = reader.read_for(frame, kLong)) {
        ASSERT_TRUE(is_whole(frame, info->sequence)) << info->sequence;
        ASSERT_EQ(info->sequence, next + info->lost);
        next = info->sequence + 1;
        lost += info->lost;
      }
      FAIL() << "the writer is not done in time";
    } catch (const StreamEnded&) {
    }
    EXPECT_EQ(reader.lost(), 3000 - next + lost);
    EXPECT_EQ(writes.join(), ExitStatus::exited(0));
  }
}

TEST(FrameRingTest, readers_that_join_later_see_what_comes_from_then_on) {
  for (const FrameRingOptions& options : {kWait, kDrop}) {
    Ring ring(5, options);
    auto writer = ring.writer();
    for (int i = 0; i < 7; ++i) write_next(ring, writer);
    auto reader = ring.reader();
    std::vector<std::uint64_t> frame(5);
    EXPECT_EQ(reader.try_read(frame), std::nullopt);
    write_next(ring, writer);
    const FrameInfo info = reader.read(frame);
    EXPECT_EQ(info.sequence, 7U);
    EXPECT_EQ(info.lost, 0U);
    EXPECT_TRUE(is_whole(frame, 7));
  }
}

TEST(FrameRingTest, the_end_of_the_stream_comes_after_its_last_frame) {
  Ring ring(5);
  auto reader = ring.reader();
  std::vector<std::uint64_t> frame(5);
  {
    auto writer = ring.writer();
    write_next(ring, writer);
    writer.end();
    writer.end();
    EXPECT_THROW(writer.next(), SpecError);
    EXPECT_THROW(writer.publish(), SpecError);
  }
  EXPECT_EQ(reader.read(frame).sequence, 0U);
  EXPECT_THROW(reader.read(frame), StreamEnded);
  EXPECT_THROW(reader.try_read(frame), StreamEnded);
  auto another = ring.writer();
  EXPECT_EQ(reader.try_read(frame), std::nullopt) << "it goes on";
  write_next(ring, another);
  EXPECT_EQ(reader.read(frame).sequence, 1U);
}

TEST(FrameRingTest, a_killed_writer_is_told_to_its_readers_after_what_it_wrote) {
  Ring ring(5);
  auto reader = ring.reader();
  Event written;
  Process writes = test::forked("dies", [&]() -> int {
    auto writer = ring.writer();
    write_next(ring, writer);
    writer.next();  // and dies while it writes the second
    written.set();
    for (;;) ::pause();
  });
  ASSERT_TRUE(written.wait_for(kLong));
  EXPECT_THROW(ring.writer(), SpecError) << "it lives";
  writes.signal(SIGKILL);  // a zombie until it is joined, which counts as dead
  std::vector<std::uint64_t> frame(5);
  EXPECT_EQ(reader.read(frame).sequence, 0U);
  EXPECT_THROW(reader.read(frame), PeerLost);
  EXPECT_THROW(reader.try_read(frame), PeerLost);
  writes.join();
  auto writer = ring.writer();
  write_next(ring, writer);
  EXPECT_EQ(reader.read(frame).sequence, 1U);
  EXPECT_TRUE(is_whole(frame, 1));
}

TEST(FrameRingTest, a_reader_that_waits_already_hears_of_the_writers_death) {
  Ring ring(5);
  Event ready;
  Process writes = test::forked("dies", [&]() -> int {
    auto writer = ring.writer();
    ready.set();
    for (;;) ::pause();
  });
  ASSERT_TRUE(ready.wait_for(kLong));
  Event waits;
  Process reads = test::forked("waits", [&] {
    auto reader = ring.reader();
    std::vector<std::uint64_t> frame(5);
    reader.try_read(frame);
    waits.set();
    try {
      reader.read(frame);
    } catch (const PeerLost&) {
      return 0;
    }
    return 1;
  });
  ASSERT_TRUE(waits.wait_for(kLong));
  writes.kill();
  ASSERT_TRUE(reads.join_for(kLong));
  EXPECT_EQ(reads.status(), ExitStatus::exited(0));
}

TEST(FrameRingTest, a_killed_reader_holds_up_no_writer) {
  Ring ring(5, kWait);
  for (const bool polls : {false, true}) {
    Event ready;
    Process reads = test::forked("dies", [&]() -> int {
      auto reader = ring.reader();
      ready.set();
      for (;;) ::pause();
    });
    ASSERT_TRUE(ready.wait_for(kLong));
    auto writer = ring.writer();
    for (int i = 0; i < 4; ++i) write_next(ring, writer);
    EXPECT_FALSE(writer.write_for(frame_of(4, 5), milliseconds(5)));
    reads.signal(SIGKILL);
    const auto goes_on = [&] { return writer.write_for(frame_of(4, 5), polls ? nanoseconds(0) : nanoseconds(kLong)); };
    ASSERT_TRUE(polls ? test::within(kLong, goes_on) : goes_on());
  }
}

TEST(FrameRingTest, streams_on_when_readers_are_killed_at_random_moments) {
  RandomKills kills;
  Ring ring(100, kWait);
  Process writes = test::forked("writes", [&]() -> int {
    auto writer = ring.writer();
    for (;;) write_next(ring, writer);
  });
  const auto read_some = [&] {
    auto reader = ring.reader();
    std::vector<std::uint64_t> frame(100);
    for (int i = 0; i < 10; ++i) reader.read(frame);
  };
  for (int round = 0; round < test::kRounds / 5; ++round) {  // the writer takes a moment to miss each
    Process victim = test::again_and_again(read_some);
    kills.kill_soon(victim);
    auto reader = ring.reader();
    std::vector<std::uint64_t> frame(100);
    for (int i = 0; i < 10; ++i) {
      const auto info = reader.read_for(frame, kLong);
      ASSERT_TRUE(info.has_value()) << "round " << round;
      ASSERT_EQ(info->lost, 0U);
      ASSERT_TRUE(is_whole(frame, info->sequence));
    }
  }
}

TEST(FrameRingTest, streams_on_when_writers_are_killed_at_random_moments) {
  RandomKills kills;
  for (const WhenFull when_full : {WhenFull::drop, WhenFull::wait}) {
    Ring ring(1000, {.capacity = 3, .when_full = when_full});
    SharedArray<std::uint64_t> seen({2});
    Event joined;
    Process reads = test::forked("reads", [&]() -> int {
      auto reader = ring.reader();
      joined.set();
      std::vector<std::uint64_t> frame(1000);
      std::uint64_t next = 0;
      for (;;) {
        try {
          const FrameInfo info = reader.read(frame);
          if (!is_whole(frame, info.sequence) || info.sequence != next + info.lost) return 1;
          if (when_full == WhenFull::wait && info.lost != 0) return 2;
          next = info.sequence + 1;
          std::atomic_ref(seen(0)).store(next);
        } catch (const PeerLost&) {  // between two writers
        }
      }
    });
    ASSERT_TRUE(joined.wait_for(kLong));  // before anything is written
    for (int round = 0; round < test::kRounds / 2; ++round) {
      Process victim = test::forked("victim", [&]() -> int {
        auto writer = ring.writer();
        for (;;) write_next(ring, writer);
      });
      kills.kill_soon(victim);
      ASSERT_TRUE(reads.is_alive()) << "round " << round << ": " << reads.status().describe();
    }
    auto writer = ring.writer();
    write_next(ring, writer);
    EXPECT_TRUE(test::within(kLong, [&] { return std::atomic_ref(seen(0)).load() == ring.written(); }));
    reads.kill();
  }
}

TEST(FrameRingTest, another_process_finds_it_by_its_name) {
  auto [here, there] = Channel<std::string>::pair();
  Process reads(  // knows nothing of the ring
      [end = std::move(there)]() mutable {
        auto ring = FrameRing<std::int32_t>::open(end.receive());
        auto reader = ring.reader();
        end.send("ready");
        std::vector<std::int32_t> frame(ring.frame_size());
        const FrameInfo info = reader.read(frame);
        end.send(std::to_string(info.sequence) + ":" + std::to_string(frame.back()));
        return 0;
      },
      {.daemon = true, .inherit = {there.descriptor()}});
  auto ring = FrameRing<std::int32_t>::create("camera", 7, kWait);
  auto writer = ring.writer();
  here.send(ring.full_name());
  EXPECT_EQ(here.receive(), "ready");
  writer.write(std::vector<std::int32_t>(7, 42));
  EXPECT_EQ(here.receive(), "0:42");
  EXPECT_EQ(reads.join(), ExitStatus::exited(0));

  EXPECT_EQ(FrameRing<std::int32_t>::open(ring.full_name()).frame_size(), 7U);
  EXPECT_EQ(FrameRing<std::byte>::open(ring.full_name()).frame_size(), 28U);
  EXPECT_THROW(FrameRing<double>::open(ring.full_name()), SpecError);
  const auto array = SharedArray<int>::create("array", {1000});
  EXPECT_THROW(FrameRing<int>::open(array.full_name()), SpecError);
}

TEST(FrameRingTest, sizes_are_checked) {
  EXPECT_THROW(Ring(0), SpecError);
  EXPECT_THROW(Ring(1, {.capacity = 1}), SpecError);
  EXPECT_THROW(Ring(1, {.capacity = (std::size_t{1} << 20) + 1}), SpecError);
  EXPECT_THROW(Ring(std::size_t{1} << 62), SpecError);
  EXPECT_THROW(Ring(std::size_t{1} << 44), SpecError);
  Ring ring(5);
  auto writer = ring.writer();
  auto reader = ring.reader();
  std::vector<std::uint64_t> frame(4);
  EXPECT_THROW(writer.write(frame), SpecError);
  EXPECT_THROW(reader.try_read(frame), SpecError);
}

TEST(FrameRingTest, has_room_for_64_readers_that_live) {
  Ring ring(5, kWait);
  Event ready;
  Process dies = test::forked("dies", [&]() -> int {
    auto reader = ring.reader();
    ready.set();
    for (;;) ::pause();
  });
  ASSERT_TRUE(ready.wait_for(kLong));
  std::vector<FrameReader<std::uint64_t>> readers;
  for (int i = 0; i < 63; ++i) readers.push_back(ring.reader());
  EXPECT_THROW(ring.reader(), SpecError);
  dies.kill();
  dies.join();
  readers.push_back(ring.reader());
  EXPECT_THROW(ring.reader(), SpecError);
  readers.pop_back();
  readers.push_back(ring.reader());
  readers.front() = std::move(readers.back());  // gives one place back
  readers.back() = ring.reader();
  EXPECT_THROW(ring.reader(), SpecError);
  Ring unbounded(5, kDrop);
  std::vector<FrameReader<std::uint64_t>> many;
  for (int i = 0; i < 100; ++i) many.push_back(unbounded.reader());
}

TEST(FrameRingTest, writer_and_readers_keep_the_memory_and_a_fork_of_them_changes_nothing) {
  auto ring = std::make_unique<Ring>(5, kWait);
  auto writer = std::make_unique<FrameWriter<std::uint64_t>>(ring->writer());
  auto reader = std::make_unique<FrameReader<std::uint64_t>>(ring->reader());
  ring.reset();
  Process heir = test::forked("heir", [&] {
    writer.reset();
    reader.reset();
    return 0;
  });
  EXPECT_EQ(heir.join(), ExitStatus::exited(0));
  std::vector<std::uint64_t> frame(5);
  for (std::uint64_t i = 0; i < 4; ++i) writer->write(frame_of(i, 5));
  EXPECT_FALSE(writer->write_for(frame, nanoseconds(0))) << "the reader still counts";
  EXPECT_EQ(reader->read(frame).sequence, 0U);
  *writer = std::move(*std::make_unique<FrameWriter<std::uint64_t>>(std::move(*writer)));
  EXPECT_EQ(writer->write(frame), 4U);
}

TEST(FrameRingTest, a_wait_sleeps_and_does_not_poll) {
  Ring ring(5, kWait);
  auto writer = ring.writer();
  auto reader = ring.reader();
  std::vector<std::uint64_t> frame(5);
  const long reading = test::sleeps_during([&] { EXPECT_FALSE(reader.read_for(frame, milliseconds(200))); });
  for (int i = 0; i < 4; ++i) write_next(ring, writer);
  const long writing = test::sleeps_during([&] { EXPECT_FALSE(writer.write_for(frame, milliseconds(200))); });
  for (const long sleeps : {reading, writing}) {
    EXPECT_GE(sleeps, 1);
    EXPECT_LE(sleeps, 100) << "in 0.2 s";
  }
}

TEST(FrameRingTest, leaves_nothing_behind) {
  const test::Belongings before;
  {
    Ring ring(1000);
    auto named = Ring::create("ring", 1000);
    auto writer = named.writer();
    auto reader = ring.reader();
  }
  EXPECT_EQ(test::Belongings(), before);
}

}  // namespace
}  // namespace windrow
