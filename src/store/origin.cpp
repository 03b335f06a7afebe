#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "collected.hpp"
#include "content.hpp"
#include "generations.hpp"
#include "readings.hpp"
#include "resume.hpp"
#include "rows.hpp"
#include "schema.hpp"

namespace windrow::detail {
namespace {

constexpr const char* changed_format = "`{}` changed from {} to {}";

/// How far two points are apart: the number of changes first, then how far their numbers are, each from 0 to 1.
struct Distance {
  std::size_t changes = std::numeric_limits<std::size_t>::max();
  double relative = 0.0;
  friend auto operator<=>(const Distance&, const Distance&) = default;
};

bool same(const Value& a, const Value& b) {
  return a == b || (a.is_number() && b.is_number() && a.identity_text() == b.identity_text());
}

double relative_difference(const Value& a, const Value& b) {
  if (!a.is_number() || !b.is_number()) return 1.0;
  const double larger = std::max(std::abs(a.number()), std::abs(b.number()));
  const double difference = std::abs(a.number() - b.number()) / larger;
  return difference < 1.0 ? difference : 1.0;  // infinities and NaN too
}

/// The present point, seen from the points of one generation.
class View {
 public:
  View(const Generation& generation, const StudyIdentity& present, std::uint64_t index,
       const std::vector<Value>& values)
      : parameters_(generation.identity.parameters),
        programs_(generation.identity, present),
        index_(index),
        index_matters_(present.index_matters) {
    for (std::size_t i = 0; i < present.parameters.size(); ++i) wanted_.emplace(present.parameters[i].name, values[i]);
    for (const Column& parameter : parameters_) {
      const auto found = wanted_.find(parameter.name);
      counterparts_.push_back(found != wanted_.end() ? &found->second : nullptr);
      if (found == wanted_.end()) evaluation_changes_.push_back(fmt::format("parameter `{}` is gone", parameter.name));
    }
    for (const auto& [name, value] : wanted_) {
      if (std::ranges::find(parameters_, name, &Column::name) != parameters_.end()) continue;
      evaluation_changes_.push_back(fmt::format("parameter `{}` is new", name));
    }
    const ValuePrograms present_programs(present, present);
    for (const auto& [name, value] : wanted_) {
      const auto stored = std::ranges::find(parameters_, name, &Column::name);
      if (stored == parameters_.end()) continue;
      const std::string* before = programs_.find(name, value);
      const std::string* now = present_programs.find(name, value);
      const bool changed = (before == nullptr) != (now == nullptr) || (before != nullptr && *before != *now);
      if (!changed) continue;
      program_changes_.emplace_back(static_cast<std::size_t>(stored - parameters_.begin()),
                                    fmt::format("the program of {} = {} has changed", name, value.render()));
    }
    const auto now_all = evaluation_of(present, present);
    const auto before_all = evaluation_of(generation.identity, present);
    const auto runs = [](const auto& item) { return item.first == "command.run"; };
    const auto run_before = std::ranges::find_if(before_all, runs);
    const auto run_now = std::ranges::find_if(now_all, runs);
    const bool run_changed = run_before != before_all.end() && run_now != now_all.end() && *run_before != *run_now;
    for_each_change(
        before_all, now_all, [&](const std::string& name, const std::string* before, const std::string* now) {
          if (is_program(name) && before != nullptr && now != nullptr) {
            evaluation_changes_.push_back(fmt::format("the program {} has changed", program_name(name)));
            return;
          }
          if (is_program(name) && run_changed) return;  // it says as much
          evaluation_changes_.push_back(now == nullptr      ? fmt::format("`{}` is gone", name)
                                        : before == nullptr ? fmt::format("`{}` is new", name)
                                                            : difference(name, *before, *now, changed_format));
        });
  }
  View(const View&) = delete;
  View& operator=(const View&) = delete;

  Distance distance(const StoredPoint& point) const {
    Distance distance{evaluation_changes_.size() + (index_differs(point) ? 1 : 0), 0.0};
    for (std::size_t i = 0; i < counterparts_.size(); ++i) {
      if (counterparts_[i] == nullptr || same(point.values[i], *counterparts_[i])) continue;
      ++distance.changes;
      distance.relative += relative_difference(point.values[i], *counterparts_[i]);
    }
    for (const auto& change : program_changes_) distance.changes += counts(change, point) ? 1 : 0;
    return distance;
  }

  std::vector<std::string> changes(const StoredPoint& point) const {
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < counterparts_.size(); ++i) {
      if (counterparts_[i] == nullptr || same(point.values[i], *counterparts_[i])) continue;
      lines.push_back(
          difference(parameters_[i].name, point.values[i].render(), counterparts_[i]->render(), changed_format));
    }
    for (const auto& change : program_changes_) {
      if (counts(change, point)) lines.push_back(change.second);
    }
    lines.insert(lines.end(), evaluation_changes_.begin(), evaluation_changes_.end());
    if (index_differs(point)) {
      lines.push_back(fmt::format("its index, which the evaluation sees, changed from {} to {}", point.index, index_));
    }
    return lines;
  }

 private:
  /// Of a point with another value, another program is no change of its own.
  bool counts(const std::pair<std::size_t, std::string>& change, const StoredPoint& point) const {
    const Value* wanted = counterparts_[change.first];
    return wanted != nullptr && same(point.values[change.first], *wanted);
  }
  bool index_differs(const StoredPoint& point) const { return index_matters_ && point.index != index_; }

  const std::vector<Column>& parameters_;
  ValuePrograms programs_;                                            // as they were
  std::vector<std::pair<std::size_t, std::string>> program_changes_;  // of the present value of a parameter
  std::uint64_t index_;
  bool index_matters_;
  std::map<std::string, Value> wanted_;
  std::vector<const Value*> counterparts_;  // of parameters_; null: the present study has none of that name
  std::vector<std::string> evaluation_changes_;
};

}  // namespace

PointOrigin origin_of(Connection& connection, const StudyIdentity& present, std::uint64_t index,
                      const PointValues& points, const ReadOutputs& read) {
  PointOrigin origin;
  Distance nearest;
  const std::vector<Generation> generations = read_generations(connection);
  const std::vector<Value> values = points(index);
  for (const Generation& generation : generations) {
    const View view(generation, present, index, values);
    for_each_point(connection, generation, [&](const StoredPoint& point) {
      const Distance distance = view.distance(point);
      if (distance < nearest) {
        nearest = distance;
        origin.nearest = point.index;
        origin.changes = view.changes(point);
      }
      return nearest.changes > 0;
    });
    if (nearest.changes == 0) break;
  }
  // Of several equal points, some may be known and others not.
  if (nearest.changes == 0 && study_differences(generations.front().identity, present).size() > 0) {
    StudyIdentity until = present;
    until.points = index + 1;
    Foresight foresight(connection, generations, present, read);
    Resumption ignored;
    const auto look = [&](const Match& match) {
      const bool stands = foresight.failed(match, ignored).has_value();
      if (match.now != index) return stands;
      if (!stands) {
        const std::vector<std::string> missing = Readings(generations[match.generation], present).missing(present);
        for (const std::string& name : missing) {
          origin.changes.push_back(fmt::format("output `{}` is not in its results, and its files were not kept", name));
        }
        if (missing.empty()) {
          origin.changes.emplace_back("it has to be judged again, by files that were not kept");
        }
        return false;
      }
      origin.known = true;
      origin.nearest = match.was;
      return true;
    };
    Outcomes(connection, generations, present).match(until, points, look);
    if (origin.known) origin.changes.clear();
  }
  return origin;
}

}  // namespace windrow::detail
