// Methods that take a low and a high value, or a nominal one.
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <map>
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
using ::testing::UnorderedElementsAreArray;

std::vector<Parameter> signs(std::size_t count) {
  return cube(count, -1, 1);
}

double product_sum(const std::vector<Row>& rows, std::size_t a, std::size_t b) {
  double sum = 0.0;
  for (const Row& row : rows) sum += row[a] * row[b];
  return sum;
}

void expect_orthogonal(const std::vector<Row>& rows) {
  for (std::size_t a = 0; a < rows.front().size(); ++a) {
    double sum = 0.0;
    for (const Row& row : rows) sum += row[a];
    EXPECT_EQ(sum, 0.0) << a;
    for (std::size_t b = 0; b < a; ++b) EXPECT_EQ(product_sum(rows, a, b), 0.0) << a << " and " << b;
  }
}

TEST(CornersTest, are_a_grid_of_low_and_high) {
  const Design design = corners({uniform("a", 0, 2), linear("b", 5, 1, 9), values("c", {"x", "y"})});
  ASSERT_EQ(design.size(), 8U);
  EXPECT_EQ(design.point(0).values(), (std::vector<Value>{0.0, 5.0, "x"}));
  EXPECT_EQ(design.point(1).values(), (std::vector<Value>{0.0, 5.0, "y"}));
  EXPECT_EQ(design.point(2).values(), (std::vector<Value>{0.0, 1.0, "x"}));
  EXPECT_EQ(design.point(7).values(), (std::vector<Value>{2.0, 1.0, "y"}));
  EXPECT_EQ(corners(cube(62)).size(), std::uint64_t{1} << 62);
  EXPECT_THAT(error_of<SpecError>([] { corners(cube(63)); }), HasSubstr("more than 2^62"));
}

TEST(CornersTest, say_what_has_a_low_and_a_high_value) {
  EXPECT_THAT(error_of<SpecError>([] { corners({normal("load", 0, 1)}); }),
              HasSubstr("parameter `load` is normal, and corners needs a low and a high value: make it uniform (low, "
                        "high), linear (from, to) or a list of two values"));
  EXPECT_THAT(error_of<SpecError>([] { corners({values("x", {1, 2, 3})}); }), HasSubstr("parameter `x` is values"));
  EXPECT_THAT(error_of<SpecError>([] { corners({values("x", {1, 1})}); }), HasSubstr("low and high are both 1"));
}

// Source: Box & Hunter 1961, doi:10.1080/00401706.1961.10489951: the standard order of 2^3, and 2^(4-1) by D = ABC.
TEST(FactorialTest, has_the_standard_order) {
  const std::vector<Row> full = rows_of(factorial(signs(3)));
  EXPECT_THAT(full, ElementsAre(Row{-1, -1, -1}, Row{1, -1, -1}, Row{-1, 1, -1}, Row{1, 1, -1}, Row{-1, -1, 1},
                                Row{1, -1, 1}, Row{-1, 1, 1}, Row{1, 1, 1}));
  for (const char* generator : {"D = ABC", "d = a*b*c", "d=c * b *a", "D=A*B*C"}) {
    const std::vector<Row> half = rows_of(factorial(signs(4), {generator}));
    ASSERT_EQ(half.size(), 8U);
    for (std::size_t i = 0; i < half.size(); ++i) {
      EXPECT_EQ(half[i], (Row{full[i][0], full[i][1], full[i][2], full[i][0] * full[i][1] * full[i][2]}));
    }
  }
  for (const Row& row : rows_of(factorial(signs(3), {"c = -a*b"}))) EXPECT_EQ(row[2], -row[0] * row[1]);
  for (const Row& row : rows_of(factorial(signs(3), {"C = AB"}))) EXPECT_EQ(row[2], row[0] * row[1]);
}

// Source: the 2^(7-4) design of resolution III, Box, Hunter & Hunter 2005, table 6.4.
TEST(FactorialTest, has_fractions_that_are_orthogonal) {
  const Design design = factorial(signs(7), {"D = AB", "E = AC", "F = BC", "G = ABC"});
  ASSERT_EQ(design.size(), 8U);
  expect_orthogonal(rows_of(design));
  EXPECT_THAT(design.notes(), ElementsAre(HasSubstr("resolution III")));
  EXPECT_THAT(factorial(signs(4), {"D=ABC"}).notes(),
              ElementsAre("the factorial has resolution IV: a*b*c*d is the same at all points"));
  EXPECT_EQ(factorial(signs(4), {"D = ABC"}).definition().at(3),
            std::pair(std::string("design.generators"), std::string("D=ABC")));
}

TEST(FactorialTest, names_what_is_wrong_with_a_generator) {
  const auto error = [](std::vector<std::string> generators) {
    return error_of<SpecError>([&] { factorial(signs(5), generators); });
  };
  EXPECT_THAT(error({"d a*b"}), HasSubstr("one parameter is to be a product of others"));
  EXPECT_THAT(error({"= a*b"}), HasSubstr("one parameter is to stand before `=`"));
  EXPECT_THAT(error({"d ="}), HasSubstr("a parameter is missing"));
  EXPECT_THAT(error({"d = a**b"}), HasSubstr("a parameter is missing"));
  EXPECT_THAT(error({"d = a*x"}), HasSubstr("`x` is no parameter"));
  EXPECT_THAT(error({"d = AZ"}), HasSubstr("`AZ` is no parameter"));
  EXPECT_THAT(error({"d = a*b", "d = a*c"}), HasSubstr("`d` has a generator already"));
  EXPECT_THAT(error({"d = a*b", "e = d*c"}), HasSubstr("`d` has a generator itself"));
  EXPECT_THAT(error({"d = a*b*a"}), HasSubstr("`a` is there twice"));
  EXPECT_THAT(error({"d = a*d"}), HasSubstr("`d` has a generator itself"));
  EXPECT_THAT(error({"d = a*b", "e = a*b"}), HasSubstr("d*e vary together always"));
  EXPECT_THAT(error({"d = a"}), HasSubstr("a*d vary together always"));
}

// Source: Plackett & Burman 1946, doi:10.1093/biomet/33.4.305: the first rows of 8, 12, 20 and 24.
TEST(PlackettBurmanTest, has_the_printed_rows) {
  const std::map<std::size_t, std::string> rows = {{7, "+++-+--"},
                                                   {11, "++-+++---+-"},
                                                   {15, "++++-+-++--+---"},
                                                   {19, "++--++++-+-+----++-"},
                                                   {23, "+++++-+-++--++--+-+----"}};
  for (const auto& [parameters, signs_of_row] : rows) {
    const Design design = plackett_burman(signs(parameters));
    ASSERT_EQ(design.size(), parameters + 1);
    std::string first;
    for (const double sign : row_of(design, 0)) first += sign > 0 ? '+' : '-';
    EXPECT_EQ(first, signs_of_row);
    EXPECT_EQ(row_of(design, parameters), Row(parameters, -1.0));
  }
}

TEST(PlackettBurmanTest, is_orthogonal_with_as_few_points_as_can_be) {
  for (std::size_t parameters = 1; parameters < 48; ++parameters) {
    const std::vector<Row> rows = rows_of(plackett_burman(signs(parameters)));
    EXPECT_EQ(rows.size(), (parameters + 4) / 4 * 4);
    expect_orthogonal(rows);
  }
  expect_orthogonal(rows_of(plackett_burman(signs(100))));
}

// Source: Box & Wilson 1951; alpha of rotatable designs: Box & Hunter 1957, doi:10.1214/aoms/1177707047.
TEST(CentralCompositeTest, is_rotatable_by_itself) {
  const double a = std::pow(4.0, 0.25);
  const std::vector<Row> rows = rows_of(central_composite(signs(2), {.centre = 2}));
  ASSERT_EQ(rows.size(), 10U);
  EXPECT_EQ(std::vector<Row>(rows.begin(), rows.begin() + 4), rows_of(factorial(signs(2))));
  EXPECT_THAT(
      std::vector<Row>(rows.begin() + 4, rows.end()),
      ElementsAre(ElementsAre(testing::DoubleEq(-a), 0), ElementsAre(testing::DoubleEq(a), 0),
                  ElementsAre(0, testing::DoubleEq(-a)), ElementsAre(0, testing::DoubleEq(a)), Row{0, 0}, Row{0, 0}));
  for (std::size_t k = 1; k <= 6; ++k) {
    const Design design = central_composite(signs(k));
    EXPECT_EQ(design.size(), (1U << k) + 2 * k + 1);
    EXPECT_DOUBLE_EQ(row_of(design, (1U << k) + 1)[0], std::pow(std::pow(2.0, static_cast<double>(k)), 0.25));
  }
}

TEST(CentralCompositeTest, takes_alpha_centres_and_generators) {
  const std::vector<Row> faces = rows_of(central_composite(cube(3, 0, 10), {.alpha = 1.0, .centre = 0}));
  EXPECT_EQ(faces.size(), 14U);
  EXPECT_EQ(faces[8], (Row{0, 5, 5}));
  EXPECT_EQ(faces[13], (Row{5, 5, 10}));
  const Design half = central_composite(signs(5), {.generators = {"E = ABCD"}});
  EXPECT_EQ(half.size(), 16U + 10 + 1);
  EXPECT_DOUBLE_EQ(row_of(half, 17)[0], 2.0);
  EXPECT_THAT(central_composite(signs(2), {.centre = 3}).equal_points(),
              ElementsAre(EqualPoint{8, 9}, EqualPoint{8, 10}));
  EXPECT_THAT(error_of<SpecError>([] { central_composite(signs(2), {.alpha = 0.0}); }),
              HasSubstr("`alpha` must be above 0"));
}

TEST(CentralCompositeTest, has_values_of_their_kind_between) {
  const auto middle = [](Parameter parameter) {
    return central_composite({std::move(parameter)}, {.alpha = 1.0}).point(4).values()[0];
  };
  EXPECT_EQ(middle(uniform("x", 0.1, 0.3)), Value(0.2));  // not 0.19999999999999998
  EXPECT_EQ(middle(geometric("x", 1.0, 100.0, 5)), Value(10.0));
  EXPECT_EQ(middle(drawn("x", "log_uniform", {{"low", 1}, {"high", 100}})), Value(10.0));
  EXPECT_EQ(middle(integers("x", 2, 8)), Value(5));
  EXPECT_EQ(middle(values("x", {1, 2})), Value(1.5));
  EXPECT_EQ(middle(linear("x", 2, 8, 2)).written(), "5");
  EXPECT_THAT(error_of<SpecError>([&] { middle(integers("x", 1, 2)); }),
              HasSubstr("needs the value 1.5, which is no whole"));
  EXPECT_THAT(error_of<SpecError>([&] {
                middle(values("x", {"a", "b"}));
              }),
              HasSubstr("two values that are no numbers"));
}

TEST(CentralCompositeTest, says_that_a_nominal_value_is_not_its_centre) {
  std::vector<Parameter> parameters = cube(2);
  parameters[1].nominal(0.25);
  EXPECT_THAT(
      central_composite(parameters).notes(),
      ElementsAre("`b`: the centre of central_composite is the middle of low and high, 0.5, not the nominal value, "
                  "0.25"));
}

// Source: Box & Behnken 1960, doi:10.1080/00401706.1960.10489912, table 4: numbers of points without those in the
// centre.
TEST(BoxBehnkenTest, has_the_middles_of_edges_and_the_centre) {
  const std::vector<Row> rows = rows_of(box_behnken(signs(3), 3));
  ASSERT_EQ(rows.size(), 15U);
  EXPECT_THAT(std::vector<Row>(rows.begin(), rows.begin() + 12),
              UnorderedElementsAreArray(std::vector<Row>{{-1, -1, 0},
                                                         {1, -1, 0},
                                                         {-1, 1, 0},
                                                         {1, 1, 0},
                                                         {-1, 0, -1},
                                                         {1, 0, -1},
                                                         {-1, 0, 1},
                                                         {1, 0, 1},
                                                         {0, -1, -1},
                                                         {0, 1, -1},
                                                         {0, -1, 1},
                                                         {0, 1, 1}}));
  for (std::size_t i = 12; i < 15; ++i) EXPECT_EQ(rows[i], (Row{0, 0, 0}));
  const std::map<std::size_t, std::size_t> sizes = {{3, 12}, {4, 24}, {5, 40}, {6, 48}, {7, 56}};
  for (const auto& [parameters, size] : sizes) {
    const std::vector<Row> edges = rows_of(box_behnken(signs(parameters), 0));
    EXPECT_EQ(std::set<Row>(edges.begin(), edges.end()).size(), size);
    EXPECT_EQ(edges.size(), size);
    expect_orthogonal(edges);
    const auto squares = [&](std::size_t a) { return product_sum(edges, a, a); };
    for (std::size_t a = 1; a < parameters; ++a) EXPECT_EQ(squares(a), squares(0));
  }
  EXPECT_THAT(error_of<SpecError>([] { box_behnken(signs(8)); }), HasSubstr("has 3 to 7 parameters, not 8"));
  EXPECT_THAT(error_of<SpecError>([] { box_behnken(signs(2)); }), HasSubstr("not 2"));
}

Parameter at(Parameter parameter, Value nominal) {
  parameter.nominal(std::move(nominal));
  return parameter;
}

// Source: Dakota 6.19 reference manual, centered_parameter_study: its order, by hand.
TEST(OneAtATimeTest, goes_in_steps_around_the_nominal_values) {
  const std::vector<Parameter> parameters = {at(linear("x", 1.0, 1.0, 1), 1.0), at(linear("y", 1.0, 1.0, 1), 1.0)};
  const Design design = centred(parameters, {{0.1, 2}, {0.1, 2}});
  EXPECT_THAT(rows_of(design), ElementsAre(Row{1, 1}, Row{.8, 1}, Row{.9, 1}, Row{1.1, 1}, Row{1.2, 1}, Row{1, .8},
                                           Row{1, .9}, Row{1, 1.1}, Row{1, 1.2}));
  EXPECT_EQ(row_of(centred(parameters, {{0.1, 3}, {5, 0}}), 6)[0], 1.3);
  EXPECT_EQ(centred(parameters, {{0.1, 3}, {5, 0}}).size(), 7U);
  EXPECT_THAT(error_of<SpecError>([&] {
                centred(parameters, {{0.1, 3}, {0, 1}});
              }),
              HasSubstr("`step` of `y` must be above 0"));
  EXPECT_THAT(error_of<SpecError>([&] {
                centred({linear("z", 1.0, 1.0, 1)}, {{1, 1}});
              }),
              HasSubstr("`z` has no nominal value"));
  EXPECT_THAT(error_of<SpecError>([&] {
                centred({at(values("z", {"a"}), "a")}, {{1, 1}});
              }),
              HasSubstr("that is a number"));
}

TEST(OneAtATimeTest, goes_through_the_levels_of_each) {
  const Design design = one_at_a_time(
      {at(linear("x", 1.0, 3.0, 3), 2.0), at(values("y", {"a", "b", "c"}), "a"), at(values("z", {7}), 8)});
  std::vector<std::vector<Value>> points;
  for (std::uint64_t i = 0; i < design.size(); ++i) points.push_back(design.point(i).values());
  using List = std::vector<Value>;
  EXPECT_THAT(points, ElementsAre(List{2.0, "a", 8}, List{1.0, "a", 8}, List{3.0, "a", 8}, List{2.0, "b", 8},
                                  List{2.0, "c", 8}, List{2.0, "a", 7}));
  EXPECT_THAT(error_of<SpecError>([] { one_at_a_time({linear("x", 1.0, 3.0, 3)}); }),
              HasSubstr("`x` has no nominal value, and one_at_a_time needs one"));
  EXPECT_THAT(error_of<SpecError>([] { one_at_a_time({at(uniform("x", 0, 1), 0.5)}); }), HasSubstr("needs levels"));
}

TEST(OneAtATimeTest, begins_at_once_with_very_many_levels) {
  const Design design = one_at_a_time({at(linear_steps("x", 0, 1'000'000'000'000, 1), 10)});
  EXPECT_EQ(design.size(), 1'000'000'000'001U);
  EXPECT_EQ(row_of(design, 0)[0], 10.0);
  EXPECT_EQ(row_of(design, 10)[0], 9.0);
  EXPECT_EQ(row_of(design, 11)[0], 11.0);
}

TEST(OneAtATimeTest, is_another_design_with_another_nominal_value) {
  const auto definition = [](double nominal) {
    return one_at_a_time({at(linear("x", 1.0, 3.0, 3), nominal)}).definition();
  };
  EXPECT_EQ(definition(2.0), definition(2.0));
  EXPECT_NE(definition(2.0), definition(2.5));
}

TEST(StarTest, goes_to_low_and_high) {
  EXPECT_THAT(rows_of(star({uniform("x", 0, 4), at(uniform("y", 0, 1), 0.25)})),
              ElementsAre(Row{2, .25}, Row{0, .25}, Row{4, .25}, Row{2, 0}, Row{2, 1}));
  EXPECT_THAT(error_of<SpecError>([] { star({at(uniform("x", 0, 1), 3.0)}); }),
              HasSubstr("nominal value 3.0 is not from 0.0 to 1.0"));
}

// Source: the definition, Morris 1991, doi:10.1080/00401706.1991.10484804: steps of levels / 2 / (levels - 1).
TEST(MorrisTest, changes_each_parameter_once_in_a_trajectory) {
  for (const std::uint64_t candidates : {0U, 40U}) {
    const std::vector<Row> rows = rows_of(morris(cube(5), 20, {.levels = 6, .candidates = candidates}, 3));
    ASSERT_EQ(rows.size(), 120U);
    for (std::size_t trajectory = 0; trajectory < 20; ++trajectory) {
      std::set<std::size_t> changed;
      for (std::size_t step = 1; step <= 5; ++step) {
        const Row &before = rows[6 * trajectory + step - 1], &after = rows[6 * trajectory + step];
        int changes = 0;
        for (std::size_t place = 0; place < 5; ++place) {
          EXPECT_NEAR(std::fmod(after[place] * 5.0 + 0.5, 1.0), 0.5, 1e-9);
          if (before[place] == after[place]) continue;
          ++changes;
          changed.insert(place);
          EXPECT_NEAR(std::abs(after[place] - before[place]), 0.6, 1e-12);
        }
        EXPECT_EQ(changes, 1);
      }
      EXPECT_EQ(changed.size(), 5U);
    }
  }
}

TEST(MorrisTest, keeps_its_trajectories_when_there_are_more) {
  for (const std::uint64_t candidates : {0U, 60U}) {
    const MorrisOptions options{.candidates = candidates};
    EXPECT_EQ(rows_of(morris(cube(4), 5, options, 1)), rows_of(morris(cube(4), 9, options, 1), 0, 25));
  }
}

TEST(MorrisTest, begins_on_all_levels_and_in_any_order) {
  std::map<double, int> levels;
  std::map<std::size_t, int> first;
  const Design design = morris(cube(3), 3000, {}, 8);
  for (std::uint64_t i = 0; i < design.size(); i += 4) {
    const Row begin = row_of(design, i), next = row_of(design, i + 1);
    ++levels[begin[0]];
    for (std::size_t place = 0; place < 3; ++place) first[place] += begin[place] != next[place];
  }
  ASSERT_EQ(levels.size(), 4U);
  for (const auto& [level, count] : levels) EXPECT_NEAR(count, 750, 100) << level;
  for (const auto& [place, count] : first) EXPECT_NEAR(count, 1000, 120) << place;
}

TEST(MorrisTest, chooses_trajectories_that_are_farther_apart) {
  const auto spread = [](const Design& design) {
    double sum = 0.0;
    const std::vector<Row> rows = rows_of(design);
    for (const Row& a : rows) {
      for (const Row& b : rows) {
        double squares = 0.0;
        for (std::size_t i = 0; i < a.size(); ++i) squares += (a[i] - b[i]) * (a[i] - b[i]);
        sum += std::sqrt(squares);
      }
    }
    return sum;
  };
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    EXPECT_GT(spread(morris(cube(6), 6, {.candidates = 200}, seed)), 1.03 * spread(morris(cube(6), 6, {}, seed)));
  }
}

TEST(MorrisTest, takes_distributions_and_lists_by_the_middles_of_strata) {
  const Design design = morris({normal("x", 0, 1), values("y", {"a", "b"})}, 50, {}, 1);
  std::set<double> levels;
  for (std::uint64_t i = 0; i < design.size(); ++i) levels.insert(design.point(i).values()[0].number());
  EXPECT_THAT(levels,
              ElementsAre(normal("x", 0, 1).quantile(0.125).number(), normal("x", 0, 1).quantile(0.375).number(),
                          normal("x", 0, 1).quantile(0.625).number(), normal("x", 0, 1).quantile(0.875).number()));
  EXPECT_THAT(error_of<SpecError>([] { morris(cube(2), 3, {.levels = 5}); }),
              HasSubstr("`levels` must be an even number"));
  EXPECT_THAT(error_of<SpecError>([] { morris(cube(2), 3, {.candidates = 2}); }),
              HasSubstr("`candidates` must be from"));
  EXPECT_THAT(error_of<SpecError>([] { morris(cube(2), 0); }), HasSubstr("`trajectories` must be at least 1"));
}

TEST(NominalTest, is_of_the_type_of_the_values) {
  EXPECT_EQ(*at(uniform("x", 0, 1), 1).nominal(), Value(1.0));
  EXPECT_EQ(*at(integers("x", 0, 9), 3.0).nominal(), Value(3));
  EXPECT_EQ(at(linear("x", 0, 10, 3), 5).nominal()->written(), "5");
  EXPECT_EQ(*at(values("x", {1, 2}), 1).type(ValueType::string).nominal(), Value("1"));
  EXPECT_EQ(uniform("x", 0, 1).nominal(), nullptr);
  EXPECT_THAT(error_of<SpecError>([] { at(uniform("x", 0, 1), "a"); }),
              HasSubstr("parameter `x`: nominal: \"a\" is not of the type of its values, number"));
  EXPECT_THAT(error_of<SpecError>([] { at(integers("x", 0, 9), 2.5); }), HasSubstr("2.5 is no whole number"));
}

}  // namespace
}  // namespace windrow
