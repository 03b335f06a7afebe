#include <gmock/gmock.h>

#include "study/study_files.hpp"
#include "windrow/design/table.hpp"

namespace windrow {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using testing::StudyFolder;

const std::string start = testing::command + "[design]\nmethod = \"table\"\nfile = \"t.csv\"\n";

TEST(TableOptionsTest, are_read_from_the_design) {
  const StudyFolder folder;
  folder.write("t.csv", "flow (m3/s)|b|remark\n1|%x|y\n%2|3|4\n");
  const Design design =
      folder
          .load(start +
                "separator = \"|\"\ncomment = \"%\"\ncolumns = { k = \"flow (m3/s)\" }\nignore = [\"remark\"]\n")
          .design;
  const TableOptions same{.separator = '|', .comment = '%', .names = {{"k", "flow (m3/s)"}}, .ignore = {"remark"}};
  EXPECT_EQ(design.definition(), table("t.csv", same).definition());
  EXPECT_EQ(design.point(0).values(), (std::vector<Value>{1, "%x"}));
  EXPECT_EQ(design.size(), 1U);
  EXPECT_EQ(design.parameters().at(0).unit(), "m3/s");
  folder.write("t.csv", "a\tb\tc\n1\t2\t3\n");
  for (const char* separator : {"\\t", "tab", "blanks", " "}) {
    const auto study = folder.load(start + "separator = \"" + separator + "\"\ncolumns = [\"a\", \"c\"]\n");
    EXPECT_EQ(study.design.parameters().size(), 2U);
    EXPECT_EQ(study.design.point(0)["c"], 3);
  }
}

TEST(TableOptionsTest, outputs_of_the_study_are_no_parameters_of_an_exported_table) {
  const StudyFolder folder;
  folder.write("t.csv", "index,x,y,z,status\n0,1,2.5,3,ok\n");
  const std::string outputs = "[outputs]\ny = { stdout = '(.*)' }\n";
  const Design design = folder.load(start + outputs).design;
  EXPECT_EQ(design.parameters().size(), 2U);
  EXPECT_EQ(design.point(0)["z"], 3);
}

TEST(TableOptionsTest, that_cannot_be_get_their_line) {
  const StudyFolder folder;
  folder.write("t.csv", "a,remark\n1,x\n");
  const auto error = [&](const std::string& line) { return folder.error(start + line + "\n"); };
  EXPECT_THAT(error("ignore = [\"remarks\"]"),
              AllOf(StartsWith("study.toml:6: "), HasSubstr("did you mean `remark`?")));
  EXPECT_THAT(error("ignore = [\"remark\"]\ncolumns = { k = \"b\" }"),
              AllOf(StartsWith("study.toml:7: "), HasSubstr("t.csv:1: there is no column `b`")));
  EXPECT_THAT(error("ignore = [\"a\"]\ncolumns = { k = \"a\" }"),
              AllOf(StartsWith("study.toml:6: "), HasSubstr("is to be a parameter, and to be ignored")));
  EXPECT_EQ(error("separator = \"::\""),
            "study.toml:6: `separator` in [design] must be one character, or \"comma\", "
            "\"semicolon\", \"tab\" or \"blanks\", not \"::\"");
  EXPECT_EQ(error("comment = \"//\""),
            "study.toml:6: `comment` in [design] must be one character, or \"\" for none, not \"//\"");
  EXPECT_THAT(error("columns = 3"), StartsWith("study.toml:6: `columns` in [design] must be a list of headers"));
  EXPECT_THAT(error("columns = []"), StartsWith("study.toml:6: `columns` in [design] is empty"));
  EXPECT_THAT(error("ignore = \"remark\""), StartsWith("study.toml:6: `ignore` in [design] must be a list of strings"));
  EXPECT_EQ(folder.error(testing::parameters + testing::command + "[design]\nignore = [\"x\"]\n"),
            "study.toml:6: `ignore` in [design] has no meaning for method `grid`: it belongs to `table`");
}

}  // namespace
}  // namespace windrow
