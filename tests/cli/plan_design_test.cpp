// What `plan` says of composed designs, and the points as a table and as a picture.
#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "cli/cli_fixture.hpp"

namespace windrow::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class PlanDesignTest : public CliTest {
 protected:
  void SetUp() override {
    write("halls.csv", "span,height\n20,6.5\n30,8\n");
    write("study.toml", R"(
[parameters.load]
values = { normal = { mean = 10, sd = 2 } }
unit = "kN"
[[design]]
method = "table"
file = "halls.csv"
parameters = ["span", "height"]
[[design]]
method = "latin_hypercube"
points = 50
parameters = ["load"]
[command]
run = ["true", "{{span}} {{height}} {{load}}"]
)");
    write("materials.toml", R"(
[parameters.material]
values = [{ name = "steel", E = 210e9 }, { name = "oak, \"old\"", E = 11e9 }]
units = { E = "Pa" }
[parameters.x]
values = { geometric = { from = 1, to = 1000, points = 4 } }
[command]
run = ["echo", "y={{x}}", "{{material.E}}"]
[outputs]
y = { stdout = 'y=(\S+)' }
)");
  }

  std::string read(const std::string& name) const {
    std::ifstream file(directory() / name);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  static std::size_t lines_of(const std::string& text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  }
};

TEST_F(PlanDesignTest, says_what_a_design_is_composed_of) {
  const std::string out = windrow({"plan", "study.toml"}).out;
  EXPECT_THAT(out, HasSubstr("study: 100 points (table x latin_hypercube)"));
  EXPECT_THAT(out,
              HasSubstr("Design:\n  table of `span`, `height`, 2 points x latin_hypercube of `load`, 50 points\n"));
  EXPECT_THAT(out, HasSubstr("  2: span = 20"));
  EXPECT_THAT(out, HasSubstr("  ...\n  50: span = 30"));
  EXPECT_THAT(out, HasSubstr("  ...\n  97: span = 30"));
  EXPECT_THAT(windrow({"plan", "materials.toml"}).out, Not(HasSubstr("Design:")));
}

TEST_F(PlanDesignTest, says_it_of_parts_by_their_points) {
  write("parts.toml",
        "[parameters.x]\nvalues = [1, 2]\n[[design]]\nreplicates = 2\n[[design]]\nappend = true\nmethod = "
        "\"monte_carlo\"\npoints = 3\n[command]\nrun = [\"true\", \"{{x}}\"]\n");
  EXPECT_THAT(windrow({"plan", "parts.toml"}).out,
              HasSubstr("Design:\n  0 to 3 (4 points): grid of `x`, 2 points, 2 replicates\n  4 to 6 (3 points): "
                        "monte_carlo of `x`, 3 points\n"));
  EXPECT_THAT(windrow({"plan", "parts.toml", "--json"}).out, HasSubstr("\"parts\""));
}

TEST_F(PlanDesignTest, writes_the_points_as_a_table_that_it_reads_again) {
  const Ended ended = windrow({"plan", "materials.toml", "--csv", "-"});
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.out, StartsWith("index,material,material.E,x\n0,steel,210000000000.0,1\n"));
  EXPECT_EQ(lines_of(ended.out), 9U);
  EXPECT_EQ(windrow({"plan", "study.toml", "--csv", "design.csv"}).code, 0);
  EXPECT_EQ(lines_of(read("design.csv")), 101U);
  write("again.toml",
        "[design]\nmethod = \"table\"\nfile = \"design.csv\"\nignore = [\"index\"]\n[command]\nrun = [\"true\", "
        "\"{{span}} "
        "{{height}} {{load}}\"]\n");
  EXPECT_EQ(windrow({"plan", "again.toml", "--csv", "-"}).out, read("design.csv"));
  EXPECT_EQ(lines_of(windrow({"plan", "study.toml", "--csv", "-", "--only", "3,7"}).out), 3U);
}

TEST_F(PlanDesignTest, draws_the_points) {
  const Ended ended = windrow({"plan", "materials.toml", "--plot", "design.svg"});
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(ended.err, "design.svg: 8 points\n");
  EXPECT_THAT(read("design.svg"), AllOf(HasSubstr(">steel</text>"), HasSubstr(">1e2</text>"), HasSubstr("all points")));
  write("many.toml",
        "[parameters.x]\nvalues = { uniform = { low = 0, high = 1 } }\n[parameters.y]\nvalues = { uniform = "
        "{ low = 0, high = 1 } }\n[design]\nmethod = \"monte_carlo\"\npoints = 10000000\n[command]\nrun = "
        "[\"true\", \"{{x}} {{y}}\"]\n");
  EXPECT_EQ(windrow({"plan", "many.toml", "--plot", "many.svg"}).err,
            "many.svg: shows 4,000 of 10,000,000 points, evenly spaced by index\n");
  EXPECT_THAT(read("many.svg"), HasSubstr("drawn: 4,000 of 10,000,000 points, evenly spaced by index"));
}

TEST_F(PlanDesignTest, refuses_what_does_not_go_together) {
  EXPECT_THAT(windrow({"plan", "study.toml", "--json", "--csv", "-"}).err, HasSubstr("--json does not go with --csv"));
  EXPECT_EQ(windrow({"plan", "study.toml", "--point", "1", "--plot", "a.svg"}).code, 2);
}

TEST_F(PlanDesignTest, says_how_many_points_of_an_earlier_form_are_known) {
  EXPECT_EQ(windrow({"run", "materials.toml", "--quiet"}).code, 0);
  const std::string text = read("materials.toml");
  std::string more = text;
  more.replace(more.find("to = 1000, points = 4"), 21, "to = 1000000, points = 7");
  write("materials.toml", more);
  EXPECT_THAT(windrow({"plan", "materials.toml"}).out, HasSubstr("8 of 14 points are known from earlier runs"));
  std::string other = text;  // another field's value makes the points of this entry new
  other.replace(other.find("E = 210e9"), 9, "E = 200e9");
  write("materials.toml", other);
  EXPECT_THAT(windrow({"plan", "materials.toml"}).out, HasSubstr("4 of 8 points are known from earlier runs"));
}

TEST_F(PlanDesignTest, a_field_that_no_tag_names_is_no_mistake) {
  EXPECT_THAT(windrow({"plan", "materials.toml"}).out, Not(HasSubstr("not used")));
}

}  // namespace
}  // namespace windrow::test
