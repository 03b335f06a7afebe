#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "error_of.hpp"
#include "windrow/design/design.hpp"

namespace windrow {
namespace {

using test::error_of;
using testing::HasSubstr;
using testing::StartsWith;
using List = std::vector<Value>;

/// A file of its own for every test, removed with it.
class TableTest : public testing::Test {
 protected:
  TableTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "windrow-table-XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
    path_ = directory_ / "points.csv";
  }
  ~TableTest() override { std::filesystem::remove_all(directory_); }

  Design load(const std::string& content, const std::vector<Parameter>& annotations = {}) const {
    std::ofstream(path_, std::ios::binary) << content;
    return table(path_.string(), annotations);
  }
  std::string error(const std::string& content, const std::vector<Parameter>& annotations = {}) const {
    return error_of<SpecError>([&] { load(content, annotations); });
  }
  std::string at(const std::string& message) const { return path_.string() + message; }

  std::filesystem::path directory_;
  std::filesystem::path path_;
};

TEST_F(TableTest, takes_a_row_as_a_point) {
  const Design design = load("length,material\n1.5,steel\n2,\"oak, wet\"\n");
  EXPECT_EQ(design.size(), 2U);
  EXPECT_EQ(design.method(), "table");
  EXPECT_EQ(design.point(0).values(), (List{1.5, "steel"}));
  EXPECT_EQ(design.point(1).values(), (List{2.0, "oak, wet"}));
  EXPECT_EQ(design.point(1)["material"], Value("oak, wet"));
}

TEST_F(TableTest, gives_all_values_of_a_column_one_kind) {
  const Design design = load("i,x,b,t,u\n1,1,true,1,true\n2,0.5,false,a,1\n");
  EXPECT_EQ(design.point(0).values(), (List{1, 1.0, true, "1", "true"}));
  EXPECT_EQ(design.point(1).values(), (List{2, 0.5, false, "a", "1"}));
}

TEST_F(TableTest, reads_files_from_windows_and_from_spreadsheets) {
  const Design design = load("\xEF\xBB\xBF\"a\", b \r\n1,2\r\n\r\n3,4\r\n");
  EXPECT_EQ(design.parameters()[1].name(), "b");
  EXPECT_EQ(design.point(1).values(), (List{3, 4}));
}

TEST_F(TableTest, names_the_line_of_a_ragged_row) {
  EXPECT_EQ(error("a,b\n1,2\n\n3\n"), at(":4: the row has 1 field, but the header names 2 columns"));
  EXPECT_EQ(error("a\n\"1\n2\"\n1,2,3\n"), at(":4: the row has 3 fields, but the header names 1 column"));
  EXPECT_EQ(error("a\n\"1\n"), at(":2: a quoted field is not closed"));
}

TEST_F(TableTest, names_the_line_of_a_bad_column_name) {
  EXPECT_EQ(error("a,b,a\n1,2,3\n"), at(":1: two columns are named `a`"));
  EXPECT_THAT(error("\na,length [m]\n1,2\n"), StartsWith(at(":2: column 2: `length [m]` cannot name a parameter")));
  EXPECT_THAT(error("a,\n1,2\n"), StartsWith(at(":1: column 2: `` cannot name a parameter")));
  EXPECT_THAT(error("index,a\n1,2\n"), HasSubstr("it is reserved"));
}

TEST_F(TableTest, needs_a_header_and_a_row) {
  EXPECT_EQ(error(""), at(": the file is empty; its first line must name the columns"));
  EXPECT_EQ(error("a,b\n\n"), at(": there is no row below the header"));
}

TEST_F(TableTest, needs_a_readable_file) {
  EXPECT_EQ(error_of<SpecError>([this] { table(path_.string()); }),
            "cannot open `" + path_.string() + "`: No such file or directory");
  EXPECT_THROW(table(directory_.string()), SpecError);
}

TEST_F(TableTest, refuses_a_gap_among_numbers) {
  EXPECT_EQ(error("a,b\n1,x\n,y\n"), at(":3: column `a` is empty here; its other values are numbers (nan is one)"));
  EXPECT_EQ(error("a,b\ntrue,x\n,y\n"), at(":3: column `a` is empty here; its other values are true or false"));
  EXPECT_EQ(load("a,b\nx,1\n,2\n").point(1).values(), (List{"", 2}));
  EXPECT_EQ(load("a,b\n,1\n").point(0).values(), (List{"", 1}));
}

TEST_F(TableTest, takes_units_and_descriptions_from_annotations) {
  Parameter length = values("length", {0});
  length.unit("m").description("of the beam");
  const Design design = load("load,length\n1,2\n", {length});
  EXPECT_EQ(design.parameters()[1].unit(), "m");
  EXPECT_EQ(design.parameters()[1].description(), "of the beam");
  EXPECT_EQ(design.point(0)["length"], Value(2));
  EXPECT_EQ(error("load,lengths\n1,2\n", {length}), at(": there is no column `length`; did you mean `lengths`?"));
}

TEST_F(TableTest, is_defined_by_its_values_alone) {
  const auto definition = load("a,b\n1,x\n2,y\n").definition();
  EXPECT_EQ(definition[0].second, "table");
  EXPECT_EQ(definition[1].second, "2");
  EXPECT_EQ(definition[3].first, "parameters.a");
  EXPECT_EQ(load("\"a\",b\r\n1,\"x\"\r\n+2,y").definition(), definition);
  const std::filesystem::path elsewhere = directory_ / "copy.csv";
  std::filesystem::copy_file(path_, elsewhere);
  EXPECT_EQ(table(elsewhere.string()).definition(), definition);
}

TEST_F(TableTest, differs_where_a_value_order_or_kind_differs) {
  const auto column = [this](const std::string& content) { return load(content).definition().at(3).second; };
  const std::string original = column("a\nab\nc\n");
  EXPECT_NE(column("a\na\nbc\n"), original);
  EXPECT_NE(column("a\nc\nab\n"), original);
  EXPECT_NE(column("a\nab\nd\n"), original);
  EXPECT_NE(column("a\nab\nc\nc\n"), original);
  EXPECT_NE(column("a\n1\n2\n"), column("a\n1.0\n2.0\n"));
}

TEST_F(TableTest, keeps_its_definition_between_versions) {
  EXPECT_EQ(load("a,b,c,d\n1,1.5,true,x\n2,2,false,\n").definition().at(4).second,
            "column(2 rows, xxh3 dddfb98ef546c1d997aa13fe9f95762a)");
}

/// What of each point goes into programs.
std::vector<std::string> written(const Design& design, std::uint64_t index) {
  std::vector<std::string> texts;
  for (const Value& value : design.point(index).values()) texts.push_back(value.written());
  return texts;
}

using Texts = std::vector<std::string>;

TEST_F(TableTest, numbers_go_into_programs_as_they_stand_in_the_file) {
  const Design design = load("version,profile,x\n1.10,2412,1.0\n1.2,63E3,100000\n");
  EXPECT_EQ(design.point(0).values(), (List{1.1, 2412.0, 1.0}));
  EXPECT_EQ(written(design, 0), (Texts{"1.10", "2412", "1.0"}));
  EXPECT_EQ(written(design, 1), (Texts{"1.2", "63E3", "100000"}));
}

TEST_F(TableTest, quoted_cells_and_codes_are_texts) {
  const Design design = load("basin,quoted,zero,half\n0012,\"1.10\",0,0.5\n0107,2,0,0.25\n");
  EXPECT_EQ(design.point(0).values(), (List{"0012", "1.10", 0, 0.5}));
  EXPECT_EQ(design.point(1).values(), (List{"0107", "2", 0, 0.25}));
  EXPECT_EQ(load("x\n-007\n1.5\n").point(1).values(), (List{"1.5"}));
}

TEST_F(TableTest, whole_numbers_keep_every_digit) {
  const Design design = load("big,mixed,fits\n18446744073709551615,9007199254740993,9223372036854775807\n5,0.5,-1\n");
  EXPECT_EQ(design.point(0).values(),
            (List{"18446744073709551615", "9007199254740993", std::int64_t{9223372036854775807}}));
  EXPECT_EQ(design.point(1).values(), (List{"5", "0.5", -1}));
}

TEST_F(TableTest, a_type_decides_what_a_column_is) {
  const auto typed = [](const char* name, ValueType type) {
    Parameter parameter = values(name, {0});
    return parameter.type(type);
  };
  const std::string content = "a,b,c,d\n0012,2,True,1.10\n0107,3.0,FALSE,1.2\n";
  const Design design = load(content, {typed("a", ValueType::integer), typed("b", ValueType::number),
                                       typed("c", ValueType::boolean), typed("d", ValueType::string)});
  EXPECT_EQ(design.point(0).values(), (List{12, 2.0, true, "1.10"}));
  EXPECT_EQ(written(design, 0), (Texts{"12", "2.0", "true", "1.10"}));
  EXPECT_EQ(design.point(1).values(), (List{107, 3.0, false, "1.2"}));
  EXPECT_EQ(error("a,b\n1,2\n\n1.5,3\n", {typed("a", ValueType::integer)}),
            at(":4: column `a` holds a cell that does not fit: `1.5` is not of the type integer"));
  EXPECT_EQ(error("a,b\n1,2\n,3\n", {typed("a", ValueType::number)}),
            at(":3: column `a` is empty here; it is of the type number"));
  EXPECT_THAT(error("a\n18446744073709551615\n", {typed("a", ValueType::integer)}), HasSubstr("64 bits"));
}

TEST_F(TableTest, true_and_false_of_pandas_and_r_stay_the_texts_that_they_are) {
  EXPECT_EQ(load("p,r\nTrue,TRUE\nFalse,FALSE\n").point(1).values(), (List{"False", "FALSE"}));
}

TEST_F(TableTest, its_definition_does_not_see_how_numbers_are_spelled) {
  EXPECT_EQ(load("x\n1.10\n2.50\n").definition(), load("x\n1.1\n2.5\n").definition());
}

}  // namespace
}  // namespace windrow
