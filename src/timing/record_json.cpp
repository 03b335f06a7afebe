#include "base/interface/json.hpp"
#include "windrow/timing/record.hpp"

namespace windrow {
namespace {

using detail::Json;

template <class Items, class Convert>
Json list(const Items& items, Convert convert) {
  Json list = Json::array();
  for (const auto& item : items) list.push_back(convert(item));
  return list;
}

void add_iterations(Json& json, const std::vector<IterationTime>& iterations) {
  if (iterations.empty()) return;
  json["iterations"] = list(iterations, [](const IterationTime& item) {
    return Json::array({item.index, item.time.count()});
  });
}

Json json_of(const StampRecord& stamp) {
  Json json = {{"name", stamp.name},
               {"cumulative_ns", stamp.cumulative.count()},
               {"count", stamp.count},
               {"min_ns", stamp.min.count()},
               {"max_ns", stamp.max.count()}};
  add_iterations(json, stamp.iterations);
  return json;
}

Json json_of(const TimingRecord& record) {
  Json json = {{"name", record.name},
               {"total_ns", record.total.count()},
               {"stamps_sum_ns", record.stamps_sum().count()},
               {"overhead_ns", record.overhead.count()},
               {"count", record.count}};
  add_iterations(json, record.iterations);
  json["stamps"] = list(record.stamps, [](const StampRecord& stamp) { return json_of(stamp); });
  json["subdivisions"] = list(record.subdivisions, [](const PlacedRecord& placed) {
    return Json{{"position", placed.position}, {"record", json_of(placed.record)}};
  });
  json["parallel"] = list(record.parallel, [](const ParallelRecords& parallel) {
    return Json{{"position", parallel.position},
                {"group", parallel.group},
                {"records", list(parallel.records, [](const TimingRecord& member) { return json_of(member); })}};
  });
  return json;
}

}  // namespace

std::string to_json(const TimingRecord& record) {
  return detail::json_line(json_of(record));
}

}  // namespace windrow
