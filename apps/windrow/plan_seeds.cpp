#include "plan_seeds.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "common.hpp"

namespace windrow::app {
namespace {

/// A tag of the parameter, or of a bundle's field.
bool is_named(const Command& command, const Design& design, const Parameter& parameter) {
  return std::ranges::any_of(design.parameters(), [&](const Parameter& other) {
    const bool is_of_it = other.name() == parameter.name() || other.name().starts_with(parameter.name() + ".");
    return is_of_it && command.has_tag(other.name());
  });
}

/// The parameters that no argument and no template names.
std::vector<std::string> unnamed(const Command& command, const Design& design) {
  std::vector<std::string> names;
  for (const Parameter& parameter : design.parameters()) {
    if (std::holds_alternative<BundleField>(parameter.source())) continue;
    if (!is_named(command, design, parameter)) names.push_back("`" + parameter.name() + "`");
  }
  return names;
}

/// Of a command with `{{seed}}`: whether that is all that it gets at some points.
void add_shared_seed(std::vector<std::string>& notes, const Command& command, const Design& design) {
  const auto has = [&](const char* tag) { return command.has_tag(tag); };
  if (!has("seed") || has("point.seed") || has("point.seed31") || has("point.index") || design.size() < 2) return;
  const std::vector<std::string> names = unnamed(command, design);
  if (names.empty()) return;
  notes.push_back(fmt::format(
      "`{{{{seed}}}}` is {} at every point, and no tag names {}: points that differ in nothing else compute the same. "
      "`{{{{point.seed}}}}` is a seed of each point's own.",
      design.seed(), fmt::join(names, ", ")));
}

void add_equal_seeds(std::vector<std::string>& notes, const Command& command, const Design& design) {
  constexpr std::uint64_t most = 2'000'000;
  if (!command.has_tag("point.seed31") || design.size() > most) return;
  std::vector<std::pair<std::uint32_t, std::uint64_t>> seeds;
  seeds.reserve(design.size());
  for (std::uint64_t i = 0; i < design.size(); ++i) seeds.emplace_back(design.point(i).seed31(), i);
  std::ranges::sort(seeds);
  std::uint64_t equal = 0;
  std::pair<std::uint64_t, std::uint64_t> example;
  for (std::size_t i = 1; i < seeds.size(); ++i) {
    const bool same_seed = seeds[i].first == seeds[i - 1].first;
    if (!same_seed || design.point(seeds[i].second).values() == design.point(seeds[i - 1].second).values()) continue;
    if (equal++ == 0) example = {seeds[i - 1].second, seeds[i].second};
  }
  if (equal == 0) return;
  notes.push_back(
      fmt::format("{} {} a `{{{{point.seed31}}}}` with another, as points {} and {} do: there are few seeds of 31 "
                  "bits. Another `seed` "
                  "in [study] may have none in common; `{{{{point.seed}}}}` has 63 bits.",
                  counted(equal, "point"), equal == 1 ? "shares" : "share", example.first, example.second));
}

}  // namespace

std::vector<std::string> notes_on_seeds(const Command& command, const Design& design) {
  std::vector<std::string> notes;
  add_shared_seed(notes, command, design);
  add_equal_seeds(notes, command, design);
  return notes;
}

}  // namespace windrow::app
