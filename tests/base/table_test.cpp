#include "windrow/base/table.hpp"

#include <gtest/gtest.h>

namespace windrow::detail {
namespace {

TEST(TableTest, is_as_wide_as_what_is_in_it) {
  Table table({Align::left, Align::right});
  table.add({"name", "n"});
  table.add({"größe", "12"});
  table.add({"x", ""});
  EXPECT_EQ(table.text(), "name    n\ngröße  12\nx\n");
  EXPECT_EQ(table.width(), 9U);
}

TEST(TableTest, without_lines_is_empty) {
  EXPECT_EQ(Table({Align::left}).text(), "");
  EXPECT_EQ(Table({}).width(), 0U);
}

}  // namespace
}  // namespace windrow::detail
