// What `windrow compare` says of two runs.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "cli/cli_fixture.hpp"

namespace windrow::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

/// old: y = 100 x at x = 1 ... 4, which fails at 4. new: the other way round, up to 5; y at 3 is 1 % larger, 4 works, 2
/// fails.
class CompareCliTest : public CliTest {
 protected:
  void SetUp() override {
    write_study("old", "[1, 2, 3, 4]", "[ {{x}} = 4 ] && { echo no convergence >&2; exit 3; }; echo y={{x}}00");
    write_study("new", "[5, 4, 3, 2, 1]",
                "[ {{x}} = 2 ] && { echo diverged >&2; exit 4; }; [ {{x}} = 3 ] && echo y=303 || echo y={{x}}00");
    EXPECT_EQ(windrow({"run", "old.toml", "--quiet"}).code, 1);
    EXPECT_EQ(windrow({"run", "new.toml", "--quiet"}).code, 1);
  }

  void write_study(const std::string& name, const std::string& levels, const std::string& script) {
    write(name + ".toml", "[parameters.x]\nvalues = " + levels + "\n[command]\nrun = \"" + script +
                              "\"\n[outputs]\ny = { stdout = 'y=(\\S+)', unit = \"N\" }\n");
  }
};

TEST_F(CompareCliTest, what_changed_is_told_point_by_point) {
  const Ended told = windrow({"compare", "old.windrow", "new.windrow"});
  EXPECT_EQ(told.code, 1) << told.text();
  EXPECT_EQ(told.out,
            "first   old.windrow: old, 4 of 4 points evaluated\n"
            "second  new.windrow: new, 5 of 5 points evaluated\n"
            "\n"
            "4 points in both\n"
            "  equal                       1\n"
            "  different                   1\n"
            "  failed in the first alone   1\n"
            "  failed in the second alone  1\n"
            "\n"
            "y: 1 point differs, by at most 3 N (point 2), relatively 0.009901 (point 2)\n"
            "  point  first  second  difference  relative\n"
            "      2    300     303           3  0.009901  x = 3\n"
            "\n"
            "Failed in the first alone: 1 point\n"
            "  3 / 1 (x = 4)\n"
            "    exited with code 3: no convergence\n"
            "\n"
            "Failed in the second alone: 1 point\n"
            "  1 / 3 (x = 2)\n"
            "    exited with code 4: diverged\n"
            "\n"
            "Only in the second:\n"
            "  1 point\n"
            "    0 (x = 5)\n");
}

TEST_F(CompareCliTest, the_same_results_and_a_tolerance) {
  const Ended same = windrow({"compare", "old.toml", "old.windrow"});
  EXPECT_EQ(same.code, 0) << same.text();
  EXPECT_THAT(same.out, AllOf(HasSubstr("  equal                            3\n"),
                              HasSubstr("  failed in both, in the same way  1\n")));
  const Ended near = windrow({"compare", "--of", "y,y", "old.windrow", "new.windrow", "--tolerance", "0.01", "--json"});
  EXPECT_EQ(near.code, 1);
  const auto json = nlohmann::json::parse(near.out);
  EXPECT_EQ(json["equal"], 2);
  EXPECT_EQ(json["different"], 0);
  EXPECT_EQ(json["failed_in_first"]["shown"][0]["first"]["code"], 3);
  EXPECT_FALSE(json["agrees"]);
}

TEST_F(CompareCliTest, what_cannot_be_compared_is_an_error) {
  EXPECT_EQ(windrow({"compare", "old.windrow", "none.windrow"}).code, 2);
  const Ended wrong = windrow({"compare", "old.windrow", "new.windrow", "--of", "z"});
  EXPECT_EQ(wrong.code, 2);
  EXPECT_THAT(wrong.err, HasSubstr("neither run has an output `z`"));
  EXPECT_EQ(windrow({"compare", "old.windrow", "new.windrow", "--tolerance", "-1"}).code, 2);
}

}  // namespace
}  // namespace windrow::test
