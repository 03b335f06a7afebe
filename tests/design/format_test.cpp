#include "windrow/design/format.hpp"

#include <gmock/gmock.h>
#include <locale.h>

#include "error_of.hpp"
#include "windrow/error.hpp"

namespace windrow {
namespace {

using test::error_of;
using testing::HasSubstr;

std::string written(const char* format, const Value& value) {
  return Format(format).write(value);
}

TEST(FormatTest, writes_as_printf_does) {
  EXPECT_EQ(written("%08.3f", 3.14159), "0003.142");
  EXPECT_EQ(written("%08.3f", -2), "-002.000");
  EXPECT_EQ(written("%.6e", 0.1), "1.000000e-01");
  EXPECT_EQ(written("%5d|", 42), "   42|");
  EXPECT_EQ(written("%-5d|", 42.0), "42   |");
  EXPECT_EQ(written("%05ld", 42), "00042");
  EXPECT_EQ(written("%x", 255), "ff");
  EXPECT_EQ(written("%+.1f", 2.0), "+2.0");
  EXPECT_EQ(written("run%03d.txt", 7), "run007.txt");
  EXPECT_EQ(written("%d%%", 7), "7%");
  EXPECT_EQ(written("%6s", "ab"), "    ab");
  EXPECT_EQ(written("%s", 1.0), "1.0");
  EXPECT_EQ(written("%s", Value(1.1).spelled("1.10")), "1.10");
  EXPECT_EQ(written("%d", Value(std::int64_t{9007199254740993})), "9007199254740993");
}

TEST(FormatTest, a_value_that_does_not_fit_its_field_is_rejected) {
  EXPECT_EQ(written("%8.3f", 9999.999), "9999.999");
  const std::string message = error_of<Rejected>([] { written("%8.3f", 99999.999); });
  EXPECT_THAT(message, HasSubstr("`99999.999`"));
  EXPECT_THAT(message, HasSubstr("9 characters do not fit a field of 8"));
  EXPECT_THROW(written("%2d", -10), Rejected);
  EXPECT_THROW(written("%3s", "steel"), Rejected);
  EXPECT_EQ(written("%.3f", 99999.999), "99999.999");  // no width, no field
}

TEST(FormatTest, has_one_conversion_that_fits_the_value) {
  for (const char* bad : {"", "x", "%", "%d %d", "%q", "%*d", "%8.3", "%n", "%c", "%p", "%99999d", "%.99999f"}) {
    EXPECT_THROW(Format{bad}, SpecError) << bad;
  }
  EXPECT_THROW(written("%d", 0.5), SpecError);
  EXPECT_THROW(written("%d", "12"), SpecError);
  EXPECT_THROW(written("%f", true), SpecError);
  EXPECT_THROW(written("%u", -1), SpecError);
}

TEST(FormatTest, the_point_is_a_point_in_every_locale) {
  const locale_t german = newlocale(LC_ALL_MASK, "de_DE.UTF-8", nullptr);
  if (german == nullptr) GTEST_SKIP() << "no locale with a decimal comma";
  const locale_t before = uselocale(german);
  EXPECT_EQ(written("%.1f", 0.5), "0.5");
  uselocale(before);
  freelocale(german);
}

}  // namespace
}  // namespace windrow
