// Sobol', Halton and lattice points, Latin hypercubes that grow, and Saltelli's points.
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "design/method_points.hpp"
#include "error_of.hpp"
#include "windrow/error.hpp"

namespace windrow {
namespace {

using test::cube;
using test::error_of;
using test::Row;
using test::row_of;
using test::rows_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Whether each of `count` equal strata of each parameter in [0, 1) has one of the points.
void expect_one_in_each_stratum(const std::vector<Row>& rows, std::size_t count) {
  for (std::size_t place = 0; place < rows.front().size(); ++place) {
    std::set<double> strata;
    for (const Row& row : rows) strata.insert(std::floor(row[place] * static_cast<double>(count)));
    EXPECT_EQ(strata.size(), count) << "parameter " << place;
    EXPECT_GE(*strata.begin(), 0.0);
    EXPECT_LT(*strata.rbegin(), static_cast<double>(count));
  }
}

// Source: new-joe-kuo-6.21201, doi:10.1137/070709359, by the program that is published with it.
TEST(SobolTest, has_the_published_points_in_their_order) {
  const Design design = sobol(cube(3), 10, Scramble::none);
  EXPECT_THAT(rows_of(design), ElementsAre(Row{0, 0, 0}, Row{.5, .5, .5}, Row{.75, .25, .25}, Row{.25, .75, .75},
                                           Row{.375, .375, .625}, Row{.875, .875, .125}, Row{.625, .125, .875},
                                           Row{.125, .625, .375}, Row{.1875, .3125, .9375}, Row{.6875, .8125, .4375}));
}

// Any 2^k points have one in each of 2^k strata of a parameter, and of two parameters, by the smallest t, 2^(k - t)
// ones.
TEST(SobolTest, is_even_in_every_parameter_whatever_the_scramble) {
  for (const Scramble scramble : {Scramble::none, Scramble::shift, Scramble::owen}) {
    for (const std::uint64_t seed : {0U, 1U, 77U}) {
      const Design design = sobol(cube(40), 4096, scramble, seed);
      for (const std::size_t count : {2U, 64U, 1024U, 4096U})
        expect_one_in_each_stratum(rows_of(design, 0, count), count);
    }
  }
}

TEST(SobolTest, keeps_the_net_of_the_first_two_parameters_when_it_is_scrambled) {
  for (const Scramble scramble : {Scramble::none, Scramble::shift, Scramble::owen}) {
    const Design design = sobol(cube(2), 256, scramble, 3);
    for (int wide = 0; wide <= 8; ++wide) {
      std::set<std::pair<double, double>> cells;  // 2^wide by 2^(8 - wide)
      for (const Row& row : rows_of(design)) {
        cells.emplace(std::floor(std::ldexp(row[0], wide)), std::floor(std::ldexp(row[1], 8 - wide)));
      }
      EXPECT_EQ(cells.size(), 256U) << wide;
    }
  }
}

TEST(SobolTest, is_scrambled_by_seed_and_name_alone) {
  const std::vector<Row> rows = rows_of(sobol(cube(2), 64, Scramble::owen, 1));
  EXPECT_EQ(rows, rows_of(sobol(cube(2), 100, Scramble::owen, 1), 0, 64));
  EXPECT_NE(rows, rows_of(sobol(cube(2), 64, Scramble::owen, 2)));
  EXPECT_NE(rows, rows_of(sobol(cube(2), 64, Scramble::shift, 1)));
  const Design more = sobol(cube(3), 64, Scramble::owen, 1);
  for (std::uint64_t i = 0; i < 64; ++i) EXPECT_EQ(row_of(more, i)[1], rows[i][1]);
}

// With shifts alone the difference of two points is the same for all seeds but for signs; nested scrambles have many.
TEST(SobolTest, owen_takes_any_branch_with_even_odds) {
  int together = 0, below = 0;
  constexpr int seeds = 4000;
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    const Design design = sobol(cube(1), 4, Scramble::owen, seed);
    const auto half = [&](std::uint64_t i) { return std::fmod(row_of(design, i)[0] * 2.0, 1.0) < 0.5; };
    together += half(0) == half(1);
    below += half(0);
  }
  EXPECT_NEAR(together, seeds / 2, 200);
  EXPECT_NEAR(below, seeds / 2, 200);
}

TEST(SobolTest, begins_at_the_lowest_values_without_a_scramble) {
  const Design design = sobol({uniform("a", 2, 4), values("b", {"x", "y"}), drawn("c", "poisson", {{"mean", 3}}),
                               drawn("d", "normal", {{"mean", 0}, {"sd", 1}, {"low", -1}})},
                              2, Scramble::none);
  EXPECT_EQ(design.point(0).values(), (std::vector<Value>{2.0, "x", 0, -1.0}));
  EXPECT_THAT(error_of<SpecError>([] { sobol({normal("load", 0, 1)}, 2, Scramble::none); }),
              HasSubstr("parameter `load` has no lowest value"));
  EXPECT_TRUE(std::isfinite(row_of(sobol({normal("load", 0, 1)}, 1), 0)[0]));
}

TEST(SobolTest, begins_at_once_and_goes_on_far) {
  const Design design = sobol(cube(5), std::uint64_t{1} << 62);
  EXPECT_LT(row_of(design, (std::uint64_t{1} << 62) - 1)[4], 1.0);
  EXPECT_THAT(error_of<SpecError>([] { sobol(cube(3), 0); }), HasSubstr("points must be from 1"));
  EXPECT_THAT(error_of<SpecError>([] { sobol({linear("x", 0, 1, 3)}, 4); }), HasSubstr("cannot sample"));
}

// Source: Halton 1960, doi:10.1007/BF01386213: by hand.
TEST(HaltonTest, has_the_mirrored_digits_from_index_1_on) {
  const Design design = halton(cube(4), 3, Scramble::none);
  EXPECT_THAT(rows_of(design),
              ElementsAre(Row{1.0 / 2, 1.0 / 3, 1.0 / 5, 1.0 / 7}, Row{1.0 / 4, 2.0 / 3, 2.0 / 5, 2.0 / 7},
                          Row{3.0 / 4, 1.0 / 9, 3.0 / 5, 3.0 / 7}));
}

TEST(HaltonTest, stays_even_when_it_is_scrambled) {
  for (const Scramble scramble : {Scramble::none, Scramble::owen}) {
    // Of the numbers from 3^6 to 2 3^6 - 1.
    const std::uint64_t begin = scramble == Scramble::none ? 728 : 729;
    const std::vector<Row> rows = rows_of(halton(cube(2), 2187, scramble, 5), begin, begin + 729);
    std::set<double> strata;
    for (const Row& row : rows) strata.insert(std::floor(row[1] * 729.0 + 1e-9));
    EXPECT_EQ(strata.size(), 729U);
  }
  const std::vector<Row> plain = rows_of(halton(cube(2), 50, Scramble::none));
  const std::vector<Row> shifted = rows_of(halton(cube(2), 51, Scramble::shift, 9), 1);  // begins with the number 0
  const double shift = shifted[0][0] - plain[0][0];
  for (std::size_t i = 0; i < plain.size(); ++i) {
    const double u = plain[i][0] + shift;
    EXPECT_NEAR(shifted[i][0], u - std::floor(u), 1e-15);
  }
}

TEST(HaltonTest, takes_any_permutation_of_a_digit) {
  std::set<std::vector<int>> orders;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const Design design = halton(cube(2), 8, Scramble::owen, seed);
    std::vector<int> order;
    for (std::uint64_t i = 3; i < 6; ++i) order.push_back(static_cast<int>(row_of(design, i)[1] * 3.0));
    orders.insert(order);
  }
  EXPECT_EQ(orders.size(), 6U);
}

TEST(HaltonTest, tells_its_bounds) {
  EXPECT_THAT(error_of<SpecError>([] { halton(cube(5), std::uint64_t{1} << 60); }), HasSubstr("of 5 parameters apart"));
  EXPECT_EQ(halton(cube(5), 1'000'000'000).size(), 1'000'000'000U);
}

// Source: the definition of a lattice sequence, {z * mirrored digits}, doi:10.1137/06065074X.
TEST(LatticeTest, is_multiples_of_its_vector) {
  const Design design = lattice(cube(3), 1024, Scramble::none);
  EXPECT_THAT(rows_of(design, 0, 4),
              ElementsAre(Row{0, 0, 0}, Row{.5, .5, .5}, Row{.25, .75, .75}, Row{.75, .25, .25}));
  for (std::uint64_t i = 0; i < 1024; ++i) {
    const double first = row_of(design, i)[0];
    EXPECT_EQ(row_of(design, i)[1], std::fmod(first * 182667.0, 1.0));
    EXPECT_EQ(row_of(design, i)[2], std::fmod(first * 469891.0, 1.0));
  }
  expect_one_in_each_stratum(rows_of(lattice(cube(100), 1024, Scramble::shift, 4)), 1024);
  EXPECT_THAT(error_of<SpecError>([] { lattice(cube(2), 8, Scramble::owen); }), HasSubstr("`scramble` of a lattice"));
  EXPECT_THAT(error_of<SpecError>([] { lattice(cube(101), 8); }), HasSubstr("up to 100 parameters"));
}

// Source: the definition, Qian 2009, doi:10.1093/biomet/asp045.
TEST(NestedLatinHypercubeTest, is_a_latin_hypercube_at_each_doubling) {
  for (const std::uint64_t first : {1U, 3U, 10U, 64U}) {
    for (const std::uint64_t seed : {0U, 5U}) {
      const Design design = nested_latin_hypercube(cube(4), first * 64, first, seed);
      for (std::uint64_t size = first; size <= first * 64; size *= 2) {
        expect_one_in_each_stratum(rows_of(design, 0, size), size);
      }
    }
  }
}

TEST(NestedLatinHypercubeTest, begins_with_the_points_that_there_were) {
  const std::vector<Row> before = rows_of(latin_hypercube(cube(3), 50, 7));
  const std::vector<Row> doubled = rows_of(nested_latin_hypercube(cube(3), 100, 50, 7));
  EXPECT_EQ(before, std::vector<Row>(doubled.begin(), doubled.begin() + 50));
  EXPECT_EQ(doubled, rows_of(nested_latin_hypercube(cube(3), 130, 50, 7), 0, 100));
  EXPECT_THAT(nested_latin_hypercube(cube(3), 130, 50).notes(),
              ElementsAre("130 points are no Latin hypercube that has grown from 50: 100 or 200 are"));
  EXPECT_THAT(nested_latin_hypercube(cube(3), 200, 50).notes(), ElementsAre());
}

TEST(NestedLatinHypercubeTest, adds_points_that_are_even_and_not_in_a_row) {
  double sum = 0.0, product = 0.0;
  const Design design = nested_latin_hypercube(cube(2), 20'000, 10'000, 3);
  for (const Row& row : rows_of(design, 10'000)) {
    sum += row[0];
    product += (row[0] - 0.5) * (row[1] - 0.5);
  }
  EXPECT_NEAR(sum / 10'000, 0.5, 1e-3);
  EXPECT_NEAR(product / 10'000 * 12, 0.0, 0.04);
}

TEST(NestedLatinHypercubeTest, cannot_grow_from_more_than_it_has) {
  EXPECT_THAT(error_of<SpecError>([] { nested_latin_hypercube(cube(1), 10, 11); }),
              HasSubstr("`grow_from` must be from 1 to `points`, 10, not 11"));
  EXPECT_THAT(error_of<SpecError>([] { nested_latin_hypercube(cube(1), 10, 0); }), HasSubstr("`grow_from`"));
}

// Source: the definition, Saltelli et al. 2010, doi:10.1016/j.cpc.2009.09.018.
TEST(SaltelliTest, exchanges_one_parameter_after_the_other) {
  const std::vector<Row> both = rows_of(sobol(cube(6), 8, Scramble::none));
  const std::vector<Row> rows = rows_of(saltelli(cube(3), 8, {.scramble = Scramble::none}));
  ASSERT_EQ(rows.size(), 8U * 5);
  for (std::size_t base = 0; base < 8; ++base) {
    const Row a(both[base].begin(), both[base].begin() + 3), b(both[base].begin() + 3, both[base].end());
    EXPECT_EQ(rows[5 * base], a);
    EXPECT_EQ(rows[5 * base + 1], b);
    EXPECT_EQ(rows[5 * base + 2], (Row{b[0], a[1], a[2]}));
    EXPECT_EQ(rows[5 * base + 3], (Row{a[0], b[1], a[2]}));
    EXPECT_EQ(rows[5 * base + 4], (Row{a[0], a[1], b[2]}));
  }
}

TEST(SaltelliTest, exchanges_them_both_ways_for_the_second_order) {
  const Design first = saltelli(cube(3), 16, {}, 2);
  const Design second = saltelli(cube(3), 16, {.second_order = true}, 2);
  ASSERT_EQ(second.size(), 16U * 8);
  for (std::uint64_t base = 0; base < 16; ++base) {
    for (std::uint64_t row = 0; row < 5; ++row)
      EXPECT_EQ(row_of(second, 8 * base + row), row_of(first, 5 * base + row));
    const Row a = row_of(second, 8 * base), b = row_of(second, 8 * base + 1);
    EXPECT_NE(a, b);
    EXPECT_EQ(row_of(second, 8 * base + 5), (Row{a[0], b[1], b[2]}));
    EXPECT_EQ(row_of(second, 8 * base + 7), (Row{b[0], b[1], a[2]}));
  }
  EXPECT_EQ(rows_of(first), rows_of(saltelli(cube(3), 40, {}, 2), 0, 16 * 5));
}

TEST(SequencesTest, say_what_they_are_in_their_definitions) {
  const auto options = [](const Design& design) { return design.definition().at(3); };
  EXPECT_EQ(options(sobol(cube(1), 4)), std::pair("design.scramble" + std::string(), std::string("owen")));
  EXPECT_EQ(options(lattice(cube(1), 4)).second, "shift");
  EXPECT_EQ(options(nested_latin_hypercube(cube(1), 4, 2)),
            std::pair(std::string("design.grow_from"), std::string("2")));
  EXPECT_EQ(options(latin_hypercube(cube(1), 4)).first, "parameters.a");
  EXPECT_EQ(options(replicated(sobol(cube(1), 4), 2)).second, "owen");
}

}  // namespace
}  // namespace windrow
