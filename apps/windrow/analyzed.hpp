#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "windrow/analysis/data.hpp"
#include "windrow/store/store.hpp"

/// What `windrow analyze` looks at.
namespace windrow::app {

struct Analyzed {
  std::string name;  ///< of the study, or the file
  std::uint64_t points = 0;
  Data data;                                ///< points with an outcome, in the order of indices
  std::vector<std::size_t> varied = {};     ///< inputs that vary by themselves: no derived ones, no fields of bundles
  std::vector<std::uint64_t> indices = {};  ///< of each row
  std::string method = {};                  ///< of the design; empty: not known
  bool second_order = false;                ///< of a `saltelli` design
  std::vector<std::string> left_out = {};   ///< outputs that are no numbers

  /// Column `which` of the outputs at each index of the design, NaN where there is none.
  std::vector<double> by_index(std::size_t which) const;
};

/// The results of a study.
Analyzed analyzed_results(const StoreReader& store);

/// A table of somebody else's. @param inputs  none: all columns that are no outputs
/// @throws SpecError for columns that are not there, and outputs that are no numbers
Analyzed analyzed_table(const std::filesystem::path& file, const std::vector<std::string>& inputs,
                        const std::vector<std::string>& outputs);

}  // namespace windrow::app
