#include "windrow/parallel/index_set.hpp"

#include <gmock/gmock.h>

#include <limits>
#include <random>
#include <set>

#include "windrow/error.hpp"

namespace windrow {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

IndexSet set_of(std::initializer_list<std::uint64_t> indices) {
  IndexSet set;
  for (const std::uint64_t index : indices) set.insert(index);
  return set;
}

TEST(IndexSetTest, is_empty_at_first) {
  const IndexSet set;
  EXPECT_TRUE(set.empty());
  EXPECT_EQ(set.size(), 0u);
  EXPECT_FALSE(set.contains(0));
  EXPECT_THAT(set.ranges(), IsEmpty());
}

TEST(IndexSetTest, keeps_all_of_a_huge_study_as_one_range) {
  const IndexSet set = IndexSet::first(std::uint64_t{1} << 62);
  EXPECT_THAT(set.ranges(), ElementsAre(IndexRange{0, std::uint64_t{1} << 62}));
  EXPECT_TRUE(set.contains((std::uint64_t{1} << 62) - 1));
  EXPECT_FALSE(set.contains(std::uint64_t{1} << 62));
}

TEST(IndexSetTest, merges_neighbours_in_any_order) {
  EXPECT_THAT(set_of({3, 1, 2}).ranges(), ElementsAre(IndexRange{1, 3}));
  EXPECT_THAT(set_of({1, 3, 5, 4}).ranges(), ElementsAre(IndexRange{1, 1}, IndexRange{3, 3}));
  EXPECT_EQ(set_of({5, 5, 5}).size(), 1u);
}

TEST(IndexSetTest, inserting_a_range_swallows_what_it_covers_and_touches) {
  IndexSet set = set_of({1, 4, 6, 20});
  set.insert(IndexRange{2, 8});
  EXPECT_THAT(set.ranges(), ElementsAre(IndexRange{1, 9}, IndexRange{20, 1}));
  EXPECT_EQ(set.size(), 10u);
  set.insert(IndexRange{50, 0});
  EXPECT_EQ(set.size(), 10u);
}

TEST(IndexSetTest, takes_the_lowest_and_gives_fewer_at_the_end) {
  IndexSet set = set_of({1, 2, 3, 7, 9});
  EXPECT_THAT(set.take(0), IsEmpty());
  EXPECT_THAT(set.take(2), ElementsAre(IndexRange{1, 2}));
  EXPECT_THAT(set.ranges(), ElementsAre(IndexRange{3, 1}, IndexRange{7, 1}, IndexRange{9, 1}));
  EXPECT_THAT(set.take(10), ElementsAre(IndexRange{3, 1}, IndexRange{7, 1}, IndexRange{9, 1}));
  EXPECT_TRUE(set.empty());
  EXPECT_THAT(set.take(1), IsEmpty());
}

TEST(IndexSetTest, takes_back_an_index_that_was_taken) {
  IndexSet set = set_of({0, 2, 4, 6, 8, 10});
  set.take(2);
  set.insert(0);
  EXPECT_THAT(set.take(2), ElementsAre(IndexRange{0, 1}, IndexRange{4, 1}));
}

TEST(IndexSetTest, equality_is_that_of_the_members_not_of_their_history) {
  IndexSet taken = IndexSet::first(10);
  taken.take(4);
  EXPECT_EQ(taken, set_of({9, 4, 8, 5, 7, 6}));
  EXPECT_FALSE(taken == set_of({4, 5}));
}

TEST(IndexSetTest, refuses_what_passes_the_last_index) {
  constexpr std::uint64_t last = std::numeric_limits<std::uint64_t>::max() - 1;
  IndexSet set;
  set.insert(last);
  EXPECT_TRUE(set.contains(last));
  EXPECT_FALSE(set.contains(last + 1));
  EXPECT_THROW(set.insert(last + 1), SpecError);
  EXPECT_THROW(set.insert(IndexRange{last, 2}), SpecError);
  EXPECT_EQ(set.size(), 1u);
}

TEST(IndexSetTest, a_million_single_ranges_can_be_taken_one_by_one) {
  IndexSet set;
  for (std::uint64_t i = 0; i < 1000000; ++i) set.insert(2 * i);
  EXPECT_EQ(set.ranges().size(), 1000000u);
  for (std::uint64_t i = 0; i < 1000000; ++i) {
    const auto taken = set.take(1);
    ASSERT_EQ(taken.size(), 1u);
    ASSERT_EQ(taken.front(), (IndexRange{2 * i, 1}));
  }
  EXPECT_TRUE(set.empty());
}

/// The set and std::set go through the same operations; after each, they must say the same of themselves.
class IndexSetPropertyTest : public testing::TestWithParam<unsigned> {
 protected:
  std::uint64_t below(std::uint64_t limit) {
    return std::uniform_int_distribution<std::uint64_t>(0, limit - 1)(generator_);
  }

  void step() {
    switch (below(8)) {
      case 0:
      case 1:
        insert(IndexRange{below(200), 1});
        break;
      case 2:
        insert(IndexRange{below(200), below(15)});
        break;
      case 3:
        insert(IndexRange{model_.empty() ? 0 : *model_.rbegin() + below(3), 1});
        break;
      case 4:
        take(below(8));
        break;
      case 5:
        remove(below(200));
        break;
      case 6:
        combine();
        break;
      default:
        complement(below(230));
        break;
    }
  }

  void check() const {
    ASSERT_EQ(set_.size(), model_.size());
    std::set<std::uint64_t> listed;
    std::uint64_t may_start_at = 0;
    for (const IndexRange& range : set_.ranges()) {
      ASSERT_GT(range.count, 0u);
      ASSERT_GE(range.first, may_start_at) << "ranges overlap, touch or are out of order";
      may_start_at = range.first + range.count + 1;
      for (std::uint64_t i = 0; i < range.count; ++i) listed.insert(range.first + i);
    }
    ASSERT_EQ(listed, model_);
    for (std::uint64_t i = 0; i < 240; ++i) ASSERT_EQ(set_.contains(i), model_.contains(i)) << i;
  }

 private:
  void insert(IndexRange range) {
    range.count == 1 ? set_.insert(range.first) : set_.insert(range);
    for (std::uint64_t i = 0; i < range.count; ++i) model_.insert(range.first + i);
  }

  void take(std::uint64_t count) {
    for (const IndexRange& range : set_.take(count)) {
      for (std::uint64_t i = 0; i < range.count; ++i) {
        ASSERT_FALSE(model_.empty());
        ASSERT_EQ(*model_.begin(), range.first + i);
        model_.erase(model_.begin());
        ASSERT_GT(count--, 0u);
      }
    }
    ASSERT_TRUE(count == 0 || model_.empty());
  }

  void remove(std::uint64_t index) { ASSERT_EQ(set_.remove(index), model_.erase(index) == 1); }

  void combine() {
    IndexSet other;
    for (std::uint64_t i = below(10); i > 0; --i) other.insert(IndexRange{below(200), below(15)});
    const IndexSet rest = set_.without(other);
    std::uint64_t position = 0;
    for (const std::uint64_t index : model_) {
      ASSERT_EQ(rest.contains(index), !other.contains(index)) << index;
      if (rest.contains(index)) {
        ASSERT_EQ(rest.at(position++), index);
      }
    }
    ASSERT_EQ(rest.size(), position);
    ASSERT_THROW(rest.at(position), SpecError);

    const IndexSet all = set_.united(other);
    const IndexSet both = set_.intersected(other);
    ASSERT_EQ(all.size(), position + other.size());
    ASSERT_EQ(both.size(), model_.size() - position);
    for (std::uint64_t i = 0; i < 240; ++i) {
      ASSERT_EQ(all.contains(i), set_.contains(i) || other.contains(i)) << i;
      ASSERT_EQ(both.contains(i), set_.contains(i) && other.contains(i)) << i;
    }
  }

  void complement(std::uint64_t total) {
    const IndexSet gaps = set_.complement(total);
    std::uint64_t expected = 0;
    for (std::uint64_t i = 0; i < total; ++i) {
      ASSERT_EQ(gaps.contains(i), !model_.contains(i)) << i;
      expected += model_.contains(i) ? 0 : 1;
    }
    ASSERT_EQ(gaps.size(), expected);
  }

  std::mt19937_64 generator_{GetParam()};
  IndexSet set_;
  std::set<std::uint64_t> model_;
};

TEST_P(IndexSetPropertyTest, behaves_like_a_set_of_integers) {
  for (int i = 0; i < 1500; ++i) {
    step();
    check();
    if (HasFatalFailure()) FAIL() << "after operation " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, IndexSetPropertyTest, testing::Range(1u, 9u));

}  // namespace
}  // namespace windrow
