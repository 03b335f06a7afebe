// Tables as people save them, as a study's points.
#include <gmock/gmock.h>

#include "cli/cli_fixture.hpp"
#include "cli/table_fixture.hpp"

namespace windrow::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

using TableCliTest = TableFixture;

TEST_F(TableCliTest, the_export_of_one_study_is_the_table_of_the_next) {
  write("first.toml",
        "[parameters.x]\nvalues = [1, 2]\n[parameters.code]\nvalues = [\"0012\", \"a, #b\"]\n[command]\n"
        "run = [\"echo\", \"{{x}}.5\"]\n[outputs]\ny = { stdout = '(.*)' }\n");
  ASSERT_EQ(windrow({"run", "first.toml"}).code, 0);
  ASSERT_EQ(windrow({"export", "first.windrow", "--csv", "t.csv"}).code, 0);
  write_study("[\"echo\", \"<{{x}} {{code}} {{y}}>\"]", "", "z = { stdout = '<(.*)>', type = \"string\" }\n");
  EXPECT_THAT(windrow({"plan", "study.toml"}).out,
              HasSubstr("t.csv: is what windrow exports, so `index`, `status` are no parameters"));
  const Ended run = windrow({"run", "study.toml"});
  EXPECT_EQ(run.code, 0) << run.text();
  EXPECT_THAT(run.err, HasSubstr("note: t.csv: is what windrow exports"));
  EXPECT_EQ(column("z"), (std::vector<std::string>{"1 0012 1.5", "1 a, #b 1.5", "2 0012 2.5", "2 a, #b 2.5"}));
}

TEST_F(TableCliTest, a_changed_remark_makes_nothing_new) {
  write_study("[\"echo\", \"<{{k}}>\"]", "columns = { k = \"flow rate (m3/s)\" }\nignore = [\"remark\"]\n", kEcho);
  write("t.csv", "flow rate (m3/s);remark\n1,75;good\n2,25;bad\n");
  EXPECT_EQ(windrow({"run", "study.toml"}).code, 0);
  EXPECT_EQ(column("z"), (std::vector<std::string>{"1.75", "2.25"}));
  write("t.csv", "remark;flow rate (m3/s)\nvery good;1,75\n;2,25\n");
  EXPECT_THAT(windrow({"plan", "study.toml"}).out, HasSubstr("left to run: 0"));
  EXPECT_THAT(windrow({"run", "study.toml"}).out, HasSubstr("Nothing to do"));
}

TEST_F(TableCliTest, a_header_with_a_unit_is_told_how_to_name) {
  write_study("[\"echo\", \"<{{k}}>\"]", "", kEcho);
  write("t.csv", "flow rate (m3/s)\n1.5\n");
  const Ended plan = windrow({"plan", "study.toml"});
  EXPECT_EQ(plan.code, 2);
  EXPECT_THAT(plan.err, HasSubstr("study.toml:3: t.csv:1: column 1: `flow rate (m3/s)` cannot name a parameter"));
  EXPECT_THAT(plan.err, HasSubstr("columns = { flow_rate = \"flow rate (m3/s)\" }"));
}

TEST_F(TableCliTest, notes_are_in_plan_and_run_and_not_where_there_is_nothing_to_say) {
  write_study("[\"echo\", \"<{{name}}>\"]", "", kEcho);
  write("t.csv", "name,n\nM\xfcller,1\n");
  for (const char* verb : {"plan", "run"}) {
    const Ended ended = windrow({verb, "study.toml"});
    EXPECT_THAT(ended.out + ended.err, HasSubstr("note: t.csv: is no UTF-8, so it was read as Latin-1")) << verb;
  }
  EXPECT_EQ(column("z"), std::vector<std::string>{"M\xc3\xbcller"});
  write("t.csv", "name,n\nM\xc3\xbcller,1\n");
  EXPECT_THAT(windrow({"plan", "study.toml"}).out, Not(HasSubstr("note:")));
  EXPECT_THAT(windrow({"plan", "study.toml"}).out, HasSubstr("left to run: 0"));
}

}  // namespace
}  // namespace windrow::test
