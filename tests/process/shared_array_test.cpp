#include "windrow/process/shared_array.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "faults/support.hpp"
#include "process/random_kills.hpp"
#include "windrow/error.hpp"
#include "windrow/process/process.hpp"
#include "windrow/process/sync.hpp"

namespace windrow {
namespace {

using test::Belongings;
using test::kLong;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

// What processes of this machine have open or mapped under a full name.
int holders_of(const std::string& full_name) {
  int count = 0;
  std::error_code error;
  for (const auto& process : std::filesystem::directory_iterator("/proc", error)) {
    if (process.is_symlink(error)) continue;  // self, thread-self
    for (const auto& entry : std::filesystem::directory_iterator(process.path() / "fd", error)) {
      count += std::filesystem::read_symlink(entry, error).string().find(full_name) != std::string::npos ? 1 : 0;
    }
    count += test::content_of(process.path() / "maps").find(full_name) != std::string::npos ? 1 : 0;
  }
  return count;
}

// A text for children that were forked before it was known.
struct Message {
  SharedArray<char> text{{300}};
  Event sent;
  void send(const std::string& content) {
    std::copy(content.begin(), content.end(), text.begin());
    sent.set();
  }
  std::string receive() { return sent.wait_for(kLong) ? std::string(text.data()) : std::string(); }
};

TEST(SharedArrayTest, is_row_major_and_starts_as_zeros) {
  SharedArray<double> array({2, 3, 4});
  EXPECT_EQ(array.size(), 24U);
  EXPECT_EQ(array.dimensions(), 3U);
  EXPECT_THAT(array.span(), Each(0.0));
  std::iota(array.begin(), array.end(), 0.0);
  EXPECT_EQ(array.at(1, 2, 3), 23.0);
  EXPECT_EQ(array.at(0, 1, 0), 4.0);
  EXPECT_EQ(array(1, 0, 2), 14.0);
  const SharedArray<double>& constant = array;
  EXPECT_EQ(constant(1, 0, 2), constant.at(1, 0, 2));
  EXPECT_EQ(constant.span().back(), 23.0);
  array.fill(7.0);
  EXPECT_THAT(array, Each(7.0));
  EXPECT_EQ(array.full_name(), "");
}

TEST(SharedArrayTest, checks_indices) {
  SharedArray<int> array({2, 3});
  EXPECT_THROW(array.at(2, 0), SpecError);
  EXPECT_THROW(array.at(0, 3), SpecError);
  EXPECT_THROW(array.at(0), SpecError);
  EXPECT_THROW(array.at(0, 0, 0), SpecError);
  try {
    array.at(1, -1);
    FAIL();
  } catch (const SpecError& error) {
    EXPECT_THAT(error.what(), HasSubstr("no element (1, -1) in an array of shape (2, 3)"));
  }
}

TEST(SharedArrayTest, checks_shapes) {
  EXPECT_THROW(SharedArray<int>(Shape{}), SpecError);
  EXPECT_THROW(SharedArray<int>(Shape(9, 1)), SpecError);
  EXPECT_THROW(SharedArray<int>(Shape{std::size_t{1} << 40, std::size_t{1} << 40}), SpecError);
  EXPECT_THROW(SharedArray<double>(Shape{std::size_t{1} << 58}), SystemError);
  EXPECT_EQ(SharedArray<int>(Shape{3, 0}).size(), 0U);
  EXPECT_EQ(SharedArray<int>().size(), 0U);
  EXPECT_EQ(SharedArray<int>().begin(), SharedArray<int>().end());
}

TEST(SharedArrayTest, is_shared_with_children) {
  SharedArray<int> array({4});
  Process child = test::forked("writes", [&] {
    array(3) = 9;
    return 0;
  });
  child.join();
  EXPECT_THAT(array.span(), ElementsAre(0, 0, 0, 9));
}

TEST(NamedArrayTest, is_opened_by_another_process_that_was_there_before) {
  Message name;
  Process child = test::forked("opens", [&] {
    SharedArray<float> array = SharedArray<float>::open(name.receive());
    if (array.shape() != Shape{2, 5} || array(1, 4) != 2.5F) return 1;
    array(0, 0) = 8.0F;
    return 0;
  });
  SharedArray<float> array = SharedArray<float>::create("image", {2, 5});
  array(1, 4) = 2.5F;
  name.send(array.full_name());
  EXPECT_EQ(child.join(), ExitStatus::exited(0));
  EXPECT_EQ(array(0, 0), 8.0F);
  EXPECT_EQ(array.full_name(), shared_name("image"));
}

TEST(NamedArrayTest, a_new_one_of_the_same_name_and_another_size_is_seen_when_opened_again) {
  auto array = SharedArray<int>::create("image", {2});
  array(1) = 1;
  auto opened = SharedArray<int>::open(array.full_name());
  auto next = SharedArray<int>::create("image", {3, 4});
  next(2, 3) = 5;
  EXPECT_EQ(opened(1), 1) << "what is open stays as it is";
  EXPECT_EQ(SharedArray<int>::open(array.full_name()).shape(), (Shape{3, 4})) << "though the old one is still there";
  array = std::move(next);
  EXPECT_EQ(SharedArray<int>::open(array.full_name())(2, 3), 5);
  EXPECT_EQ(opened(1), 1);
}

TEST(NamedArrayTest, always_opens_whole_while_it_is_made_anew) {
  Event stop;
  Process owner;
  const SharedArray<std::uint64_t> opened_count({1});
  Message name;
  owner = test::forked("owner", [&] {
    SharedArray<std::uint64_t> array;
    for (std::size_t n = 1; !stop.is_set(); n = n % 600 + 1) {
      array = SharedArray<std::uint64_t>::create("again", {n, 2});
      if (n == 1) name.send(array.full_name());
    }
    return 0;
  });
  const std::string full_name = name.receive();
  for (int i = 0; i < 1000; ++i) {
    const auto array = SharedArray<std::uint64_t>::open(full_name);
    ASSERT_EQ(array.dimensions(), 2U);
    ASSERT_EQ(array.shape()[1], 2U);
    ASSERT_EQ(array(array.shape()[0] - 1, 1), 0U);
  }
  stop.set();
  EXPECT_EQ(owner.join(), ExitStatus::exited(0));
}

TEST(NamedArrayTest, goes_with_its_object_but_not_with_a_copy_in_a_child) {
  std::optional<SharedArray<int>> array = SharedArray<int>::create("image", {2});
  const std::string name = array->full_name();
  Process child = test::forked("forgets", [&] {
    array.reset();
    return SharedArray<int>::open(name).size() == 2 ? 0 : 1;
  });
  EXPECT_EQ(child.join(), ExitStatus::exited(0));
  EXPECT_EQ(SharedArray<int>::open(name).size(), 2U);
  array.reset();
  EXPECT_THROW(SharedArray<int>::open(name), SpecError);
}

TEST(NamedArrayTest, a_child_may_own_one_of_the_same_name) {
  auto mine = SharedArray<int>::create("image", {2});
  Process child = test::forked("owns", [&] {
    auto own = SharedArray<int>::create("image", {3});
    const bool different = own.full_name() != mine.full_name() && own.full_name() == shared_name("image");
    return different && SharedArray<int>::open(mine.full_name()).size() == 2 &&
                   SharedArray<int>::open(own.full_name()).size() == 3
               ? 0
               : 1;
  });
  EXPECT_EQ(child.join(), ExitStatus::exited(0));
}

TEST(NamedArrayTest, wrong_names_and_elements_are_told) {
  for (const std::string name : {"", "a/b", "a b", "a\n", "#", "ä"}) {
    EXPECT_THROW(SharedArray<int>::create(name, {1}), SpecError) << name;
  }
  EXPECT_THROW(SharedArray<int>::create(std::string(101, 'a'), {1}), SpecError);
  auto longest = SharedArray<int>::create(std::string(100, 'a'), {1});
  EXPECT_EQ(SharedArray<int>::open(longest.full_name()).size(), 1U);
  EXPECT_THROW(SharedArray<double>::open(longest.full_name()), SpecError);
  EXPECT_THROW(SharedArray<int>::open(longest.full_name().substr(0, longest.full_name().size() - 1)), SpecError);
  EXPECT_THROW(SharedArray<int>::open(shared_name("none")), SpecError);
  for (const std::string name :
       {"", "image", "windrow-", "windrow-1", "windrow-1-2", "windrow-1-2-", "windrow-x-2-a"}) {
    EXPECT_THROW(SharedArray<int>::open(name), SpecError) << name;
  }
  const SharedMemory plain = SharedMemory::create("plain", 4096);
  EXPECT_THROW(SharedArray<int>::open(plain.full_name()), SpecError);
}

TEST(NamedArrayTest, a_later_process_of_the_same_pid_is_not_the_owner) {
  const auto array = SharedArray<int>::create("image", {1});
  std::string name = array.full_name();
  name.insert(name.rfind('-'), "1");  // another start time
  EXPECT_THROW(SharedArray<int>::open(name), PeerLost);
}

TEST(NamedArrayTest, nothing_stays_when_the_owner_is_killed) {
  const Belongings before;
  Message name;
  Process owner = test::forked("owner", [&]() -> int {
    auto array = SharedArray<int>::create("image", {1000});
    array.fill(6);
    name.send(array.full_name());
    for (;;) ::pause();
  });
  const std::string full_name = name.receive();
  {
    auto opened = SharedArray<int>::open(full_name);
    EXPECT_EQ(holders_of(full_name), 3) << "its descriptor and its mapping, and the mapping here";
    owner.signal(SIGKILL);
    EXPECT_TRUE(test::within(kLong, [&] { return test::is_gone(owner.pid()); }));
    EXPECT_THROW(SharedArray<int>::open(full_name), PeerLost) << "not reaped yet";
    owner.join();
    EXPECT_THROW(SharedArray<int>::open(full_name), PeerLost);
    EXPECT_THAT(opened.span(), Each(6)) << "what is open stays";
  }
  EXPECT_EQ(holders_of(full_name), 0);
  owner = Process();
  const SharedArray<int> none;
  EXPECT_EQ(Belongings().shared_memory, before.shared_memory);
}

TEST(NamedArrayTest, nothing_stays_when_owners_are_killed_at_random_moments) {
  test::RandomKills kills;
  const Belongings before;
  for (int round = 0; round < test::kRounds; ++round) {
    Process owner = test::again_and_again([] { auto array = SharedArray<int>::create("killed", {100}); });
    kills.kill_soon(owner);
  }
  EXPECT_EQ(holders_of("-killed"), 0);
  EXPECT_EQ(Belongings(), before);
}

TEST(NamedArrayTest, leaves_nothing_behind) {
  const Belongings before;
  {
    auto array = SharedArray<int>::create("image", {100});
    auto other = SharedArray<int>::open(array.full_name());
    EXPECT_THROW(SharedArray<char>::open(array.full_name()), SpecError);
    EXPECT_THROW(SharedArray<char>::open(shared_name("none")), SpecError);
    array = SharedArray<int>::create("image", {200});
    EXPECT_THROW(SharedArray<int>::create("huge", {std::size_t{1} << 59}), SystemError);
  }
  EXPECT_EQ(Belongings(), before);
}

}  // namespace
}  // namespace windrow
