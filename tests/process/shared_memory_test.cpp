#include "windrow/process/shared_memory.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>

#include "faults/support.hpp"
#include "windrow/error.hpp"
#include "windrow/process/process.hpp"

namespace windrow {
namespace {

TEST(SharedMemoryTest, starts_as_zeros) {
  const SharedMemory memory(10000);
  EXPECT_EQ(memory.size(), 10000U);
  const auto* begin = static_cast<const unsigned char*>(memory.data());
  EXPECT_TRUE(std::all_of(begin, begin + memory.size(), [](unsigned char byte) { return byte == 0; }));
}

TEST(SharedMemoryTest, what_a_child_writes_is_seen_here_even_if_it_was_killed) {
  SharedMemory memory(sizeof(std::uint64_t));
  auto* value = static_cast<volatile std::uint64_t*>(memory.data());
  Process child = test::forked("writes", [&]() -> int {
    *value = 42;
    ::raise(SIGKILL);
    return 0;
  });
  child.join();
  EXPECT_EQ(*value, 42U);
}

TEST(SharedMemoryTest, moves_and_leaves_nothing_behind) {
  const test::Belongings before;
  SharedMemory empty;
  EXPECT_EQ(empty.data(), nullptr);
  SharedMemory first(100);
  void* data = first.data();
  SharedMemory second(std::move(first));
  EXPECT_EQ(second.data(), data);
  EXPECT_EQ(first.data(), nullptr);
  empty = std::move(second);
  EXPECT_EQ(empty.data(), data);
  EXPECT_EQ(empty.size(), 100U);
  EXPECT_EQ(test::Belongings(), before);
}

TEST(SharedMemoryTest, more_than_there_is_is_an_error) {
  EXPECT_THROW(SharedMemory(std::numeric_limits<std::size_t>::max() / 4), SystemError);
}

}  // namespace
}  // namespace windrow
