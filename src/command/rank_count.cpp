#include "rank_count.hpp"

#include <fmt/format.h>
#include <muParser.h>

#include <algorithm>
#include <cmath>
#include <mutex>
#include <utility>

#include "windrow/base/text.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

constexpr double kMostRanks = 1e6;       // more is a mistake in a unit
constexpr double kRoundingError = 1e-9;  // of 0.1 * 30, for example

/// A name in the expression, and which parameter it is.
struct Variable {
  std::string name;
  std::size_t parameter = 0;
  double value = 0.0;  // at the point; the parser holds its address
};

}  // namespace

struct RankCount::Expression {
  explicit Expression(std::string expression) : text(std::move(expression)) {}
  void bind(const Design& design);
  std::uint64_t evaluate() const;

  std::string text;
  std::mutex mutex;  // the parser and the variables serve one evaluation at a time
  mu::Parser parser;
  std::vector<Variable> variables;
};

void RankCount::Expression::bind(const Design& design) {
  parser.DefineFun("floor", [](double x) { return std::floor(x); });
  parser.DefineFun("ceil", [](double x) { return std::ceil(x); });
  parser.SetExpr(text);
  for (const auto& used : parser.GetUsedVar()) variables.push_back({used.first});
  std::vector<std::string> names;
  for (const Parameter& parameter : design.parameters()) names.push_back(parameter.name());
  for (Variable& variable : variables) {  // which stay where they are from here on
    const auto found = std::ranges::find(names, variable.name);
    if (found == names.end()) {
      throw SpecError(fmt::format("`ranks`: `{}` in `{}` is no parameter{}", variable.name, text,
                                  text::suggestion(variable.name, names)));
    }
    variable.parameter = static_cast<std::size_t>(found - names.begin());
    parser.DefineVar(variable.name, &variable.value);
  }
  parser.Eval();  // finds what cannot be read, whatever the values
}

std::uint64_t RankCount::Expression::evaluate() const {
  const double result = parser.Eval();
  const double whole = std::round(result);
  if (std::abs(result - whole) > kRoundingError * std::abs(result) || !(whole >= 1.0 && whole <= kMostRanks)) {
    throw SpecError(fmt::format(
        "`ranks`: `{}` gives {}; it must be a whole number from 1 (`floor`, `ceil`, `rint`, `min`, `max` may help)",
        text, result));
  }
  return static_cast<std::uint64_t>(whole);
}

RankCount::RankCount(const RanksSpec& spec, const Design& design) {
  if (const auto* number = std::get_if<std::int64_t>(&spec.count)) {
    if (*number < 1 || static_cast<double>(*number) > kMostRanks) {
      throw SpecError(fmt::format("`ranks` is {}, but a program has from 1 to {:.0f} of them", *number, kMostRanks));
    }
    constant_ = static_cast<std::uint64_t>(*number);
    return;
  }
  expression_ = std::make_unique<Expression>(std::get<std::string>(spec.count));
  try {
    expression_->bind(design);
    if (!expression_->variables.empty()) return;
    constant_ = expression_->evaluate();
  } catch (const mu::ParserError& error) {
    throw SpecError(fmt::format("`ranks`: `{}` cannot be read: {}", expression_->text, error.GetMsg()));
  }
  expression_.reset();
}

RankCount::~RankCount() = default;
RankCount::RankCount(RankCount&&) noexcept = default;
RankCount& RankCount::operator=(RankCount&&) noexcept = default;

std::optional<std::uint64_t> RankCount::constant() const {
  return expression_ ? std::nullopt : std::optional(constant_);
}

bool RankCount::uses(std::string_view parameter) const {
  return expression_ && std::ranges::any_of(expression_->variables, [parameter](const Variable& variable) {
           return variable.name == parameter;
         });
}

std::uint64_t RankCount::at(const Point& point) const {
  if (!expression_) return constant_;
  const std::lock_guard lock(expression_->mutex);
  for (Variable& variable : expression_->variables) {
    const Value& value = point.values()[variable.parameter];
    if (value.is_text()) {
      throw SpecError(fmt::format("`ranks`: `{}` is the text `{}` here, not a number", variable.name, value.text()));
    }
    variable.value = value.number();
  }
  try {
    return expression_->evaluate();
  } catch (const mu::ParserError& error) {
    throw SpecError(fmt::format("`ranks`: `{}` cannot be evaluated here: {}", expression_->text, error.GetMsg()));
  }
}

}  // namespace windrow::detail
