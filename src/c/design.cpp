#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "c/handles.hpp"
#include "windrow/base/text.hpp"

using windrow::detail::given;
using windrow::detail::guarded;

namespace {

windrow_status add(windrow_design* design, const char* name, windrow::Parameter::Source source) {
  return guarded([&] {
    given(design, "the design");
    design->parameters.emplace_back(&given(name, "the name of a parameter"), std::move(source));
    design->made.reset();
  });
}

windrow::Design make_points(const windrow_design& design) {
  if (design.method == "zip") return windrow::zip(design.parameters, design.seed);
  if (design.method == "monte_carlo") return windrow::monte_carlo(design.parameters, design.points, design.seed);
  if (design.method == "latin_hypercube") {
    return windrow::latin_hypercube(design.parameters, design.points, design.seed);
  }
  return windrow::grid(design.parameters, design.seed);
}

windrow::Design make(const windrow_design& design) {
  const windrow::Design points = make_points(design);
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
  return add(design, name, windrow::Linear{from, to, points});
}

windrow_status windrow_design_add_geometric(windrow_design* design, const char* name, double from, double to,
                                            uint64_t points) {
  return add(design, name, windrow::Geometric{from, to, points});
}

windrow_status windrow_design_add_values(windrow_design* design, const char* name, size_t count, const double* values) {
  windrow::Levels levels;
  const auto status = guarded([&] {
    if (count > 0) given(values, "the list of values");
    levels.values.assign(values, values + count);
  });
  return status == WINDROW_OK ? add(design, name, std::move(levels)) : status;
}

windrow_status windrow_design_add_uniform(windrow_design* design, const char* name, double low, double high) {
  return add(design, name, windrow::Uniform{low, high});
}

windrow_status windrow_design_add_normal(windrow_design* design, const char* name, double mean, double sd) {
  return add(design, name, windrow::Normal{mean, sd});
}

windrow_status windrow_design_set_unit(windrow_design* design, const char* unit) {
  return guarded([&] {
    if (given(design, "the design").parameters.empty()) throw windrow::SpecError("a unit before the first parameter");
    design->parameters.back().unit(&given(unit, "the unit"));
    design->made.reset();
  });
}

windrow_status windrow_design_set_method(windrow_design* design, const char* method, uint64_t points, uint64_t seed) {
  return guarded([&] {
    static const std::array<std::string, 4> methods = {"grid", "zip", "monte_carlo", "latin_hypercube"};
    given(design, "the design");
    const std::string name = &given(method, "the method");
    if (std::find(methods.begin(), methods.end(), name) == methods.end()) {
      throw windrow::SpecError(fmt::format("unknown method `{}`{}", name, windrow::text::suggestion(name, methods)));
    }
    design->method = name;
    design->points = points;
    design->seed = seed;
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
    windrow::detail::copy_numbers(given(design, "the design").get().point(index).values(),
                                  &given(values, "the place for the values"));
  });
}
