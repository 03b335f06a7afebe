#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "timing/manual_clock.hpp"

namespace {
std::size_t allocations = 0;
}

// Every allocation of this program is counted. Inlined, they would look mismatched to the compiler.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(size == 0 ? 1 : size);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace windrow::test {
namespace {

using AllocationsTest = TimingTest;

TEST_F(AllocationsTest, there_are_none_once_all_names_are_known) {
  const auto work = [&] {
    const Subdivision level(timer, "a subdivision with a name too long to be kept inside a string");
    timer.stamp("a stamp with a name too long to be kept inside a string");
    for (int i = 0; i < 3; ++i) {
      const Subdivision below(timer, "below");
      timer.accumulate("x");
      timer.accumulate(i);
    }
    timer.stamp("y");
  };
  const auto cycle = [&] {
    work();
    timer.accumulate("here");
    work();
    work();
    timer.accumulate("there");
  };
  for (int i = 0; i < 3; ++i) cycle();
  const std::size_t before = allocations;
  for (int i = 0; i < 100; ++i) cycle();
  EXPECT_EQ(allocations, before);
}

}  // namespace
}  // namespace windrow::test
