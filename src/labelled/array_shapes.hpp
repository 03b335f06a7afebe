#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "windrow/store/store.hpp"

namespace windrow::detail {

/// An output that holds arrays.
struct ArrayOutput {
  std::size_t column;                     ///< among StudyIdentity::outputs
  std::vector<std::uint64_t> shape = {};  ///< of all of them
  std::string why_not = {};               ///< why they are no part of one array: "arrays have different shapes: ..."
};

/// What the study's arrays have in common. Reads all records, if there are any arrays, but none of their files.
std::vector<ArrayOutput> array_outputs(const StoreReader& store);

/// Calls `visit` with each array of a record, and its place among array_outputs().
void for_each_array(const Record& record, const std::vector<ArrayOutput>& outputs,
                    const std::function<void(std::size_t, const ArrayFile&)>& visit);

}  // namespace windrow::detail
