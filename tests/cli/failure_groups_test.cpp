// Failures are told by kind: in the summary, at once while running, and by `windrow failures`.
#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/failure_groups_fixture.hpp"

namespace windrow::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;
using testing::StartsWith;

TEST_F(FailureGroupsCliTest, the_summary_groups_them_and_the_first_one_is_shown_at_once) {
  const Ended run = windrow({"run", "groups.toml", "--workers", "1"});
  EXPECT_EQ(run.code, 1) << run.text();
  EXPECT_THAT(run.out, HasSubstr(std::string(" on 1 worker.\n") + kSummary));
  EXPECT_THAT(run.out, HasSubstr("`windrow failures "));
  EXPECT_THAT(run.err, HasSubstr("First failure, point 0 (x = 1 m, step = 1): crashed: signal 11"));
  EXPECT_EQ(run.err.find("First failure"), run.err.rfind("First failure"));
  EXPECT_THAT(windrow({"status", "groups.windrow"}).out, HasSubstr(std::string("Failures:\n") + kSummary));
}

TEST_F(FailureGroupsCliTest, the_first_failure_is_shown_while_others_run) {
  write_program("solve.sh",
                "[ $1$2 = 11 ] && { echo bad >&2; exit 3; }\n[ -e \"$(dirname \"$0\")/go\" ] || sleep 60\n");
  Program run = start_windrow({"run", "groups.toml", "--workers", "2"});
  EXPECT_TRUE(eventually(std::chrono::seconds(20), [&] {
    return run.err().find("First failure, point 0 (x = 1 m, step = 1): exited with code 3: bad\n") != std::string::npos;
  })) << run.err();
  EXPECT_TRUE(run.is_running());
  run.signal_group(SIGINT);
  run.wait();
}

TEST_F(FailureGroupsCliTest, failures_tells_the_levels_that_a_group_shares) {
  EXPECT_EQ(windrow({"run", "groups.toml", "--quiet"}).code, 1);
  const Ended told = windrow({"failures", "groups.windrow"});
  EXPECT_EQ(told.code, 0) << told.text();
  EXPECT_THAT(told.out, StartsWith("groups: 9 of 24 evaluated points failed, in 3 groups\n\n"
                                   "  6 exited with code 4: no convergence at step 1\n"
                                   "    first at point 12: x = 3 m, step = 1\n"
                                   "    all have x = 3 m, where no point succeeded\n\n"));
  EXPECT_THAT(told.out,
              HasSubstr("  2 crashed: signal 11 (Segmentation fault)\n    first at point 0: x = 1 m, step = 1\n"
                        "    all have step = 1"));
  EXPECT_THAT(told.out, HasSubstr("`windrow explain groups.windrow 12`"));
}

TEST_F(FailureGroupsCliTest, failures_as_json) {
  EXPECT_EQ(windrow({"run", "groups.toml", "--quiet"}).code, 1);
  const auto json = nlohmann::json::parse(windrow({"failures", "groups.toml", "--json"}).out);
  EXPECT_EQ(json["study"], "groups");
  EXPECT_EQ(json["failed"], 9);
  ASSERT_EQ(json["groups"].size(), 3U);
  const auto& first = json["groups"][0];
  EXPECT_EQ(first["kind"], "exited");
  EXPECT_EQ(first["code"], 4);
  EXPECT_EQ(first["points"], 6);
  EXPECT_EQ(first["line"], "no convergence at step 1");
  EXPECT_EQ(first["example"]["index"], 12);
  EXPECT_EQ(first["example"]["parameters"]["x"], 3);
  EXPECT_EQ(first["shared"], nlohmann::json::parse(R"([{"parameter": "x", "none_succeeded": true, "values": [3]}])"));
}

TEST_F(FailureGroupsCliTest, where_nothing_failed_and_where_nothing_is) {
  write_program("solve.sh", "echo y=1\n");
  EXPECT_EQ(windrow({"run", "groups.toml", "--quiet"}).code, 0);
  EXPECT_EQ(windrow({"failures", "groups.windrow"}).out, "groups: none of 24 evaluated points has failed\n");
  EXPECT_EQ(windrow({"failures", "nowhere"}).code, 2);
}

TEST_F(FailureGroupsCliTest, explain_shows_the_line_that_tells_and_what_came_last) {
  EXPECT_EQ(windrow({"run", "groups.toml", "--quiet"}).code, 1);
  EXPECT_THAT(windrow({"explain", "groups.windrow", "22"}).out,
              HasSubstr("Status: exited: exit code 1\n  stderr tells:\n    ValueError: the mesh is folded\n"
                        "    File \"model.py\", line 9, in <module>\n  and ends:\n    shutting down 2\n"));
}

TEST_F(FailureGroupsCliTest, a_thousand_failures_of_fifty_kinds_are_one_screen) {
  write_program("solve.sh", R"(
letters=$(echo "$1" | tr 0123456789 abcdefghij)
echo "a long way to say what went wrong, which goes on for more than one line of a terminal, in part $letters of it" >&2
exit 1
)");
  write("groups.toml", R"(
[parameters.x]
values = { linear = { from = 100, to = 149, points = 50 } }
[parameters.step]
values = { linear = { from = 1, to = 8, points = 8 } }
[command]
run = ["./solve.sh", "{{x}}", "{{step}}"]
)");
  const Ended run = windrow({"run", "groups.toml"});
  EXPECT_EQ(run.code, 1) << run.text();
  std::istringstream lines(run.out);
  std::size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    const bool names_a_directory = line.find(directory().string()) != std::string::npos;
    number += names_a_directory ? 1 : 1 + line.size() / 81;
  }
  EXPECT_LE(number, 24U) << run.out;
  EXPECT_THAT(run.out, HasSubstr("and 376 more points of 47 other kinds\n"));
  EXPECT_THAT(windrow({"failures", "groups.windrow"}).out, HasSubstr("and 40 smaller groups: --all shows them\n"));
  EXPECT_THAT(windrow({"failures", "groups.windrow", "--all"}).out,
              AllOf(Not(HasSubstr("smaller groups")), HasSubstr("all have x = 149")));
}

}  // namespace
}  // namespace windrow::test
