// What changed between two runs, as JSON.
#include <cmath>

#include "compare.hpp"
#include "windrow/base/display.hpp"

namespace windrow::app {
namespace {

Json finite_or_null(double x) {
  return std::isfinite(x) ? Json(x) : Json(nullptr);
}

Json compared_point_json(const ComparedPoint& point, const std::vector<Column>& parameters) {
  return {{"first", point.first}, {"second", point.second}, {"parameters", json_of(parameters, point.parameters)}};
}

Json largest_difference_json(const std::optional<LargestDifference>& largest) {
  if (!largest) return nullptr;
  return {{"value", largest->value}, {"point", largest->point}};
}

Json compared_output_json(const ComparedOutput& output, const std::vector<Column>& parameters) {
  Json json = {{"different", output.different},
               {"absolute", largest_difference_json(output.absolute)},
               {"relative", largest_difference_json(output.relative)},
               {"largest", Json::array()}};
  for (const OutputDifference& difference : output.largest) {
    json["largest"].push_back({{"point", compared_point_json(difference.point, parameters)},
                               {"first", json_of(difference.first)},
                               {"second", json_of(difference.second)},
                               {"absolute", finite_or_null(difference.absolute)},
                               {"relative", finite_or_null(difference.relative)}});
  }
  return json;
}

Json failure_differences_json(const FailureDifferences& differences, const std::vector<Column>& parameters) {
  Json json = {{"points", differences.points}, {"shown", Json::array()}};
  for (const FailureDifference& difference : differences.shown) {
    Json one = {{"point", compared_point_json(difference.point, parameters)}};
    if (difference.first) one["first"] = json_of(*difference.first);
    if (difference.second) one["second"] = json_of(*difference.second);
    json["shown"].push_back(std::move(one));
  }
  return json;
}

Json only_in_one_json(const OnlyInOne& only, const std::vector<Column>& parameters) {
  Json json = {{"points", only.points},
               {"ambiguous", only.ambiguous},
               {"shown", Json::array()},
               {"parameters", only.parameters},
               {"outputs", only.outputs}};
  for (const Record& record : only.shown) {
    json["shown"].push_back({{"index", record.index}, {"parameters", json_of(parameters, record.parameters)}});
  }
  return json;
}

}  // namespace

Json json_of(const Comparison& comparison, const StoreReader& first, const StoreReader& second, double tolerance) {
  const std::vector<Column>& parameters = first.identity().parameters;
  Json json = {{"agrees", comparison.agrees()},
               {"tolerance", tolerance},
               {"studies", {first.identity().name, second.identity().name}},
               {"points", comparison.points()},
               {"equal", comparison.equal},
               {"different", comparison.different},
               {"failed_alike", comparison.failed_alike},
               {"failed_otherwise", failure_differences_json(comparison.failed_otherwise, parameters)},
               {"failed_in_first", failure_differences_json(comparison.failed_in_first, parameters)},
               {"failed_in_second", failure_differences_json(comparison.failed_in_second, parameters)},
               {"only_first", only_in_one_json(comparison.only_first, parameters)},
               {"only_second", only_in_one_json(comparison.only_second, second.identity().parameters)},
               {"outputs", Json::object()}};
  for (const ComparedOutput& output : comparison.outputs) {
    json["outputs"][output.column.name] = compared_output_json(output, parameters);
  }
  for (const UnitDifference& unit : comparison.units) {
    json["units"].push_back({{"column", unit.column}, {"first", unit.first}, {"second", unit.second}});
  }
  return json;
}

}  // namespace windrow::app
