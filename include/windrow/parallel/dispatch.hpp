#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "windrow/parallel/account.hpp"
#include "windrow/parallel/outcome.hpp"
#include "windrow/parallel/schedule.hpp"

namespace [[gnu::visibility("default")]] windrow {

/// What the root does beside coordinating.
enum class RootRole {
  automatic,    ///< evaluates, unless there are so many ranks that one of them is better spent on coordinating
  evaluates,    ///< evaluates points too, on a second thread
  coordinates,  ///< only coordinates, if there is another rank that evaluates
};

/// "auto", "evaluates" or "coordinates"
std::string_view name_of(RootRole role);
/// @throws SpecError for an unknown name, listing the valid ones
RootRole root_role(std::string_view name);

/// What points are expected to cost, for Schedule::longest_first. Asked and told at the root alone, from one thread.
class CostModel {
 public:
  virtual ~CostModel() = default;
  /// A number that changes whenever costs should be asked anew; 0 while nothing can be said about any point.
  virtual std::uint64_t revision() const = 0;
  /// The expected cost of a point, in seconds, or in any unit if no time is ever observed. @pre revision() > 0
  virtual double cost(std::uint64_t index) const = 0;
  /// Told the time that each point took, failed ones excepted.
  virtual void observe(std::uint64_t index, double seconds) = 0;
};

/// Costs that are known beforehand: `cost` gives any number that grows with the time of a point.
std::shared_ptr<CostModel> known_costs(std::function<double(std::uint64_t index)> cost);

/// How points find their workers. The defaults need no thought.
struct DispatchOptions {
  /// Unset: static for scatter(), auto for everything else.
  std::optional<Schedule> schedule = {};
  /// For Schedule::longest_first; read at the root alone. Points go out in index order where there is none.
  std::shared_ptr<CostModel> costs = {};
  RootRole root = RootRole::automatic;
};

/// What map() gathered at the root; all empty on other ranks.
template <typename R>
struct Mapped {
  std::vector<R> values;                  ///< by index; R() where the evaluation failed
  std::vector<TaskFailure> failures;      ///< in index order
  std::vector<std::string> lost_workers;  ///< in words
  TimeAccount account;                    ///< where the workers' time went
};

/// How a stream() went, at the root; zero and empty on other ranks.
struct Streamed {
  std::uint64_t succeeded = 0;
  std::uint64_t failed = 0;
  std::vector<std::string> lost_workers;  ///< in words
  TimeAccount account;                    ///< where the workers' time went
};

}  // namespace windrow
