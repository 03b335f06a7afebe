#include "windrow/parallel/schedule.hpp"

#include <fmt/format.h>

#include "windrow/error.hpp"

namespace windrow {

std::string_view name_of(Schedule schedule) {
  return schedule == Schedule::dynamic ? "dynamic" : "static";
}

Schedule schedule(std::string_view name) {
  if (name == "static") return Schedule::static_split;
  if (name == "dynamic") return Schedule::dynamic;
  throw SpecError(fmt::format("unknown schedule `{}`; valid: `static`, `dynamic`", name));
}

}  // namespace windrow
