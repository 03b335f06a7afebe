// Conditions and numbers of ranks: an expression means the same whenever it is evaluated, and sets nothing.
// Input: a line "x y n", then the expression.
#include <cstdlib>
#include <map>
#include <variant>

#include "command/bad_output.hpp"
#include "command/conditions.hpp"
#include "command/rank_count.hpp"
#include "design/interface/expression.hpp"
#include "fuzz.hpp"
#include "windrow/design/design.hpp"
#include "windrow/error.hpp"

namespace {

using namespace windrow;
using namespace windrow::fuzz;

struct Numbers {
  double x, y;
  std::int64_t n;
};

Numbers numbers_of(const std::string& line) {
  Numbers numbers{};
  char* end = nullptr;
  numbers.x = std::strtod(line.c_str(), &end);
  numbers.y = std::strtod(end, &end);
  numbers.n = std::strtoll(end, &end, 10);
  return numbers;
}

double value_of(const detail::Expression& expression, const std::vector<Value>& all) {
  std::vector<const Value*> used;
  for (const std::size_t position : expression.used()) used.push_back(&all.at(position));
  return expression.number(used);
}

void check_expression(const std::string& text, const Numbers& numbers) {
  using detail::ExpressionKind;
  const std::vector<detail::ExpressionName> names = {
      {"x", ExpressionKind::number}, {"y", ExpressionKind::number}, {"n", ExpressionKind::number}};
  const detail::Expression expression(text, "`valid`", names, "parameter");
  require(expression.text() == text, "an expression keeps its text");
  if (expression.kind() == ExpressionKind::text) return;
  const std::vector<Value> here = {numbers.x, numbers.y, numbers.n};
  const double first = value_of(expression, here);
  value_of(expression, {1.0, -2.5, 3});
  require(is_same(first, value_of(expression, here)), "the same values give the same");
}

Design design_of(const Numbers& numbers) {
  return grid({Parameter("x", Levels{{Value(numbers.x), Value(1.5)}}),
               Parameter("n", Levels{{Value(numbers.n), Value(std::int64_t{2})}})});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  const Numbers numbers = numbers_of(std::string(input.line()));
  const std::string text(input.rest());
  try {
    check_expression(text, numbers);
  } catch (const SpecError&) {
  }
  if (!std::isfinite(numbers.x) || !std::isfinite(numbers.y)) return 0;
  const Design design = design_of(numbers);
  try {
    const detail::Conditions conditions({text}, design, {{"y", RegexSource{"stdout", "y", {}}}});
    conditions.check(design.point(0), {Value(numbers.y)}, {false});
    conditions.check(design.point(1), {Value(std::nan(""))}, {true});
  } catch (const SpecError&) {
  } catch (const detail::BadOutput&) {
  }
  try {
    const detail::RankCount ranks(RanksSpec{text, MpiLauncher::mpirun}, design);
    const std::uint64_t first = ranks.at(design.point(0));
    require(first >= 1 && first <= 1'000'000, "a program has from 1 to 10^6 ranks");
  } catch (const SpecError&) {
  }
  return 0;
}
