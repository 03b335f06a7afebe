#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <random>

#include "error_of.hpp"
#include "windrow/arrays/npy.hpp"
#include "windrow/error.hpp"

namespace windrow {
namespace {

using test::error_of;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ReadTextTest : public testing::Test {
 protected:
  ReadTextTest() {
    std::string name = (std::filesystem::temp_directory_path() / "windrow-text-XXXXXX").string();
    directory_ = mkdtemp(name.data());
  }
  ~ReadTextTest() override { std::filesystem::remove_all(directory_); }

  Array read(const std::string& text, const npy::TextForm& form = {}) const {
    const auto file = directory_ / "text.dat";
    std::ofstream(file, std::ios::binary) << text;
    return npy::read_text(file, form);
  }
  std::string error(const std::string& text, const npy::TextForm& form = {}) const {
    return error_of<SpecError>([&] { read(text, form); });
  }

  std::filesystem::path directory_;
};

npy::TextForm columns(std::vector<std::string> names, std::optional<std::uint64_t> table = {}) {
  return {.columns = std::move(names), .table = table};
}

// Lines of a log of LAMMPS, as it prints them.
const std::string kThermo =
    "Per MPI rank memory allocation (min/avg/max) = 3.0 | 3.0 | 3.0 Mbytes\n"
    "   Step          Temp          Press     \n"
    "         0   3             -3.7033504    \n"
    "WARNING: a bond is long (src/ntopo.cpp:219)\n"
    "       100   1.6510577      2.7912467    \n"
    "Loop time of 0.00264 on 1 procs for 100 steps with 500 atoms\n"
    "\n"
    "Nlocal:            500 ave         500 max         500 min\n"
    "Histogram: 1 0 0 0 0 0 0 0 0 0\n"
    "   Step          Temp          Press     \n"
    "       100   1.5            2    \n"
    "       200   1.25          -3    \n"
    "       300   1.125         -4    \n"
    "Loop time of 0.1 on 1 procs for 200 steps with 500 atoms\n";

TEST_F(ReadTextTest, lines_are_skipped_and_columns_are_picked_by_position) {
  EXPECT_EQ(read("t u v\n1 2 3\n4 5 6\n", {.skip = 1}), Array({1, 2, 3, 4, 5, 6}, {2, 3}));
  EXPECT_EQ(read("title\nt,u,v\n1,2,3\n4,5,6\n", {.skip = 2, .columns = std::vector<std::uint64_t>{2, 0}}),
            Array({3, 1, 6, 4}, {2, 2}));
  EXPECT_EQ(read("1 2\n3 4\n", {.columns = std::vector<std::uint64_t>{1}}), Array({2, 4}));
  EXPECT_THAT(error("1 2\n", {.columns = std::vector<std::uint64_t>{2}}), HasSubstr(":1: there is no column 2"));
  EXPECT_THAT(error("1\n", {.skip = 2}), HasSubstr("has 1 line, of which 2"));
}

TEST_F(ReadTextTest, numbers_are_those_of_fortran_too) {
  EXPECT_EQ(read("1.0D-03 2.0D+00\n5.687138413593-304 .5\n"), Array({1e-3, 2.0, 5.687138413593e-304, 0.5}, {2, 2}));
  EXPECT_THAT(error("9007199254740993\n"), HasSubstr("more digits than a double keeps"));
  EXPECT_THAT(error("1 ****\n"), HasSubstr(":1: `****` is no number"));
}

TEST_F(ReadTextTest, random_numbers_of_all_spellings_come_back_bit_for_bit) {
  std::mt19937_64 generator(20240229);
  std::string text;
  std::vector<double> expected;
  while (expected.size() < 100'000) {
    const double value = std::bit_cast<double>(generator());
    if (!std::isfinite(value)) continue;
    std::string number = fmt::format("{:#.16e}", value);
    const std::size_t mark = number.find('e');
    if (expected.size() % 3 == 0) number[mark] = 'D';
    if (expected.size() % 3 == 1 && number.size() - mark == 5) number.erase(mark, 1);
    text += number + (expected.size() % 4 == 3 ? "\n" : "  ");
    expected.push_back(value);
  }
  const Array array = read(text);
  ASSERT_EQ(array.values.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    ASSERT_EQ(std::bit_cast<std::uint64_t>(array.values[i]), std::bit_cast<std::uint64_t>(expected[i])) << i;
  }
}

TEST_F(ReadTextTest, columns_are_found_by_name_below_a_header) {
  const Array expected({2.5, 1, 4.5, 3}, {2, 2});
  for (const char* text :
       {"t u\n1 2.5\n3 4.5\n", "# t u\n1 2.5\n3 4.5\n", "#t,u\n1.0, 2.5\n3.0, 4.5\n", "t;u\n1;2.5\n3;4.5\n",
        "a title\n\n  t \t u\n ---- ----\n 1 2.5\n\n 3 4.5 # last\n", "t [s] u [m/s]\n1 2.5\n3 4.5\n",
        "t u\ns m/s\n1 2.5\n3 4.5\n", "\"t\" \"u\"\n\"1\" 1 2.5\n\"2\" 3 4.5\n", "% t u\n1 2.5\n3 4.5\n",
        "t | u\n--+--\n1 | 2.5\n3 | 4.5\n", "t u\n1 2.5\nt u\n3 4.5\n"}) {
    EXPECT_EQ(read(text, columns({"u", "t"})), expected) << text;
  }
  EXPECT_EQ(read("flow rate, u\n1,2\n", columns({"flow rate", "u"})), Array({1, 2}));
  EXPECT_EQ(read("flow rate\tu\n1\t2\n", columns({"flow rate"})), Array({1.0}));
  EXPECT_TRUE(std::isnan(read("t u\n1 nan\n", columns({"u"})).values[0]));
}

TEST_F(ReadTextTest, of_several_tables_the_last_or_the_one_asked_for) {
  EXPECT_EQ(read(kThermo, columns({"Step", "Temp"})), Array({100, 1.5, 200, 1.25, 300, 1.125}, {3, 2}));
  EXPECT_EQ(read(kThermo, columns({"Step", "Temp"}, 1)), Array({0, 3, 100, 1.6510577}, {2, 2}));
  EXPECT_EQ(read(kThermo, columns({"Press"}, 2)), Array({2, -3, -4}));
  EXPECT_THAT(error(kThermo, columns({"Temp"}, 3)), HasSubstr("has 2 tables with `Temp`, not 3"));
  EXPECT_EQ(read("t u\n1 2\n\nt u\n3 4\n", columns({"u"}, 1)), Array({2.0}));
}

TEST_F(ReadTextTest, a_sentence_that_holds_the_name_is_no_header) {
  EXPECT_EQ(read("t T\n1 2\nfinal T = 300\n", columns({"T"})), Array({2.0}));
  EXPECT_EQ(read("solving for T now\nt T\n1 2\n3 4\n", columns({"T"})), Array({2, 4}));
}

TEST_F(ReadTextTest, what_is_no_table_says_why) {
  EXPECT_THAT(error("t Cd Cl\n1 2 3\n", columns({"CL"})),
              AllOf(HasSubstr("no header names the column `CL`"), HasSubstr("did you mean `Cl`")));
  EXPECT_THAT(error("t u\n", columns({"u"})), HasSubstr("no row below the header `t u`"));
  EXPECT_THAT(error("t u\n1 2\n3 4 5\n", columns({"u"})), HasSubstr(":3: the row `3 4 5` has 3 numbers"));
  EXPECT_THAT(error("t u\n1 2\n3 x\n", columns({"u"})), HasSubstr(":3: in the row `3 x`, there is no number"));
  EXPECT_THAT(error("t u\n1 2\n3 ***\n", columns({"u"})), HasSubstr("`***` is no number"));
  EXPECT_THAT(error("t u v\n1 2\n", columns({"u"})), HasSubstr("is no row of it: `1 2`"));
}

}  // namespace
}  // namespace windrow
