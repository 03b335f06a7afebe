#include "design/coded.hpp"

#include <fmt/format.h>

#include <cmath>
#include <optional>

#include "design/interface/bad_term.hpp"
#include "design/literal.hpp"
#include "design/ranges.hpp"

namespace windrow::detail {
namespace {

/// Numbers, or a list of two values of any kind.
struct Ends {
  Value low, high;
  bool is_logarithmic = false;
};

double term_of(const Distribution& distribution, std::string_view name) {
  for (const Term& term : distribution.terms()) {
    if (term.name == name) return term.value;
  }
  return 0.0;
}

std::optional<Ends> ends_of(const Parameter& parameter) {
  const Parameter::Source& source = parameter.source();
  const auto ends = [&](double low, double high, bool is_logarithmic = false) {
    return Ends{parameter.value_of(low), parameter.value_of(high), is_logarithmic};
  };
  if (const auto* distribution = std::get_if<Distribution>(&source)) {
    const std::string_view kind = distribution->kind();
    if (kind != "uniform" && kind != "log_uniform" && kind != "discrete_uniform") return {};
    return ends(term_of(*distribution, "low"), term_of(*distribution, "high"), kind == "log_uniform");
  }
  if (const auto* range = std::get_if<Linear>(&source)) return ends(range->from, range->to);
  if (const auto* range = std::get_if<Geometric>(&source)) return ends(range->from, range->to, true);
  if (const auto* range = std::get_if<ReversedGeometric>(&source)) return ends(range->from, range->to);
  const bool takes_last = std::holds_alternative<LinearSteps>(source) || std::holds_alternative<Integers>(source);
  if (!takes_last && !(std::holds_alternative<Levels>(source) && parameter.level_count() == 2)) return {};
  return Ends{parameter.level(0), parameter.level(parameter.level_count() - 1)};
}

[[noreturn]] void fail(const Parameter& parameter, const std::string& message) {
  throw UnfitParameter(parameter.name(), fmt::format("parameter `{}`{}", parameter.name(), message));
}

/// In decimal arithmetic, rounded once.
double number_between(const Ends& ends, double code) {
  const long double low = as_written(ends.low.number()), high = as_written(ends.high.number());
  const long double share = (1.0L + as_written(code)) / 2.0L;
  if (ends.is_logarithmic) return static_cast<double>(low * std::exp(share * std::log(high / low)));
  return static_cast<double>(low + (high - low) * share);
}

Value value_between(const Parameter& parameter, std::string_view method, const Ends& ends, double code) {
  if (code == -1.0) return ends.low;
  if (code == 1.0) return ends.high;
  if (!ends.low.is_number()) {
    fail(parameter,
         fmt::format(" has two values that are no numbers, and {} needs some between and beside them", method));
  }
  const double number = number_between(ends, code);
  if (!std::isfinite(number)) fail(parameter, fmt::format(": {} goes beyond all numbers", method));
  // Two integers that are listed may stand for numbers, unless it was said that they do not.
  const bool listed = std::holds_alternative<Levels>(parameter.source()) && !parameter.type();
  const bool whole = std::trunc(number) == number;
  if (listed && !whole) return number;
  if (parameter.type_of_values() == ValueType::integer && !whole) {
    fail(parameter, fmt::format(": {} needs the value {}, which is no whole number, as its values are; choose other "
                                "ends, or type = \"number\"",
                                method, Value(number).render()));
  }
  return parameter.value_of(number);
}

}  // namespace

bool has_ends(const Parameter& parameter) {
  return ends_of(parameter).has_value();
}

CodedValues values_between(const Parameter& parameter, std::string_view method, const std::vector<double>& codes) {
  const auto ends = ends_of(parameter);
  if (!ends) {
    fail(parameter,
         fmt::format(" is {}, and {} needs a low and a high value: make it uniform (low, high), linear (from, "
                     "to) or a list of two values",
                     parameter.kind(), method));
  }
  if (ends->low == ends->high) {
    fail(parameter, fmt::format(": low and high are both {}, and {} needs two", literal(ends->low), method));
  }
  CodedValues values;
  for (const double code : codes) values.push_back(value_between(parameter, method, *ends, code));
  return values;
}

std::vector<CodedValues> values_between(const std::vector<Parameter>& parameters, std::string_view method,
                                        const std::vector<double>& codes) {
  check_parameters(parameters);
  std::vector<CodedValues> values;
  for (const Parameter& parameter : parameters) values.push_back(values_between(parameter, method, codes));
  return values;
}

std::vector<Value> Coded::values(const std::vector<Parameter>& /*parameters*/, std::uint64_t /*seed*/,
                                 std::uint64_t index) const {
  std::vector<Value> values;
  values.reserve(values_.size());
  for (std::size_t place = 0; place < values_.size(); ++place) values.push_back(values_[place][code(place, index)]);
  return values;
}

std::vector<EqualPoint> equal_at_end(std::uint64_t size, std::uint64_t centre) {
  std::vector<EqualPoint> equal;
  for (std::uint64_t i = 1; i < centre; ++i) equal.push_back({size - centre, size - centre + i});
  return equal;
}

std::string definition_with_nominal(const Parameter& parameter) {
  const Value* nominal = parameter.nominal();
  return parameter.definition() + (nominal ? " nominal " + literal(*nominal) : "");
}

}  // namespace windrow::detail
