#include "windrow/design/bundle.hpp"

#include <gmock/gmock.h>

#include "design/names_of.hpp"
#include "error_of.hpp"
#include "windrow/design/compose.hpp"

namespace windrow {
namespace {

using test::error_of;
using test::names_of;
using testing::ElementsAre;
using List = std::vector<Value>;

Parameter material() {
  return bundle("material", {{"steel", {{"E", 210e9}, {"nu", 0.3}}}, {"aluminium", {{"nu", 0.33}, {"E", 70e9}}}});
}

std::string error_of_entries(const std::vector<Bundle::Entry>& entries) {
  return error_of<SpecError>([&] { bundle("material", entries); });
}

TEST(BundleTest, adds_its_fields_to_a_grid) {
  const Design design = grid({material(), values("x", {1, 2})});
  EXPECT_THAT(names_of(design), ElementsAre("material", "material.E", "material.nu", "x"));
  EXPECT_EQ(design.size(), 4U);
  EXPECT_EQ(design.point(1).values(), (List{"steel", 210e9, 0.3, 2}));
  EXPECT_EQ(design.point(2).values(), (List{"aluminium", 70e9, 0.33, 1}));
  EXPECT_EQ(design.point(2)["material.E"], Value(70e9));
  EXPECT_EQ(design.parameters()[0].type_of_values(), ValueType::string);
  EXPECT_EQ(design.parameters()[1].type_of_values(), ValueType::number);
  EXPECT_TRUE(design.parameters()[1].is_listed());
  EXPECT_EQ(design.parameters()[1].definition(), "values(2.1e+11, 7e+10)");
}

TEST(BundleTest, goes_with_every_way_of_laying_out_points) {
  EXPECT_EQ(zip({values("x", {1, 2}), material()}).point(1).values(), (List{2, "aluminium", 70e9, 0.33}));
  EXPECT_EQ(zipped_grid({values("x", {1, 2}), material()}, {{"x", "material"}}).point(1).values(),
            (List{2, "aluminium", 70e9, 0.33}));
  const Design drawn = latin_hypercube({material(), uniform("x", 0, 1)}, 10, 1);
  int steel = 0;
  for (std::uint64_t i = 0; i < 10; ++i) {
    const Point point = drawn.point(i);
    const bool is_steel = point["material"].text() == "steel";
    steel += is_steel ? 1 : 0;
    EXPECT_EQ(point["material.nu"], Value(is_steel ? 0.3 : 0.33));
  }
  EXPECT_EQ(steel, 5);
  const Design composed = replicated(
      appended({crossed({grid({values("x", {1})}), grid({material()})}), zip({material(), values("x", {4, 5})})}), 2);
  EXPECT_THAT(names_of(composed), ElementsAre("x", "material", "material.E", "material.nu", "replicate"));
  EXPECT_EQ(composed.point(7).values(), (List{5, "aluminium", 70e9, 0.33, 2}));
}

TEST(BundleTest, has_units_for_its_fields_that_are_no_part_of_what_it_is) {
  Bundle plain({{"steel", {{"E", 210e9}}}});
  Bundle said = plain;
  said.unit("E", "Pa");
  EXPECT_EQ(grid({Parameter("material", said)}).parameters()[1].unit(), "Pa");
  EXPECT_EQ(Parameter("material", said).definition(), Parameter("material", plain).definition());
  EXPECT_EQ(error_of<SpecError>([&] { said.unit("Ee", "Pa"); }), "there is no field `Ee`; did you mean `E`?");
}

TEST(BundleTest, is_identified_by_all_its_values) {
  EXPECT_EQ(material().definition(), "bundle(\"steel\" E 2.1e+11 nu 0.3, \"aluminium\" E 7e+10 nu 0.33)");
  const auto pairs = grid({material()}).definition();
  EXPECT_EQ(pairs.back().first, "parameters.material");
}

TEST(BundleTest, says_which_entry_and_which_field_are_wrong) {
  EXPECT_EQ(error_of_entries({}), "parameter `material`: an empty list of entries");
  EXPECT_EQ(error_of_entries({{"steel", {}}}),
            "parameter `material`: entry `steel` has no field besides its name: list the names alone");
  EXPECT_EQ(error_of_entries({{"steel", {{"E", 1}, {"nu", 2}}}, {"wood", {{"E", 1}}}}),
            "parameter `material`: entry `wood` lacks the field `nu`, which `steel` has");
  EXPECT_EQ(error_of_entries({{"steel", {{"E", 1}}}, {"wood", {{"E", 1}, {"nu", 1}}}}),
            "parameter `material`: entry `wood` has the field `nu`, which `steel` lacks");
  EXPECT_EQ(error_of_entries({{"steel", {{"E", 1}}}, {"steel", {{"E", 2}}}}),
            "parameter `material`: two entries are named `steel`");
  EXPECT_EQ(error_of_entries({{"steel", {{"E", 1}}}, {"", {{"E", 2}}}}), "parameter `material`: entry 2 has no name");
  EXPECT_EQ(error_of_entries({{"steel", {{"E", 1}, {"E", 2}}}}),
            "parameter `material`: entry `steel`: two fields are named `E`");
  EXPECT_THAT(error_of_entries({{"steel", {{"E-modulus", 1}}}}), testing::HasSubstr("`E-modulus` cannot name a field"));
  EXPECT_THAT(error_of_entries({{"steel", {{"name", 1}}}}), testing::HasSubstr("`name` cannot name a field"));
}

TEST(BundleTest, leaves_the_names_of_tags_alone) {
  EXPECT_THAT(error_of<SpecError>([] {
                bundle("point", {{"a", {{"dir", 1}}}});
              }),
              testing::HasSubstr("`point` cannot name a bundle"));
  EXPECT_THAT(error_of<SpecError>([] { values("material.E", {1}); }), testing::HasSubstr("cannot name a parameter"));
}

TEST(BundleTest, has_names_that_are_texts) {
  EXPECT_THAT(error_of<SpecError>([] { material().type(ValueType::number); }),
              testing::HasSubstr("the names of a bundle are not of the type number"));
  EXPECT_EQ(material().type(ValueType::string).level(1), Value("aluminium"));
}

TEST(BundleTest, draws_of_others_do_not_depend_on_its_fields) {
  const Design with = monte_carlo({material(), uniform("x", 0, 1)}, 5, 1);
  const Design without = monte_carlo({values("material", {"steel", "aluminium"}), uniform("x", 0, 1)}, 5, 1);
  for (std::uint64_t i = 0; i < 5; ++i) {
    EXPECT_EQ(with.point(i)["x"], without.point(i)["x"]);
    EXPECT_EQ(with.point(i)["material"], without.point(i)["material"]);
  }
}

}  // namespace
}  // namespace windrow
