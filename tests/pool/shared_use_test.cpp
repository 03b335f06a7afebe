#include "pool/shared_use.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace windrow::detail {
namespace {

TEST(SharedUseTest, a_note_keeps_it_in_use_once) {
  SharedUse use;
  use.begin();
  EXPECT_FALSE(use.begin_or_note());
  EXPECT_FALSE(use.begin_or_note());  // one note says it all
  EXPECT_FALSE(use.end());
  EXPECT_FALSE(use.begin_or_note());  // still in use
  EXPECT_FALSE(use.end());
  EXPECT_TRUE(use.end());
  EXPECT_TRUE(use.begin_or_note());
  EXPECT_TRUE(use.end());
}

TEST(SharedUseTest, whatever_is_made_is_seen_by_one_of_the_two) {
  SharedUse use;
  std::atomic<int> made = 0;
  int seen = 0;  // guarded by `use`
  const auto look = [&] { seen = made; };
  const auto end = [&] {
    while (!use.end()) look();
  };
  std::jthread maker([&] {
    for (int i = 0; i < 200'000; ++i) {
      ++made;
      if (!use.begin_or_note()) continue;
      look();
      end();
    }
  });
  for (int i = 0; i < 200'000; ++i) {  // uses it, but looks only where it is told to
    use.begin();
    end();
  }
  maker.join();
  EXPECT_EQ(seen, 200'000);
}

}  // namespace
}  // namespace windrow::detail
