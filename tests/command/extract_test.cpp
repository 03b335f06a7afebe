#include <gmock/gmock.h>

#include <cmath>

#include "command_fixture.hpp"

namespace windrow {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class ExtractTest : public CommandFixture {
 protected:
  /// The output of a program that leaves `content` in the file `out` and prints nothing.
  Outcome<std::vector<Value>> extracted(const std::string& content, const OutputSpec& output) const {
    write("content", content);
    return evaluate(spec(std::vector<std::string>{"cp", "{{study.dir}}/content", "out"}, {output}));
  }
  Value value(const std::string& content, const OutputSpec& output) const {
    const auto outcome = extracted(content, output);
    EXPECT_TRUE(outcome.ok()) << (outcome.ok() ? "" : describe(outcome.failure()));
    return outcome.ok() ? outcome.value().at(0) : Value("failed");
  }
  std::string failure(const std::string& content, const OutputSpec& output) const {
    const auto outcome = extracted(content, output);
    if (outcome.ok()) return "found " + outcome.value().at(0).render();
    EXPECT_EQ(outcome.failure().kind, FailureKind::bad_output);
    return outcome.failure().message;
  }
  static OutputSpec regex(const std::string& pattern, const std::string& type = "number") {
    return {"y", RegexSource{"out", pattern}, type};
  }
  static OutputSpec pointer(const std::string& at, const std::string& type = "number") {
    return {"y", JsonSource{"out", at}, type};
  }
  static OutputSpec column(const std::string& name, std::optional<std::uint64_t> row = {},
                           const std::string& type = "number") {
    return {"y", CsvSource{"out", name, row}, type};
  }
};

TEST_F(ExtractTest, a_regular_expression_gives_its_last_match_and_first_group_that_took_part) {
  EXPECT_EQ(value("t = 1\nt = 2\n", regex("t = (\\S+)")), Value(2.0));
  EXPECT_EQ(value("a=1 b=2", regex("a=(\\d)|b=(\\d)")), Value(2.0));
  EXPECT_EQ(value("x 17 y", regex("\\d+")), Value(17.0));
}

TEST_F(ExtractTest, anchors_match_at_lines_and_a_dot_stops_there) {
  EXPECT_EQ(value("no 1\nx 2\r\nno 3\n", regex("^x (\\d)$")), Value(2.0));
  EXPECT_EQ(value("name: a b\nnext\n", regex("name: (.*)", "string")), Value("a b"));
  EXPECT_EQ(value("begin\n4\nend", regex("(?s)begin.(\\d).end")), Value(4.0));
}

TEST_F(ExtractTest, numbers_are_read_in_every_usual_form) {
  for (const auto& [text, number] : std::vector<std::pair<std::string, double>>{{"1e-3", 1e-3},
                                                                                {"1.0D+03", 1000.0},
                                                                                {"-2.5d-1", -0.25},
                                                                                {"+1", 1.0},
                                                                                {".5", 0.5},
                                                                                {"5.", 5.0},
                                                                                {"inf", INFINITY},
                                                                                {"-Infinity", -INFINITY},
                                                                                {"-0.0", -0.0}}) {
    EXPECT_EQ(value("y=" + text + ";", regex("y=([^;]*)")), Value(number)) << text;
  }
  EXPECT_TRUE(std::isnan(value("y=NaN", regex("y=(.*)")).number()));
  for (const char* text : {"1.2.3", "*****", "", "0x", "12 34", "d", "1d2d3"}) {
    EXPECT_THAT(failure("y=" + std::string(text) + ";", regex("y=([^;]*)")), HasSubstr("type number")) << text;
  }
}

TEST_F(ExtractTest, types_are_checked) {
  EXPECT_EQ(value("42", regex(".+", "integer")), Value(42));
  EXPECT_EQ(value("1e3", regex(".+", "integer")), Value(1000));
  EXPECT_EQ(value("9223372036854775807", regex(".+", "integer")), Value(std::int64_t{9223372036854775807}));
  EXPECT_THAT(failure("1.5", regex(".+", "integer")), HasSubstr("type integer"));
  EXPECT_THAT(failure("9223372036854775808", regex(".+", "integer")), HasSubstr("type integer"));
  EXPECT_EQ(value("Yes", regex(".+", "boolean")), Value(true));
  EXPECT_EQ(value(".FALSE.", regex(".+", "boolean")), Value(false));
  EXPECT_THAT(failure("maybe", regex(".+", "boolean")), HasSubstr("type boolean"));
}

TEST_F(ExtractTest, what_is_missing_is_shown_with_where_it_was_looked_for) {
  EXPECT_THAT(failure("one\ntwo\n", regex("y=(\\d+)")),
              AllOf(HasSubstr("`y`"), HasSubstr("y=(\\d+)"), HasSubstr((point() / "out").string()), HasSubstr("two")));
  EXPECT_THAT(failure("", regex("y")), HasSubstr("the file is empty"));
  const auto missing = evaluate(spec(sh("true"), {{"y", RegexSource{"result.txt", "a"}}}));
  EXPECT_THAT(missing.failure().message,
              AllOf(HasSubstr("no file"), HasSubstr("result.txt"), HasSubstr("printed nothing")));
  const auto silent = evaluate(spec(sh("echo warning >&2"), {{"y", RegexSource{"stdout", "a"}}}));
  EXPECT_THAT(silent.failure().message, AllOf(HasSubstr("empty"), testing::EndsWith("warning")));
  EXPECT_EQ(silent.failure().kind, FailureKind::bad_output);
}

TEST_F(ExtractTest, a_file_that_is_no_regular_file_does_not_block) {
  const auto outcome = evaluate(spec(sh("mkfifo out; mkdir dir"), {{"y", RegexSource{"out", "a"}}}));
  EXPECT_THAT(outcome.failure().message, HasSubstr("no regular file"));
}

TEST_F(ExtractTest, a_huge_line_and_a_hopeless_pattern_do_no_harm) {
  const std::string huge(5'000'000, 'a');
  EXPECT_EQ(value(huge + "\ny=3\n", regex("y=(\\d)")), Value(3.0));
  EXPECT_EQ(value(huge + "7", regex("a*(\\d)")), Value(7.0));
  EXPECT_THAT(failure(huge, regex("(a|aa)+$b")), AllOf(HasSubstr("`y`"), HasSubstr("gave up")));
}

TEST_F(ExtractTest, json_gives_any_scalar_of_the_right_type) {
  const std::string text = R"({"a": {"b/c": [1, 2.5, true, "steel", null]}})";
  EXPECT_EQ(value(text, pointer("/a/b~1c/0")), Value(1.0));
  EXPECT_EQ(value(text, pointer("/a/b~1c/0", "integer")), Value(1));
  EXPECT_EQ(value(text, pointer("/a/b~1c/2", "boolean")), Value(true));
  EXPECT_EQ(value(text, pointer("/a/b~1c/3", "string")), Value("steel"));
  EXPECT_EQ(value("3", pointer("")), Value(3.0));
  EXPECT_THAT(failure(text, pointer("/a/b~1c/1", "integer")), HasSubstr("type integer"));
  EXPECT_THAT(failure(text, pointer("/a/b~1c/3")), AllOf(HasSubstr("steel"), HasSubstr("type number")));
  EXPECT_THAT(failure(text, pointer("/a/b~1c/4")), AllOf(HasSubstr("null"), HasSubstr("type number")));
  EXPECT_THAT(failure(R"({"big": 18446744073709551615})", pointer("/big", "integer")), HasSubstr("type integer"));
  EXPECT_THAT(failure(R"({"a": 1})", pointer("/b")), AllOf(HasSubstr("nothing at \"/b\""), HasSubstr("{\"a\": 1}")));
  EXPECT_THAT(failure(R"({"a": [1]})", pointer("/a/x")), HasSubstr("nothing at"));
  EXPECT_THAT(failure("{\"a\": \xff", pointer("/a")), HasSubstr("no valid JSON"));
  EXPECT_THAT(failure("{\"a\": 1e400}", pointer("/a")), HasSubstr("1e400"));
}

TEST_F(ExtractTest, csv_gives_a_column_s_last_row_or_the_one_asked_for) {
  const std::string text = "time, mass ,\"note\"\r\n0,1.5,a\r\n1,2.5,\"b,c\"\r\n";
  EXPECT_EQ(value(text, column("mass")), Value(2.5));
  EXPECT_EQ(value(text, column("mass", 0)), Value(1.5));
  EXPECT_EQ(value(text, column("note", {}, "string")), Value("b,c"));
  EXPECT_THAT(failure(text, column("mas")), AllOf(HasSubstr("`mas`"), HasSubstr("mass")));
  EXPECT_THAT(failure(text, column("mass", 2)), AllOf(HasSubstr("row 2"), HasSubstr("it has 2")));
  EXPECT_THAT(failure("a,b\n", column("a")), HasSubstr("no row"));
  EXPECT_THAT(failure("", column("a")), HasSubstr("empty"));
  EXPECT_THAT(failure("a,b\n1\n", column("b")), HasSubstr("ends before"));
}

}  // namespace
}  // namespace windrow
