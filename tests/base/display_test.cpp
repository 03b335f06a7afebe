// Texts of others, made fit to be shown.
#include "windrow/base/display.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include "windrow/base/text.hpp"

namespace windrow::text {
namespace {

using Lines = std::vector<std::string>;

TEST(DisplayTest, what_a_terminal_would_obey_is_seen) {
  EXPECT_EQ(visible("a\xc2\x9b"
                    "31m"),
            "a\\u009b31m")
      << "C1 is the 8-bit form of an escape sequence";
  EXPECT_EQ(visible("user\xe2\x80\xae"
                    "cod.exe"),
            "user\\u202ecod.exe");
  EXPECT_EQ(visible("\xe2\x80\xa8"), "\\u2028");
  EXPECT_EQ(visible(std::string_view("a\0b", 3)), "a\\x00b");
  EXPECT_EQ(visible("größe \xe6\xb0\xb4 \xf0\x9f\x8c\x8a"), "größe \xe6\xb0\xb4 \xf0\x9f\x8c\x8a");
}

TEST(DisplayTest, width_is_columns_of_a_terminal) {
  EXPECT_EQ(width("\xe6\xb0\xb4\xe6\xb0\xb4"), 4U) << "ideographs take two";
  EXPECT_EQ(width("e\xcc\x81"), 1U) << "a combining accent takes none";
  EXPECT_EQ(width("a\xff"), 2U);
  EXPECT_EQ(clipped("a\xe6\xb0\xb4\xe6\xb0\xb4", 4), "a\xe6\xb0\xb4");
  EXPECT_EQ(clipped("e\xcc\x81x", 1), "e\xcc\x81");
}

TEST(DisplayTest, shortened_says_so) {
  EXPECT_EQ(shortened("abcdefgh", 8), "abcdefgh");
  EXPECT_EQ(shortened("abcdefghi", 8), "abcde...");
  EXPECT_EQ(shortened("abcdefghi", 2), "..");
}

TEST(DisplayTest, wrapped_at_blanks) {
  EXPECT_EQ(wrapped("a bb ccc", 4), (Lines{"a bb", "ccc"}));
  EXPECT_EQ(wrapped("a bb ccc", 6, 2), (Lines{"a bb", "  ccc"}));
  EXPECT_EQ(wrapped("see /a/long/path now", 8), (Lines{"see", "/a/long/path", "now"}));
  EXPECT_EQ(wrapped("", 8), (Lines{""}));
}

TEST(DisplayTest, first_lines_and_how_many_more) {
  EXPECT_EQ(first_lines("a\nb\nc\n", 2), "a\nb\nc\n") << "a line that says so would be no shorter";
  EXPECT_EQ(first_lines("a\nb\nc\nd\n", 2), "a\nb\n... (2 more lines)\n");
  EXPECT_EQ(first_lines("a\nb\nc\nd", 2), "a\nb\n... (2 more lines)\n");
}

TEST(DisplayTest, a_cell_keeps_tabs_and_line_ends_only) {
  EXPECT_EQ(as_cell("a\tb\r\nc\x1b[31m\xe9"), "a\tb\r\nc\\x1b[31m\\xe9");
  EXPECT_EQ(as_utf8("a\x1b[31m\xe9\xc3\xa9"), "a\x1b[31m\\xe9\xc3\xa9");
}

TEST(DisplayTest, json_of_what_a_terminal_obeys_is_spelled_with_escapes) {
  EXPECT_EQ(safe_json("{\"a\": \"\\u001b\u00e9\"}\n"), "{\"a\": \"\\u001b\u00e9\"}\n");
  EXPECT_EQ(safe_json("[\"\x7f\x7f\", \"\u009b\u202e\u2028\"]\n"), "[\"\\u007f\\u007f\", \"\\u009b\\u202e\\u2028\"]\n");
}

TEST(DisplayTest, a_pipe_has_no_columns) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  EXPECT_EQ(columns_of(ends[1], 80), 80U);
  close(ends[0]);
  close(ends[1]);
}

}  // namespace
}  // namespace windrow::text
