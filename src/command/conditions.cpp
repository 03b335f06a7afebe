#include "conditions.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "bad_output.hpp"
#include "excerpt.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {

Conditions::Conditions(const std::vector<std::string>& texts, const Design& design,
                       const std::vector<OutputSpec>& outputs)
    : parameters_(design.parameters().size()) {
  for (const Parameter& parameter : design.parameters()) names_.push_back(parameter.name());
  for (const OutputSpec& output : outputs) names_.push_back(output.name);
  for (const std::string& text : texts) {
    if (text.find_first_not_of(" \t\r\n") == std::string::npos) throw SpecError("`valid`: an expression is empty");
    conditions_.emplace_back(text, "valid", names_, "parameter and no output");
    check_types(conditions_.back(), design, outputs);
  }
}

void Conditions::check_types(const Expression& condition, const Design& design,
                             const std::vector<OutputSpec>& outputs) const {
  for (const std::size_t used : condition.used()) {
    std::string type;
    if (used >= parameters_) {
      type = outputs[used - parameters_].type;
    } else if (design.size() > 0 && design.point(0).values()[used].is_text()) {
      type = "string";
    }
    if (type == "string" || type == "array") {
      throw SpecError(fmt::format("`valid`: `{}` in `{}` is {}, not a number", names_[used], condition.text(),
                                  type == "string" ? "a text" : "an array"));
    }
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
    std::vector<double> numbers;
    std::string shown;
    for (const std::size_t name : used) {
      const Value& value = name < parameters_ ? point.values()[name] : outputs[name - parameters_];
      shown += fmt::format("{}{} = {}", shown.empty() ? ": " : ", ", names_[name], made_visible(value.render()));
      if (value.is_text()) throw FailedCheck(fmt::format("`{}` cannot be told{}", condition.text(), shown));
      numbers.push_back(value.number());
    }
    const double result = condition(numbers);
    if (result == 0.0 || result != result) {
      throw FailedCheck(fmt::format("the outputs are not valid, `{}` does not hold{}", condition.text(), shown));
    }
  }
}

}  // namespace windrow::detail
