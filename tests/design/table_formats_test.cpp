// Tables as people save them.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "error_of.hpp"
#include "windrow/design/table.hpp"

namespace windrow {
namespace {

using test::error_of;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using List = std::vector<Value>;

class TableFormatsTest : public testing::Test {
 protected:
  TableFormatsTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "windrow-formats-XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
    path_ = directory_ / "t.csv";
  }
  ~TableFormatsTest() override { std::filesystem::remove_all(directory_); }

  Design load(const std::string& content, const TableOptions& options = {},
              const std::vector<Parameter>& annotations = {}) const {
    std::ofstream(path_, std::ios::binary) << content;
    return table(path_.string(), options, annotations);
  }
  std::string error(const std::string& content, const TableOptions& options = {}) const {
    return error_of<SpecError>([&] { load(content, options); });
  }
  static std::vector<std::string> names(const Design& design) {
    std::vector<std::string> names;
    for (const Parameter& parameter : design.parameters()) names.push_back(parameter.name());
    return names;
  }
  /// What a program gets at a point.
  static std::vector<std::string> written(const Design& design, std::uint64_t index) {
    std::vector<std::string> texts;
    for (const Value& value : design.point(index).values()) texts.push_back(value.written());
    return texts;
  }
  std::vector<std::string> notes(const std::string& content, const TableOptions& options = {}) const {
    std::vector<std::string> notes = load(content, options).notes();
    for (std::string& note : notes) {
      EXPECT_EQ(note.find(path_.string() + ": "), 0U) << note;
      note.erase(0, path_.string().size() + 2);
    }
    return notes;
  }

  std::filesystem::path directory_;
  std::filesystem::path path_;
};

TEST_F(TableFormatsTest, any_usual_separator_is_found) {
  const Design comma = load("a,b,c\n1,x y,2.5\n2,z,3.5\n");
  for (const char* same :
       {"a;b;c\n1;x y;2.5\n2;z;3.5\n", "a\tb\tc\n1\tx y\t2.5\n2\tz\t3.5\n",
        "  a   b      c\n  1   \"x y\"  2.5\n  2   z      3.5  \n", "a ; b ; c\n1 ; x y ; 2.5\n2 ; z;3.5\n",
        "a, b,\tc\n1, x y, 2.5\n2, z, 3.5\n", "a;b;c\r\n1;x y;2.5\r\n2;z;3.5\r\n", "a,b,c\r1,x y,2.5\r2,z,3.5\r"}) {
    EXPECT_EQ(load(same).definition(), comma.definition()) << same;
  }
  EXPECT_EQ(load("sep=;\r\na;b;c\n1;x y;2.5\n2;z;3.5\n").definition(), comma.definition());
  EXPECT_EQ(load("a|b|c\n1|x y|2.5\n2|z|3.5\n").definition(), comma.definition());
  EXPECT_EQ(load("a:b:c\n1:x y:2.5\n2:z:3.5\n", {.separator = ':'}).definition(), comma.definition());
}

TEST_F(TableFormatsTest, a_separator_that_could_be_two_is_asked_for) {
  const std::string both = "a x;b,c\n1;2,3\n";
  EXPECT_THAT(error(both), HasSubstr("`,` and `;` would do as what separates the columns; say which by `separator`"));
  EXPECT_EQ(names(load("a,b;c\n1,2;3\n1,2;3\n", {.separator = ',', .names = {{"bc", "b;c"}}})),
            (std::vector<std::string>{"a", "bc"}));
}

TEST_F(TableFormatsTest, a_ragged_row_is_named_whatever_the_separator) {
  EXPECT_THAT(error("a;b;c\n1;2;3\n1;2\n"), HasSubstr(":3: the row has 2 fields, but the header names 3 columns"));
  EXPECT_THAT(error("a\tb\n1\n"), HasSubstr(":2: the row has 1 field, but the header names 2 columns"));
  EXPECT_THAT(error("a,b\n1,2,3\n"), HasSubstr(":2: the row has 3 fields"));
  EXPECT_THAT(error("sep=;\na;b\n1\n"), HasSubstr(":3: the row has 1 field"));
  EXPECT_THAT(error("1,2\n3,4\n"), HasSubstr(":1: the first line must name the columns, but it holds numbers alone"));
}

TEST_F(TableFormatsTest, decimal_commas_are_numbers_where_commas_separate_nothing) {
  const Design design = load("x;y;t\n1,5;2;a,b\n-2,50e-3;3;c\n");
  EXPECT_EQ(design.point(0).values(), (List{1.5, 2, "a,b"}));
  EXPECT_EQ(design.point(1)["x"], Value(-2.5e-3));
  EXPECT_EQ(written(design, 1).front(), "-2.50e-3");
  EXPECT_THAT(
      notes("x;y\n1,5;2\n"),
      ElementsAre("column `x`: numbers with decimal commas; [parameters.x] type = \"string\" keeps them as texts"));
  EXPECT_THAT(error("x;y\n1,5;2\n1.5;3\n"),
              HasSubstr(":3: column `x` has `1,5` and `1.5`, a decimal point and a decimal"));
  EXPECT_EQ(load("x;y\n1,5;a\nb;c\n").point(0)["x"], Value("1,5")) << "not all are numbers";
}

TEST_F(TableFormatsTest, comments_are_no_rows) {
  const Design design = load("# measured in May, by \"Bob\na,b\n# half, of\n1,2\n  #3,4\n5,6\n");
  EXPECT_EQ(design.size(), 2U);
  EXPECT_EQ(design.point(1).values(), (List{5, 6}));
  EXPECT_THAT(design.notes(), ElementsAre(HasSubstr(": 2 comments below the header are no rows")));
  EXPECT_EQ(load("a,b\n%x,2\n3,4\n", {.comment = '%'}).size(), 1U);
  EXPECT_EQ(load("a,b\n#x,2\n3,4\n", {.comment = '\0'}).point(0)["a"], Value("#x"));
}

TEST_F(TableFormatsTest, what_may_be_a_comment_or_a_cell_is_asked_for) {
  EXPECT_THAT(error("colour,n\nred,1\n#ff0000,2\n"),
              HasSubstr(":3: is this a comment, or a row that begins with the cell `#ff0000`?"));
  EXPECT_EQ(load("colour,n\n#ff0000,1\n#00ff00,2\n").point(1)["colour"], Value("#00ff00")) << "there are no others";
  EXPECT_EQ(load("colour,n\nred,1\n\"#ff0000\",2\n").point(1)["colour"], Value("#ff0000"));
  EXPECT_EQ(load("name,n\nred,1\n# blue,2\n").size(), 1U);
}

TEST_F(TableFormatsTest, a_header_may_be_a_comment_above_numbers) {
  const Design design = load("# by numpy.savetxt\n# x y\n1.0e+00 2.5e+00\n3.0e+00 4.5e+00\n");
  EXPECT_EQ(names(design), (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(design.point(1).values(), (List{3.0, 4.5}));
}

TEST_F(TableFormatsTest, text_of_other_encodings_is_converted_and_that_is_said) {
  const Design plain = load("name,n\nM\xc3\xbcller \xe2\x82\xac,1\n\xf0\x9d\x84\x9e,2\n");
  EXPECT_THAT(plain.notes(), IsEmpty());
  const std::u16string text = u"name,n\nM\u00fcller \u20ac,1\n\U0001d11e,2\n";
  std::string little, big;
  for (const char16_t unit : text) {
    little += {static_cast<char>(unit & 0xff), static_cast<char>(unit >> 8)};
    big += {static_cast<char>(unit >> 8), static_cast<char>(unit & 0xff)};
  }
  for (const std::string& bytes : {"\xff\xfe" + little, "\xfe\xff" + big, little, big}) {
    const Design design = load(bytes);
    EXPECT_EQ(design.definition(), plain.definition());
    EXPECT_THAT(design.notes(), ElementsAre(HasSubstr("is UTF-16; its texts go on as UTF-8")));
  }
  const Design latin = load("name,n\nM\xfcller \x80,1\nx,2\n");
  EXPECT_EQ(latin.point(0)["name"], Value("M\xc3\xbcller \xe2\x82\xac"));
  EXPECT_THAT(latin.notes(), ElementsAre(HasSubstr("so it was read as Latin-1 (Windows-1252)")));
  EXPECT_EQ(load("\xef\xbb\xbfname,n\nx,1\n").point(0)["name"], Value("x"));
  EXPECT_THAT(error("name,n\nM\xc3\xbcller,1\n\nM\xfcller,2\n"),
              HasSubstr(":4: byte 0xfc is no UTF-8, as others in this"));
  EXPECT_THAT(error("\xff\xfe" + little + "x"), HasSubstr("half a character"));
  EXPECT_THAT(error(std::string("\xff\xfe\0\0a\0\0\0", 8)), HasSubstr("is UTF-32"));
}

TEST_F(TableFormatsTest, what_spreadsheets_leave_behind_is_no_point) {
  const Design design = load("name,shape,,\nA,box,,\n,,,\nB,rod,,\n,,,\n\n");
  EXPECT_EQ(names(design), (std::vector<std::string>{"name", "shape"}));
  EXPECT_EQ(design.size(), 2U);
  EXPECT_EQ(design.point(1).values(), (List{"B", "rod"}));
  EXPECT_THAT(design.notes(), ElementsAre(HasSubstr(": 2 rows without any cell are left out")));
  EXPECT_EQ(load("name,x\nA,1\n,\n").size(), 1U);
  EXPECT_EQ(load("a,b\n1,2,,\n3,4\n").size(), 2U);
  EXPECT_THAT(error("a,b\n1,2,,5\n"), HasSubstr(":2: the row has 4 fields"));
  EXPECT_EQ(load("a\n\"\"\nx\n").size(), 2U) << "an empty text in quotes is one";
}

TEST_F(TableFormatsTest, blanks_around_cells_do_not_count) {
  const Design design = load("name, shape ,\tn\nA, box , 1\nB,  \"two  rods \" ,2\n");
  EXPECT_EQ(design.point(0).values(), (List{"A", "box", 1}));
  EXPECT_EQ(design.point(1).values(), (List{"B", "two  rods ", 2}));
}

TEST_F(TableFormatsTest, a_header_that_is_no_name_is_given_one) {
  const std::string file = "flow rate (m3/s),\"T \"\"in\"\" [K]\",remark\n1.5,300,good\n2.5,310,bad\n";
  EXPECT_THAT(error(file), HasSubstr(":1: column 1: `flow rate (m3/s)` cannot name a parameter"));
  EXPECT_THAT(error(file), HasSubstr("to name it: columns = { flow_rate = \"flow rate (m3/s)\" }; to leave it out: "
                                     "ignore = [\"flow rate (m3/s)\"]"));
  const TableOptions options{.names = {{"k", "flow rate (m3/s)"}, {"T", "T \"in\" [K]"}}};
  const Design design = load(file, options);
  EXPECT_EQ(names(design), (std::vector<std::string>{"k", "T", "remark"}));
  EXPECT_EQ(design.parameters()[0].unit(), "m3/s");
  EXPECT_EQ(design.parameters()[1].unit(), "K");
  Parameter k = values("k", {0});
  EXPECT_EQ(load(file, options, {k.unit("l/s")}).parameters()[0].unit(), "l/s");
  EXPECT_THAT(error(file, {.names = {{"k", "flow rate (m/s)"}}}),
              HasSubstr("there is no column `flow rate (m/s)`; did you mean `flow rate (m3/s)`?"));
}

TEST_F(TableFormatsTest, columns_can_be_chosen_or_left_out) {
  const TableOptions options{.ignore = {"remark"}};
  const Design design = load("a,remark,b\n1,,2\n3,\"why, 5\",4\n", options);
  EXPECT_EQ(names(design), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(load("a,remark,b\n1,x,2\n3,y,4\n", options).definition(), design.definition())
      << "a remark changes nothing";
  EXPECT_EQ(load("a,remark,b\n1,,2\n3,x,4\n", {.columns = {"a", "b"}}).definition(), design.definition());
  EXPECT_THAT(error("a,remark,b\n1,,2\n", {.ignore = {"remarks"}}),
              HasSubstr("no column `remarks`; did you mean `remark`?"));
  EXPECT_THAT(error("a\n1\n", {.ignore = {"a"}}), HasSubstr("no column is left"));
}

TEST_F(TableFormatsTest, row_numbers_without_a_name_are_no_parameter) {
  EXPECT_EQ(names(load(",a,b\n0,5,x\n1,6,y\n")), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(names(load("\"\",\"a\"\n\"1\",5\n\"2\",6\n")), (std::vector<std::string>{"a"}));
  EXPECT_THAT(error(",a\n7,5\n9,6\n"), HasSubstr("column 1: `` cannot name a parameter"));
}

TEST_F(TableFormatsTest, an_export_of_windrows_is_a_table) {
  const std::string file = "index,x,word,y,status\n0,1,a,2.5,ok\n1,2,b,nan,exited\n";
  const Design design = load(file, {.outputs = {"y", "z"}});
  EXPECT_EQ(names(design), (std::vector<std::string>{"x", "word"}));
  EXPECT_THAT(design.notes(),
              ElementsAre(HasSubstr("is what windrow exports, so `index`, `y`, `status` are no parameters; "
                                    "rows of points that failed are in it: 1")));
  EXPECT_EQ(names(load(file)), (std::vector<std::string>{"x", "word", "y"})) << "an input of another study";
  EXPECT_EQ(names(load(file, {.names = {{"run", "index"}}, .ignore = {"status", "y"}})),
            (std::vector<std::string>{"run", "x", "word"}));
  EXPECT_THAT(error("index,x\n0,1\n"), HasSubstr("it is reserved"));
}

TEST_F(TableFormatsTest, digits_that_mean_more_than_a_number_are_texts) {
  const Design design = load(
      "code,version,profile,seed_,mixed\n0012,1.10,2412,18446744073709551615,9007199254740993\n"
      "0107,1.2,63E3,18446744073709551614,0.5\n");
  EXPECT_THAT(written(design, 0), ElementsAre("0012", "1.10", "2412", "18446744073709551615", "9007199254740993"));
  EXPECT_THAT(written(design, 1), ElementsAre("0107", "1.2", "63E3", "18446744073709551614", "0.5"));
  EXPECT_EQ(design.point(0)["version"], Value(1.1));
  EXPECT_THAT(notes("code,n\n0012,1\n13,2\n"),
              ElementsAre(HasSubstr("column `code`: texts, as numbers have leading zeros")));
  EXPECT_THAT(notes("a,b\n\"1\",\"2\"\n3,4\n"),
              ElementsAre(HasSubstr("columns `a`, `b`: texts, as cells are in quotes")));
  EXPECT_THAT(notes("a\n18446744073709551615\n1\n"),
              ElementsAre("column `a`: texts, as whole numbers would lose digits otherwise"));
  EXPECT_THAT(notes("a\n9223372036854775807\n1\n"), IsEmpty()) << "an integer of 64 bits holds it";
}

TEST_F(TableFormatsTest, truth_values_of_other_programs_keep_their_spelling) {
  const Design design = load("a,b,c\nTrue,TRUE,true\nFalse,FALSE,false\n");
  EXPECT_THAT(written(design, 1), ElementsAre("False", "FALSE", "false"));
  EXPECT_EQ(design.point(1)["c"], Value(false));
}

}  // namespace
}  // namespace windrow
