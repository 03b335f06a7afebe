#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "array_shapes.hpp"
#include "column.hpp"
#include "grid_axes.hpp"
#include "netcdf_file.hpp"
#include "regions.hpp"
#include "windrow/labelled/netcdf.hpp"

namespace windrow::detail {

/// How a study is laid out in a file. Where a record contradicts it, it is changed and the file written anew.
struct NetcdfLayout {
  std::optional<GridAxes> grid = {};  ///< none: the dimension `point`
  std::string why_no_grid = {};
  std::vector<ColumnKind> parameters = {};
  std::vector<ColumnKind> outputs = {};  ///< not used for arrays
  std::vector<ArrayOutput> arrays = {};
};

/// A record does not fit the layout, which has been changed so that it does.
struct LayoutChanged {};

/// Attributes of the file: what the results are of, by whom and when.
void add_study_attributes(NetcdfFile& file, const StoreReader& store, const NetcdfLayout& layout);

std::string left_out_array(const StudyIdentity& study, const ArrayOutput& array);

/// Writes one file.
class NetcdfWriter {
 public:
  /// Defines what will be in it.
  NetcdfWriter(const StoreReader& store, NetcdfLayout& layout, const std::filesystem::path& target);

  /// @throws LayoutChanged
  NetcdfReport write();

 private:
  struct Named {
    int id = -1;
    std::string name = {};
  };
  /// A variable that has a value for each point.
  struct PointVariable {
    std::size_t column;
    ColumnKind kind;
    ColumnPart part;
    int id;
  };

  void define_points();
  void define_parameters();
  void define_status();
  void define_outputs();
  int define_array(const ArrayOutput& array);
  /// @param has_gaps  values may be missing. (Readers make floating-point numbers of integers with a fill value.)
  Named define_on_points(const Column& column, ColumnKind kind, bool has_gaps);
  Named define_levels(const Column& column, ColumnKind kind, const GridAxis& axis);
  void describe(int variable, const Column& column, const std::string& name);
  void describe_output(int variable);

  void write_levels();
  void begin_part(std::uint64_t first);
  void end_part();
  void end_last_parts();
  void add(const Record& record);
  void add_values(const Record& record, std::uint64_t at);
  void add_arrays(const Record& record, std::uint64_t position);
  void check_levels(const Record& record);

  const StoreReader& store_;
  const StudyIdentity& study_;
  NetcdfLayout& layout_;
  NetcdfFile file_;
  NetcdfReport report_{};

  std::vector<std::uint64_t> lengths_;  ///< of the dimensions of points
  std::uint64_t most_;                  ///< points of a part
  Regions regions_;
  std::vector<Named> dimensions_{};  ///< of points
  std::vector<int> all_dimensions_{};
  std::string coordinates_{};  ///< names of parameters that are no dimensions
  std::string status_name_{};
  std::vector<int> levels_{};  ///< by column of parameters, its variable in a grid; -1: it has one for each point
  std::vector<PointVariable> parameters_{};
  std::vector<PointVariable> outputs_{};
  std::vector<int> arrays_{};  ///< by NetcdfLayout::arrays; -1: left out
  int point_ = -1, status_ = -1, reason_row_ = -1, reason_ = -1;

  Regions::Part part_{};    ///< that is being filled
  std::uint64_t rows_ = 0;  ///< of the dimension `point`
  ColumnPart indices_{ColumnKind::integer, true};
  std::vector<signed char> statuses_{};
  std::vector<std::int64_t> reason_rows_{};
  std::vector<std::string> reasons_{};  ///< of the points of the part that failed
  std::uint64_t reasons_before_ = 0;    ///< that are in the file
};

}  // namespace windrow::detail
