#pragma once

#include <string>
#include <vector>

#include "netcdf_file.hpp"
#include "windrow/store/store.hpp"

namespace windrow::detail {

/// Numbers that stand for words, as the CF conventions say it.
struct StatusFlags {
  std::vector<signed char> values;
  std::string meanings;  ///< separated by blanks
};

/// 0 is `ok`, kinds of failures are 1, 2, ..., and -1 is `not_evaluated`.
const StatusFlags& status_flags();
signed char status_of(const Record& record);
inline constexpr signed char kNotEvaluated = -1;

const StatusFlags& boolean_flags();

void describe_flags(NetcdfFile& file, int variable, const StatusFlags& flags);

}  // namespace windrow::detail
