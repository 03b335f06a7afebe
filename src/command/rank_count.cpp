#include "rank_count.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

constexpr double kMostRanks = 1e6;       // more is a mistake in a unit
constexpr double kRoundingError = 1e-9;  // of 0.1 * 30, for example

std::uint64_t whole_number(double result, const std::string& text) {
  const double whole = std::round(result);
  if (std::abs(result - whole) > kRoundingError * std::abs(result) || !(whole >= 1.0 && whole <= kMostRanks)) {
    throw SpecError(fmt::format(
        "`ranks`: `{}` gives {}; it must be a whole number from 1 (`floor`, `ceil`, `rint`, `min`, `max` may help)",
        text, result));
  }
  return static_cast<std::uint64_t>(whole);
}

}  // namespace

RankCount::RankCount(const RanksSpec& spec, const Design& design) {
  if (const auto* number = std::get_if<std::int64_t>(&spec.count)) {
    if (*number < 1 || static_cast<double>(*number) > kMostRanks) {
      throw SpecError(fmt::format("`ranks` is {}, but a program has from 1 to {:.0f} of them", *number, kMostRanks));
    }
    constant_ = static_cast<std::uint64_t>(*number);
    return;
  }
  for (const Parameter& parameter : design.parameters()) names_.push_back(parameter.name());
  expression_.emplace(std::get<std::string>(spec.count), "`ranks`", expression_names(design.parameters()), "parameter");
  if (expression_->kind() == ExpressionKind::text) {
    throw SpecError(fmt::format("`ranks`: `{}` is a text, not a number", expression_->text()));
  }
  if (!expression_->used().empty()) return;
  constant_ = whole_number(expression_->number({}), expression_->text());
  expression_.reset();
}

RankCount::~RankCount() = default;
RankCount::RankCount(RankCount&&) noexcept = default;
RankCount& RankCount::operator=(RankCount&&) noexcept = default;

std::optional<std::uint64_t> RankCount::constant() const {
  return expression_ ? std::nullopt : std::optional(constant_);
}

bool RankCount::uses(std::string_view parameter) const {
  return expression_ &&
         std::ranges::any_of(expression_->used(), [&](std::size_t used) { return names_[used] == parameter; });
}

std::uint64_t RankCount::at(const Point& point) const {
  if (!expression_) return constant_;
  std::vector<const Value*> values;
  for (std::size_t place = 0; place < expression_->used().size(); ++place) {
    const std::size_t parameter = expression_->used()[place];
    const Value& value = point.values()[parameter];
    if (value.is_text() && expression_->is_number(place)) {
      throw SpecError(
          fmt::format("`ranks`: `{}` is the text `{}` here, not a number", names_[parameter], value.text()));
    }
    values.push_back(&value);
  }
  return whole_number(expression_->number(values), expression_->text());
}

}  // namespace windrow::detail
