#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "windrow/design/value.hpp"
#include "windrow/store/failure_groups.hpp"

namespace windrow::detail {

/// Puts failures into groups as they come, in any order, in bounded memory: at most 200 groups, and one more for each
/// kind.
class FailureGrouping {
 public:
  /// @return whether it is the first of its group
  bool add(const TaskFailure& failure);
  /// The same, and takes note of the levels that a group shares. To be used for all of them or for none.
  bool add(const TaskFailure& failure, const std::vector<Value>& values);

  /// The largest group first. `shared` is left empty.
  std::vector<FailureGroup> groups() const;

  /// Different values of one parameter, with a point that has it.
  using Seen = std::vector<std::pair<Value, std::uint64_t>>;
  /// For each parameter the values in the group of this example, if they are few; none otherwise.
  const std::vector<std::optional<Seen>>& levels_of(const FailureGroup& group) const;

 private:
  struct Group {
    FailureGroup told;
    std::vector<std::optional<Seen>> levels;
  };

  Group& group_of(const TaskFailure& failure, bool& is_new);

  std::unordered_map<std::string, Group> groups_;
  std::string last_message_;  // of many failures that say the same, one is looked at
  Group* last_ = nullptr;
};

}  // namespace windrow::detail
