// What is in a file: dimensions and variables.
#include <fmt/format.h>

#include <algorithm>

#include "netcdf_writer.hpp"
#include "status_flags.hpp"

namespace windrow::detail {
namespace {

constexpr std::uint64_t kAnyNumber = std::uint64_t{1} << 62;  // of points, where there are as many as come

/// Some thousand points, fewer where there are very many columns.
std::uint64_t points_at_once(const StoreReader& store, bool is_grid) {
  constexpr std::uint64_t kValues = std::uint64_t{1} << 20;
  constexpr std::uint64_t kMost = 8192, kLeast = 256;
  const StudyIdentity& study = store.identity();
  const std::uint64_t columns = study.parameters.size() + study.outputs.size() + 1;
  return std::min(std::clamp(kValues / columns, kLeast, kMost),
                  std::max<std::uint64_t>(is_grid ? study.points : store.outcomes(), 1));
}

/// What of an array is stored together: all of it, or whole rows of it.
std::vector<std::size_t> chunk_of_array(const std::vector<std::uint64_t>& shape, std::uint64_t most) {
  std::vector<std::size_t> chunk(shape.size(), 1);
  for (std::size_t i = shape.size(); i-- > 0; most = std::max<std::uint64_t>(most / chunk[i], 1)) {
    chunk[i] = std::min(shape[i], most);
  }
  return chunk;
}

}  // namespace

NetcdfWriter::NetcdfWriter(const StoreReader& store, NetcdfLayout& layout, const std::filesystem::path& target)
    : store_(store),
      study_(store.identity()),
      layout_(layout),
      file_(target),
      lengths_(layout.grid ? layout.grid->lengths : std::vector<std::uint64_t>{kAnyNumber}),
      most_(points_at_once(store, layout.grid.has_value())),
      regions_(lengths_, most_) {
  add_study_attributes(file_, store, layout);
  define_points();
  define_parameters();
  define_status();
  define_outputs();
  file_.begin_data();
}

void NetcdfWriter::define_points() {
  if (layout_.grid) {
    for (std::size_t i = 0; i < lengths_.size(); ++i) {
      const std::string name = file_.free_name(study_.parameters[layout_.grid->of_dimension[i]].name);
      dimensions_.push_back({file_.add_dimension(name, lengths_[i]), name});
      all_dimensions_.push_back(dimensions_.back().id);
    }
    return;
  }
  const std::string name = file_.free_name("point");
  dimensions_.push_back({file_.add_dimension(name, NC_UNLIMITED), name});
  all_dimensions_.push_back(dimensions_.back().id);
  point_ = file_.add_variable(name, NC_INT64, all_dimensions_);
  file_.set_chunks(point_, regions_.shape(), sizeof(std::int64_t), true);
  file_.add_attribute(point_, "long_name", "number of the point in the design, from 0");
}

void NetcdfWriter::describe(int variable, const Column& column, const std::string& name) {
  if (name != column.name) file_.add_attribute(variable, "original_name", column.name);
  file_.add_attribute(variable, "units", column.unit);
  file_.add_attribute(variable, "long_name", column.description);
}

NetcdfWriter::Named NetcdfWriter::define_on_points(const Column& column, ColumnKind kind, bool has_gaps) {
  const std::string name = file_.free_name(column.name);
  const int variable = file_.add_variable(name, type_of(kind), all_dimensions_);
  file_.set_chunks(variable, regions_.shape(), size_of(kind), kind != ColumnKind::text);
  if (has_gaps) ColumnPart(kind, true).define_fill(file_, variable);
  describe(variable, column, name);
  if (kind == ColumnKind::boolean) describe_flags(file_, variable, boolean_flags());
  return {variable, name};
}

/// On one dimension of a grid, a value for each of its levels.
NetcdfWriter::Named NetcdfWriter::define_levels(const Column& column, ColumnKind kind, const GridAxis& axis) {
  const Named& dimension = dimensions_[axis.dimension];
  const bool is_dimension = layout_.grid->of_dimension[axis.dimension] == axis.column;
  const std::string name = is_dimension ? dimension.name : file_.free_name(column.name);
  const int variable = file_.add_variable(name, type_of(kind), {dimension.id});
  describe(variable, column, name);
  if (kind == ColumnKind::boolean) describe_flags(file_, variable, boolean_flags());
  return {variable, is_dimension ? "" : name};
}

void NetcdfWriter::define_parameters() {
  levels_.assign(study_.parameters.size(), -1);
  for (std::size_t i = 0; i < study_.parameters.size(); ++i) {
    const ColumnKind kind = layout_.parameters[i];
    const GridAxis* axis = layout_.grid ? &layout_.grid->columns[i] : nullptr;
    Named defined;
    if (axis != nullptr && axis->levels) {
      defined = define_levels(study_.parameters[i], kind, *axis);
      levels_[i] = defined.id;
    } else {
      defined = define_on_points(study_.parameters[i], kind, layout_.grid.has_value());
      parameters_.push_back({i, kind, ColumnPart(kind, false), defined.id});
    }
    if (!defined.name.empty()) coordinates_ += (coordinates_.empty() ? "" : " ") + defined.name;
  }
}

void NetcdfWriter::define_status() {
  status_name_ = file_.free_name("status");
  status_ = file_.add_variable(status_name_, NC_BYTE, all_dimensions_);
  file_.set_chunks(status_, regions_.shape(), 1, true);
  file_.add_attribute(status_, "long_name", "whether the point has a result, or how it failed");
  file_.add_attribute(status_, "standard_name", "status_flag");
  describe_flags(file_, status_, status_flags());
  reason_row_ = file_.add_variable(file_.free_name("reason_row"), NC_INT64, all_dimensions_);
  file_.set_chunks(reason_row_, regions_.shape(), sizeof(std::int64_t), true);
  file_.add_attribute(reason_row_, "long_name", "row of `reason` that says why the point failed, or -1");
  // Only where there is something to say: each string of a file takes 40 bytes, and 8 us.
  constexpr std::size_t kReasons = 256;
  const int failure = file_.add_dimension(file_.free_name("failure"), NC_UNLIMITED);
  reason_ = file_.add_variable(file_.free_name("reason"), NC_STRING, {failure});
  file_.set_chunks(reason_, {kReasons}, size_of(ColumnKind::text), false);
  file_.add_attribute(reason_, "long_name", "why points failed");
}

void NetcdfWriter::describe_output(int variable) {
  constexpr std::size_t kLongest = 32768;  // HDF5 keeps no attribute of more than 64 kB
  if (coordinates_.size() <= kLongest) file_.add_attribute(variable, "coordinates", coordinates_);
  file_.add_attribute(variable, "ancillary_variables", status_name_);
}

void NetcdfWriter::define_outputs() {
  for (std::size_t i = 0; i < study_.outputs.size(); ++i) {
    if (is_array_type(study_.outputs[i].type)) continue;
    const ColumnKind kind = layout_.outputs[i];
    outputs_.push_back({i, kind, ColumnPart(kind, true), define_on_points(study_.outputs[i], kind, true).id});
    describe_output(outputs_.back().id);
  }
  for (const ArrayOutput& array : layout_.arrays) {
    if (array.why_not.empty()) {
      arrays_.push_back(define_array(array));
    } else {
      arrays_.push_back(-1);
      report_.left_out.push_back(left_out_array(study_, array));
    }
  }
}

int NetcdfWriter::define_array(const ArrayOutput& array) {
  constexpr std::uint64_t kNumbers = std::uint64_t{1} << 17;  // 1 MiB
  const Column& column = study_.outputs[array.column];
  const std::string name = file_.free_name(column.name);
  std::vector<int> dimensions = all_dimensions_;
  std::uint64_t numbers = 1;
  for (std::size_t i = 0; i < array.shape.size(); ++i) {
    dimensions.push_back(file_.add_dimension(file_.free_name(fmt::format("{}_{}", name, i)), array.shape[i]));
    numbers *= array.shape[i];
  }
  const int variable = file_.add_variable(name, NC_DOUBLE, dimensions);
  std::vector<std::size_t> chunk = Regions(lengths_, std::clamp<std::uint64_t>(kNumbers / numbers, 1, most_)).shape();
  std::ranges::copy(chunk_of_array(array.shape, kNumbers), std::back_inserter(chunk));
  file_.set_chunks(variable, chunk, sizeof(double), true);
  ColumnPart(ColumnKind::number, true).define_fill(file_, variable);
  describe(variable, column, name);
  describe_output(variable);
  return variable;
}

}  // namespace windrow::detail
