#include <gmock/gmock.h>

#include "cli/cli_fixture.hpp"
#include "cli/studies.hpp"

namespace windrow::test {
namespace {

using testing::HasSubstr;

class PlanTest : public CliTest {
 protected:
  void SetUp() override {
    write("study.toml", R"(
[parameters.x]
values = { linear = { from = 0, to = 99, points = 100 } }
unit = "m"
[parameters.word]
values = ["a b", "c"]
[command]
run = ["./step.sh", "{{x}}", "{{word}}"]
templates = ["input.txt.mustache"]
[outputs]
y = { stdout = 'y=(\d+)', unit = "s" }
)");
    write("input.txt.mustache", "x is {{x}}\nword is {{word}}\n");
    write_program("step.sh", "touch \"$(dirname \"$0\")/has-run\"\necho y=1\n");
  }

  std::set<std::string> listing() const {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory())) {
      names.insert(entry.path().string());
    }
    return names;
  }
};

TEST_F(PlanTest, runs_nothing_and_creates_nothing) {
  const auto before = listing();
  for (const Arguments& arguments :
       {Arguments{"plan", "study.toml"}, Arguments{"plan", "study.toml", "--dir", "elsewhere"},
        Arguments{"run", "study.toml", "--dry-run"}, Arguments{"run", "--dry-run", "study.toml", "--workers", "4"}}) {
    const Ended ended = windrow(arguments);
    EXPECT_EQ(ended.code, 0) << ended.text();
    EXPECT_EQ(ended.err, "");
    EXPECT_THAT(ended.out, HasSubstr("study: 200 points (grid)"));
    EXPECT_EQ(listing(), before);
  }
}

TEST_F(PlanTest, shows_the_first_and_the_last_points_the_command_and_its_files) {
  const std::string out = windrow({"plan", "study.toml"}).out;
  EXPECT_THAT(out, HasSubstr("  0: x = 0 m, word = a b\n  1: x = 0 m, word = c\n"));
  EXPECT_THAT(out, HasSubstr("  ...\n"));
  EXPECT_THAT(out, HasSubstr("  199: x = 99 m, word = c\n"));
  EXPECT_THAT(out, HasSubstr("/step.sh 0 'a b'\n"));
  EXPECT_THAT(out, HasSubstr("with input.txt:\n  x is 0\n  word is a b\n"));
  EXPECT_THAT(out, HasSubstr("y [s]"));
  EXPECT_THAT(windrow({"plan", "study.toml", "--point", "199"}).out, HasSubstr("/step.sh 99 c\n"));
}

TEST_F(PlanTest, says_what_is_left_and_leaves_the_results_as_they_are) {
  EXPECT_EQ(windrow({"run", "study.toml"}).code, 0);
  const auto before = listing();
  EXPECT_THAT(windrow({"plan", "study.toml"}).out,
              HasSubstr("Evaluated already: 200 (0 failed); left to run: 0 of 200\n"));
  EXPECT_EQ(listing(), before);
}

// A design is a function of the index: showing a huge one costs nothing.
TEST_F(PlanTest, shows_a_study_of_a_thousand_million_points) {
  write("huge.toml", R"(
[parameters.x]
values = { uniform = { low = 0.0, high = 1.0 } }
[design]
method = "latin_hypercube"
points = 1000000000
[command]
run = "echo {{x}}"
)");
  const Ended ended = windrow({"plan", "huge.toml"});
  EXPECT_EQ(ended.code, 0);
  EXPECT_THAT(ended.out, HasSubstr("huge: 1,000,000,000 points (latin_hypercube)"));
  EXPECT_THAT(ended.out, HasSubstr("  999999999: x = 0."));
}

}  // namespace
}  // namespace windrow::test
