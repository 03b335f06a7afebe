#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "study/study_files.hpp"

namespace windrow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::StudyFolder;

/// Lines 1 to 4.
const std::string plate = "[parameters.width]\nvalues = [1, 2, 3]\n[parameters.height]\nvalues = [1.0, 2.0]\n";
const std::string drawn = "[parameters.x]\nvalues = { uniform = { low = 0, high = 1 } }\n";

std::string derived_as(const std::string& lines) {
  return plate + "[parameters.area]\n" + lines + testing::command;
}
std::string where(const std::string& lines) {
  return plate + "[design]\n" + lines + testing::command;
}
std::string drawn_where(const std::string& lines) {
  return drawn + "[design]\nmethod = \"monte_carlo\"\npoints = 50\n" + lines + testing::command;
}

TEST(DerivedKeysTest, stand_where_they_stand_in_the_file) {
  const StudyFolder folder;
  const Study study =
      folder.load("[parameters.area]\nvalue = \"width * height\"\nunit = \"m2\"\n" + plate +
                  "[parameters.cells]\nvalue = 'area > 2 ? 100 : 10'\ntype = \"integer\"\n" + testing::command);
  std::vector<std::string> names;
  for (const Parameter& parameter : study.design.parameters()) names.push_back(parameter.name());
  EXPECT_THAT(names, ElementsAre("area", "width", "height", "cells"));
  EXPECT_EQ(study.design.size(), 6U);
  EXPECT_EQ(study.design.point(5).values(), (std::vector<Value>{6.0, 3, 2.0, 100}));
  EXPECT_EQ(study.design.parameters()[0].unit(), "m2");
}

TEST(DerivedKeysTest, follow_the_columns_of_a_table) {
  const StudyFolder folder;
  folder.write("t.csv", "b,a\n2,x\n3,y\n");
  const Study study = folder.load(
      "[design]\nmethod = \"table\"\nfile = \"t.csv\"\nwhere = \"a == 'y'\"\n[parameters.c]\nvalue = \"b^2\"\n"
      "[parameters.b]\nunit = \"m\"\n" +
      testing::command);
  EXPECT_EQ(study.design.size(), 1U);
  EXPECT_EQ(study.design.point(0).values(), (std::vector<Value>{3, "y", 9.0}));
}

TEST(DerivedKeysTest, what_is_wrong_is_told_by_its_line) {
  const StudyFolder folder;
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"value = 3\n",
       "study.toml:6: `value` in [parameters.area] must be an expression of other parameters, as \"2 * width\" (a list "
       "or range is `values`), not an integer"},
      {"value = \"width + * height\"\n", "study.toml:6: in \"width + * height\": unexpected * after +"},
      {"value = \"2 * widht\"\n", "study.toml:6: `widht` in `2 * widht` is no parameter; did you mean `width`?"},
      {"value = \"area + 1\"\n", "study.toml:6: it needs itself: area -> area"},
      {"value = \"\"\n", "study.toml:6: an expression is empty"},
      {"value = \"width\"\nvalues = [1]\n",
       "study.toml:6: `value` in [parameters.area] does not go with `values`: a parameter is either derived or given"},
      {"valu = \"width\"\n", "study.toml:6: unknown key `valu` in [parameters.area]; did you mean `value`?"},
      {"value = \"width\"\ncolour = 1\n", "study.toml:7: unknown key `colour` in [parameters.area]"},
      {"value = \"width\"\ntype = \"whole\"\n", "study.toml:7: unknown type `whole` in [parameters.area]"},
      {"value = \"width\"\nformat = \"%\"\n", "study.toml:7: parameter `area`: "},
      {"value = \"'a'\"\ntype = \"number\"\n", "study.toml:6: \"'a'\" is a text, not of the type number"},
      {"unit = \"m\"\n", "study.toml:5: missing `values` in [parameters.area]"},
  };
  for (const auto& [lines, message] : cases) EXPECT_THAT(folder.error(derived_as(lines)), HasSubstr(message)) << lines;
  EXPECT_THAT(folder.error("[parameters.a]\nvalue = \"b\"\n[parameters.b]\nvalue = \"1\"\n" + testing::command),
              HasSubstr("study.toml:1: all parameters are derived"));
  EXPECT_EQ(folder.error(plate +
                         "[parameters.a]\nvalue = \"c\"\n[parameters.c]\nvalue = \"b\"\n[parameters.b]\n"
                         "value = \"a\"\n" +
                         testing::command),
            "study.toml:6: it needs itself: a -> c -> b -> a");
}

TEST(WhereKeyTest, is_one_condition_or_several) {
  const StudyFolder folder;
  EXPECT_EQ(folder.load(where("where = \"width < 2 * height\"\n")).design.size(), 4U);
  const Study study = folder.load(where("replicates = 2\nwhere = [\n  \"width < 2 * height\",\n  'width > 1'\n]\n"));
  EXPECT_EQ(study.design.size(), 4U);
  EXPECT_THAT(study.design.exclusions(), ElementsAre(Exclusion{"width < 2 * height", 2}, Exclusion{"width > 1", 2}));
  EXPECT_EQ(folder.load(drawn_where("where = \"x > 0.9\"\n")).design.size(), 50U);
  EXPECT_EQ(folder.load(drawn_where("where = \"x > 0.9\"\nwhere_candidates = 1e6\n")).design.size(), 50U);
}

TEST(WhereKeyTest, what_is_wrong_is_told_by_its_line) {
  const StudyFolder folder;
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"where = true\n",
       "study.toml:6: `where` in [design] must be an expression of parameters, as \"width < 2 * height\", or a list of "
       "such, not a boolean"},
      {"where = []\n", "study.toml:6: `where` in [design] must have at least one item"},
      {"where = [\"width > 1\", 2]\n",
       "study.toml:6: `where` in [design] must be a list of strings; item 2 is an integer"},
      {"where = \"widht > 1\"\n", "study.toml:6: `widht` in `widht > 1` is no parameter; did you mean `width`?"},
      {"where = [\"width > 1\",\n\"width >\"]\n", "study.toml:7: in \"width >\": unexpected end after >"},
      {"where = \"width = 1\"\n", "study.toml:6: in \"width = 1\": `=` sets a value: `==` compares"},
      {"where = \"\"\n", "study.toml:6: an expression is empty"},
      {"where = \"'a'\"\n", "study.toml:6: in \"'a'\": a text neither holds nor not"},
      {"where = \"width > 7\"\n", "study.toml:6: no point is left: of 6 candidates none is admitted"},
      {"wehre = \"width > 7\"\n", "study.toml:6: unknown key `wehre` in [design]; did you mean `where`?"},
      {"where = \"width > 1\"\nwhere_candidates = 5\n",
       "study.toml:6: 6 candidates are more than are looked at, 5: a greater `where_candidates` allows it"},
      {"where_candidates = 7\n", "study.toml:6: `where_candidates` in [design] has no meaning without `where`"},
  };
  for (const auto& [lines, message] : cases) EXPECT_THAT(folder.error(where(lines)), HasSubstr(message)) << lines;
  for (const char* value : {"0", "-1", "1.5", "true", "\"many\"", "1e30"}) {
    EXPECT_THAT(folder.error(drawn_where("where = \"x > 0\"\nwhere_candidates = " + std::string(value) + "\n")),
                HasSubstr("study.toml:7: `where_candidates` in [design] must be "))
        << value;
  }
  EXPECT_THAT(folder.error(drawn_where("where = \"x > 2\"\nwhere_candidates = 1000\n")),
              HasSubstr("study.toml:6: no point is left: of 1,000 candidates none is admitted"));
}

}  // namespace
}  // namespace windrow
