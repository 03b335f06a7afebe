#include "json.hpp"

#include <fmt/format.h>

#include <cmath>
#include <memory>
#include <type_traits>
#include <variant>

#include "streams.hpp"
#include "windrow/base/display.hpp"

namespace windrow::app {

Json json_of(const Value& value) {
  const auto as_json = [](const auto& held) -> Json {
    using Held = std::decay_t<decltype(held)>;
    if constexpr (std::is_same_v<Held, std::shared_ptr<const Array>>) {
      return nullptr;
    } else if constexpr (std::is_same_v<Held, double>) {
      return std::isfinite(held) ? Json(held) : Json(nullptr);
    } else if constexpr (std::is_same_v<Held, std::string>) {
      return text::as_utf8(held);
    } else {
      return held;
    }
  };
  return std::visit(as_json, value.variant());
}

Json json_of(const std::vector<Column>& columns, const std::vector<Value>& values,
             const std::vector<ArrayFile>& arrays) {
  Json object = Json::object();
  auto array = arrays.begin();
  for (std::size_t i = 0; i < columns.size() && i < values.size(); ++i) {
    const bool is_array = detail::is_array_type(columns[i].type) && array != arrays.end() && !values[i].is_number();
    Json& json = object[columns[i].name];
    if (!is_array) {
      json = json_of(values[i]);
      continue;
    }
    json = {{"file", array->file.string()},
            {"shape", array->shape},
            {"type", array->type},
            {"bytes", array->size},
            {"whole", array->is_whole()}};
    ++array;
  }
  return object;
}

Json json_of(const TaskFailure& failure) {
  return {{"kind", name_of(failure.kind)},
          {"code", failure.code},
          {"message", text::as_utf8(failure.message)},
          {"rank", failure.rank},
          {"host", failure.host}};
}

Json json_of(const RemainingTime& remaining) {
  return {{"seconds", remaining.seconds},
          {"seconds_per_point", remaining.seconds_per_point},
          {"finished", remaining.finished},
          {"at_a_time", remaining.at_a_time}};
}

void print(const Json& json) {
  put(text::safe_json(json.dump(2, ' ', false, Json::error_handler_t::replace)));
  put("\n");
}

}  // namespace windrow::app
