#include "windrow/report/scatter_matrix.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <sstream>

namespace windrow {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string drawn(const std::vector<ScatterColumn>& columns, const std::string& title = "title") {
  std::ostringstream out;
  write_scatter_matrix(out, title, "note", columns);
  return out.str();
}

std::size_t count_of(const std::string& text, const std::string& what) {
  std::size_t count = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++count;
  return count;
}

ScatterColumn numbers(const std::string& name, std::vector<double> values) {
  return {name, "m", std::move(values), {}, false};
}

TEST(ScatterMatrixTest, draws_each_variable_against_each_other_and_histograms) {
  const std::string svg = drawn({numbers("x", {1, 2, 3}), numbers("y", {4, 5, 6}), numbers("z", {0, 0, 1})});
  EXPECT_THAT(svg, testing::StartsWith("<svg xmlns=\"http://www.w3.org/2000/svg\""));
  EXPECT_THAT(svg, testing::EndsWith("</svg>\n"));
  EXPECT_EQ(count_of(svg, "class=\"points\""), 6U);
  EXPECT_EQ(count_of(svg, "h0"), 18U);
  EXPECT_EQ(count_of(svg, "class=\"bar\""), 15U);
  EXPECT_THAT(svg, HasSubstr(">x [m]</text>"));
  EXPECT_THAT(svg, HasSubstr(">note</text>"));
}

TEST(ScatterMatrixTest, has_categories_as_labels) {
  const std::string svg = drawn({numbers("x", {1, 2}), {"material", "", {0, 1}, {"steel", "<wood>"}, false}});
  EXPECT_THAT(svg, HasSubstr(">steel</text>"));
  EXPECT_THAT(svg, HasSubstr(">&lt;wood&gt;</text>"));
}

TEST(ScatterMatrixTest, has_decades_on_logarithmic_axes) {
  const std::string svg = drawn({numbers("x", {1, 2, 3}), {"k", "", {1e-6, 1e-4, 1e-3}, {}, true}});
  for (const char* label : {">1e-6<", ">1e-5<", ">1e-4<", ">1e-3<"}) EXPECT_THAT(svg, HasSubstr(label));
}

TEST(ScatterMatrixTest, leaves_out_what_has_no_place) {
  const std::string svg = drawn({numbers("x", {1, std::nan(""), HUGE_VAL, 2}), numbers("y", {7, 7, 7, 7})});
  EXPECT_EQ(count_of(svg, "h0"), 4U);
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
  EXPECT_THAT(svg, Not(HasSubstr("inf")));
}

TEST(ScatterMatrixTest, draws_one_variable_or_none) {
  EXPECT_EQ(count_of(drawn({numbers("x", {1, 2})}), "class=\"points\""), 0U);
  EXPECT_THAT(drawn({}, "a & b"), HasSubstr(">a &amp; b</text>"));
}

}  // namespace
}  // namespace windrow
