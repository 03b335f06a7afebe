// Rows of results that one asks for: export --jsonl, --columns, --where, --sort, and show.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/cli_fixture.hpp"

namespace windrow::test {
namespace {

using Json = nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class RowsTest : public CliTest {
 protected:
  void SetUp() override {
    write("beam.toml", R"([parameters.size]
values = [1, 2, 3]
unit = "m"
[parameters.metal]
values = ["steel", "lead"]
[command]
run = ["sh", "-c", "test {{size}}{{metal}} != 2lead || { echo no convergence >&2; exit 3; }; echo y = {{size}}.5, z = nan, said = '\\033[31m'{{metal}}"]
[outputs]
y = { stdout = 'y = ([^,]+)', unit = "mm" }
z = { stdout = 'z = ([^,]+)' }
said = { stdout = 'said = (\S+)', type = "string" }
[run]
retries = 0
)");
    EXPECT_EQ(windrow({"run", "beam.toml", "--quiet"}).code, 1);
  }

  std::string out(const Arguments& arguments) {
    const Ended ended = windrow(arguments);
    EXPECT_EQ(ended.code, 0) << ended.text();
    return ended.out;
  }
  std::string refused(const Arguments& arguments) {
    const Ended ended = windrow(arguments);
    EXPECT_EQ(ended.code, 2) << ended.text();
    EXPECT_EQ(ended.out, "");
    return ended.err;
  }
  static std::vector<Json> lines(const std::string& text) {
    std::vector<Json> objects;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) objects.push_back(Json::parse(line));
    return objects;
  }
};

TEST_F(RowsTest, json_lines_have_an_object_for_each_point) {
  const std::string text = out({"export", "beam.windrow", "--jsonl", "-"});
  const std::vector<Json> all = lines(text);
  ASSERT_EQ(all.size(), 6U);
  EXPECT_EQ(all[0].dump(), Json::parse(R"({"index":0,"status":"ok","parameters":{"size":1,"metal":"steel"},)"
                                       R"("outputs":{"y":1.5,"z":null,"said":"\u001b[31msteel"}})")
                               .dump());
  EXPECT_EQ(all[3]["status"], "exited");
  EXPECT_FALSE(all[3].contains("outputs"));
  EXPECT_EQ(all[3]["failure"]["code"], 3);
  EXPECT_THAT(std::string(all[3]["failure"]["message"]), HasSubstr("no convergence"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b"))) << "nothing that a terminal obeys";
  EXPECT_EQ(out({"export", "beam.windrow", "--jsonl", "-", "--columns", "y,size,index", "--where", "size == 3"}),
            "{\"index\":4,\"parameters\":{\"size\":3},\"outputs\":{\"y\":3.5}}\n"
            "{\"index\":5,\"parameters\":{\"size\":3},\"outputs\":{\"y\":3.5}}\n");
}

TEST_F(RowsTest, csv_of_some_columns_and_rows_in_an_order) {
  EXPECT_EQ(out({"export", "beam.windrow", "--csv", "-", "--columns", "y, metal", "--where",
                 "metal == 'steel' && y > 1.5", "--sort", "-y"}),
            "y,metal\n3.5,steel\n2.5,steel\n");
  out({"export", "beam.windrow", "--csv", "some.csv", "--columns", "y,index", "--sort=-size"});
  EXPECT_EQ(read_file(path("some.csv")), "y,index\n3.5,4\n3.5,5\n2.5,2\nnan,3\n1.5,0\n1.5,1\n");
  EXPECT_EQ(read_file(path("some.columns.csv")),
            "name,role,unit,type,description\ny,output,mm,number,\n"
            "index,index,,integer,\"number of the point, from 0\"\n");
}

TEST_F(RowsTest, what_cannot_be_is_refused_with_the_reason) {
  const auto refuse = [&](const Arguments& more) {
    Arguments arguments = {"export", "beam.windrow"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return refused(arguments);
  };
  EXPECT_THAT(refuse({"--csv", "-", "--columns", "sise"}),
              AllOf(HasSubstr("did you mean `size`?"), HasSubstr("index, size, metal, y, z, said, status")));
  EXPECT_THAT(refuse({"--csv", "-", "--where", "y = 2"}), HasSubstr("`==` compares"));
  EXPECT_THAT(refuse({"--csv", "-", "--where", " "}), HasSubstr("--where: the text is empty"));
  EXPECT_THAT(refuse({"--jsonl", "-", "--sort", "-zz"}), HasSubstr("no column `zz`"));
  EXPECT_THAT(refuse({"--evaluations", "-", "--sort", "y"}), HasSubstr("are for --csv and --jsonl"));
  EXPECT_THAT(refuse({"--jsonl", "-", "--raw"}), HasSubstr("--raw is for --csv"));
}

TEST_F(RowsTest, show_is_a_table_to_read) {
  EXPECT_EQ(out({"show", "beam.windrow", "--head", "4"}),
            "index  size  metal    y  z  said           status\n"
            "          m          mm\n"
            "    0     1  steel  1.5  -  \\x1b[31msteel  ok\n"
            "    1     1  lead   1.5  -  \\x1b[31mlead   ok\n"
            "    2     2  steel  2.5  -  \\x1b[31msteel  ok\n"
            "    3     2  lead     -  -  -              exited\n"
            "\n6 points, the first 4 are shown: --head N shows more\n");
  EXPECT_EQ(out({"show", "beam.toml", "--columns", "y,metal", "--where", "y > 2", "--sort", "-y"}),
            "  y  metal\n mm\n3.5  steel\n3.5  lead\n2.5  steel\n\n3 of 6 points\n");
  EXPECT_EQ(out({"show", "beam.windrow", "--where", "y > 20"}), "0 of 6 points\n");
  EXPECT_THAT(refused({"show", "nowhere.windrow"}), HasSubstr("there are no results here"));
}

TEST_F(RowsTest, several_sweeps_are_one_table) {
  for (const char* number : {"1", "2"}) {
    windrow({"run", "beam.toml", "--dir", "all/case=" + std::string(number), "--quiet"});
  }
  EXPECT_EQ(out({"export", "all", "--csv", "-", "--columns", "case,index,y", "--where", "case == 2 && size < 2"}),
            "case,index,y\n2,0,1.5\n2,1,1.5\n");
  const auto first = lines(out({"export", "all", "--jsonl", "-", "--sort", "-case", "--where", "status == 'ok'"}));
  ASSERT_EQ(first.size(), 10U);
  EXPECT_EQ(first[0]["loops"], Json::parse(R"({"case": 2})"));
  EXPECT_THAT(out({"show", "all", "--head", "1"}), HasSubstr("12 points, the first 1 are shown"));
}

}  // namespace
}  // namespace windrow::test
