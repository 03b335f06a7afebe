#include "base/interface/json.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace windrow::detail {
namespace {

TEST(JsonTest, keeps_the_order_of_members_and_stays_on_one_line) {
  EXPECT_EQ(json_line({{"z", 1}, {"a", "x\ny"}}), R"({"z":1,"a":"x\ny"})");
}

TEST(JsonTest, is_json_whatever_the_bytes_are) {
  EXPECT_EQ(Json::parse(json_line("a\xff\"b")), "a\xEF\xBF\xBD\"b");
}

TEST(JsonTest, writes_every_number) {
  EXPECT_EQ(json_line(json_number(3.0)), "3");
  EXPECT_EQ(json_line(json_number(0.1)), "0.1");
  EXPECT_EQ(json_line(json_number(-std::numeric_limits<double>::infinity())), R"("-inf")");
  EXPECT_EQ(json_line(json_number(std::numeric_limits<double>::quiet_NaN())), R"("nan")");
  EXPECT_EQ(json_number(1e300).get<double>(), 1e300);
}

}  // namespace
}  // namespace windrow::detail
