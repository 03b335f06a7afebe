#include "windrow/parallel/schedule.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "windrow/error.hpp"
#include "windrow/parallel/dispatch.hpp"

namespace windrow {
namespace {

constexpr std::array<std::pair<Schedule, std::string_view>, 6> kSchedules = {
    {{Schedule::automatic, "auto"},
     {Schedule::static_split, "static"},
     {Schedule::cyclic, "cyclic"},
     {Schedule::dynamic, "dynamic"},
     {Schedule::guided, "guided"},
     {Schedule::longest_first, "longest_first"}}};
constexpr std::array<std::pair<RootRole, std::string_view>, 3> kRootRoles = {
    {{RootRole::automatic, "auto"}, {RootRole::evaluates, "evaluates"}, {RootRole::coordinates, "coordinates"}}};

template <typename Named>
std::string_view find_name(const Named& all, typename Named::value_type::first_type value) {
  for (const auto& [known, name] : all) {
    if (known == value) return name;
  }
  return "unknown";
}

template <typename Named>
auto find_value(const Named& all, std::string_view what, std::string_view name) {
  std::string names;
  for (const auto& [value, known] : all) {
    if (known == name) return value;
    names += fmt::format("{}`{}`", names.empty() ? "" : ", ", known);
  }
  throw SpecError(fmt::format("unknown {} `{}`; valid: {}", what, name, names));
}

class KnownCosts : public CostModel {
 public:
  explicit KnownCosts(std::function<double(std::uint64_t)> cost) : cost_(std::move(cost)) {}
  std::uint64_t revision() const override { return 1; }
  double cost(std::uint64_t index) const override { return cost_(index); }
  void observe(std::uint64_t, double) override {}

 private:
  std::function<double(std::uint64_t)> cost_;
};

}  // namespace

std::string_view name_of(Schedule schedule) {
  return find_name(kSchedules, schedule);
}

Schedule schedule(std::string_view name) {
  return find_value(kSchedules, "schedule", name);
}

std::string_view name_of(RootRole role) {
  return find_name(kRootRoles, role);
}

RootRole root_role(std::string_view name) {
  return find_value(kRootRoles, "root role", name);
}

std::shared_ptr<CostModel> known_costs(std::function<double(std::uint64_t index)> cost) {
  return std::make_shared<KnownCosts>(std::move(cost));
}

}  // namespace windrow
