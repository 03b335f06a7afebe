// What --json prints, as manual/windrow-json.md describes it.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "cli/cli_fixture.hpp"

namespace windrow::test {
namespace {

using Json = nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

class JsonTest : public CliTest {
 protected:
  void SetUp() override { write_study("[1, 2, 3]"); }

  void write_study(const std::string& sizes) const {
    write("beam.toml", R"([parameters.size]
values = )" + sizes + R"(
unit = "m"
[parameters.stiff]
values = [true]
[command]
run = ["sh", "-c", "test {{size}} != 2 || { echo no convergence >&2; exit 3; }; echo y = {{size}}.5, z = nan"]
[outputs]
y = { stdout = 'y = ([^,]+)', unit = "mm" }
z = { stdout = 'z = (\S+)', type = "string" }
[run]
retries = 0
)");
  }

  Json json(const Arguments& arguments) {
    Arguments all = arguments;
    all.emplace_back("--json");
    const Ended ended = windrow(all);
    EXPECT_EQ(ended.code, 0) << ended.text();
    return Json::parse(ended.out);
  }

  static std::vector<std::string> keys(const Json& json) {
    std::vector<std::string> names;
    for (const auto& item : json.items()) names.push_back(item.key());
    return names;
  }
};

TEST_F(JsonTest, plan_before_and_after_a_run) {
  const Json before = json({"plan", "beam.toml", "--point", "1"});
  EXPECT_EQ(before["points"], 3);
  EXPECT_EQ(before["left"], 3);
  EXPECT_EQ(before["parameters"][0]["unit"], "m");
  EXPECT_EQ(before["outputs"][1], (Json{{"name", "z"}, {"unit", ""}}));
  EXPECT_EQ(before["point"]["index"], 1);
  EXPECT_EQ(before["point"]["parameters"], (Json{{"size", 2}, {"stiff", true}}));
  EXPECT_EQ(before["point"]["command"][0], "sh");
  EXPECT_FALSE(before.contains("changes"));
  EXPECT_EQ(windrow({"run", "beam.toml", "--quiet"}).code, 1);
  write_study("[1, 2, 3, 4]");
  const Json after = json({"plan", "beam.toml"});
  EXPECT_EQ(after["succeeded"], 2);
  EXPECT_EQ(after["failed"], 1);
  EXPECT_EQ(after["left"], 1);
  EXPECT_EQ(after["changes"].size(), 1U);
}

TEST_F(JsonTest, status) {
  EXPECT_EQ(windrow({"run", "beam.toml", "--quiet"}).code, 1);
  const Json status = json({"status", "beam.windrow"});
  EXPECT_THAT(keys(status), UnorderedElementsAre("study", "from", "points", "succeeded", "failed", "left", "running",
                                                 "evaluation_seconds", "failures", "first_failures"));
  EXPECT_EQ(status["from"], "results");
  EXPECT_EQ(status["succeeded"], 2);
  EXPECT_EQ(status["running"], false);
  EXPECT_EQ(status["failures"].size(), 1U);
  EXPECT_EQ(status["first_failures"][0]["index"], 1);
  EXPECT_EQ(status["first_failures"][0]["code"], 3);
}

TEST_F(JsonTest, status_of_shards) {
  EXPECT_EQ(windrow({"run", "beam.toml", "--quiet", "--shard", "1/3"}).code, 0);
  const Json status = json({"status", "beam.windrow"});
  EXPECT_EQ(status["from"], "shards");
  EXPECT_EQ(status["left"], 2);
  ASSERT_EQ(status["shards"].size(), 3U);
  EXPECT_EQ(status["shards"][0]["state"], "complete");
  EXPECT_THAT(std::string(status["shards"][1]["advice"]), HasSubstr("--shard 2/3"));
}

TEST_F(JsonTest, explain_of_points_that_succeeded_failed_and_are_new) {
  EXPECT_EQ(windrow({"run", "beam.toml", "--quiet"}).code, 1);
  const Json good = json({"explain", "beam.windrow", "2"});
  EXPECT_EQ(good["status"], "ok");
  EXPECT_EQ(good["changed"], false);
  EXPECT_EQ(good["parameters"], (Json{{"size", 3}, {"stiff", true}}));
  EXPECT_EQ(good["outputs"], (Json{{"y", 3.5}, {"z", "nan"}}));
  EXPECT_THAT(keys(good["evaluation"]), UnorderedElementsAre("rank", "host", "started", "seconds", "attempts"));
  const Json bad = json({"explain", "beam.windrow", "1"});
  EXPECT_EQ(bad["status"], bad["failure"]["kind"]);
  EXPECT_THAT(std::string(bad["failure"]["message"]), HasSubstr("no convergence"));
  EXPECT_FALSE(bad["files"].empty());
  write_study("[1, 5]");
  const Json planned = json({"explain", "beam.toml", "1"});
  EXPECT_EQ(planned["changed"], true);
  EXPECT_EQ(planned["planned"]["size"], 5);
  EXPECT_EQ(planned["next_run"]["evaluates"], true);
  EXPECT_THAT(std::string(planned["next_run"]["changes"][0]), HasSubstr("`size` changed"));
}

TEST_F(JsonTest, timing_is_the_same_as_its_format_json) {
  EXPECT_EQ(windrow({"run", "beam.toml", "--quiet"}).code, 1);
  const Json timing = json({"timing", "beam.windrow"});
  EXPECT_EQ(timing, Json::parse(windrow({"timing", "beam.windrow", "--format", "json"}).out));
  EXPECT_EQ(timing["complete"], true);
}

TEST_F(JsonTest, advice_that_names_an_option_is_the_commands) {
  EXPECT_EQ(windrow({"run", "beam.toml", "--quiet"}).code, 1);
  write("other.toml", "[parameters.x]\nvalues = [1]\n[command]\nrun = [\"true\"]\n");
  EXPECT_THAT(windrow({"run", "other.toml", "--dir", "beam.windrow"}).err,
              HasSubstr("give the new study another directory (--dir DIR)"));
}

}  // namespace
}  // namespace windrow::test
