// [[design]], `zip` in a grid and bundles.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "study/study_files.hpp"

namespace windrow {
namespace {

using ::testing::ElementsAre;
using testing::StudyFolder;

struct Case {
  std::string text;
  std::string message;
};

std::vector<std::string> names_of(const Design& design) {
  std::vector<std::string> names;
  for (const Parameter& parameter : design.parameters()) names.push_back(parameter.name());
  return names;
}

std::string line_of(const Design& design, std::uint64_t index) {
  std::string line;
  for (const Value& value : design.point(index).values()) line += (line.empty() ? "" : " ") + value.render();
  return line;
}

/// Lines 1 to 6, and two more of the command behind what is under test.
const std::string three =
    "[parameters.a]\nvalues = [1, 2]\n[parameters.b]\nvalues = [3, 4]\n[parameters.c]\nvalues = [5, 6, 7]\n";

std::string study(const std::string& design) {
  return three + design + "[command]\nrun = \"true\"\n";
}

TEST(BlocksTest, are_crossed_in_their_order) {
  const StudyFolder folder;
  const Design design = folder
                            .load(study("[[design]]\nparameters = [\"c\"]\n"
                                        "[[design]]\nmethod = \"zip\"\nparameters = [\"b\", \"a\"]\n"))
                            .design;
  EXPECT_EQ(design.method(), "grid x zip");
  EXPECT_THAT(names_of(design), ElementsAre("c", "b", "a"));
  EXPECT_EQ(design.size(), 6U);
  EXPECT_EQ(line_of(design, 0), "5 3 1");
  EXPECT_EQ(line_of(design, 3), "6 4 2");
}

TEST(BlocksTest, sample_each_row_of_a_table) {
  const StudyFolder folder;
  folder.write("rooms.csv", "room,height,remark\nhall,5,old\nattic,2,new\n");
  const std::string text =
      "[study]\nseed = 3\n[parameters.load]\nvalues = { uniform = { low = 0, high = 1 } }\n[parameters.room]\nunit = "
      "\"-\"\n[[design]]\nmethod = \"table\"\nfile = \"rooms.csv\"\nparameters = [\"room\", \"height\"]\n[[design]]\n"
      "method = \"latin_hypercube\"\npoints = 50\nparameters = [\"load\"]\n";
  const Design same = folder.load(text + "[command]\nrun = \"true\"\n").design;
  EXPECT_EQ(same.size(), 100U);
  EXPECT_THAT(names_of(same), ElementsAre("room", "height", "load"));
  EXPECT_EQ(same.parameters()[0].unit(), "-");
  EXPECT_EQ(same.point(7)["load"], same.point(57)["load"]);
  const Design anew = folder.load(text + "redraw = true\n[command]\nrun = \"true\"\n").design;
  EXPECT_NE(anew.point(7)["load"], anew.point(57)["load"]);
  const Design seeded = folder.load(text + "seed = 4\n[command]\nrun = \"true\"\n").design;
  EXPECT_NE(seeded.point(7)["load"], same.point(7)["load"]);
  EXPECT_EQ(seeded.seed(), 3U);
}

TEST(BlocksTest, a_single_block_is_what_a_table_design_is) {
  const StudyFolder folder;
  EXPECT_EQ(folder.load(study("[[design]]\nmethod = \"grid\"\n")).design.definition(),
            folder.load(study("[design]\nmethod = \"grid\"\n")).design.definition());
}

TEST(BlocksTest, begin_a_further_part_with_append) {
  const StudyFolder folder;
  const Design design = folder
                            .load(study("[[design]]\n[[design]]\nappend = true\nmethod = \"monte_carlo\"\npoints = 5\n"
                                        "[[design]]\nappend = true\nparameters = [\"c\", \"a\"]\n[[design]]\n"
                                        "parameters = [\"b\"]\n"))
                            .design;
  EXPECT_EQ(design.method(), "grid + monte_carlo + grid x grid");
  EXPECT_EQ(design.size(), 12U + 5U + 12U);
  EXPECT_THAT(names_of(design), ElementsAre("a", "b", "c"));
  EXPECT_EQ(line_of(design, 17), "1 3 5");
  EXPECT_EQ(line_of(design, 18), "1 4 5");
  EXPECT_EQ(design.parts().size(), 3U);
  EXPECT_EQ(design.parts()[2].first, 17U);
}

TEST(BlocksTest, a_table_may_be_followed_by_a_grid_of_its_parameters) {
  const StudyFolder folder;
  folder.write("points.csv", "a,b,c\n10,11,12\n");
  const Design design =
      folder.load(study("[[design]]\nmethod = \"table\"\nfile = \"points.csv\"\n[[design]]\nappend = true\n")).design;
  EXPECT_EQ(design.size(), 13U);
  EXPECT_EQ(line_of(design, 0), "10 11 12");
  EXPECT_EQ(line_of(design, 1), "1 3 5");
}

TEST(BlocksTest, replicates_are_of_a_part) {
  const StudyFolder folder;
  const Design design = folder
                            .load(study("[[design]]\nmethod = \"monte_carlo\"\npoints = 1\nreplicates = 3\n"
                                        "[[design]]\nappend = true\n"))
                            .design;
  EXPECT_EQ(design.size(), 3U + 12U);
  EXPECT_EQ(design.parts()[0].replicates, 3U);
  EXPECT_EQ(design.point(2)["replicate"], 3);
  EXPECT_EQ(design.point(14)["replicate"], 1);
}

TEST(BlocksTest, mistakes_are_named_with_their_lines) {
  const StudyFolder folder;
  folder.write("points.csv", "a,b,d\n10,11,12\n");
  const std::vector<Case> cases = {
      {"design = []\n" + study(""), "study.toml:1: `design` is an empty list: a study needs a table [design], or none"},
      {"design = [1]\n" + study(""),
       "study.toml:1: `design` must be a table [design], or blocks [[design]], not an array"},
      {study("[[design]]\nappend = true\n"),
       "study.toml:8: `append` in [[design]] begins a further part, but there is none before it"},
      {study("[[design]]\n[[design]]\nappend = 1\n"),
       "study.toml:9: `append` in [[design]] must be a boolean, not an integer"},
      {study("[[design]]\nparameters = [\"a\"]\n[[design]]\nmethod = \"zip\"\n"),
       "study.toml:9: missing `parameters` in [[design]]: a block that is crossed with others says which parameters it "
       "lays out"},
      {study("[[design]]\nparameters = []\n"), "study.toml:8: `parameters` in [[design]] is empty"},
      {study("[[design]]\nparameters = \"a\"\n"),
       "study.toml:8: `parameters` in [[design]] must be a list of strings, not a string"},
      {study("[[design]]\nparameters = [\"a\", \"B\", \"c\"]\n"),
       "study.toml:8: unknown parameter `B` in `parameters` in [[design]]; did you mean `b`?"},
      {study("[[design]]\nparameters = [\"a\", \"b\", \"a\"]\n"),
       "study.toml:8: `a` is there twice in `parameters` in [[design]]"},
      {study("[[design]]\nparameters = [\"a\", \"b\"]\n[[design]]\nparameters = [\"c\", \"b\"]\n"),
       "study.toml:10: `b` is in the block of line 7 already: every parameter is in exactly one block of each part"},
      {study("[[design]]\nparameters = [\"a\"]\n[[design]]\nparameters = [\"c\"]\n"),
       "study.toml:7: `b` is in no block of this part: every parameter is in exactly one block of each part"},
      {study("[[design]]\n[[design]]\nappend = true\nparameters = [\"a\"]\n[[design]]\nparameters = [\"c\"]\n"),
       "study.toml:8: `b` is in no block of this part: every parameter is in exactly one block of each part"},
      {study("[[design]]\nparamters = [\"a\"]\n"),
       "study.toml:8: unknown key `paramters` in [[design]]; did you mean `parameters`?"},
      {study("[[design]]\nmethd = \"zip\"\n"),
       "study.toml:8: unknown key `methd` in [[design]]; did you mean `method`?"},
      {study("[[design]]\npoints = 3\n"),
       "study.toml:8: `points` in [[design]] has no meaning for method `grid`: it belongs to `monte_carlo`, "
       "`latin_hypercube`, `sobol`, `halton` and `lattice`"},
      {study("[[design]]\nredraw = true\n"),
       "study.toml:8: `redraw` in [[design]] has no meaning: there is no block before it"},
      {study("[[design]]\nparameters = [\"a\", \"b\"]\n[[design]]\nparameters = [\"c\"]\nredraw = true\n"),
       "study.toml:11: `redraw` in [[design]] has no meaning for method `grid`: it draws nothing"},
      {"[parameters.a]\nvalues = [1, 2]\n[parameters.u]\nvalues = { uniform = { low = 0, high = 1 } }\n[[design]]\n"
       "parameters = [\"a\"]\n[[design]]\nmethod = \"monte_carlo\"\npoints = 3\nparameters = [\"u\"]\n"
       "where = \"u < 0.5\"\nredraw = true\n[command]\nrun = [\"true\"]\n",
       "study.toml:12: `redraw` in [[design]] does not go with `where`: which points are left is found once. Leave "
       "`redraw` out, and they are the same for each point of the blocks before"},
      {study("[[design]]\nseed = -1\n"), "study.toml:8: `seed` in [[design]] must be an integer of at least 0, not -1"},
      {study("[[design]]\nreplicates = 0\n"),
       "study.toml:8: `replicates` in [[design]] must be an integer of at least 1, not 0"},
      {study("[[design]]\nparameters = [\"a\", \"b\"]\nreplicates = 2\n[[design]]\nparameters = [\"c\"]\nreplicates = "
             "2\n"),
       "study.toml:12: `replicates` in [[design]] is in the block of line 7 already: it is of all blocks of a part, "
       "each "
       "point of which is there so many times"},
      {"[parameters.c]\nvalues = [5]\n[[design]]\nparameters = [\"c\"]\n[[design]]\nmethod = \"table\"\nfile = "
       "\"points.csv\"\ncolumns = { a = \"a\" }\nparameters = [\"a\", \"b\"]\n[command]\nrun = \"true\"\n",
       "study.toml:9: the table has the column `d`, which `parameters` in [[design]] does not name"},
      {study("[design]\nparameters = [\"a\"]\n"), "study.toml:8: unknown key `parameters` in [design]; valid: "},
  };
  for (const Case& c : cases) EXPECT_THAT(folder.error(c.text), ::testing::StartsWith(c.message)) << c.text;
}

TEST(ZipInAGridTest, varies_parameters_together) {
  const StudyFolder folder;
  const Design design = folder.load(study("[design]\nzip = [[\"a\", \"b\"]]\n")).design;
  EXPECT_EQ(design.size(), 6U);
  EXPECT_EQ(line_of(design, 3), "2 4 5");
  EXPECT_EQ(folder.load(study("[design]\nzip = []\n")).design.definition(), folder.load(study("")).design.definition());
}

TEST(ZipInAGridTest, mistakes_are_named_with_their_lines) {
  const StudyFolder folder;
  const std::vector<Case> cases = {
      {"[design]\nzip = [[\"a\", \"c\"]]\n",
       "study.toml:8: `a` has 2 levels and `c` has 3: what varies together has as many levels"},
      {"[design]\nzip = [[\"a\", \"aa\"]]\n", "study.toml:8: unknown parameter `aa`; did you mean `a`?"},
      {"[design]\nzip = [[\"a\"]]\n", "study.toml:8: a group of less than two parameters varies by itself as it is"},
      {"[design]\nzip = [[\"a\", \"b\"], [\"a\", \"c\"]]\n",
       "study.toml:8: the parameter `a` is in two groups, or twice in one"},
      {"[design]\nzip = \"a\"\n",
       "study.toml:8: `zip` in [design] must be a list of lists of parameters, as [[\"a\", \"b\"]], not a string"},
      {"[design]\nzip = [\"a\", \"b\"]\n",
       "study.toml:8: `zip` in [design] must be a list of lists of parameters, as [[\"a\", \"b\"]]; item 1 is a "
       "string"},
      {"[design]\nzip = [[1, 2]]\n",
       "study.toml:8: `zip` in [design] must be a list of lists of parameters, as [[\"a\", \"b\"]]; one name is an "
       "integer"},
      {"[design]\nmethod = \"zip\"\nzip = [[\"a\", \"b\"]]\n",
       "study.toml:9: `zip` in [design] has no meaning for method `zip`: it belongs to `grid`"},
  };
  for (const Case& c : cases) EXPECT_EQ(folder.error(study(c.text)), c.message) << c.text;
}

std::string bundle_of(const std::string& values, const std::string& more = "") {
  return "[parameters.material]\nvalues = [\n" + values + "]\n" + more + "[command]\nrun = \"echo {{material.E}}\"\n";
}

TEST(BundleInAStudyTest, has_a_name_and_fields) {
  const StudyFolder folder;
  const Study study = folder.load(bundle_of(
      "{ name = \"steel\", E = 210, grade = \"S\" },\n{ grade = \"6060\", E = 70.5, name = \"aluminium\" },\n",
      "units = { E = \"GPa\" }\n"));
  EXPECT_THAT(names_of(study.design), ElementsAre("material", "material.E", "material.grade"));
  EXPECT_EQ(study.design.parameters()[1].unit(), "GPa");
  EXPECT_EQ(line_of(study.design, 1), "aluminium 70.5 6060");
  EXPECT_EQ(study.design.point(0)["material.E"], Value(210.0));
  EXPECT_EQ(study.design.point(0)["material.E"].written(), "210");
}

TEST(BundleInAStudyTest, fields_stand_in_expressions_and_in_tags_with_a_format) {
  const StudyFolder folder;
  const Study study = folder.load(
      "[parameters.m]\nvalues = [{ name = \"a\", n = 2, code = \"0012\" }]\n[command]\nranks = \"2 * m.n\"\nlauncher = "
      "[\"env\"]\nrun = [\"echo\", \"{{m.n:%04d}}\", \"{{m.code:%s}}\"]\nvalid = \"m.n > 1\"\n");
  const Command command(study.command, study.design);
  EXPECT_THAT(command.render(study.design.point(0)).line(), ::testing::EndsWith("echo 0002 0012"));
}

TEST(BundleInAStudyTest, mistakes_are_named_with_their_lines) {
  const StudyFolder folder;
  const std::string steel = "{ name = \"steel\", E = 1 },\n";  // line 3
  const std::vector<Case> cases = {
      {bundle_of(steel + "{ name = \"wood\", e = 1 },\n"),
       "study.toml:4: entry `wood` lacks the field `E`, which `steel` has"},
      {bundle_of(steel + "{ name = \"wood\", E = 1, nu = 2 },\n"),
       "study.toml:4: entry `wood` has the field `nu`, which `steel` lacks"},
      {bundle_of(steel + "{ E = 1 },\n"), "study.toml:4: entry 2 of parameters.material.values has no `name`"},
      {bundle_of(steel + "{ name = 7, E = 1 },\n"),
       "study.toml:4: `name` in [parameters.material.values] must be a string, not an integer"},
      {bundle_of(steel + "{ name = \"steel\", E = 1 },\n"), "study.toml:4: two entries are named `steel`"},
      {bundle_of(steel + "{ name = \"wood\", E = \"soft\" },\n"),
       "study.toml:4: entry `wood`: `E` is a string, but an integer in the first entry"},
      {bundle_of(steel + "{ name = \"wood\", E = { a = 1 } },\n"),
       "study.toml:4: entry `wood`: `E` must be a number, a string or a boolean, not a table"},
      {bundle_of(steel + "\"wood\",\n"),
       "study.toml:2: `values` in [parameters.material] must be a list of tables, as its first item is; item 2 is a "
       "string"},
      {bundle_of("{ name = \"steel\" },\n"),
       "study.toml:3: entry `steel` has no field besides its name: list the names alone"},
      {bundle_of(steel, "units = { F = \"Pa\" }\n"), "study.toml:5: there is no field `F`; valid: `E`"},
      {bundle_of(steel, "type = \"number\"\n"),
       "study.toml:5: parameter `material`: the names of a bundle are not of the type number"},
      {study("[parameters.d]\nvalues = [1]\nunits = { E = \"Pa\" }\n"),
       "study.toml:9: `units` in [parameters.d] are of the fields of a bundle; the unit of a parameter is `unit`"},
      {"[parameters.point]\nvalues = [{ name = \"a\", dir = 1 }]\n[command]\nrun = \"true\"\n",
       "study.toml:1: `point` cannot name a bundle: `point.dir` and others are tags of their own"},
      {"[parameters.\"m.x\"]\nvalues = [1]\n[command]\nrun = \"true\"\n",
       "study.toml:1: `m.x` cannot name a parameter; a name is letters, digits and underscores, not a digit first"},
  };
  for (const Case& c : cases) EXPECT_EQ(folder.error(c.text), c.message) << c.text;
}

}  // namespace
}  // namespace windrow
