#include "unused.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <unordered_set>

#include "windrow/base/hash.hpp"
#include "windrow/base/text.hpp"

namespace windrow::app {
namespace {

/// Points with equal values of the parameters that are used run the same.
std::uint64_t count_computations(const Design& design, const std::vector<bool>& used) {
  if (design.method() == "table") {
    std::vector<Parameter> columns;
    for (std::size_t i = 0; i < used.size(); ++i) {
      if (used[i]) columns.push_back(design.parameters()[i]);
    }
    return columns.empty() ? 1 : design.size() - zip(std::move(columns)).equal_points().size();
  }
  std::unordered_set<std::uint64_t> seen;
  for (std::uint64_t index = 0; index < design.size(); ++index) {
    const std::vector<Value> values = design.point(index).values();
    std::uint64_t hash = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (used[i]) hash = detail::hash64(values[i].render(), hash);
    }
    seen.insert(hash);
  }
  return seen.size();
}

/// A bundle and its fields are one.
std::string group_of(const Parameter& parameter) {
  return parameter.name().substr(0, parameter.name().find('.'));
}

/// The parameter, and all that it is derived from.
void add_needed(const Design& design, const std::string& name, std::unordered_set<std::string>& needed) {
  std::vector<std::string> open = {name};
  while (!open.empty()) {
    const std::string next = std::move(open.back());
    open.pop_back();
    if (!needed.insert(next).second) continue;
    for (const Parameter& parameter : design.parameters()) {
      if (parameter.name() != next || !parameter.is_derived()) continue;
      const auto& uses = std::get<Derived>(parameter.source()).uses;
      open.insert(open.end(), uses.begin(), uses.end());
    }
  }
}

}  // namespace

std::string UnusedParameters::describe() const {
  if (names.empty()) return "";
  std::string text = fmt::format("parameter{} `{}` {} not used by the command", names.size() == 1 ? "" : "s",
                                 fmt::join(names, "`, `"), names.size() == 1 ? "is" : "are");
  if (!computations || *computations == points) return text;
  return text + fmt::format(": {} points are {}", text::with_thousands(points),
                            *computations == 1 ? "one and the same computation"
                                               : text::with_thousands(*computations) + " different computations");
}

UnusedParameters unused_parameters(const Design& design, const Command& command, std::uint64_t most_points) {
  UnusedParameters unused;
  unused.points = design.size();
  std::vector<bool> used;
  std::unordered_set<std::string> needed;
  for (const Parameter& parameter : design.parameters()) {
    used.push_back(command.uses(parameter.name()));
    if (used.back()) add_needed(design, parameter.name(), needed);
  }
  std::unordered_set<std::string> groups;  // that something is needed of
  for (const std::string& name : needed) groups.insert(name.substr(0, name.find('.')));
  for (const Parameter& parameter : design.parameters()) {
    const bool is_field = std::holds_alternative<BundleField>(parameter.source());
    if (!is_field && !groups.contains(group_of(parameter))) unused.names.push_back(parameter.name());
  }
  const bool countable = !unused.names.empty() && !command.sees_index() && design.size() <= most_points;
  if (countable) unused.computations = count_computations(design, used);
  return unused;
}

}  // namespace windrow::app
