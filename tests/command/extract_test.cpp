#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cmath>
#include <limits>

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
  static OutputSpec in_table(const std::string& name, std::optional<std::uint64_t> row = {}, WhichOne table = {},
                             const std::string& type = "number") {
    return {"y", TableSource{"out", name, row, table}, type};
  }
  static OutputSpec optional(OutputSpec output) {
    output.optional = true;
    return output;
  }
  static OutputSpec finite(OutputSpec output) {
    output.finite = true;
    return output;
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

TEST_F(ExtractTest, a_pattern_without_a_group_that_can_be_no_number_is_refused) {
  const auto refused = [this](const std::string& pattern, const std::string& type = "number") {
    return complaint(spec(sh("true"), {regex(pattern, type)}));
  };
  EXPECT_EQ(refused("a=\\S+"),
            "output `y`: the regular expression `a=\\S+` has no group, and all that it matches is no number: put ( ) "
            "around the number");
  EXPECT_THAT(refused("total: [0-9]+", "integer"), HasSubstr("is no integer: put ( )"));
  for (const char* fine :
       {"a=(\\S+)", "(?<=a=)\\S+", "a=\\K\\S+", "[^=]+", "-?\\d+\\.\\d*[eE]?[+-]?\\d*", "\\S+$", "1=?"}) {
    EXPECT_EQ(refused(fine), "") << fine;
  }
  EXPECT_EQ(refused("a=\\S+", "string"), "");
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

TEST_F(ExtractTest, the_first_last_or_nth_match_is_taken) {
  const auto nth = [](WhichOne match) { return OutputSpec{"y", RegexSource{"out", "y = *(\\S*)", match}}; };
  const std::string text = "y = 1\ny = 2\ny = 3\n";
  EXPECT_EQ(value(text, nth(1)), Value(1.0));
  EXPECT_EQ(value(text, nth(2)), Value(2.0));
  EXPECT_EQ(value(text, nth({})), Value(3.0));
  EXPECT_THAT(failure(text, nth(4)), AllOf(HasSubstr("has 3 matches"), HasSubstr("number 4 is asked for")));
  EXPECT_EQ(value("a", OutputSpec{"y", RegexSource{"out", "(a)|\\z", WhichOne(1)}, "string"}), Value("a"));
  EXPECT_EQ(value("b", OutputSpec{"y", RegexSource{"out", "(a)|\\z", WhichOne(1)}, "string"}), Value(""));
}

/// A text beyond the 8 MiB that are looked at at once, with lines of letters around what is given.
std::string far_away(const std::string& before, const std::string& behind) {
  std::string text = before;
  const std::string line = std::string(99, 'a') + '\n';
  while (text.size() < 20'000'000) text += line;
  return text + behind;
}

TEST_F(ExtractTest, a_text_of_any_length_is_read_in_parts) {
  const std::string text = far_away("y = 1\n", "y = 2\nend\n");
  const auto first = OutputSpec{"y", RegexSource{"out", "^y = (\\d)$", 1}};
  EXPECT_EQ(value(text, first), Value(1.0));
  EXPECT_EQ(value(text, regex("^y = (\\d)$")), Value(2.0));
  EXPECT_EQ(value(text, regex("y = (\\d)\\s+end")), Value(2.0));
  EXPECT_EQ(value(text, regex("end\\s*\\z", "string")), Value("end\n"));
  EXPECT_THAT(failure(text, regex("\\Aa")), HasSubstr("matches nothing"));
  EXPECT_EQ(value(far_away("t y\n1 2\n", ""), in_table("y")), Value(2.0));
  EXPECT_EQ(value(far_away("", "t y\n1 2\n1 3"), in_table("y")), Value(3.0));
  const std::string one_line = std::string(20'000'000, '.') + "\nt y\n1 4\ny = 5";
  EXPECT_EQ(value(one_line, regex("y = (\\d)")), Value(5.0));
  EXPECT_EQ(value(one_line, in_table("y")), Value(4.0));
  EXPECT_THAT(failure(one_line, regex("\\.+")), HasSubstr("matches more than 1 MiB"));
}

// A match is found once, wherever in the text it lies, whole or in parts.
TEST_F(ExtractTest, what_lies_where_parts_of_a_text_meet_is_found_once) {
  std::string text = std::string(33, 'x') + '\n';  // with it, the ends of two parts lie within matches
  std::size_t matches = 0;
  while (text.size() < 19'000'000) {
    text += std::string(61, 'a') + "\nbegin\n  7\nend\n";
    ++matches;
  }
  const auto nth = [](std::uint64_t match) {
    return OutputSpec{"y", RegexSource{"out", "^begin\\s+(\\d)\\s+end$", WhichOne(match)}};
  };
  EXPECT_EQ(value(text, nth(matches)), Value(7.0));
  EXPECT_THAT(failure(text, nth(matches + 1)), HasSubstr("has " + std::to_string(matches) + " matches"));
}

TEST_F(ExtractTest, many_outputs_of_one_file_are_each_their_own) {
  std::vector<OutputSpec> outputs;
  for (int i = 0; i < 40; ++i) {
    outputs.push_back({fmt::format("y{}", i), RegexSource{"stdout", fmt::format("^y{}=(\\d+)", i)}});
  }
  outputs.push_back({"json", JsonSource{"r.json", "/a"}});
  outputs.push_back({"also", JsonSource{"r.json", "/b/1"}});
  outputs.push_back({"csv", CsvSource{"r.csv", "a", {}}});
  outputs.push_back({"row", CsvSource{"r.csv", "b", 0}});
  const auto outcome =
      evaluate(spec(sh("i=0; while [ $i -lt 40 ]; do echo y$i=$i$i; i=$((i + 1)); done\n"
                       "echo '{\"a\": 1, \"b\": [2, 3]}' > r.json; printf 'a,b\\n4,5\\n6,7\\n' > r.csv"),
                    outputs));
  ASSERT_TRUE(outcome.ok()) << describe(outcome.failure());
  for (int i = 0; i < 40; ++i) {
    EXPECT_EQ(outcome.value()[static_cast<std::size_t>(i)], i == 0 ? 0 : i < 10 ? 11 * i : 101 * i) << i;
  }
  EXPECT_EQ(std::vector<Value>(outcome.value().begin() + 40, outcome.value().end()),
            (std::vector<Value>{1.0, 3.0, 6.0, 5.0}));
}

TEST_F(ExtractTest, json_may_spell_numbers_as_python_c_and_fortran_do) {
  const std::string text = R"({"a": NaN, "b": [Infinity, -Infinity], "c": 1.0D-03, "d": .5, "e": "NaN", "f": nan,
                               "g": "1.5", "h": 9007199254740993, "i": null})";
  EXPECT_TRUE(std::isnan(value(text, pointer("/a")).number()));
  EXPECT_EQ(value(text, pointer("/b/0")), Value(INFINITY));
  EXPECT_EQ(value(text, pointer("/b/1")), Value(-INFINITY));
  EXPECT_EQ(value(text, pointer("/c")), Value(1e-3));
  EXPECT_EQ(value(text, pointer("/d")), Value(0.5));
  EXPECT_TRUE(std::isnan(value(text, pointer("/e")).number()));
  EXPECT_TRUE(std::isnan(value(text, pointer("/f")).number()));
  EXPECT_THAT(failure(text, pointer("/g")), HasSubstr("type number"));
  EXPECT_EQ(value(text, pointer("/h")), Value(std::int64_t{9007199254740993}));
  EXPECT_EQ(value(text, pointer("/h", "string")), Value("9007199254740993"));
  EXPECT_THAT(failure(text, pointer("/i")), HasSubstr("there is no value"));
}

TEST_F(ExtractTest, what_is_no_json_is_told_with_its_line) {
  for (const auto& [text, message] : std::vector<std::pair<std::string, std::string>>{
           {"{\"a\": 1,\n}", "line 2: there is `}` where there should be a name"},
           {"{\"a\": 1", "line 1: it ends where there should be a comma or `}`"},
           {"{\"a\": 1} x", "line 1: there is more behind its end"},
           {"{\"a\": nil}", "`nil` is no value"},
           {"{\"a\": \"b\n\"}", "the end of a text"},
           {"{\"a\": \"\\x\"}", "may follow a backslash"},
           {"{'a': 1}", "there is `'`"},
           {"", "it ends where there should be a value"},
           {"[1 2]", "a comma or `]`"},
           {std::string(3000, '['), "nested more than 2000 deep"}}) {
    EXPECT_THAT(failure(text, pointer("/a")), AllOf(HasSubstr("no valid JSON"), HasSubstr(message))) << text;
  }
}

TEST_F(ExtractTest, json_texts_are_unescaped) {
  EXPECT_EQ(value(R"({"\u00e4\n": "a\"\\\/\u20ac\ud83d\ude00"})", pointer("/\u00e4\n", "string")),
            Value("a\"\\/\u20ac\U0001F600"));
  EXPECT_EQ(value("\xEF\xBB\xBF [0, {\"\": {\"~x\": true}}]", pointer("/1//~0x", "boolean")), Value(true));
}

TEST_F(ExtractTest, of_json_members_of_one_name_the_last_counts) {
  EXPECT_EQ(value(R"({"a": 1, "a": 2})", pointer("/a")), Value(2.0));
  EXPECT_EQ(value(R"({"a": {"b": 1}, "a": {"b": 2}})", pointer("/a/b")), Value(2.0));
  EXPECT_THAT(failure(R"({"a": {"b": 1}, "a": {}})", pointer("/a/b")), HasSubstr("there is nothing at"));
  EXPECT_THAT(failure(R"({"a": [1], "a": 2})", pointer("/a/0")), HasSubstr("there is nothing at"));
}

TEST_F(ExtractTest, whole_numbers_keep_every_digit_or_are_refused) {
  EXPECT_EQ(value("9007199254740993", regex(".+")), Value(std::int64_t{9007199254740993}));
  EXPECT_EQ(value("-9223372036854775808", regex(".+")), Value(std::numeric_limits<std::int64_t>::min()));
  EXPECT_EQ(value("9007199254740991", regex(".+")), Value(9007199254740991.0));
  EXPECT_EQ(value("18446744073709551616", regex(".+")), Value(0x1p64));
  EXPECT_EQ(value("1e300", regex(".+")), Value(1e300));
  EXPECT_EQ(value("9007199254740993.0", regex(".+", "integer")), Value(std::int64_t{9007199254740993}));
  EXPECT_THAT(failure("18446744073709551615", regex(".+")),
              AllOf(HasSubstr("type number"), HasSubstr("more digits than a number keeps")));
  EXPECT_THAT(failure("18446744073709551615", regex(".+", "integer")), HasSubstr("beyond the 64 bits"));
  EXPECT_THAT(failure("*****", regex(".+")), HasSubstr("no room for the number"));
  EXPECT_THAT(failure("1e400", regex(".+")), HasSubstr("too large"));
}

TEST_F(ExtractTest, truth_is_spelled_as_python_r_and_fortran_do) {
  for (const char* yes : {"True", "TRUE", "true", "T", ".TRUE.", "1"}) {
    EXPECT_EQ(value(yes, regex(".+", "boolean")), Value(true)) << yes;
  }
  for (const char* no : {"False", "FALSE", "false", "F", ".false.", "0"}) {
    EXPECT_EQ(value(no, regex(".+", "boolean")), Value(false)) << no;
  }
  EXPECT_EQ(value("ok\nTrue,x\n", column("ok", {}, "boolean")), Value(true));
  EXPECT_EQ(value("[\"FALSE\"]", pointer("/0", "boolean")), Value(false));
}

TEST_F(ExtractTest, an_optional_output_may_be_missing_but_not_be_wrong) {
  const auto is_missing = [&](const std::string& text, const OutputSpec& output) {
    return std::isnan(value(text, optional(output)).number());
  };
  EXPECT_TRUE(is_missing("x", regex("y=(.*)")));
  EXPECT_TRUE(is_missing("x", regex("y=(.*)", "string")));
  EXPECT_TRUE(is_missing("{}", pointer("/a")));
  EXPECT_TRUE(is_missing("[null]", pointer("/0", "boolean")));
  EXPECT_TRUE(is_missing("a\n", column("a")));
  EXPECT_TRUE(is_missing("a\n1\n", column("b")));
  EXPECT_TRUE(is_missing("a,b\n1,\n", column("b")));
  EXPECT_TRUE(is_missing("t y\n", in_table("y")));
  EXPECT_TRUE(is_missing("t y\n1 2\n", in_table("y", 7)));
  EXPECT_TRUE(is_missing("", optional({"y", RegexSource{"none", "a"}})));
  EXPECT_TRUE(is_missing("", optional({"y", JsonSource{"*.json", "/a"}})));
  EXPECT_TRUE(is_missing("x", finite(regex("y=(.*)"))));
  EXPECT_EQ(value("y=2", optional(regex("y=(.*)"))), Value(2.0));
  EXPECT_THAT(failure("y=n/a", optional(regex("y=(.*)"))), HasSubstr("type number"));
  EXPECT_THAT(failure("{\"a\": ", optional(pointer("/a"))), HasSubstr("no valid JSON"));
  EXPECT_THAT(failure("{\"a\": []}", optional(pointer("/a"))), HasSubstr("a list"));
}

TEST_F(ExtractTest, the_others_stand_where_an_optional_output_is_missing) {
  const auto outcome = evaluate(spec(sh("echo energy=3"), {{"energy", RegexSource{"stdout", "energy=(.*)"}},
                                                           optional({"collapse", RegexSource{"stdout", "t=(.*)"}}),
                                                           {"again", RegexSource{"stdout", "energy=(.*)"}}}));
  ASSERT_TRUE(outcome.ok()) << describe(outcome.failure());
  EXPECT_EQ(outcome.value()[0], Value(3.0));
  EXPECT_TRUE(std::isnan(outcome.value()[1].number()));
  EXPECT_EQ(outcome.value()[2], Value(3.0));
}

TEST_F(ExtractTest, nan_and_infinity_fail_only_where_outputs_have_to_be_finite) {
  EXPECT_TRUE(std::isnan(value("nan", regex(".+")).number()));
  EXPECT_EQ(value("inf", regex(".+")), Value(INFINITY));
  EXPECT_THAT(failure("NaN", finite(regex(".+"))), AllOf(HasSubstr("`y`"), HasSubstr("it is nan")));
  EXPECT_THAT(failure("[-Infinity]", finite(pointer("/0"))), HasSubstr("it is -inf"));
  EXPECT_EQ(value("3", finite(regex(".+"))), Value(3.0));
  const OutputSpec array{"y", ArraySource{"out"}, "array"};
  EXPECT_TRUE(value("1 nan\n", array).is_array());
  EXPECT_THAT(failure("1 2\n3 nan\n", finite(array)), HasSubstr("the number at 3 of array of 2 x 2 is nan"));
}

TEST_F(ExtractTest, a_column_of_a_table_in_a_text_is_found_by_its_name) {
  const std::string polar =
      "  XFOIL         Version 6.99\n\n x_trip: 1.000\n\n"
      "   alpha    CL        CD       CDp       CM     Top_Xtr  Bot_Xtr\n"
      "  ------ -------- --------- --------- -------- -------- --------\n"
      "   0.000   0.2400   0.00540   0.00080  -0.0523   0.6870   1.0000\n"
      "   1.000   0.3480   0.00560   0.00090  -0.0517   0.6200   1.0000\n";
  EXPECT_EQ(value(polar, in_table("CL")), Value(0.348));
  EXPECT_EQ(value(polar, in_table("CL", 0)), Value(0.24));
  EXPECT_EQ(value("# Force coefficients\n# dragDir : (1 0 0)\n# Time  \tCd \tCl\n0.1\t1.5\t-2\n0.2 1.25 1e-3\n",
                  in_table("Cd")),
            Value(1.25));
  EXPECT_EQ(value("n name\n1 a\n2 b\n", in_table("name", {}, {}, "string")), Value("b"));
  const std::string two = "t y\n1 2\n3 4\nother text\nt y\n5 6\n";
  EXPECT_EQ(value(two, in_table("y")), Value(6.0));
  EXPECT_EQ(value(two, in_table("y", {}, 1)), Value(4.0));
  EXPECT_EQ(value(two, in_table("y", 0, 1)), Value(2.0));
  EXPECT_THAT(failure(two, in_table("y", {}, 3)), HasSubstr("has 2 tables with `y`, not 3"));
  EXPECT_THAT(failure(two, in_table("y", 1)), HasSubstr("no row 1"));
  EXPECT_THAT(failure(polar, in_table("Cl")), HasSubstr("did you mean `CL`"));
}

TEST_F(ExtractTest, csv_may_have_a_header_in_a_comment_or_another_separator) {
  EXPECT_EQ(value("# made by solver\n# t,u\n1,2\n3,4\n", column("u")), Value(4.0));
  EXPECT_EQ(value("# made by solver\nt,u\n1,2\n", column("u")), Value(2.0));
  EXPECT_EQ(value("t;flow rate\n1;2\n3;4\n", column("flow rate", 0)), Value(2.0));
  EXPECT_EQ(value("t\tu\n1\t2\n", column("u")), Value(2.0));
}

TEST_F(ExtractTest, tags_in_names_of_files_may_have_formats) {
  const Design design = grid({values("n", {7})}, 42);
  const Command command(spec(sh("echo 3 > out_007.json"), {{"y", JsonSource{"out_{{n:%03d}}.json", ""}}}), design);
  EXPECT_EQ(evaluate(command, design).value().at(0), Value(3.0));
}

TEST_F(ExtractTest, files_may_be_named_by_tags_and_patterns) {
  const Design design = grid({values("case", {"inlet", "a*b"})}, 42);
  const auto of = [&](const std::string& program, const std::string& file, std::uint64_t index = 0) {
    return evaluate(Command(spec(sh(program), {{"y", JsonSource{file, ""}}}), design), design, index);
  };
  EXPECT_EQ(of("echo 3 > result_inlet.json", "result_{{case}}.json").value().at(0), Value(3.0));
  EXPECT_EQ(of("echo 3 > 'a*b.json'; echo 4 > aab.json", "{{case}}.json", 1).value().at(0), Value(3.0));
  EXPECT_EQ(of("echo 3 > 'a*b_1.json'; echo 4 > aab_1.json", "{{case}}_*.json", 1).value().at(0), Value(3.0));
  EXPECT_EQ(of("mkdir deep out_2.json; echo 3 > deep/out_17.json", "d*/out_[0-9]?.json").value().at(0), Value(3.0));
  EXPECT_EQ(of("echo 3 > '[1].json'; echo 4 > 1.json", "[1].json").value().at(0), Value(3.0));
  EXPECT_THAT(of("echo 3 > out_1.json; echo 4 > out_2.json", "out_*.json").failure().message,
              AllOf(HasSubstr("2 files are called out_*.json"), HasSubstr("out_1.json, out_2.json")));
  EXPECT_THAT(of("touch other", "out_*.json").failure().message,
              AllOf(HasSubstr("no file is called out_*.json"), HasSubstr("command, other, stderr, stdout")));
  EXPECT_THAT(complaint(spec(sh("true"), {{"y", JsonSource{"{{cas}}.json", ""}}}), design),
              AllOf(HasSubstr("`y`"), HasSubstr("did you mean `case`")));
}

TEST_F(ExtractTest, what_is_longer_than_it_may_be_is_not_read) {
  const auto too_long = [this](OutputSpec output, const std::string& file) {
    CommandSpec command = spec(sh("truncate -s 1T '" + file + "'"), {std::move(output)});
    const auto outcome = evaluate(command);
    return outcome.ok() ? "" : describe(outcome.failure());
  };
  const auto refused = HasSubstr("is longer than the 1 GiB that `max_output_size` in [command] allows");
  EXPECT_THAT(too_long(regex("y=(.)"), "out"), refused);
  EXPECT_THAT(too_long(pointer("/y"), "out"), refused);
  EXPECT_THAT(too_long(column("y"), "out"), refused);
  EXPECT_THAT(too_long(in_table("y"), "out"), refused);
  EXPECT_THAT(too_long({"y", ArraySource{"field.txt"}, "array"}, "field.txt"), refused);
  EXPECT_THAT(too_long({"y", ArraySource{"field.npy"}, "array"}, "field.npy"), HasSubstr("no array file"))
      << "their headers say how long they are";
}

TEST_F(ExtractTest, the_bound_is_for_the_study_to_choose) {
  CommandSpec command = spec(sh("printf 'y=1\\n' > out"), {regex("y=(.)")});
  command.max_output_size = 4;
  EXPECT_TRUE(evaluate(command).ok());
  command.max_output_size = 3;
  const auto outcome = evaluate(command);
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.failure().kind, FailureKind::bad_output);
  EXPECT_THAT(outcome.failure().message, HasSubstr("out is longer than the 3 bytes that `max_output_size`"));
}

TEST_F(ExtractTest, a_check_does_not_pass_over_a_file_that_is_too_long) {
  CommandSpec command = spec(sh("truncate -s 2G log"));
  command.fail_if = {{"log", "error"}};
  const auto outcome = evaluate(command);
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.failure().kind, FailureKind::bad_output);
  EXPECT_THAT(outcome.failure().message, HasSubstr("log is longer than the 1 GiB"));
}

TEST_F(ExtractTest, what_is_no_regular_file_fails_at_once) {
  const auto failed = [this](const std::string& make, const OutputSpec& output) {
    const auto outcome = evaluate(spec(sh(make), {output}));
    EXPECT_EQ(outcome.ok() ? FailureKind::exception : outcome.failure().kind, FailureKind::bad_output) << make;
    return outcome.ok() ? "" : outcome.failure().message;
  };
  for (const std::string file : {"out", "out.txt", "out.npy"}) {
    for (const std::string make : {"mkfifo ", "mkdir ", "ln -s /dev/zero "}) {
      const OutputSpec array{"y", ArraySource{file}, "array"};
      const std::vector<OutputSpec> outputs = {array,
                                               {"y", RegexSource{file, "y"}},
                                               {"y", JsonSource{file, "/y"}},
                                               {"y", CsvSource{file, "y", {}}},
                                               {"y", TableSource{file, "y"}}};
      for (const OutputSpec& output : outputs) {
        EXPECT_THAT(failed(make + file, output), HasSubstr(file + " is no regular file")) << make;
      }
    }
  }
}

}  // namespace
}  // namespace windrow
