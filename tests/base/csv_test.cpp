#include "windrow/base/csv.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "error_of.hpp"
#include "windrow/error.hpp"

namespace windrow::csv {
namespace {

using testing::ElementsAre;
using Record = std::vector<std::string>;

std::vector<Record> read_all(const std::string& text) {
  std::istringstream in(text);
  Reader reader(in, "data.csv");
  std::vector<Record> records;
  Record record;
  while (reader.next(record)) records.push_back(record);
  return records;
}

TEST(CsvFieldTest, is_quoted_only_if_it_must_be) {
  EXPECT_EQ(field("steel"), "steel");
  EXPECT_EQ(field(""), "");
  EXPECT_EQ(field("a b"), "a b");
  EXPECT_EQ(field(" a"), "\" a\"");
  EXPECT_EQ(field("a\t"), "\"a\t\"");
  EXPECT_EQ(field("#ff0000"), "\"#ff0000\"");
  EXPECT_EQ(field("a#"), "a#");
  EXPECT_EQ(field("a,b"), "\"a,b\"");
  EXPECT_EQ(field("say \"hi\""), "\"say \"\"hi\"\"\"");
  EXPECT_EQ(field("two\nlines"), "\"two\nlines\"");
  EXPECT_EQ(field("\r"), "\"\r\"");
  EXPECT_EQ(field("\xEF\xBB\xBF"), "\"\xEF\xBB\xBF\"");  // which a reader drops at the beginning of a file
}

TEST(CsvReaderTest, reads_plain_and_quoted_fields) {
  EXPECT_THAT(read_all("a,b\n1,\"x,y\"\n,\"\"\n\"say \"\"hi\"\"\",2\n"),
              ElementsAre(Record{"a", "b"}, Record{"1", "x,y"}, Record{"", ""}, Record{"say \"hi\"", "2"}));
}

TEST(CsvReaderTest, accepts_line_breaks_of_windows_and_a_byte_order_mark) {
  EXPECT_THAT(read_all("\xEF\xBB\xBF\"a\",b\r\n1,2\r\n\r\n3,\"4\"\r\n"),
              ElementsAre(Record{"a", "b"}, Record{"1", "2"}, Record{"3", "4"}));
}

TEST(CsvReaderTest, keeps_line_breaks_inside_quotes) {
  EXPECT_THAT(read_all("\"one\ntwo\",\"a\r\nb\"\r\n"), ElementsAre(Record{"one\ntwo", "a\r\nb"}));
}

TEST(CsvReaderTest, needs_no_line_break_at_the_end) {
  EXPECT_THAT(read_all("a,b\n1,"), ElementsAre(Record{"a", "b"}, Record{"1", ""}));
  EXPECT_THAT(read_all("\"a\""), ElementsAre(Record{"a"}));
  EXPECT_TRUE(read_all("").empty());
  EXPECT_TRUE(read_all("\n\r\n\n").empty());
}

TEST(CsvReaderTest, knows_the_line_on_which_a_record_starts) {
  std::istringstream in("\na,\"b\nc\"\n\nd,e\n");
  Reader reader(in, "data.csv");
  Record record;
  ASSERT_TRUE(reader.next(record));
  EXPECT_EQ(reader.line(), 2U);
  ASSERT_TRUE(reader.next(record));
  EXPECT_EQ(reader.line(), 5U);
  EXPECT_FALSE(reader.next(record));
}

TEST(CsvReaderTest, names_file_and_line_of_a_mistake) {
  EXPECT_EQ(test::error_of<SpecError>([] { read_all("a\n\"b\nc\n"); }), "data.csv:2: a quoted field is not closed");
  EXPECT_EQ(test::error_of<SpecError>([] { read_all("a\n\"b\nc\"d\n"); }), "data.csv:3: text follows a closed quote");
  EXPECT_EQ(test::error_of<SpecError>([] { read_all("\"a\" ,b\n"); }), "data.csv:1: text follows a closed quote");
}

std::vector<Record> read_all(const std::string& text, Dialect dialect) {
  std::istringstream in(text);
  Reader reader(in, "data.csv", dialect);
  std::vector<Record> records;
  Record record;
  while (reader.next(record)) records.push_back(reader.is_comment() ? Record{"comment", record[0]} : record);
  return records;
}

TEST(CsvReaderTest, reads_other_dialects) {
  EXPECT_THAT(read_all("a;\"b;c\"\n", {.separator = ';'}), ElementsAre(Record{"a", "b;c"}));
  EXPECT_THAT(read_all(" a ,\t\" b \" ,c\r\n   \n", {.trims = true}), ElementsAre(Record{"a", " b ", "c"}));
  EXPECT_THAT(read_all(" a\t\tb \t", {.separator = '\t', .trims = true}), ElementsAre(Record{"a", "", "b", ""}));
  EXPECT_THAT(read_all("  a \t\"b c\"  d \r\n", {.separator = ' '}), ElementsAre(Record{"a", "b c", "d"}));
  EXPECT_THAT(read_all(" #a,\"b\r\nc,#\n", {.trims = true, .comment = '#'}),
              ElementsAre(Record{"comment", " #a,\"b"}, Record{"c", "#"}));
}

TEST(CsvReaderTest, knows_what_was_quoted) {
  std::istringstream in("a,\"b\",\"\",\n");
  Reader reader(in, "data.csv");
  Record record;
  ASSERT_TRUE(reader.next(record));
  EXPECT_FALSE(reader.was_quoted(0));
  EXPECT_TRUE(reader.was_quoted(1));
  EXPECT_TRUE(reader.was_quoted(2));
  EXPECT_FALSE(reader.was_quoted(3));
}

TEST(CsvReaderTest, says_when_a_file_cannot_be_read) {
  std::ifstream directory("/tmp");
  Reader reader(directory, "/tmp");
  Record record;
  EXPECT_THROW(reader.next(record), SpecError);
}

TEST(CsvRecordTest, reads_back_whatever_it_holds) {
  const std::vector<Record> records = {{"a", "", "c,d"},     {""},    {"\"", "\n", "\r\n"}, {"x\r"},
                                       {" padded ", "\"\""}, {"", ""}};
  std::ostringstream out;
  for (const Record& record : records) write_record(out, record);
  EXPECT_EQ(read_all(out.str()), records);
}

}  // namespace
}  // namespace windrow::csv
