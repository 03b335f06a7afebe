// What is read from programs, as a user of the command meets it.
#include <gmock/gmock.h>

#include <algorithm>

#include "cli/outputs_fixture.hpp"

namespace windrow::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class OutputsTest : public OutputsFixture {};

TEST_F(OutputsTest, every_form_is_read_and_what_a_program_says_of_itself_counts) {
  const Ended ended = windrow({"run", "outputs.toml", "--workers", "3"});
  EXPECT_EQ(ended.code, 1) << ended.text();
  EXPECT_THAT(ended.out, AllOf(HasSubstr("`energy` is NaN or infinite at 1 point: with `finite = true`"),
                               HasSubstr("`loss` is NaN or infinite at 1 point"), Not(HasSubstr("`collapse` is NaN")),
                               Not(HasSubstr("`first` is NaN"))));
  EXPECT_EQ(exported("outputs.windrow"), kOutputsTable);
  EXPECT_THAT(windrow({"explain", "outputs.windrow", "4"}).out,
              HasSubstr("`Severe` matches in run.err: ** Severe ** did not converge"));
  EXPECT_THAT(windrow({"explain", "outputs.windrow", "5"}).out,
              HasSubstr("`^done`, which is required, matches nothing in stdout"));
  EXPECT_THAT(windrow({"explain", "outputs.windrow", "6"}).out,
              HasSubstr("`energy < 0 || energy != energy` does not hold: energy = 3.5"));
  EXPECT_THAT(windrow({"explain", "outputs.windrow", "3"}).out,
              AllOf(HasSubstr("note     = missing\n"), HasSubstr("collapse = nan\n")));
  EXPECT_THAT(windrow({"explain", "outputs.windrow", "3", "--json"}).out,
              AllOf(HasSubstr("\"note\": null"), HasSubstr("\"id\": 9007199254740993")));
}

TEST_F(OutputsTest, what_is_known_is_known_again) {
  EXPECT_EQ(windrow({"run", "outputs.toml"}).code, 1);
  EXPECT_THAT(windrow({"run", "outputs.toml"}).out, Not(HasSubstr("this run evaluated 9")));
  EXPECT_EQ(exported("outputs.windrow"), kOutputsTable);
}

TEST_F(OutputsTest, plan_finds_what_is_wrong_with_them) {
  write("bad.toml",
        "[parameters.case]\nvalues = [1]\n[command]\nrun = 'true'\n[outputs]\n"
        "y = { file = \"r_{{cas}}.json\", json = \"/y\" }\n");
  const Ended ended = windrow({"plan", "bad.toml"});
  EXPECT_EQ(ended.code, 2) << ended.text();
  EXPECT_THAT(ended.err, AllOf(HasSubstr("bad.toml:6: "), HasSubstr("did you mean `case`?")));
}

TEST_F(OutputsTest, arrays_are_tables_and_columns_of_texts) {
  write("arrays.toml", R"([parameters.x]
values = [1, 2]
[command]
run = 'printf "run\nStep Temp\n0 1.0D0\n1 {{x}}\nLoop\nStep Temp\n1 {{x}}\n2 5.\nLoop\n" > log; printf "t,u\n1,2\n3,4\n" > u.csv'
[outputs]
last = { array = "log", columns = ["Temp"] }
first = { array = "log", columns = ["Temp", "Step"], match = "first" }
rows = { array = "u.csv", skip = 1, columns = 1 }
finite = { array = "u.csv", skip = 1, finite = true }
)");
  const Ended ended = windrow({"run", "arrays.toml"});
  ASSERT_EQ(ended.code, 0) << ended.text();
  EXPECT_THAT(windrow({"explain", "arrays.windrow", "1"}).out,
              AllOf(HasSubstr("last   = 2 <f8"), HasSubstr("first  = 2 x 2 <f8"), HasSubstr("rows   = 2 <f8"),
                    HasSubstr("finite = 2 x 2 <f8")));
  const std::string last = read_file(path("arrays.windrow/arrays/last/1.npy"));
  double values[2] = {};
  ASSERT_GE(last.size(), sizeof values);
  std::copy(last.end() - sizeof values, last.end(), reinterpret_cast<char*>(values));
  EXPECT_EQ(values[0], 2.0);
  EXPECT_EQ(values[1], 5.0);
}

}  // namespace
}  // namespace windrow::test
