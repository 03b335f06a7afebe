// What `windrow analyze` says of results, and of tables of others.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "cli/cli_fixture.hpp"

namespace windrow::test {
namespace {

using testing::HasSubstr;
using testing::Not;

/// y = 10 a + b^2 of 10 x 10 points, which fail where a > 6 and the model is sst; one text and one flag as outputs.
class AnalyzeCliTest : public CliTest {
 protected:
  void SetUp() override {
    write("study.toml", R"(
[parameters.a]
values = { linear = { from = 1, to = 10, points = 10 } }
unit = "mm"
[parameters.b]
values = [1, 2, 3, 4, 5]
[parameters.model]
values = ["sst", "les"]
[command]
run = "[ {{a}} -gt 6 ] && [ {{model}} = sst ] && exit 4; echo \"y=$(({{a}} * 10 + {{b}} * {{b}})) word=w\""
[outputs]
y = { stdout = 'y=(\S+)', unit = "N" }
word = { stdout = 'word=(\S+)', type = "string" }
)");
  }

  nlohmann::json analysis(const Arguments& more = {}) {
    Arguments arguments{"analyze", "study.windrow", "--json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Ended told = windrow(arguments);
    EXPECT_EQ(told.code, 0) << told.text();
    return nlohmann::json::parse(told.out);
  }
};

TEST_F(AnalyzeCliTest, moments_associations_and_the_rule_of_failures) {
  EXPECT_EQ(windrow({"run", "study.toml", "--quiet"}).code, 1);
  const Ended told = windrow({"analyze", "study.toml"});
  EXPECT_EQ(told.code, 0) << told.text();
  EXPECT_THAT(told.out, HasSubstr("study: 100 of 100 points evaluated, 20 failed\n"));
  EXPECT_THAT(told.out, HasSubstr("Left out, since they are no numbers: word\n"));
  EXPECT_THAT(told.out, HasSubstr("y: 80 values\n"));
  EXPECT_THAT(told.out, HasSubstr("20 failures: a > 6 and model is sst: 100 % of failures, 0 % of successes\n"));
}

TEST_F(AnalyzeCliTest, as_json) {
  EXPECT_EQ(windrow({"run", "study.toml", "--quiet"}).code, 1);
  const auto json = analysis();
  EXPECT_EQ(json["study"], "study");
  EXPECT_EQ(json["evaluated"], 100);
  const auto& y = json["outputs"]["y"];
  EXPECT_EQ(y["count"], 80);
  EXPECT_NEAR(y["mean"].get<double>(), 10.0 * (5 * 3.5 * 12 + 5 * 8.5 * 4) / 80.0 + 11.0, 1e-9);
  EXPECT_EQ(y["unit"], "N");
  EXPECT_GT(y["inputs"]["a"]["pearson"].get<double>(), 0.9);
  EXPECT_GT(y["inputs"]["a"]["first_order_by_bins"].get<double>(), 0.8);
  EXPECT_FALSE(y["inputs"]["model"].contains("pearson"));  // of texts
  EXPECT_EQ(y["quantiles"].size(), 5U);
  ASSERT_EQ(json["failures"].size(), 1U);
  EXPECT_EQ(json["failures"][0]["rule"]["failures_inside"], 20);
  EXPECT_EQ(json["failures"][0]["rule"]["successes_inside"], 0);
}

TEST_F(AnalyzeCliTest, an_unknown_output_is_an_error_that_lists_them) {
  EXPECT_EQ(windrow({"run", "study.toml", "--quiet"}).code, 1);
  const Ended told = windrow({"analyze", "study.windrow", "--of", "z"});
  EXPECT_EQ(told.code, 2);
  EXPECT_THAT(told.err, HasSubstr("study has no output `z` of numbers"));
  EXPECT_THAT(told.err, HasSubstr("`y`"));
  EXPECT_EQ(windrow({"analyze", "nothing.windrow"}).code, 2);
  EXPECT_EQ(windrow({"analyze", "study.windrow", "--level", "2"}).code, 2);
}

TEST_F(AnalyzeCliTest, a_table_of_another_program) {
  write("drag.csv", "speed,size,drag\n1,2,2.1\n2,2,7.9\n3,2,18.3\n1,3,3.2\n2,3,11.8\n3,3,27.2\n");
  const Ended told = windrow({"analyze", "drag.csv", "--outputs", "drag"});
  EXPECT_EQ(told.code, 0) << told.text();
  EXPECT_THAT(told.out, HasSubstr("drag: 6 values\n"));
  EXPECT_THAT(told.out, HasSubstr("speed"));
  EXPECT_THAT(told.out, Not(HasSubstr("Where points fail")));
  EXPECT_THAT(windrow({"analyze", "drag.csv"}).err, HasSubstr("say by --outputs which of its columns are outputs"));
  const Ended wrong = windrow({"analyze", "drag.csv", "--outputs", "drag", "--inputs", "sped"});
  EXPECT_EQ(wrong.code, 2);
  EXPECT_THAT(wrong.err, HasSubstr("there is no column `sped`; did you mean `speed`?"));
}

}  // namespace
}  // namespace windrow::test
