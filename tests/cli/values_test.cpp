// A value is what was written, wherever it goes.
#include <gmock/gmock.h>

#include "cli/cli_fixture.hpp"

namespace windrow::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using Texts = std::vector<std::string>;

class ValuesTest : public CliTest {
 protected:
  /// Runs a study whose program says its arguments, and gives what it said, point by point.
  Texts said(const std::string& study, const std::string& arguments, int code = 0) {
    write("study.toml", study + "\n[command]\nrun = [\"echo\", " + arguments +
                            "]\n[outputs]\nsaid = { stdout = '(.*)', type = \"string\" }\n");
    const Ended run = windrow({"run", "study.toml", "--workers", "2"});
    EXPECT_EQ(run.code, code) << run.text();
    Texts texts;
    const auto records = csv_records(exported("study.windrow"));
    for (std::size_t i = 1; i < records.size(); ++i) texts.push_back(records[i][records[i].size() - 2]);
    return texts;
  }

  /// What is wrong with a study.
  std::string refused(const std::string& study) {
    write("wrong.toml", study + "\n[command]\nrun = [\"echo\", \"{{x}}\"]\n");
    const Ended plan = windrow({"plan", "wrong.toml"});
    EXPECT_EQ(plan.code, 2) << plan.text();
    return plan.err;
  }
};

TEST_F(ValuesTest, numbers_of_lists_and_ranges) {
  EXPECT_THAT(said("[parameters.x]\nvalues = [1.0, 2.5, 100000.0, 1e16]", R"("{{x}}")"),
              ElementsAre("1.0", "2.5", "100000.0", "1e+16"));
  EXPECT_THAT(said("[parameters.y]\nvalues = [1, 2.5, 9007199254740992]", R"("{{y}}")"),
              ElementsAre("1", "2.5", "9007199254740992"));
  EXPECT_THAT(said("[parameters.z]\nvalues = [9007199254740993, 9223372036854775807]", R"("{{z}}")"),
              ElementsAre("9007199254740993", "9223372036854775807"));
  EXPECT_THAT(said("[parameters.n]\nvalues = { linear = { from = 100000, to = 300000, points = 3 } }", R"("{{n}}")"),
              ElementsAre("100000", "200000", "300000"));
  EXPECT_THAT(said("[parameters.m]\nvalues = { geometric = { from = 1, to = 100, points = 3 } }", R"("{{m}}")"),
              ElementsAre("1", "10", "100"));
  EXPECT_THAT(said("[parameters.o]\nvalues = { linear = { from = 1.0, to = 3.0, points = 3 } }", R"("{{o}}")"),
              ElementsAre("1.0", "2.0", "3.0"));
  EXPECT_THAT(said("[parameters.p]\nvalues = { linear = { from = 0, to = 1, points = 3 } }", R"("{{p}}")"),
              ElementsAre("0.0", "0.5", "1.0"));
}

TEST_F(ValuesTest, a_template_gets_what_an_argument_gets) {
  write("in.txt.mustache", "x = {{x}} {{x:%08.3f}} {{n:%05d}}\n");
  write("study.toml",
        "[parameters.x]\nvalues = [1.0]\n[parameters.n]\nvalues = [7]\n[command]\nrun = [\"cat\", \"in.txt\"]\n"
        "templates = [\"in.txt.mustache\"]\n[outputs]\nsaid = { stdout = '(.+)', type = \"string\" }\n");
  EXPECT_EQ(windrow({"run", "study.toml"}).code, 0);
  EXPECT_THAT(exported("study.windrow"), HasSubstr("0,1.0,7,x = 1.0 0001.000 00007,ok"));
}

TEST_F(ValuesTest, a_shell_text_gets_what_an_argument_gets) {
  write("study.toml",
        "[parameters.x]\nvalues = [1.0]\n[parameters.w]\nvalues = [\"a b\"]\n[command]\n"
        "run = 'echo {{x}} {{x:%08.3f}} {{w:%5s}}.'\n[outputs]\nsaid = { stdout = '(.+)', type = \"string\" }\n");
  EXPECT_EQ(windrow({"run", "study.toml"}).code, 0);
  EXPECT_THAT(exported("study.windrow"), HasSubstr(",1.0 0001.000   a b.,ok"));
}

TEST_F(ValuesTest, types_make_all_values_one_kind) {
  EXPECT_THAT(said("[parameters.x]\nvalues = [1, 2.5]\ntype = \"number\"", R"("{{x}}")"), ElementsAre("1.0", "2.5"));
  EXPECT_THAT(said("[parameters.y]\nvalues = [1.0, 2e3]\ntype = \"integer\"", R"("{{y}}")"), ElementsAre("1", "2000"));
  EXPECT_THAT(said("[parameters.z]\nvalues = [\"True\", \"FALSE\"]\ntype = \"boolean\"", R"("{{z}}{{#z}}+{{/z}}")"),
              ElementsAre("true+", "false"));
  EXPECT_THAT(said("[parameters.w]\nvalues = [9007199254740993, 0.5]\ntype = \"string\"", R"("{{w}}")"),
              ElementsAre("9007199254740993", "0.5"));
}

TEST_F(ValuesTest, mistakes_name_file_line_and_key) {
  EXPECT_THAT(refused("[parameters.x]\nvalues = [1, 2.5]\ntype = \"integer\""),
              HasSubstr("wrong.toml:3: parameter `x`: value 2: `2.5` is not of the type integer"));
  EXPECT_THAT(refused("[parameters.x]\nvalues = [1]\ntype = \"int\""),
              HasSubstr("wrong.toml:3: unknown type `int` in [parameters.x]"));
  EXPECT_THAT(refused("[parameters.x]\nvalues = [0.5]\nformat = \"%5d\""),
              HasSubstr("wrong.toml:3: parameter `x`: the format `%5d` is for integers, but the value is `0.5`"));
  EXPECT_THAT(refused("[parameters.x]\nvalues = [0.5]\nformat = \"%5q\""), HasSubstr("wrong.toml:3: "));
  EXPECT_THAT(refused("[parameters.x]\nvalues = [9007199254740993, 0.5]"),
              HasSubstr("wrong.toml:2: 9007199254740993 loses digits"));
  EXPECT_THAT(refused("[parameters.x]\nvalues = { linear = { from = 0, to = 9007199254740993, points = 2 } }"),
              HasSubstr("wrong.toml:2: `to` in [parameters.x.values.linear] is 9007199254740993"));
  EXPECT_THAT(refused("[parameters.x]\nvalues = [1]\n[design]\nreplicates = 0"),
              HasSubstr("wrong.toml:4: `replicates` in [design] must be an integer of at least 1, not 0"));
}

TEST_F(ValuesTest, a_table_with_its_types) {
  write("t.csv", "basin,version,big,flag,n\n0012,1.10,18446744073709551615,True,2\n0107,1.2,5,False,3\n");
  const std::string table = "[design]\nmethod = \"table\"\nfile = \"t.csv\"\n";
  const std::string all = R"("{{basin}} {{version}} {{big}} {{flag}} {{#flag}}on{{/flag}}{{^flag}}off{{/flag}} {{n}}")";
  EXPECT_THAT(said(table, all), ElementsAre("0012 1.10 18446744073709551615 True on 2", "0107 1.2 5 False off 3"));
  EXPECT_THAT(
      said(table + "[parameters.basin]\ntype = \"integer\"\n[parameters.n]\ntype = \"number\"\nformat = \"%.2f\"\n"
                   "[parameters.flag]\ntype = \"boolean\"\n[parameters.version]\ntype = \"number\"",
           all),
      ElementsAre("12 1.1 18446744073709551615 true on 2.00", "107 1.2 5 false off 3.00"));
  write("wrong.toml", table + "[parameters.big]\ntype = \"integer\"\n[command]\nrun = [\"true\"]\n");
  EXPECT_THAT(windrow({"plan", "wrong.toml"}).err, HasSubstr("t.csv:2: column `big`"));
}

TEST_F(ValuesTest, a_value_that_does_not_fit_its_field_costs_its_point) {
  const std::string study = "[parameters.x]\nvalues = [12345.5, 1.5]\nformat = \"%8.3f\"";
  EXPECT_THAT(said(study, R"("[{{x}}]")", 1), ElementsAre("", "[   1.500]"));
  EXPECT_THAT(exported("study.windrow"), HasSubstr("0,12345.5,,rejected"));
  EXPECT_THAT(windrow({"explain", "study.windrow", "0"}).out, HasSubstr("do not fit a field of 8"));
  const Ended plan = windrow({"plan", "study.toml"});
  EXPECT_EQ(plan.code, 0);
  EXPECT_THAT(plan.out, HasSubstr("Point 0 would be rejected: the value 12345.5"));
  EXPECT_EQ(windrow({"plan", "study.toml", "--json"}).code, 0);
}

TEST_F(ValuesTest, another_format_is_another_computation) {
  const std::string study = "[parameters.x]\nvalues = [0.125, 0.25]\n";
  EXPECT_THAT(said(study + "format = \"%.1f\"", R"("{{x}}")"), ElementsAre("0.1", "0.2"));
  EXPECT_THAT(said(study + "format = \"%.2f\"", R"("{{x}}")"), ElementsAre("0.12", "0.25"));
  EXPECT_THAT(said(study, R"("{{x}}")"), ElementsAre("0.125", "0.25"));
}

TEST_F(ValuesTest, outputs_that_are_whole_stand_without_a_point) {
  write("study.toml",
        "[parameters.x]\nvalues = [2.0]\n[command]\nrun = [\"echo\", \"n = 100000\"]\n[outputs]\nn = { stdout = 'n = "
        "(.+)' }\n");
  EXPECT_EQ(windrow({"run", "study.toml"}).code, 0);
  EXPECT_THAT(exported("study.windrow"), HasSubstr("0,2.0,100000,ok"));
  EXPECT_THAT(windrow({"explain", "study.windrow", "0"}).out, HasSubstr("n = 100000\n"));
}

TEST_F(ValuesTest, results_of_an_earlier_spelling_are_known) {
  const std::string range = "[parameters.x]\nvalues = { linear = { from = 1, to = 3, points = 3 } }";
  said(range, R"("{{x}}")");
  said("[parameters.x]\nvalues = [1, 2, 3]", R"("{{x}}")");
  EXPECT_THAT(windrow({"plan", "study.toml"}).out, HasSubstr("left to run: 0 of 3"));
}

class SeedsTest : public ValuesTest {
 protected:
  static std::size_t different(const Texts& texts) { return std::set<std::string>(texts.begin(), texts.end()).size(); }
};

constexpr const char* kSeeds = R"("{{point.seed}} {{point.seed31}}")";

TEST_F(SeedsTest, each_point_has_its_own_and_keeps_it) {
  const std::string start = "[study]\nseed = 7\n[parameters.beta]\nvalues = [0.1, 0.2]\n";
  const Texts before = said(start + "[parameters.replicate]\nvalues = [1, 2, 3]", kSeeds);
  EXPECT_EQ(different(before), 6U);
  write("more.toml", "");
  write("study.toml", "");
  const std::string more = start + "[parameters.replicate]\nvalues = [4, 1, 2, 3]";
  write("study.toml", more + "\n[command]\nrun = [\"echo\", " + kSeeds +
                          "]\n[outputs]\nsaid = { stdout = '(.*)', type = \"string\" }\n");
  EXPECT_THAT(windrow({"plan", "study.toml"}).out, HasSubstr("left to run: 2 of 8"));
  const Texts after = said(more, kSeeds);
  EXPECT_EQ(after[1], before[0]);
  EXPECT_EQ(after[7], before[5]);
  EXPECT_EQ(different(after), 8U);
}

TEST_F(SeedsTest, another_seed_of_the_study_is_another_computation) {
  const std::string parameters = "[parameters.x]\nvalues = [1, 2]";
  const Texts before = said("[study]\nseed = 7\n" + parameters, kSeeds);
  const Texts after = said("[study]\nseed = 8\n" + parameters, kSeeds);
  EXPECT_NE(before[0], after[0]);
  EXPECT_NE(before[1], after[1]);
}

TEST_F(SeedsTest, replicates_are_points_of_their_own_and_more_of_them_are_added) {
  const std::string parameters = "[parameters.x]\nvalues = [0.5, 1.5]\n[design]\nreplicates = ";
  const Texts before = said(parameters + "2", kSeeds);
  EXPECT_EQ(different(before), 4U);
  EXPECT_THAT(exported("study.windrow"), HasSubstr("index,x,replicate,said,status\n0,0.5,1,"));
  write("study.toml", parameters + "3\n[command]\nrun = [\"echo\", " + kSeeds +
                          "]\n[outputs]\nsaid = { stdout = '(.*)', type = \"string\" }\n");
  EXPECT_THAT(windrow({"plan", "study.toml"}).out, HasSubstr("left to run: 2 of 6"));
  const Texts after = said(parameters + "3", kSeeds);
  EXPECT_EQ(after[0], before[0]);
  EXPECT_EQ(after[3], before[2]);
}

TEST_F(SeedsTest, one_seed_for_all_is_warned_of_where_nothing_tells_points_apart) {
  const auto plan = [&](const std::string& argument) {
    write("study.toml",
          "[study]\nseed = 7\n[parameters.beta]\nvalues = [0.1, 0.2]\n[parameters.run]\nvalues = [1, 2]\n"
          "[command]\nrun = [\"echo\", \"" +
              argument + "\"]\n");
    return windrow({"plan", "study.toml"}).out;
  };
  EXPECT_THAT(plan("{{beta}} {{seed}}"), HasSubstr("`{{seed}}` is 7 at every point, and no tag names `run`"));
  for (const char* fine :
       {"{{beta}} {{run}} {{seed}}", "{{beta}} {{point.seed}}", "{{beta}} {{seed}} {{point.index}}", "{{beta}}"}) {
    EXPECT_THAT(plan(fine), Not(HasSubstr("at every point"))) << fine;
  }
}

TEST_F(SeedsTest, equal_seeds_of_31_bits_are_told) {
  write("study.toml",
        "[parameters.x]\nvalues = { linear = { from = 1, to = 300000, points = 300000 } }\n"
        "[command]\nrun = [\"echo\", \"{{point.seed31}}\"]\n");
  EXPECT_THAT(windrow({"plan", "study.toml"}).out, testing::ContainsRegex("[0-9]+ points share a `..point.seed31..`"));
}

}  // namespace
}  // namespace windrow::test
