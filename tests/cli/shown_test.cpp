// What is shown is safe: no byte of a program, a table or a store is obeyed by a terminal, and CSV is UTF-8.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "cli/cli_fixture.hpp"
#include "windrow/base/text.hpp"

namespace windrow::test {
namespace {

using testing::HasSubstr;
using testing::Not;

/// Every byte is text that a terminal shows, tabs and line ends.
void expect_safe(const Ended& ended) {
  for (const std::string& text : {ended.out, ended.err}) EXPECT_EQ(text::visible(text, "\n\t"), text);
}

class ShownTest : public CliTest {
 protected:
  void SetUp() override {
    write("values.csv",
          "word\n\"plain\"\n\"a\x1b]0;title\x07\x1b[2J\"\n\"latin\"\n\"c\xc2\x9b"
          "31m\"\n\"r\xe2\x80\xae"
          "l\"\n\"two\nlines\"\n");
    write_program("say.sh", R"(
[ "$1" = latin ] && printf 'said=caf\351\n' || printf 'said=%s\n' "$1"
[ "$2" = 1 ] && { printf 'error: \033[31mred\033[0m \377\202 %s\n' "$1" >&2; exit 3; }
exit 0
)");
    write("in.txt.mustache", "{{word}}\n");
    write("shown.toml", R"(
[study]
name = "shown"
description = "a\u001b]0;x\u0007b"
[design]
method = "table"
file = "values.csv"
[parameters.word]
unit = "\u001b[7m"
[command]
run = ["./say.sh", "{{word}}"]
templates = ["in.txt.mustache"]
keep = "all"
[outputs]
said = { stdout = '(?s)said=(.*)\n', type = "string" }
)");
  }
};

TEST_F(ShownTest, every_verb_shows_bytes_instead_of_obeying_them) {
  for (const char* index : {"0", "1", "2", "3", "4", "5"}) {
    const Ended planned = windrow({"plan", "shown.toml", "--point", index});
    EXPECT_EQ(planned.code, 0) << planned.text();
    expect_safe(planned);
  }
  const Ended run = windrow({"run", "shown.toml"});
  EXPECT_EQ(run.code, 0) << run.text();
  expect_safe(run);
  write("shown.windrow/points/1/\x1b[2Jfile", "");
  for (const char* index : {"0", "1", "2", "3", "4", "5"}) expect_safe(windrow({"explain", "shown.windrow", index}));
  EXPECT_THAT(windrow({"explain", "shown.windrow", "1"}).out, HasSubstr("said = a\\x1b]0;title\\x07\\x1b[2J\n"));
  EXPECT_THAT(windrow({"explain", "shown.windrow", "2"}).out, HasSubstr("said = caf\\xe9\n"));
  EXPECT_THAT(windrow({"explain", "shown.windrow", "5"}).out, HasSubstr("said = two\\nlines\n"));
  expect_safe(windrow({"status", "shown.windrow"}));
  expect_safe(windrow({"watch", "shown.windrow", "--once"}));
  expect_safe(windrow({"timing", "shown.windrow"}));
}

TEST_F(ShownTest, failures_too_while_running_and_afterwards) {
  write("shown.toml", R"(
[design]
method = "table"
file = "values.csv"
[command]
run = ["./say.sh", "{{word}}", "1"]
)");
  const Ended run = windrow({"run", "shown.toml"});
  EXPECT_EQ(run.code, 1) << run.text();
  expect_safe(run);
  EXPECT_THAT(run.err, HasSubstr("First failure, point "));
  EXPECT_THAT(run.out, HasSubstr("error: red \\xff\\x82 "));
  for (const char* verb : {"status", "failures", "timing"}) expect_safe(windrow({verb, "shown.windrow"}));
  for (const char* index : {"1", "2", "3", "4"}) expect_safe(windrow({"explain", "shown.windrow", index}));
  EXPECT_THAT(windrow({"explain", "shown.windrow", "1"}).out,
              HasSubstr("error: \\x1b[31mred\\x1b[0m \\xff\\x82 a\\x1b"));
}

TEST_F(ShownTest, a_study_file_that_cannot_be_read_as_it_is_said) {
  write("shown.toml", "[command]\nrun = ['true']\n[parameters.\"a\\u001b[2Jb\"]\nvalues = [1]\n");
  const Ended planned = windrow({"plan", "shown.toml"});
  EXPECT_EQ(planned.code, 2);
  expect_safe(planned);
}

TEST_F(ShownTest, csv_is_utf_8_and_raw_bytes_are_there_for_who_asks) {
  EXPECT_EQ(windrow({"run", "shown.toml", "--quiet"}).code, 0);
  const auto records = csv_records(exported("shown.windrow"));
  ASSERT_EQ(records.size(), 7U);
  EXPECT_EQ(records[2][1], "a\\x1b]0;title\\x07\\x1b[2J");
  EXPECT_EQ(records[2][2], records[2][1]) << "the output as the parameter";
  EXPECT_EQ(records[3][2], "caf\\xe9");
  EXPECT_EQ(records[6][1], "two\nlines") << "a line end is data in a quoted cell";
  const auto raw = csv_records(windrow({"export", "shown.windrow", "--csv", "-", "--raw"}).out);
  ASSERT_EQ(raw.size(), 7U);
  EXPECT_EQ(raw[2][1], "a\x1b]0;title\x07\x1b[2J");
  EXPECT_EQ(raw[3][2], "caf\xe9");
  const Ended evaluations = windrow({"export", "shown.windrow", "--evaluations", "-"});
  EXPECT_EQ(text::visible(evaluations.out, "\n\t"), evaluations.out);
}

TEST_F(ShownTest, json_holds_the_bytes_of_a_text_that_is_not_utf_8) {
  EXPECT_EQ(windrow({"run", "shown.toml", "--quiet"}).code, 0);
  const auto json = nlohmann::json::parse(windrow({"explain", "shown.windrow", "2", "--json"}).out);
  EXPECT_EQ(json["outputs"]["said"], "caf\\xe9");
  EXPECT_EQ(nlohmann::json::parse(windrow({"explain", "shown.windrow", "1", "--json"}).out)["outputs"]["said"],
            "a\x1b]0;title\x07\x1b[2J");
}

TEST_F(ShownTest, the_plan_of_a_long_table_is_one_screen) {
  std::string table = "id,word\n";
  for (int i = 0; i < 100'000; ++i) table += std::to_string(i) + ",w" + std::to_string(i) + "\n";
  write("values.csv", table);
  std::string text;
  for (int i = 0; i < 10'000; ++i) text += "line {{id}}\n";
  write("in.txt.mustache", text);
  write("long.toml", R"(
[design]
method = "table"
file = "values.csv"
[command]
run = ["./say.sh", "{{word}}"]
templates = ["in.txt.mustache"]
)");
  const std::string out = windrow({"plan", "long.toml"}).out;
  EXPECT_LE(std::count(out.begin(), out.end(), '\n'), 48) << out.substr(0, 5000);
  EXPECT_LE(out.size(), 4000U);
  EXPECT_THAT(out, HasSubstr("  id    values(0, 1, 2, 3, ..., 99999)  (100,000 values)\n"));
  EXPECT_THAT(out, HasSubstr("... (9,980 more lines)\n"));
  EXPECT_THAT(out, HasSubstr("  99999: id = 99999, word = w99999\n"));
  write("values.csv", "word\n" + std::string(1'000'000, 'x') + "\n");
  write("in.txt.mustache", "{{word}}\n");
  const Ended wide = windrow({"plan", "long.toml"});
  EXPECT_EQ(wide.code, 0) << wide.err;
  EXPECT_LE(wide.out.size(), 10'000U);
}

}  // namespace
}  // namespace windrow::test
