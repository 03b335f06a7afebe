#include <gmock/gmock.h>

#include <algorithm>

#include "windrow/design/design.hpp"

namespace windrow {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Equal = EqualPoint;

/// Pair by pair, by what values say of themselves.
std::vector<EqualPoint> compared(const Design& design) {
  std::vector<EqualPoint> equal;
  for (std::uint64_t i = 0; i < design.size(); ++i) {
    for (std::uint64_t first = 0; first < i; ++first) {
      if (design.point(first).values() != design.point(i).values()) continue;
      equal.push_back({first, i});
      break;
    }
  }
  std::ranges::sort(equal);
  return equal;
}

TEST(EqualPointsTest, of_a_list_are_found_by_all_values) {
  const Design design = zip({values("a", {1, 2, 1, 1, 2}), values("b", {"x", "y", "x", "z", "y"})});
  EXPECT_THAT(design.equal_points(), ElementsAre(Equal{0, 2}, Equal{1, 4}));
  EXPECT_EQ(design.equal_points(), compared(design));
}

TEST(EqualPointsTest, of_a_grid_are_those_of_levels_that_repeat) {
  const Design design =
      grid({values("a", {1, 2, 1}), linear("b", 0.0, 1.0, 3), values("c", {"x", "x"}), values("d", {true, false})});
  EXPECT_EQ(design.size(), 36U);
  EXPECT_EQ(design.equal_points(), compared(design));
  EXPECT_EQ(design.equal_points().size(), 36U - 12U);
  EXPECT_EQ(grid({linear("a", 2.0, 2.0, 4)}).equal_points().size(), 3U);
}

TEST(EqualPointsTest, cost_a_large_grid_nothing) {
  EXPECT_THAT(grid({linear("a", 0.0, 1.0, 100'000'000), linear("b", 0.0, 1.0, 1'000'000'000)}).equal_points(),
              IsEmpty());
}

TEST(EqualPointsTest, differ_in_kind_sign_or_spelling) {
  EXPECT_THAT(zip({values("a", {1, "1", true, 1.5})}).equal_points(), IsEmpty());
  EXPECT_THAT(zip({values("a", {0.0, -0.0})}).equal_points(), IsEmpty());
  EXPECT_THAT(zip({values("a", {Value(1.1).spelled("1.10"), Value(1.1)})}).equal_points(), IsEmpty());
  EXPECT_THAT(zip({values("a", {"x", "xy"}), values("b", {"yz", "z"})}).equal_points(), IsEmpty());
}

TEST(EqualPointsTest, of_replicates_are_those_of_the_same_number) {
  const Design design = replicated(zip({values("a", {1, 2, 1, 1})}), 2);
  EXPECT_THAT(design.equal_points(), ElementsAre(Equal{0, 4}, Equal{0, 6}, Equal{1, 5}, Equal{1, 7}));
  EXPECT_EQ(design.equal_points(), compared(design));
}

TEST(EqualPointsTest, of_samples_are_not_looked_for) {
  EXPECT_THAT(monte_carlo({values("a", {1})}, 10).equal_points(), IsEmpty());
}

}  // namespace
}  // namespace windrow
