// A parameter that changes nothing of what runs is named.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "cli/cli_fixture.hpp"

namespace windrow::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class UnusedTest : public CliTest {
 protected:
  void write_study(const std::string& command) {
    write("unused.toml", R"(
[parameters.x]
values = [1, 2, 3]
[parameters.y]
values = [1, 2, 3]
[command]
)" + command + "\n");
  }
};

TEST_F(UnusedTest, plan_and_run_name_it_and_say_how_many_computations_there_are) {
  write_study(R"(run = ["echo", "{{y}}"])");
  const std::string said = "parameter `x` is not used by the command: 9 points are 3 different computations\n";
  EXPECT_THAT(windrow({"plan", "unused.toml"}).out, HasSubstr("\nNote: " + said));
  EXPECT_THAT(windrow({"run", "unused.toml"}).err, HasSubstr("note: " + said));
  EXPECT_EQ(windrow({"run", "unused.toml", "--quiet"}).err, "");
  const auto json = nlohmann::json::parse(windrow({"plan", "unused.toml", "--json"}).out);
  EXPECT_EQ(json["unused"], nlohmann::json({"x"}));
  EXPECT_EQ(json["computations"], 3);
}

// The first point does not wait for a million others to be looked at.
TEST_F(UnusedTest, run_counts_the_computations_of_small_designs_alone) {
  write("unused.toml",
        "[parameters.x]\nvalues = { linear = { from = 1, to = 500, points = 500 } }\n[parameters.y]\nvalues = [1, 2]\n"
        "[command]\nrun = ['echo', '{{y}}']\n");
  EXPECT_THAT(windrow({"plan", "unused.toml"}).out, HasSubstr("1,000 points are 2 different computations\n"));
  EXPECT_THAT(windrow({"run", "unused.toml", "--only", "0"}).err,
              HasSubstr("note: parameter `x` is not used by the command\n"));
}

TEST_F(UnusedTest, several_and_all_of_them) {
  write_study(R"(run = ["echo", "hello"])");
  EXPECT_THAT(
      windrow({"plan", "unused.toml"}).out,
      HasSubstr("parameters `x`, `y` are not used by the command: 9 points are one and the same computation\n"));
}

TEST_F(UnusedTest, a_tag_a_section_a_template_or_ranks_use_it) {
  write("in.mustache", "{{#x}}yes{{/x}}\n");
  for (const char* command : {"run = ['echo', '{{x}}', '{{y}}']", "run = 'echo {{x}} # {{y}}'",
                              "run = ['echo', '{{y}}']\ntemplates = ['in.mustache']",
                              "run = ['echo', '{{y}}']\nranks = '2 * x'\nlauncher = ['env']",
                              "run = ['echo', '{{y}}']\nranks = 1\nlauncher = ['env', 'X={{x}}']"}) {
    write_study(command);
    const Ended planned = windrow({"plan", "unused.toml"});
    EXPECT_EQ(planned.code, 0) << planned.text();
    EXPECT_THAT(planned.out, Not(HasSubstr("not used"))) << command;
    EXPECT_EQ(nlohmann::json::parse(windrow({"plan", "unused.toml", "--json"}).out).count("unused"), 0U);
  }
}

TEST_F(UnusedTest, points_that_are_told_apart_otherwise_are_not_counted) {
  write_study(R"(run = ["echo", "{{y}}", "{{point.index}}"])");
  EXPECT_THAT(windrow({"plan", "unused.toml"}).out, HasSubstr("parameter `x` is not used by the command\n"));
  write("unused.toml", R"(
[design]
method = "zip"
[parameters.name]
values = ["a", "b", "c"]
[parameters.y]
values = [1, 2, 3]
[command]
run = ["echo", "{{y}}"]
)");
  EXPECT_THAT(windrow({"plan", "unused.toml"}).out, HasSubstr("parameter `name` is not used by the command\n"))
      << "each point is a computation of its own all the same";
}

}  // namespace
}  // namespace windrow::test
