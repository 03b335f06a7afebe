#include "base/interface/json.hpp"

#include <cmath>
#include <cstdint>

#include "windrow/base/display.hpp"

namespace windrow::detail {

Json json_number(double number) {
  constexpr double kExact = 0x1p53;  // up to here each whole number is a double of its own
  if (std::isnan(number)) return "nan";
  if (std::isinf(number)) return number > 0 ? "inf" : "-inf";
  if (std::abs(number) < kExact && std::trunc(number) == number) return static_cast<std::int64_t>(number);
  return number;
}

std::string json_line(const Json& json) {
  return text::safe_json(json.dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace windrow::detail
