#include "windrow/parallel/schedule.hpp"

namespace windrow {

std::string_view name_of(Schedule schedule) {
  return schedule == Schedule::dynamic ? "dynamic" : "static";
}

}  // namespace windrow
