#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "netcdf_file.hpp"
#include "windrow/design/value.hpp"
#include "windrow/store/store.hpp"

namespace windrow::detail {

/// How the values of a column are written.
enum class ColumnKind { number, integer, boolean, text };

ColumnKind kind_of(const Column& column);
/// The narrowest kind that has the values of `kind` and this one; `kind` itself if it has it already.
ColumnKind kind_with(ColumnKind kind, const Value& value);
/// "nc_type" of its variables, and the bytes of an element in the file.
nc_type type_of(ColumnKind kind);
std::size_t size_of(ColumnKind kind);

void put_texts(NetcdfFile& file, int variable, const Region& region, const std::vector<std::string>& texts);

/// Values of a part of a column, with what stands for a value that is not there: NaN, the fill value of integers,
/// an empty text.
class ColumnPart {
 public:
  /// @param missing_numbers_are_empty  of texts: NaN is one that is not there
  ColumnPart(ColumnKind kind, bool missing_numbers_are_empty);

  /// So many values, none of which is there.
  void reset(std::size_t size);
  /// @pre kind_with() of the value is the kind
  void set(std::size_t at, const Value& value);
  void put(NetcdfFile& file, int variable, const Region& region);
  /// As a fill value of a variable; texts have none.
  void define_fill(NetcdfFile& file, int variable) const;

 private:
  ColumnKind kind_;
  bool missing_numbers_are_empty_;
  std::variant<std::vector<double>, std::vector<std::int64_t>, std::vector<signed char>, std::vector<std::string>>
      values_;
};

}  // namespace windrow::detail
