#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "study/study_files.hpp"

namespace windrow {
namespace {

using ::testing::HasSubstr;
using testing::StudyFolder;

/// `lines` begin on line 8.
std::string drawn_with(const std::string& lines) {
  std::string study;
  for (const char* name : {"a", "b"}) {
    study += std::string("[parameters.") + name + "]\nvalues = { uniform = { low = 0, high = 1 } }\n";
  }
  return study + "[design]\nmethod = \"monte_carlo\"\npoints = 10\n" + lines + testing::command;
}

TEST(CorrelationKeyTest, names_pairs_and_their_ranks) {
  const StudyFolder folder;
  const Design design = folder.load(drawn_with("correlation = [[\"a\", \"b\", 0.5]]\n")).design;
  EXPECT_EQ(design.definition()[3], (std::pair<std::string, std::string>("design.correlation", "a b 0.5")));
  EXPECT_EQ(folder.error(drawn_with("correlation = [[\"a\", \"b\", 0]]\nwhere = \"a < b\"\n")), "");
}

TEST(CorrelationKeyTest, what_is_wrong_is_told_by_its_line) {
  const StudyFolder folder;
  const std::string form =
      "`correlation` in [design] must be a list of two names and a number each, as [[\"k\", \"m\", 0.5]]";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"correlation = 0.5\n", "study.toml:8: " + form + ", not a number"},
      {"correlation = [\"a\", \"b\", 0.5]\n", "study.toml:8: " + form + "; an item is a string"},
      {"correlation = [[\"a\", \"b\"]]\n", "study.toml:8: " + form + "; an item has 2 of these"},
      {"correlation = [[\"a\", 1, 0.5]]\n", "study.toml:8: " + form + "; a name is an integer"},
      {"correlation = [[\"a\", \"b\", \"c\"]]\n", "study.toml:8: " + form + "; a number is a string"},
      {"correlation = [\n[\"a\", \"c\", 0.5]]\n", "study.toml:9: `c` is no parameter that is drawn"},
      {"correlation = [[\"a\", \"b\", 1.5]]\n",
       "study.toml:8: the rank correlation of `a` and `b` must be between -1 and 1, not 1.5"},
      {"correlation = [[\"a\", \"b\", 0.5],\n[\"b\", \"a\", 0.5]]\n", "study.toml:9: `b` and `a` are there twice"},
      {"corelation = [[\"a\", \"b\", 0.5]]\n",
       "study.toml:8: unknown key `corelation` in [design]; did you mean `correlation`?"},
  };
  for (const auto& [lines, message] : cases) EXPECT_THAT(folder.error(drawn_with(lines)), HasSubstr(message)) << lines;
  EXPECT_EQ(
      folder.error("[parameters.a]\nvalues = [1]\n[design]\ncorrelation = [[\"a\", \"a\", 0.5]]\n" + testing::command),
      "study.toml:4: method `grid` draws nothing that could be correlated");
}

}  // namespace
}  // namespace windrow
