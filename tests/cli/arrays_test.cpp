// Outputs that are arrays, as a user of the command meets them.
#include <gmock/gmock.h>

#include "cli/cli_fixture.hpp"

namespace windrow::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

// Each point writes a matrix of 1 x 2 single-precision numbers in NumPy's format, and a text of two rows.
constexpr const char* kStudy = R"(
[study]
name = "fields"
[parameters.x]
values = [1, 2, 3, 4]
[command]
run = ["./solve.sh", "{{x}}"]
[outputs]
field = { array = "field.npy", unit = "K" }
table = { array = "table.txt" }
)";

constexpr const char* kProgram = R"(
head="{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }"
printf '\223NUMPY\1\0\074\0%s\n\0\0\200\077\0\0\0\100' "$head" > field.npy
printf '%s 2\n3 4\n' $1 > table.txt
)";

class ArraysTest : public CliTest {
 protected:
  void SetUp() override {
    write("study.toml", kStudy);
    write_program("solve.sh", kProgram);
  }
  Ended run(const Arguments& more = {}) {
    Arguments arguments = {"run", "study.toml", "--workers", "2"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return windrow(arguments);
  }
};

TEST_F(ArraysTest, are_files_that_export_names_and_explain_shows) {
  const Ended ended = run();
  ASSERT_EQ(ended.code, 0) << ended.text();
  EXPECT_EQ(exported("fields.windrow"),
            "index,x,field,table,status\n"
            "0,1,arrays/field/0.npy,arrays/table/0.npy,ok\n"
            "1,2,arrays/field/1.npy,arrays/table/1.npy,ok\n"
            "2,3,arrays/field/2.npy,arrays/table/2.npy,ok\n"
            "3,4,arrays/field/3.npy,arrays/table/3.npy,ok\n");
  EXPECT_EQ(read_file(path("fields.windrow/arrays/field/2.npy")).size(), 78U);
  EXPECT_EQ(read_file(path("fields.windrow/arrays/table/2.npy")).size(), 160U);
  EXPECT_THAT(windrow({"explain", "fields.windrow", "2"}).out,
              HasSubstr("field = 1 x 2 <f4 in K, 78 bytes, arrays/field/2.npy\n"
                        "  table = 2 x 2 <f8, 160 bytes, arrays/table/2.npy\n"));
}

TEST_F(ArraysTest, that_are_lost_are_named_and_come_back_with_retry_failed) {
  ASSERT_EQ(run().code, 0);
  fs::resize_file(path("fields.windrow/arrays/field/1.npy"), 70);
  fs::remove(path("fields.windrow/arrays/table/3.npy"));
  const Ended ended = windrow({"export", "fields.windrow", "--csv", "out.csv"});
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.err, HasSubstr("arrays/field/1.npy: missing, or not as long as it was"));
  EXPECT_THAT(ended.err, HasSubstr("2 damaged files of arrays: `windrow run --retry-failed`"));
  EXPECT_THAT(windrow({"explain", "fields.windrow", "3"}).out, HasSubstr("arrays/table/3.npy (damaged"));
  EXPECT_THAT(run().out, HasSubstr("Nothing to do"));
  EXPECT_THAT(run({"--retry-failed", "--dry-run"}).out, HasSubstr("left to run: 2"));
  const Ended again = run({"--retry-failed"});
  EXPECT_THAT(again.out, HasSubstr("this run evaluated 2")) << again.text();
  EXPECT_EQ(windrow({"export", "fields.windrow", "--csv", "out.csv"}).code, 0);
}

TEST_F(ArraysTest, that_are_none_fail_their_point) {
  write_program("solve.sh",
                std::string(kProgram) + "[ $1 = 3 ] && printf more >> field.npy\n[ $1 = 4 ] && rm field.npy\ntrue\n");
  const Ended ended = run();
  EXPECT_EQ(ended.code, 1) << ended.text();
  EXPECT_THAT(ended.out, HasSubstr("2 of 4 points succeeded, 2 failed"));
  EXPECT_THAT(ended.out, HasSubstr("output `field`"));
  EXPECT_THAT(ended.out, HasSubstr("output `field`: field.npy: is 82 bytes long, where an array of"));
  EXPECT_THAT(ended.out, HasSubstr("no such file"));
  EXPECT_TRUE(fs::exists(path("fields.windrow/points/2/table.txt"))) << "the files of a failed point are kept";
}

TEST_F(ArraysTest, a_type_beside_an_array_is_refused) {
  write("study.toml", std::string(kStudy) + "more = { array = \"x.npy\", type = \"number\" }\n");
  const Ended ended = run();
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.err, HasSubstr("does not go with `array`"));
}

// Before and behind those that are there, of both kinds of files, through the root and not.
TEST_F(ArraysTest, that_are_optional_may_be_missing) {
  write("some.toml", R"(
[parameters.x]
values = [1, 2]
[command]
run = './solve.sh {{x}} 2> /dev/null || sh {{study.dir}}/solve.sh {{x}}; test {{x}} = 1 && mv field.npy early.npy && mv table.txt late.txt; true'
[outputs]
early = { array = "early.npy", optional = true }
field = { array = "field.npy", optional = true }
table = { array = "table.txt", optional = true }
late = { array = "late.txt", optional = true }
always = { stdout = '^', type = "string" }
)");
  const std::string expected =
      "index,x,early,field,table,late,always,status\n"
      "0,1,arrays/early/0.npy,,,arrays/late/0.npy,,ok\n"
      "1,2,,arrays/field/1.npy,arrays/table/1.npy,,,ok\n";
  const Ended ended = windrow({"run", "some.toml", "--workers", "2"});
  ASSERT_EQ(ended.code, 0) << ended.text();
  EXPECT_EQ(exported("some.windrow"), expected);
  EXPECT_THAT(windrow({"explain", "some.windrow", "1"}).out,
              testing::AllOf(HasSubstr("early  = missing\n"), HasSubstr("table  = 2 x 2 <f8"),
                             HasSubstr("late   = missing\n")));
  EXPECT_THAT(windrow({"explain", "some.windrow", "1", "--json"}).out,
              testing::AllOf(HasSubstr("\"early\": null"), HasSubstr("arrays/table/1.npy")));
  for (const char* shard : {"1/2", "2/2"}) {
    EXPECT_EQ(windrow({"run", "some.toml", "--dir", "parts", "--shard", shard}).code, 0);
  }
  windrow({"merge", "parts"});
  EXPECT_EQ(exported("parts"), expected);
}

}  // namespace
}  // namespace windrow::test
