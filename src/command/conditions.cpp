#include "conditions.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "bad_output.hpp"
#include "excerpt.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

ExpressionKind kind_of(const OutputSpec& output) {
  if (output.type == "array") return ExpressionKind::any;
  return expression_kind(value_type(output.type));
}

}  // namespace

Conditions::Conditions(const std::vector<std::string>& texts, const Design& design,
                       const std::vector<OutputSpec>& outputs)
    : parameters_(design.parameters().size()) {
  std::vector<ExpressionName> names = expression_names(design.parameters());
  for (const OutputSpec& output : outputs) names.push_back({output.name, kind_of(output)});
  for (const ExpressionName& name : names) names_.push_back(name.name);
  for (const std::string& text : texts) {
    if (text.find_first_not_of(" \t\r\n") == std::string::npos) throw SpecError("`valid`: an expression is empty");
    conditions_.emplace_back(text, "`valid`", names, "parameter and no output");
    check_types(conditions_.back(), outputs);
  }
}

void Conditions::check_types(const Expression& condition, const std::vector<OutputSpec>& outputs) const {
  for (const std::size_t used : condition.used()) {
    if (used < parameters_ || outputs[used - parameters_].type != "array") continue;
    throw SpecError(fmt::format("`valid`: `{}` in `{}` is an array, not a number", names_[used], condition.text()));
  }
  if (condition.kind() == ExpressionKind::text) {
    throw SpecError(fmt::format("`valid`: `{}` is a text, which neither holds nor not", condition.text()));
  }
}

bool Conditions::uses(std::string_view name) const {
  return std::any_of(conditions_.begin(), conditions_.end(), [&](const Expression& condition) {
    const auto& used = condition.used();
    return std::any_of(used.begin(), used.end(), [&](std::size_t position) { return names_[position] == name; });
  });
}

void Conditions::check(const Point& point, const std::vector<Value>& outputs,
                       const std::vector<bool>& is_missing) const {
  for (const Expression& condition : conditions_) {
    const auto& used = condition.used();
    if (std::any_of(used.begin(), used.end(),
                    [&](std::size_t name) { return name >= parameters_ && is_missing[name - parameters_]; })) {
      continue;
    }
    std::vector<const Value*> values;
    std::vector<std::string> shown;
    bool can_be_told = true;
    for (std::size_t place = 0; place < used.size(); ++place) {
      const std::size_t name = used[place];
      const Value& value = name < parameters_ ? point.values()[name] : outputs[name - parameters_];
      shown.push_back(fmt::format("{} = {}", names_[name], made_visible(value.render())));
      if (value.is_text() && condition.is_number(place)) can_be_told = false;
      values.push_back(&value);
    }
    if (can_be_told && condition.holds(values)) continue;
    std::ranges::sort(shown);
    const std::string here = shown.empty() ? "" : fmt::format(": {}", fmt::join(shown, ", "));
    if (!can_be_told) throw FailedCheck(fmt::format("`{}` cannot be told{}", condition.text(), here));
    throw FailedCheck(fmt::format("the outputs are not valid, `{}` does not hold{}", condition.text(), here));
  }
}

}  // namespace windrow::detail
