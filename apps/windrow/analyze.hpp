#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "analyzed.hpp"
#include "windrow/analysis/association.hpp"
#include "windrow/analysis/failure_rule.hpp"
#include "windrow/analysis/moments.hpp"
#include "windrow/analysis/sensitivity.hpp"

/// What `windrow analyze` says.
namespace windrow::app {

inline constexpr std::array kQuantiles = {0.05, 0.25, 0.5, 0.75, 0.95};

/// All that is said of one output.
struct OutputAnalysis {
  const DataColumn* column = nullptr;
  Moments sample = {};
  std::vector<double> quantiles = {};  ///< kQuantiles; none of no values
  std::vector<ConfidenceInterval> quantile_intervals = {};
  std::vector<std::size_t> numeric = {};  ///< inputs that `associations` is about
  Associations associations = {};
  std::vector<double> first_order = {};  ///< of each input, by bins
  std::optional<SobolIndices> sobol = {};
  std::vector<ElementaryEffects> elementary = {};
  std::vector<FactorEffect> factors = {};
};

/// Where points fail.
struct FailureAnalysis {
  std::string kind = {};  ///< empty: of any kind
  std::uint64_t points = 0;
  std::optional<FailureRule> rule = {};
};

/// manual/windrow-json.md describes the form.
void print_json(const Analyzed& study, const std::vector<DataColumn>& inputs,
                const std::vector<OutputAnalysis>& outputs, const std::vector<FailureAnalysis>& failures, double level);

}  // namespace windrow::app
