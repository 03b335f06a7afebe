#include "cli/table_fixture.hpp"

namespace windrow::test {
namespace {

using TableMpiTest = TableFixture;

TEST_F(TableMpiTest, every_rank_has_the_points_of_the_file_that_the_root_reads) {
  write_study("[\"echo\", \"<{{name}} {{k}} {{big}}>\"]", "columns = { k = \"flow (m3/s)\" }\nignore = [\"remark\"]\n",
              kEcho);
  std::string utf16 = "\xff\xfe";
  for (const char c :
       std::string("# of May\nname;flow (m3/s);big;remark\n0012;1,75;18446744073709551615;x\n;;;\n0107;-2,25;7;y\n")) {
    utf16 += {c, '\0'};
  }
  write("t.csv", utf16);
  const std::vector<std::string> expected = {"0012 1.75 18446744073709551615", "0107 -2.25 7"};
  for (const int ranks : {1, 2, 5}) {
    const std::string results = "ranks" + std::to_string(ranks);
    const Ended ended = mpirun_windrow(ranks, {"run", "study.toml", "--dir", results});
    EXPECT_EQ(ended.code, 0) << ended.text();
    EXPECT_NE(ended.err.find("note: t.csv: is UTF-16"), std::string::npos) << ended.text();
    EXPECT_EQ(column("z", results), expected);
  }
}

}  // namespace
}  // namespace windrow::test
