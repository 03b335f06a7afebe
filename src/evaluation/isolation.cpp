#include <fmt/format.h>

#include <array>

#include "windrow/error.hpp"
#include "windrow/evaluation/options.hpp"

namespace windrow {

static constexpr std::array<std::string_view, 2> kNames = {"process", "fork"};

std::string_view name_of(Isolation isolation) {
  return kNames[static_cast<std::size_t>(isolation)];
}

std::optional<Isolation> isolation(std::string_view name) {
  if (name == "none") return std::nullopt;
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<Isolation>(i);
  }
  throw SpecError(fmt::format("`{}` is not an isolation: it is none, process or fork", name));
}

}  // namespace windrow
