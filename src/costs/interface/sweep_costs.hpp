#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "windrow/costs/costs.hpp"
#include "windrow/design/design.hpp"
#include "windrow/parallel/dispatch.hpp"
#include "windrow/parallel/schedule.hpp"

namespace windrow::detail {

class CostLearner;

/// The costs of a sweep's points, at its root.
class SweepCosts {
 public:
  /// @throws SpecError, StoreError as Sweep::run
  SweepCosts(const Design& design, const Costs& costs, Schedule schedule);

  /// For the job; null unless the schedule is longest_first.
  const std::shared_ptr<CostModel>& model() const { return model_; }
  /// Where costs are learned: from the points that succeeded in an earlier run of this store.
  void learn_from(const std::filesystem::path& store, std::uint64_t succeeded);
  /// What a user should know of the costs, now that the sweep is over.
  std::vector<std::string> notes() const;

 private:
  void take_from(const std::filesystem::path& directory, const Design& design);
  void learn(const Design& design);

  std::shared_ptr<CostModel> model_;
  std::shared_ptr<CostLearner> learned_;  // the same, where costs are learned
  std::string note_;
};

}  // namespace windrow::detail
