#include "windrow/base/text.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

namespace windrow::text {
namespace {

using namespace std::chrono_literals;

TEST(RenderTest, gives_the_shortest_text_that_reads_back) {
  EXPECT_EQ(render(0.1), "0.1");
  EXPECT_EQ(render(1e-9), "1e-09");
  EXPECT_EQ(render(100.0), "100");
  EXPECT_EQ(render(-0.0), "-0");
  EXPECT_EQ(render(0.1 + 0.2), "0.30000000000000004");
  EXPECT_EQ(render(std::numeric_limits<double>::infinity()), "inf");
  EXPECT_EQ(render(-std::numeric_limits<double>::infinity()), "-inf");
  EXPECT_EQ(render(std::nan("")), "nan");
  EXPECT_EQ(render(-std::nan("")), "nan");
}

TEST(TextTest, a_real_number_has_a_point_or_an_exponent_as_in_python) {
  EXPECT_EQ(render_real(1.0), "1.0");
  EXPECT_EQ(render_real(-0.0), "-0.0");
  EXPECT_EQ(render_real(100000.0), "100000.0");
  EXPECT_EQ(render_real(0.0001), "0.0001");
  EXPECT_EQ(render_real(0.00001), "1e-05");
  EXPECT_EQ(render_real(1e15), "1000000000000000.0");
  EXPECT_EQ(render_real(1e16), "1e+16");
  EXPECT_EQ(render_real(123456789012345680.0), "1.2345678901234568e+17");
  EXPECT_EQ(render_real(0.1 + 0.2), "0.30000000000000004");
  EXPECT_EQ(render_real(std::nan("")), "nan");
  EXPECT_EQ(render_plain(100000.0), "100000");
  EXPECT_EQ(render_plain(0.5), "0.5");
}

TEST(TextTest, knows_whole_numbers_that_a_double_would_round) {
  for (const char* text : {"9007199254740993", "-9007199254740993", "18446744073709551615", "9007199254740993.00"}) {
    EXPECT_TRUE(is_rounded_whole(text)) << text;
  }
  for (const char* text : {"9007199254740992", "9007199254740994", "1e300", "18446744073709552000", "0.1",
                           "0000000000000000000001", "9007199254740993.5", "text", ""}) {
    EXPECT_FALSE(is_rounded_whole(text)) << text;
  }
}

TEST(RenderTest, reads_back_exactly_for_any_bits) {
  std::mt19937_64 bits(7);
  for (int i = 0; i < 100'000; ++i) {
    const std::uint64_t pattern = bits();
    double value = 0.0;
    static_assert(sizeof value == sizeof pattern);
    std::memcpy(&value, &pattern, sizeof value);
    if (std::isnan(value)) continue;
    const auto back = parse_double(render(value));
    ASSERT_TRUE(back.has_value()) << render(value);
    ASSERT_EQ(std::memcmp(&*back, &value, sizeof value), 0) << render(value);
  }
}

TEST(ParseDoubleTest, accepts_what_programs_print) {
  EXPECT_EQ(parse_double(" +3.5\t\n"), 3.5);
  EXPECT_EQ(parse_double("1E+05"), 1e5);
  EXPECT_EQ(parse_double("-.5"), -0.5);
  EXPECT_EQ(parse_double("5."), 5.0);
  EXPECT_EQ(parse_double("-inf"), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(parse_double("+Infinity"), std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isnan(parse_double("NaN").value()));
  EXPECT_TRUE(std::isnan(parse_double("-nan").value()));
}

TEST(ParseDoubleTest, accepts_nothing_else) {
  for (const char* text :
       {"", " ", "+", "-", ".", "e5", "1.0x", "1 2", "+-3", "++3", "0x10", "1,5", "nan(1)", "1e", "--1"}) {
    EXPECT_FALSE(parse_double(text).has_value()) << text;
  }
}

TEST(ParseDoubleTest, takes_too_small_as_zero_and_too_large_as_none) {
  EXPECT_EQ(parse_double("1e-400"), 0.0);
  EXPECT_TRUE(std::signbit(parse_double("-1e-400").value()));
  EXPECT_EQ(parse_double("0." + std::string(400, '0') + "1"), 0.0);
  EXPECT_EQ(parse_double("5e-324"), 5e-324);
  EXPECT_FALSE(parse_double("1e400").has_value());
  EXPECT_FALSE(parse_double("-1" + std::string(400, '0')).has_value());
}

TEST(ParseIntegerTest, wants_all_of_the_text_and_a_fitting_number) {
  EXPECT_EQ(parse_integer(" 42 "), 42);
  EXPECT_EQ(parse_integer("+7"), 7);
  EXPECT_EQ(parse_integer("-9223372036854775808"), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(parse_integer("9223372036854775807"), std::numeric_limits<std::int64_t>::max());
  for (const char* text : {"9223372036854775808", "", "-", "3.0", "1e3", "4 5", "+-3", "0x10"}) {
    EXPECT_FALSE(parse_integer(text).has_value()) << text;
  }
}

TEST(ParseDurationTest, reads_units_fractions_and_sums) {
  EXPECT_EQ(parse_duration("30s"), 30s);
  EXPECT_EQ(parse_duration("500ms"), 500ms);
  EXPECT_EQ(parse_duration("1.5h"), 90min);
  EXPECT_EQ(parse_duration("2m"), 2min);
  EXPECT_EQ(parse_duration("1d"), 24h);
  EXPECT_EQ(parse_duration("5us"), 5us);
  EXPECT_EQ(parse_duration("7ns"), 7ns);
  EXPECT_EQ(parse_duration("2.5"), 2500ms);
  EXPECT_EQ(parse_duration("0"), 0s);
  EXPECT_EQ(parse_duration(" 30 s "), 30s);
  EXPECT_EQ(parse_duration("1h30m"), 90min);
  EXPECT_EQ(parse_duration("1d 2h 3m 4s"), 26h + 3min + 4s);
}

TEST(ParseDurationTest, refuses_what_is_not_one) {
  for (const char* text :
       {"", "s", "-3s", "5x", "5 sec", "30m1h", "1h1h", "3 4", "1h 30", "inf", "nan", "1e", "400000d", "1e400s"}) {
    EXPECT_FALSE(parse_duration(text).has_value()) << text;
  }
}

TEST(RenderDurationTest, uses_at_most_two_units) {
  EXPECT_EQ(render_duration(0s), "0s");
  EXPECT_EQ(render_duration(7ns), "7ns");
  EXPECT_EQ(render_duration(12us), "12us");
  EXPECT_EQ(render_duration(12ms), "12ms");
  EXPECT_EQ(render_duration(300ms), "0.3s");
  EXPECT_EQ(render_duration(1200ms), "1.2s");
  EXPECT_EQ(render_duration(2s), "2s");
  EXPECT_EQ(render_duration(42s), "42s");
  EXPECT_EQ(render_duration(192s), "3m12s");
  EXPECT_EQ(render_duration(2h + 5min), "2h05m");
  EXPECT_EQ(render_duration(99h), "4d03h");
  EXPECT_EQ(render_duration(-42s), "-42s");
}

TEST(RenderDurationTest, carries_when_it_rounds_up) {
  EXPECT_EQ(render_duration(999'999ns), "1ms");
  EXPECT_EQ(render_duration(99'999us), "0.1s");
  EXPECT_EQ(render_duration(9'990ms), "10s");
  EXPECT_EQ(render_duration(59'700ms), "1m00s");
  EXPECT_EQ(render_duration(3'599'700ms), "1h00m");
  EXPECT_EQ(render_duration(24h - 10s), "1d00h");
  EXPECT_EQ(render_duration(std::chrono::nanoseconds::min()), "-106752d00h");
}

TEST(NearestTest, finds_slips_of_the_keyboard) {
  const std::vector<std::string> methods = {"grid", "zip", "monte_carlo", "latin_hypercube", "table"};
  EXPECT_EQ(nearest("gird", methods), "grid");
  EXPECT_EQ(nearest("GRID", methods), "grid");
  EXPECT_EQ(nearest("montecarlo", methods), "monte_carlo");
  EXPECT_EQ(nearest("latin_hpyercbue", methods), "latin_hypercube");
  EXPECT_EQ(nearest("zi", methods), "zip");
}

TEST(NearestTest, finds_nothing_when_nothing_is_near) {
  const std::vector<std::string> methods = {"grid", "zip", "x"};
  EXPECT_EQ(nearest("sobol", methods), std::nullopt);
  EXPECT_EQ(nearest("y", methods), std::nullopt);
  EXPECT_EQ(nearest("", methods), std::nullopt);
  EXPECT_EQ(nearest("grid", {}), std::nullopt);
}

TEST(NearestTest, counts_a_swap_as_one_edit) {
  const std::vector<std::string> swapped = {"ba"};
  EXPECT_EQ(nearest("ab", swapped), "ba");
}

TEST(SuggestionTest, ends_an_error_message) {
  const std::vector<std::string> keys = {"method", "points"};
  EXPECT_EQ(suggestion("metod", keys), "; did you mean `method`?");
  EXPECT_EQ(suggestion("colour", keys), "; valid: `method`, `points`");
  EXPECT_EQ(suggestion("colour", {}), "");
}

TEST(WithThousandsTest, groups_digits_by_three) {
  EXPECT_EQ(with_thousands(0), "0");
  EXPECT_EQ(with_thousands(999), "999");
  EXPECT_EQ(with_thousands(1000), "1,000");
  EXPECT_EQ(with_thousands(1234567), "1,234,567");
  EXPECT_EQ(with_thousands(std::numeric_limits<std::uint64_t>::max()), "18,446,744,073,709,551,615");
}

TEST(RenderDurationTest, takes_seconds_of_any_size) {
  EXPECT_EQ(render_duration(0.25), "0.3s");
  EXPECT_EQ(render_duration(1e300), render_duration(9.2e9));
  EXPECT_EQ(render_duration(std::numeric_limits<double>::quiet_NaN()), "0s");
}

TEST(CountedTest, knows_one_and_many) {
  EXPECT_EQ(counted(1, "point"), "1 point");
  EXPECT_EQ(counted(1200, "point"), "1,200 points");
}

TEST(ShellLineTest, can_be_pasted_into_a_shell) {
  EXPECT_EQ(shell_line({"solve", "--n=3", "a b", "", "it's", "$HOME"}), R"(solve --n=3 'a b' '' 'it'\''s' '$HOME')");
  EXPECT_EQ(shell_line({"a=1", "b=2", "=c"}), "'a=1' b=2 '=c'");
}

TEST(Utf8Test, knows_what_a_character_is) {
  EXPECT_EQ(utf8_length("x", 0), 1U);
  EXPECT_EQ(utf8_length("ö", 0), 2U);
  EXPECT_EQ(utf8_length("€", 0), 3U);
  EXPECT_EQ(utf8_length("\U0001F600", 0), 4U);
  for (const std::string text : {"", "\xff", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\x80"}) {
    EXPECT_EQ(utf8_length(text, 0), 0U);
  }
  EXPECT_EQ(width("größe"), 5U);
  EXPECT_EQ(clipped("größe", 3), "grö");
  EXPECT_EQ(clipped("ab", 3), "ab");
}

TEST(VisibleTest, shows_what_a_terminal_would_act_upon) {
  EXPECT_EQ(visible("a\tb\n\x1b[31mö\x7f"), "a\\tb\\n\\x1b[31mö\\x7f");
  EXPECT_EQ(visible("a\tb\n", "\n"), "a\\tb\n");
  EXPECT_EQ(visible("a\xff"
                    "b"),
            "a\\xffb");
  EXPECT_EQ(visible("a\xff"
                    "b",
                    "", "?"),
            "a?b");
}

}  // namespace
}  // namespace windrow::text
