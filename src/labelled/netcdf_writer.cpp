// The data of a file, part by part.
#include "netcdf_writer.hpp"

#include "status_flags.hpp"
#include "windrow/base/display.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

constexpr std::int64_t kNoReason = -1;

/// Numbers by their value: a range of integers may give doubles.
bool is_level(const Value& level, const Value& value) {
  if (level == value) return true;
  return level.is_number() && value.is_number() && level.number() == value.number();
}

void widen(ColumnKind& kind, const Value& value) {
  const ColumnKind wider = kind_with(kind, value);
  if (wider == kind) return;
  kind = wider;
  throw LayoutChanged();
}

}  // namespace

NetcdfReport NetcdfWriter::write() {
  write_levels();
  begin_part(0);
  store_.for_each([this](const Record& record) { add(record); });
  end_last_parts();
  file_.take_name();
  return report_;
}

void NetcdfWriter::write_levels() {
  for (std::size_t i = 0; i < levels_.size(); ++i) {
    if (levels_[i] < 0) continue;
    const Parameter& levels = *layout_.grid->columns[i].levels;
    const Regions parts({levels.level_count()}, most_);
    ColumnPart column(layout_.parameters[i], false);
    for (std::uint64_t first = 0; first < levels.level_count();) {
      const Regions::Part part = parts.part_from(first);
      column.reset(part.size);
      for (std::uint64_t at = 0; at < part.size; ++at) {
        const Value level = levels.level(first + at);
        widen(layout_.parameters[i], level);
        column.set(at, level);
      }
      column.put(file_, levels_[i], part.region);
      first += part.size;
    }
  }
}

void NetcdfWriter::begin_part(std::uint64_t first) {
  part_ = regions_.part_from(first);
  for (PointVariable& parameter : parameters_) parameter.part.reset(part_.size);
  for (PointVariable& output : outputs_) output.part.reset(part_.size);
  indices_.reset(part_.size);
  statuses_.assign(part_.size, kNotEvaluated);
  reason_rows_.assign(part_.size, kNoReason);
}

void NetcdfWriter::end_part() {
  for (PointVariable& parameter : parameters_) parameter.part.put(file_, parameter.id, part_.region);
  for (PointVariable& output : outputs_) output.part.put(file_, output.id, part_.region);
  if (point_ >= 0) indices_.put(file_, point_, part_.region);
  file_.put(status_, part_.region, statuses_.data());
  file_.put(reason_row_, part_.region, reason_rows_.data());
  if (reasons_.empty()) return;
  put_texts(file_, reason_, {{reasons_before_}, {reasons_.size()}}, reasons_);
  reasons_before_ += reasons_.size();
  reasons_.clear();
}

void NetcdfWriter::end_last_parts() {
  if (!layout_.grid) {
    part_.region.count[0] = rows_ - part_.first;
    if (rows_ > part_.first) end_part();
    return;
  }
  end_part();
  while (part_.first + part_.size < study_.points) {
    begin_part(part_.first + part_.size);
    end_part();
  }
}

void NetcdfWriter::add(const Record& record) {
  const std::uint64_t position = layout_.grid ? record.index : rows_++;
  while (position >= part_.first + part_.size) {
    end_part();
    begin_part(part_.first + part_.size);
  }
  if (layout_.grid) check_levels(record);
  add_values(record, position - part_.first);
  add_arrays(record, position);
}

void NetcdfWriter::add_values(const Record& record, std::uint64_t at) {
  for (PointVariable& parameter : parameters_) {
    const Value& value = record.parameters[parameter.column];
    widen(layout_.parameters[parameter.column], value);
    parameter.part.set(at, value);
  }
  indices_.set(at, record.index);
  statuses_[at] = status_of(record);
  if (!record.outcome.ok()) {
    reason_rows_[at] = static_cast<std::int64_t>(reasons_before_ + reasons_.size());
    reasons_.push_back(text::as_cell(record.outcome.failure().message));
    return;
  }
  for (PointVariable& output : outputs_) {
    const Value& value = record.outcome.value()[output.column];
    widen(layout_.outputs[output.column], value);
    output.part.set(at, value);
  }
}

void NetcdfWriter::check_levels(const Record& record) {
  std::uint64_t behind = record.index;
  for (std::size_t dimension = lengths_.size(); dimension-- > 0; behind /= lengths_[dimension]) {
    const std::size_t column = layout_.grid->of_dimension[dimension];
    const Value level = layout_.grid->columns[column].levels->level(behind % lengths_[dimension]);
    if (is_level(level, record.parameters[column])) continue;
    layout_.why_no_grid = "point " + std::to_string(record.index) + " is not where the grid has it by `" +
                          study_.parameters[column].name + "`";
    layout_.grid.reset();
    throw LayoutChanged();
  }
}

void NetcdfWriter::add_arrays(const Record& record, std::uint64_t position) {
  for_each_array(record, layout_.arrays, [&](std::size_t i, const ArrayFile& array) {
    if (arrays_[i] < 0) return;
    Region region = regions_.point(position);
    for (const std::uint64_t length : layout_.arrays[i].shape) {
      region.start.push_back(0);
      region.count.push_back(length);
    }
    if (array.shape != layout_.arrays[i].shape) {  // a run has written it since the others were looked at
      layout_.arrays[i].why_not = "arrays have different shapes";
      throw LayoutChanged();
    }
    Array numbers;
    try {
      numbers = array.read();
    } catch (const StoreError&) {  // what reads them complains of it
      ++report_.unread_arrays;
      return;
    }
    file_.put(arrays_[i], region, numbers.values.data());
  });
}

}  // namespace windrow::detail

namespace windrow {
namespace {

/// A grid would be almost nothing but gaps, and take long to write.
bool is_sparse(std::uint64_t points, std::uint64_t outcomes) {
  constexpr std::uint64_t kSmall = 1'000'000;
  constexpr std::uint64_t kGaps = 100;
  return points > kSmall && points / kGaps > outcomes;
}

}  // namespace

NetcdfReport export_netcdf(const StoreReader& store, const std::filesystem::path& file) {
  const StudyIdentity& study = store.identity();
  detail::NetcdfLayout layout;
  layout.grid = detail::grid_axes(study, layout.why_no_grid);
  if (layout.grid && is_sparse(study.points, store.outcomes())) {
    layout.grid.reset();
    layout.why_no_grid = "few points of the grid have an outcome";
  }
  for (const Column& column : study.parameters) layout.parameters.push_back(detail::kind_of(column));
  for (const Column& column : study.outputs) layout.outputs.push_back(detail::kind_of(column));
  layout.arrays = detail::array_outputs(store);
  while (true) {
    try {
      return detail::NetcdfWriter(store, layout, file).write();
    } catch (const detail::LayoutChanged&) {  // each kind is widened at most twice, the grid given up once
    }
  }
}

}  // namespace windrow
