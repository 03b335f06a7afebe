#include "exported.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>

#include "windrow/base/text.hpp"
#include "windrow/design/parameter.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

/// What stands between the commas of "linear(1, 5, 3)".
std::optional<std::array<double, 3>> three_numbers(std::string_view inside) {
  std::array<double, 3> numbers{};
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const std::size_t comma = i + 1 < numbers.size() ? inside.find(',') : inside.size();
    const auto number = comma <= inside.size() ? text::parse_double(inside.substr(0, comma)) : std::nullopt;
    if (!number) return {};
    numbers[i] = *number;
    inside.remove_prefix(std::min(comma + 1, inside.size()));
  }
  return numbers;
}

/// By the definition of a range, "linear(100, 300, 3)" or "linear(100, 300, step = 100)". None: it is none.
/// @throws SpecError for numbers that cannot be one
std::optional<Parameter> range_of(std::string definition) {
  const bool is_geometric = definition.starts_with("geometric(");
  if ((!is_geometric && !definition.starts_with("linear(")) || !definition.ends_with(')')) return {};
  constexpr std::string_view kStep = "step = ";
  const std::size_t step_at = definition.find(kStep);
  const bool has_step = step_at != std::string::npos;
  if (has_step) definition.erase(step_at, kStep.size());
  const std::size_t open = definition.find('(');
  const auto numbers = three_numbers(std::string_view(definition).substr(open + 1, definition.size() - open - 2));
  if (!numbers) return {};
  const auto [from, to, last] = *numbers;
  if (has_step) return linear_steps("x", from, to, last);
  if (!(last >= 1.0 && last < 0x1p53)) return {};
  const auto points = static_cast<std::uint64_t>(last);
  return is_geometric ? geometric("x", from, to, points) : linear("x", from, to, points);
}

bool is_whole_range(const std::string& definition) {
  try {
    std::optional<Parameter> parameter = range_of(definition);
    if (parameter) parameter->type(ValueType::integer);
    return parameter.has_value();
  } catch (const SpecError&) {
    return false;
  }
}

}  // namespace

Value missing_output(const Column& output) {
  const bool numeric = output.type == "number" || output.type == "integer";
  return numeric ? Value(std::numeric_limits<double>::quiet_NaN()) : Value("");
}

Value exported_output(const Record& record, std::size_t i, const Column& output) {
  if (!record.outcome.ok()) return missing_output(output);
  const Value& value = record.outcome.value()[i];
  const bool is_word = output.type == "string" || output.type == "boolean" || is_array_type(output.type);
  return is_word && value.is_number() && std::isnan(value.number()) ? missing_output(output) : value;
}

std::string without_point(const Value& value) {
  const auto* number = std::get_if<double>(&value.variant());
  return number != nullptr ? text::render_plain(*number) : value.render();
}

std::vector<bool> whole_ranges(const StudyIdentity& study) {
  std::vector<bool> whole;
  for (const Column& parameter : study.parameters) {
    const std::string name = "parameters." + parameter.name;
    const auto found = std::ranges::find(study.definition, name, [](const auto& item) { return item.first; });
    whole.push_back(found != study.definition.end() && is_whole_range(found->second));
  }
  return whole;
}

}  // namespace windrow::detail
