// Seeds of points, and replicates.
#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <set>

#include "error_of.hpp"
#include "windrow/design/design.hpp"
#include "windrow/error.hpp"

namespace windrow {
namespace {

using test::error_of;
using testing::HasSubstr;
using List = std::vector<Value>;

/// By what tells the points apart.
std::map<std::string, std::uint64_t> seeds_of(const Design& design) {
  std::map<std::string, std::uint64_t> seeds;
  for (std::uint64_t i = 0; i < design.size(); ++i) {
    const Point point = design.point(i);
    std::map<std::string, std::string> named;
    for (std::size_t k = 0; k < point.values().size(); ++k) {
      named[point.parameters()[k].name()] = point.values()[k].render();
    }
    std::string content;
    for (const auto& [name, text] : named) content += name + "=" + text + ";";
    seeds[content] = point.seed();
  }
  return seeds;
}

TEST(PointSeedTest, is_fixed) {  // in all versions: a study that is run again must get the same
  const Design design = grid({values("x", {0.5, 1.0}), values("word", {"a"})}, 7);
  EXPECT_EQ(design.point(0).seed(), 5197812525856078455U);
  EXPECT_EQ(design.point(1).seed31(), 706269211U);
}

TEST(PointSeedTest, stays_when_points_are_added_or_put_into_another_order) {
  const auto before = seeds_of(grid({values("x", {0.5, 1.5}), values("n", {1, 2})}, 7));
  const auto after = seeds_of(grid({values("n", {3, 2, 1}), values("x", {1.5, 2.5, 0.5})}, 7));
  EXPECT_EQ(after.size(), 9U);
  for (const auto& [content, seed] : before) EXPECT_EQ(after.at(content), seed) << content;
}

TEST(PointSeedTest, differs_by_study_name_value_and_kind) {
  std::set<std::uint64_t> seeds;
  for (const Design& design :
       {grid({values("x", {1})}, 1), grid({values("x", {1})}, 2), grid({values("y", {1})}, 1),
        grid({values("x", {2})}, 1), grid({values("x", {"1"})}, 1), grid({values("x", {true})}, 1),
        grid({values("x", {"a"}), values("y", {"bc"})}, 1), grid({values("x", {"ab"}), values("y", {"c"})}, 1)}) {
    seeds.insert(design.point(0).seed());
  }
  EXPECT_EQ(seeds.size(), 8U);
  EXPECT_EQ(grid({values("x", {2})}).point(0).seed(), grid({values("x", {2.0})}).point(0).seed());
}

TEST(PointSeedTest, has_63_or_31_bits_and_does_not_repeat) {
  const Design design = replicated(grid({linear("x", 0.0, 1.0, 1000)}, 3), 100);
  std::set<std::uint64_t> seeds;
  std::uint64_t above = 0;
  for (std::uint64_t i = 0; i < design.size(); ++i) {
    const Point point = design.point(i);
    EXPECT_LT(point.seed(), std::uint64_t{1} << 63);
    EXPECT_GE(point.seed31(), 1U);
    EXPECT_LE(point.seed31(), 0x7fffffffU);
    seeds.insert(point.seed());
    above += point.seed31() >= 0x40000000U ? 1U : 0U;
  }
  EXPECT_EQ(seeds.size(), 100'000U);
  EXPECT_NEAR(static_cast<double>(above), 50'000.0, 1000.0);
}

TEST(PointSeedTest, never_repeats_between_replicates_not_even_with_31_bits) {
  const Design design = replicated(grid({values("x", {1})}, 3), 200'000);  // by chance 9 would be the same
  std::set<std::uint32_t> seeds;
  for (std::uint64_t i = 0; i < design.size(); ++i) seeds.insert(design.point(i).seed31());
  EXPECT_EQ(seeds.size(), design.size());
}

TEST(PointSeedTest, is_not_a_question_for_the_index) {
  const Design design = grid({values("x", {1, 2})});
  Point point = design.point(1);
  const auto asked = std::make_shared<std::atomic<bool>>(false);
  point.watch_index(asked);
  point.seed();
  point.seed31();
  EXPECT_FALSE(*asked);
}

TEST(ReplicatedTest, stand_beside_each_other_and_are_counted_from_1) {
  const Design design = replicated(grid({values("x", {0.5, 1.5})}), 3);
  EXPECT_EQ(design.size(), 6U);
  EXPECT_EQ(design.method(), "grid");
  EXPECT_EQ(design.parameters().back().name(), "replicate");
  EXPECT_EQ(design.point(0).values(), (List{0.5, 1}));
  EXPECT_EQ(design.point(2).values(), (List{0.5, 3}));
  EXPECT_EQ(design.point(3).values(), (List{1.5, 1}));
  EXPECT_EQ(replicated(grid({values("x", {0.5})}), 1).point(0).values(), (List{0.5, 1}));
}

TEST(ReplicatedTest, more_of_them_leave_those_that_are_there) {
  const Design draws = latin_hypercube({uniform("x", 0, 1)}, 5, 11);
  const auto few = seeds_of(replicated(draws, 2));
  const auto many = seeds_of(replicated(draws, 7));
  EXPECT_EQ(few.size(), 10U);
  for (const auto& [content, seed] : few) EXPECT_EQ(many.at(content), seed) << content;
}

TEST(ReplicatedTest, draws_stay_those_of_the_design) {
  const Design draws = monte_carlo({uniform("x", 0, 1)}, 4, 5);
  const Design design = replicated(draws, 3);
  for (std::uint64_t i = 0; i < 12; ++i) EXPECT_EQ(design.point(i)["x"], draws.point(i / 3)["x"]);
}

TEST(ReplicatedTest, refuses_what_cannot_be) {
  const Design design = grid({values("replicate", {1, 2})});
  EXPECT_THAT(error_of<SpecError>([&] { replicated(design, 2); }), HasSubstr("called `replicate`"));
  EXPECT_THROW(replicated(grid({values("x", {1})}), 0), SpecError);
  EXPECT_THROW(replicated(grid({linear("x", 0.0, 1.0, std::uint64_t{1} << 61)}), 4), SpecError);
}

}  // namespace
}  // namespace windrow
