// Methods by their names, and what holds for all of them.
#include <gmock/gmock.h>

#include <algorithm>

#include "design/method_points.hpp"
#include "error_of.hpp"
#include "windrow/error.hpp"

namespace windrow {
namespace {

using test::cube;
using test::error_of;
using test::rows_of;
using ::testing::HasSubstr;

using Numbers = std::vector<std::pair<std::string, double>>;

/// One of each, with parameters that it takes.
std::vector<Design> all_designs() {
  std::vector<Parameter> fixed = {linear("a", 0, 1, 3), linear("b", 0, 1, 3), linear("c", 0, 1, 3)};
  for (Parameter& parameter : fixed) parameter.nominal(0.5);
  using Options = std::vector<MethodOption>;
  const Options points = {{"points", std::uint64_t{37}}};
  const std::vector<std::pair<std::string, Options>> drawn = {
      {"monte_carlo", points},
      {"latin_hypercube", points},
      {"latin_hypercube", {{"points", std::uint64_t{37}}, {"grow_from", std::uint64_t{5}}}},
      {"sobol", points},
      {"halton", points},
      {"lattice", points},
      {"morris", {{"trajectories", std::uint64_t{4}}}},
      {"saltelli", {{"base_points", std::uint64_t{5}}, {"second_order", true}}}};
  const std::vector<std::pair<std::string, Options>> others = {
      {"grid", {}},
      {"zip", {}},
      {"list", {}},
      {"one_at_a_time", {}},
      {"one_at_a_time", {{"step", Numbers{{"", 0.125}}}, {"steps", Numbers{{"a", 1}, {"b", 2}, {"c", 3}}}}},
      {"star", {}},
      {"corners", {}},
      {"factorial", {{"generators", std::vector<std::string>{"C = AB"}}}},
      {"plackett_burman", {}},
      {"central_composite", {{"centre", std::uint64_t{2}}}},
      {"box_behnken", {}}};
  std::vector<Design> designs;
  for (const auto& [method, options] : drawn) designs.push_back(designed(method, cube(3), options, 11));
  for (const auto& [method, options] : others) designs.push_back(designed(method, fixed, options, 11));
  return designs;
}

TEST(MethodsTest, are_all_made_by_name) {
  std::vector<std::string> made;
  for (const Design& design : all_designs()) made.push_back(design.method());
  for (const Method& method : methods()) EXPECT_THAT(made, testing::Contains(std::string(method.name)));
}

TEST(MethodsTest, give_the_same_points_in_any_order_of_asking) {
  const std::vector<Design> once = all_designs(), again = all_designs();
  for (std::size_t i = 0; i < once.size(); ++i) {
    const Design& design = once[i];
    const auto rows = rows_of(design);
    for (std::uint64_t index = design.size(); index-- > 0;) {
      EXPECT_EQ(test::row_of(again[i], index), rows[index]) << design.method() << " " << index;
    }
    EXPECT_EQ(design.definition(), again[i].definition());
    EXPECT_THAT(error_of<SpecError>([&] { design.point(design.size()); }), HasSubstr("there is no point"));
  }
}

TEST(MethodsTest, refuse_no_parameters_and_two_of_one_name) {
  for (const Method& method : methods()) {
    std::vector<MethodOption> options;
    for (const MethodKey& key : method.keys) {
      if (key.required) options.push_back({std::string(key.name), std::uint64_t{8}});
    }
    EXPECT_THAT(error_of<SpecError>([&] { designed(method.name, {}, options); }), HasSubstr("at least one parameter"))
        << method.name;
    std::vector<Parameter> twins = {uniform("x", 0, 1), uniform("x", 0, 1)};
    if (!method.keys.empty() && method.keys.front().required) {
      EXPECT_THAT(error_of<SpecError>([&] { designed(method.name, twins, options); }),
                  HasSubstr("two parameters are named"))
          << method.name;
    }
  }
}

TEST(MethodsTest, name_the_key_that_is_wrong) {
  const auto error = [](std::string_view method, std::vector<MethodOption> options) {
    return error_of<SpecError>([&] { designed(method, cube(3), options); });
  };
  EXPECT_EQ(error("sobl", {}), "unknown method `sobl`; did you mean `sobol`?");
  EXPECT_EQ(error("sobol", {}), "missing `points`: method `sobol` needs it");
  EXPECT_EQ(error("sobol", {{"points", 1.5}}), "`points` must be a count");
  EXPECT_EQ(error("sobol", {{"points", std::uint64_t{0}}}), "`points` must be at least 1, not 0");
  EXPECT_EQ(error("sobol", {{"points", std::uint64_t{8}}, {"scramble", "owens"}}),
            "`scramble` must be one of `owen`, `shift`, `none`, not `owens`");
  EXPECT_EQ(error("sobol", {{"scrambel", "owen"}}),
            "`scrambel` is no key of the method `sobol`; did you mean `scramble`?");
  EXPECT_EQ(error("corners", {{"points", std::uint64_t{8}}}),
            "`points` is no key of the method `corners`: it has none");
  EXPECT_EQ(error("sobol", {{"points", std::uint64_t{8}}, {"points", std::uint64_t{8}}}), "`points` is given twice");
  EXPECT_EQ(error("one_at_a_time", {{"step", Numbers{{"", 1}}}}), "missing `steps`: `step` says how far each goes");
  EXPECT_EQ(error("one_at_a_time", {{"steps", Numbers{{"", 1}}}}), "missing `step`: `steps` says how many there are");
  EXPECT_EQ(error("one_at_a_time", {{"step", Numbers{{"z", 1}}}, {"steps", Numbers{{"", 1}}}}),
            "`step`: `z` is no parameter; valid: `a`, `b`, `c`");
  EXPECT_EQ(error("one_at_a_time", {{"step", Numbers{{"a", 1}}}, {"steps", Numbers{{"", 1}}}}),
            "`step`: none for the parameter `b`");
}

}  // namespace
}  // namespace windrow
