#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "c/arguments.hpp"
#include "windrow/base/text.hpp"
#include "windrow/design/correlated.hpp"
#include "windrow/design/derived.hpp"
#include "windrow/design/filtered.hpp"

using windrow::detail::add_parameter;
using windrow::detail::given;
using windrow::detail::guarded;
using windrow::detail::listed;
using windrow::detail::words;

namespace {

/// @param names  "mean, sd"
std::vector<windrow::Term> named(std::string_view names, const std::vector<double>& values) {
  std::vector<windrow::Term> terms;
  for (std::string& name : words(names)) terms.push_back({std::move(name), 0.0});
  if (terms.size() != values.size()) {
    throw windrow::SpecError(fmt::format("{} values for the terms `{}`", values.size(), names));
  }
  for (std::size_t i = 0; i < terms.size(); ++i) terms[i].value = values[i];
  return terms;
}

const windrow::Method& method_called(const std::string& name) {
  std::vector<std::string> names;
  for (const windrow::Method& method : windrow::methods()) {
    if (method.name == name) return method;
    names.emplace_back(method.name);
  }
  throw windrow::SpecError(fmt::format("unknown method `{}`{}", name, windrow::text::suggestion(name, names)));
}

windrow::Design make_points(const windrow_design& design, const std::vector<windrow::Parameter>& given) {
  std::vector<windrow::MethodOption> options = design.options;
  const std::vector<windrow::MethodKey>& keys = method_called(design.method).keys;
  const bool has_points = std::ranges::find(keys, "points", &windrow::MethodKey::name) != keys.end();
  if (has_points) options.insert(options.begin(), {"points", design.points});
  if (!design.zipped.empty()) return windrow::zipped_grid(given, design.zipped, design.seed);
  return windrow::designed(design.method, given, options, design.seed);
}

windrow::Design make_composed(const windrow_design& design, const std::vector<windrow::Parameter>& given) {
  if (!design.zipped.empty() && design.method != "grid") {
    throw windrow::SpecError(fmt::format("parameters that vary together belong to a grid, not to {}", design.method));
  }
  windrow::Design points = windrow::correlated(make_points(design, given), design.correlations);
  if (!design.blocks.empty()) {
    std::vector<windrow::Block> blocks = {points};
    blocks.insert(blocks.end(), design.blocks.begin(), design.blocks.end());
    points = windrow::crossed(std::move(blocks), design.seed);
  }
  if (design.parts.empty()) return points;
  std::vector<windrow::Design> parts = {points};
  parts.insert(parts.end(), design.parts.begin(), design.parts.end());
  return windrow::appended(std::move(parts), design.seed);
}

/// With the derived parameters where they were added.
windrow::Design make_columns(const windrow_design& design) {
  std::vector<windrow::Parameter> given, derived;
  std::vector<std::string> order;
  for (const windrow::Parameter& parameter : design.parameters) {
    (parameter.is_derived() ? derived : given).push_back(parameter);
    order.push_back(parameter.name());
  }
  return windrow::derived(make_composed(design, given), std::move(derived), order);
}

windrow::Design make(const windrow_design& design) {
  windrow::Design points = make_columns(design);
  if (!design.conditions.empty()) points = windrow::filtered(points, design.conditions);
  return design.replicates == 0 ? points : windrow::replicated(points, design.replicates);
}

}  // namespace

const windrow::Design& windrow_design::get() const {
  if (!made) made = make(*this);
  return *made;
}

void windrow::detail::copy_numbers(const std::vector<Value>& values, double* numbers) {
  for (const Value& value : values) *numbers++ = value.number();
}

windrow_status windrow_design_create(windrow_design** design) {
  return guarded([&] { given(design, "the place for the design") = new windrow_design; });
}

void windrow_design_free(windrow_design* design) {
  delete design;
}

windrow_status windrow_design_add_linear(windrow_design* design, const char* name, double from, double to,
                                         uint64_t points) {
  return add_parameter(design, name, [&] { return windrow::Linear{from, to, points}; });
}

windrow_status windrow_design_add_geometric(windrow_design* design, const char* name, double from, double to,
                                            uint64_t points) {
  return add_parameter(design, name, [&] { return windrow::Geometric{from, to, points}; });
}

windrow_status windrow_design_add_values(windrow_design* design, const char* name, size_t count, const double* values) {
  return add_parameter(design, name, [&] {
    const std::vector<double> numbers = listed(count, values, "the list of values");
    return windrow::Levels{{numbers.begin(), numbers.end()}};
  });
}

windrow_status windrow_design_add_linear_steps(windrow_design* design, const char* name, double from, double to,
                                               double step) {
  return add_parameter(design, name, [&] { return windrow::LinearSteps(from, to, step); });
}

windrow_status windrow_design_add_integers(windrow_design* design, const char* name, int64_t from, int64_t to,
                                           int64_t step) {
  return add_parameter(design, name, [&] { return windrow::Integers(from, to, step); });
}

windrow_status windrow_design_add_uniform(windrow_design* design, const char* name, double low, double high) {
  return add_parameter(design, name, [&] { return windrow::Distribution("uniform", {{"low", low}, {"high", high}}); });
}

windrow_status windrow_design_add_normal(windrow_design* design, const char* name, double mean, double sd) {
  return add_parameter(design, name, [&] { return windrow::Distribution("normal", {{"mean", mean}, {"sd", sd}}); });
}

windrow_status windrow_design_add_distribution(windrow_design* design, const char* name, const char* kind,
                                               const char* terms, size_t count, const double* values) {
  return add_parameter(design, name, [&] {
    const std::string given_kind = &given(kind, "the kind of the distribution");
    return windrow::Distribution(
        given_kind, named(&given(terms, "the names of the terms"), listed(count, values, "the list of values")));
  });
}

windrow_status windrow_design_add_choice(windrow_design* design, const char* name, size_t count, const double* values,
                                         const double* weights) {
  return add_parameter(design, name, [&] {
    const std::vector<double> numbers = listed(count, values, "the list of values");
    return windrow::Choice({numbers.begin(), numbers.end()}, listed(count, weights, "the list of weights"));
  });
}

windrow_status windrow_design_add_samples(windrow_design* design, const char* name, size_t count,
                                          const double* values) {
  return add_parameter(design, name, [&] { return windrow::Samples(listed(count, values, "the list of samples")); });
}

windrow_status windrow_design_add_derived(windrow_design* design, const char* name, const char* expression) {
  return add_parameter(design, name, [&] { return windrow::Derived{&given(expression, "the expression")}; });
}

windrow_status windrow_design_add_where(windrow_design* design, const char* condition) {
  return guarded([&] {
    given(design, "the design").conditions.emplace_back(&given(condition, "the condition"));
    design->made.reset();
  });
}

windrow_status windrow_design_add_correlation(windrow_design* design, const char* first, const char* second,
                                              double rank) {
  return guarded([&] {
    given(design, "the design");
    const std::string first_name = &given(first, "the name of a parameter");
    design->correlations.push_back({first_name, &given(second, "the name of a parameter"), rank});
    design->made.reset();
  });
}

windrow_status windrow_design_set_unit(windrow_design* design, const char* unit) {
  return guarded([&] {
    windrow::detail::last_parameter(design, "a unit").unit(&given(unit, "the unit"));
    design->made.reset();
  });
}

windrow_status windrow_design_set_nominal(windrow_design* design, double value) {
  return guarded([&] {
    windrow::Parameter& last = windrow::detail::last_parameter(design, "a nominal value");
    last.nominal(windrow::detail::value_for(last, value));
    design->made.reset();
  });
}

windrow_status windrow_design_set_method(windrow_design* design, const char* method, uint64_t points, uint64_t seed) {
  return guarded([&] {
    given(design, "the design");
    const std::string name = &given(method, "the method");
    method_called(name);
    design->method = name;
    design->points = points;
    design->seed = seed;
    design->options.clear();
    design->made.reset();
  });
}

windrow_status windrow_design_set_method_option(windrow_design* design, const char* name, const char* value) {
  return guarded([&] {
    given(design, "the design");
    const std::string given_name = &given(name, "the name of an option");
    design->options.push_back(
        windrow::detail::method_option(design->method, given_name, &given(value, "the value of an option")));
    design->made.reset();
  });
}

windrow_status windrow_design_zip(windrow_design* design, const char* names) {
  return guarded([&] {
    given(design, "the design");
    design->zipped.push_back(words(&given(names, "the names of parameters")));
    design->made.reset();
  });
}

windrow_status windrow_design_cross(windrow_design* design, const windrow_design* block, int redraw) {
  return guarded([&] {
    given(design, "the design");
    design->blocks.emplace_back(given(block, "the block").get(), redraw != 0);
    design->made.reset();
  });
}

windrow_status windrow_design_append(windrow_design* design, const windrow_design* part) {
  return guarded([&] {
    given(design, "the design");
    design->parts.push_back(given(part, "the part").get());
    design->made.reset();
  });
}

windrow_status windrow_design_set_replicates(windrow_design* design, uint64_t replicates) {
  return guarded([&] {
    given(design, "the design").replicates = replicates;
    design->made.reset();
  });
}

windrow_status windrow_design_size(const windrow_design* design, uint64_t* points) {
  return guarded([&] { given(points, "the place for the size") = given(design, "the design").get().size(); });
}

windrow_status windrow_design_point(const windrow_design* design, uint64_t index, double* values) {
  return guarded([&] {
    windrow::detail::copy_numbers(given(design, "the design").get().point(index),
                                  &given(values, "the place for the values"));
  });
}
