#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "costs/learned_costs.hpp"
#include "windrow/run/sweep.hpp"

namespace windrow::detail {

/// The costs of a sweep's points, at its root.
class SweepCosts {
 public:
  /// @throws SpecError, StoreError as Sweep::run
  SweepCosts(const Design& design, const SweepOptions& options);

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
  std::shared_ptr<LearnedCosts> learned_;  // the same, where costs are learned
  std::string note_;
};

}  // namespace windrow::detail
