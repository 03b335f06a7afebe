#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "windrow/design/table.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {

/// What TableOptions ask for is not in the table.
class BadTableOption : public SpecError {
 public:
  /// @param option  "columns" or "ignore"
  BadTableOption(std::string option, const std::string& message) : SpecError(message), option_(std::move(option)) {}
  const std::string& option() const { return option_; }

 private:
  std::string option_;
};

/// A table (windrow/design/table.hpp) of the bytes of a file; messages name it `path`.
/// @throws BadTableOption, SpecError
Design table(std::string bytes, const std::string& path, const TableOptions& options,
             const std::vector<Parameter>& annotations, std::uint64_t seed);

}  // namespace windrow::detail
