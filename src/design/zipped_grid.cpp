// A grid in which some parameters vary together.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "design/kernel.hpp"
#include "windrow/base/text.hpp"
#include "windrow/design/compose.hpp"
#include "windrow/error.hpp"

namespace windrow {
namespace {

/// Positions of parameters that vary together; of most it is one.
using Axis = std::vector<std::size_t>;

class ZippedGrid : public Design::Kernel {
 public:
  ZippedGrid(const std::vector<Parameter>& parameters, std::vector<Axis> axes, std::uint64_t points)
      : Kernel("grid", points), axes_(std::move(axes)) {
    for (const Axis& axis : axes_) counts_.push_back(parameters[axis.front()].level_count());
    for (const Axis& axis : axes_) {
      if (axis.size() < 2) continue;
      std::string names;
      for (const std::size_t member : axis) names += (names.empty() ? "" : " with ") + parameters[member].name();
      layout_ += (layout_.empty() ? "zip " : ", ") + names;
    }
  }

  std::vector<Value> values(const std::vector<Parameter>& parameters, std::uint64_t /*seed*/,
                            std::uint64_t index) const override {
    std::vector<Value> values(parameters.size());
    for (std::size_t i = axes_.size(); i-- > 0; index /= counts_[i]) {
      for (const std::size_t member : axes_[i]) values[member] = parameters[member].level(index % counts_[i]);
    }
    return values;
  }

  std::string layout() const override { return layout_; }

  std::vector<EqualPoint> equal_points(const std::vector<Parameter>& parameters) const override {
    std::vector<detail::EqualFactor> factors;
    for (const Axis& axis : axes_) {
      std::vector<Parameter> together;
      for (const std::size_t member : axis) together.push_back(parameters[member]);
      factors.push_back(detail::equal_levels(together));
    }
    return detail::equal_products(factors);
  }

 private:
  std::vector<Axis> axes_;
  std::vector<std::uint64_t> counts_;
  std::string layout_;
};

std::size_t position_of(const std::string& name, const std::vector<Parameter>& parameters) {
  const auto found = std::ranges::find(parameters, name, &Parameter::name);
  if (found != parameters.end()) return static_cast<std::size_t>(found - parameters.begin());
  std::vector<std::string> names;
  for (const Parameter& parameter : parameters) names.push_back(parameter.name());
  throw SpecError(fmt::format("unknown parameter `{}`{}", name, text::suggestion(name, names)));
}

void check_equal_counts(const Axis& axis, const std::vector<Parameter>& parameters) {
  const Parameter& first = parameters[axis.front()];
  for (const std::size_t member : axis) {
    const Parameter& other = parameters[member];
    if (other.level_count() == first.level_count()) continue;
    throw SpecError(fmt::format("`{}` has {} and `{}` has {}: what varies together has as many levels", first.name(),
                                text::counted(first.level_count(), "level"), other.name(), other.level_count()));
  }
}

std::vector<Axis> axes_of(const std::vector<Parameter>& parameters,
                          const std::vector<std::vector<std::string>>& groups) {
  std::vector<std::size_t> group_of(parameters.size(), groups.size());  // of those in none
  for (std::size_t group = 0; group < groups.size(); ++group) {
    if (groups[group].size() < 2) throw SpecError("a group of less than two parameters varies by itself as it is");
    for (const std::string& name : groups[group]) {
      std::size_t& own = group_of[position_of(name, parameters)];
      if (own != groups.size()) throw SpecError("the parameter `" + name + "` is in two groups, or twice in one");
      own = group;
    }
  }
  std::vector<Axis> axes;
  std::vector<bool> is_placed(groups.size());
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const std::size_t group = group_of[i];
    if (group == groups.size()) {
      axes.push_back({i});
    } else if (!is_placed[group]) {
      is_placed[group] = true;
      Axis axis;
      for (const std::string& name : groups[group]) axis.push_back(position_of(name, parameters));
      check_equal_counts(axis, parameters);
      axes.push_back(std::move(axis));
    }
  }
  return axes;
}

}  // namespace

Design zipped_grid(std::vector<Parameter> parameters, const std::vector<std::vector<std::string>>& groups,
                   std::uint64_t seed) {
  if (groups.empty()) return grid(std::move(parameters), seed);
  detail::check_fixed(parameters, "grid");
  std::vector<Axis> axes = axes_of(parameters, groups);
  std::uint64_t points = 1;
  for (const Axis& axis : axes) {
    const std::uint64_t count = parameters[axis.front()].level_count();
    if (count > detail::max_points / points) throw SpecError("the grid has more than 2^62 points");
    points *= count;
  }
  auto kernel = std::make_shared<ZippedGrid>(parameters, std::move(axes), points);
  return {std::move(parameters), seed, std::move(kernel)};
}

}  // namespace windrow
