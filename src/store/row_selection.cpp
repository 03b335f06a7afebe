#include "windrow/store/row_selection.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "design/interface/expression.hpp"
#include "sorted_texts.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"

namespace windrow {
namespace {

/// All columns of a table, as export_csv() has them.
std::vector<SelectedColumn> all_columns(const NestedReader& results) {
  std::vector<SelectedColumn> all;
  const auto add = [&](ColumnRole role, const std::vector<Column>& columns) {
    for (std::size_t i = 0; i < columns.size(); ++i) all.push_back({role, i, columns[i]});
  };
  add(ColumnRole::loop, results.loops());
  all.push_back({ColumnRole::index, 0, {"index", "", "integer", "number of the point, from 0"}});
  add(ColumnRole::parameter, results.parameters());
  add(ColumnRole::output, results.outputs());
  all.push_back({ColumnRole::status, 0, {"status", "", "string", "ok, or the kind of failure"}});
  return all;
}

std::string list_of(const std::vector<std::string>& names) {
  constexpr std::size_t kListed = 40;
  const std::vector<std::string> first(names.begin(),
                                       names.begin() + static_cast<std::ptrdiff_t>(std::min(names.size(), kListed)));
  const std::string more = names.size() > kListed ? fmt::format(", and {} more", names.size() - kListed) : "";
  return fmt::format("{}{}", fmt::join(first, ", "), more);
}

/// Where a column of this name is, if there is one.
std::optional<std::size_t> place_of(const std::vector<SelectedColumn>& all, std::string_view name) {
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].column.name == name) return i;
  }
  return std::nullopt;
}

std::size_t required_place(const std::vector<SelectedColumn>& all, std::string_view name) {
  if (const auto place = place_of(all, name)) return *place;
  std::vector<std::string> names;
  for (const SelectedColumn& column : all) names.push_back(column.column.name);
  const auto meant = text::nearest(name, names);
  throw SpecError(fmt::format("there is no column `{}`{}; there are {}", name,
                              meant ? fmt::format("; did you mean `{}`?", *meant) : "", list_of(names)));
}

detail::ExpressionKind expression_kind_of(const Column& column) {
  if (column.type == "number" || column.type == "integer") return detail::ExpressionKind::number;
  if (column.type == "boolean") return detail::ExpressionKind::truth;
  return column.type == "string" ? detail::ExpressionKind::text : detail::ExpressionKind::any;
}

detail::Expression condition_of(const std::string& text, const std::vector<SelectedColumn>& all) {
  std::vector<detail::ExpressionName> names;
  for (const SelectedColumn& column : all) names.push_back({column.column.name, expression_kind_of(column.column)});
  detail::Expression condition(text, "`where`", names, "column");
  for (const std::size_t used : condition.used()) {
    if (all[used].column.type != "array") continue;
    throw SpecError(fmt::format("`where`: `{}` in `{}` is an array, not a number", names[used].name, text));
  }
  if (condition.kind() != detail::ExpressionKind::text) return condition;
  throw SpecError(fmt::format("`where`: in \"{}\": a text neither holds nor not; texts compare with == and !=", text));
}

}  // namespace

const char* name_of(ColumnRole role) {
  switch (role) {
    case ColumnRole::loop:
      return "loop";
    case ColumnRole::index:
      return "index";
    case ColumnRole::parameter:
      return "parameter";
    case ColumnRole::output:
      return "output";
    case ColumnRole::status:
      break;
  }
  return "status";
}

struct SelectedRows::Impl {
  Impl(const NestedReader& from, const RowSelection& selection) : results(from), all(all_columns(from)) {
    std::vector<bool> is_selected(all.size(), selection.columns.empty());
    for (const std::string& name : selection.columns) {
      const std::size_t place = required_place(all, name);
      if (is_selected[place]) throw SpecError(fmt::format("the column `{}` stands twice", name));
      is_selected[place] = true;
      places.push_back(place);
    }
    for (std::size_t i = 0; i < all.size() && selection.columns.empty(); ++i) places.push_back(i);
    for (const std::size_t place : places) columns.push_back(all[place]);
    if (!selection.where.empty()) condition.emplace(condition_of(selection.where, all));
    if (!selection.sort.empty()) sort_by(selection.sort);
  }

  void sort_by(const std::string& name) {
    descending = name.starts_with('-') && !place_of(all, name);
    sorted_by = required_place(all, std::string_view(name).substr(descending ? 1 : 0));
    if (all[*sorted_by].column.type != "array") return;
    throw SpecError(fmt::format("`{}` is an array: rows cannot be sorted by it", all[*sorted_by].column.name));
  }

  const NestedReader& results;
  std::vector<SelectedColumn> all;
  std::vector<std::size_t> places;  ///< of `columns`, among all
  std::vector<SelectedColumn> columns;
  std::optional<detail::Expression> condition;
  std::optional<std::size_t> sorted_by;  ///< among all
  bool descending = false;
};

namespace {

/// The cells of one row after another.
class RowCells {
 public:
  explicit RowCells(const std::vector<SelectedColumn>& all) : all_(all) {}

  void set(const NestedRow& row) {
    row_ = &row;
    index_ = row.record.index;
    status_ = row.record.outcome.ok() ? "ok" : name_of(row.record.outcome.failure().kind);
  }

  SelectedCell at(std::size_t place) const {
    const auto cell = [](const std::optional<Value>& value, bool is_missing) -> SelectedCell {
      if (!value) return {nullptr, true};
      return {&*value, is_missing || (value->is_number() && std::isnan(value->number()))};
    };
    const std::size_t i = all_[place].place;
    switch (all_[place].role) {
      case ColumnRole::loop:
        return cell(row_->loops[i], false);
      case ColumnRole::parameter:
        return cell(row_->parameters[i], false);
      case ColumnRole::output:
        return cell(row_->outputs[i], row_->missing[i]);
      case ColumnRole::index:
        return {&index_, false};
      case ColumnRole::status:
        break;
    }
    return {&status_, false};
  }

 private:
  const std::vector<SelectedColumn>& all_;
  const NestedRow* row_ = nullptr;
  Value index_, status_;
};

/// Whether a condition holds for rows.
class RowFilter {
 public:
  explicit RowFilter(const std::optional<detail::Expression>& condition) : condition_(condition) {}

  bool admits(const RowCells& cells) {
    if (!condition_) return true;
    values_.clear();
    const std::vector<std::size_t>& used = condition_->used();
    for (std::size_t i = 0; i < used.size(); ++i) {
      const SelectedCell cell = cells.at(used[i]);
      if (cell.is_missing || (cell.value->is_text() && condition_->is_number(i))) return false;
      if (condition_->is_number(i) && detail::loses_digits(*cell.value)) {
        throw SpecError("`where`: " + cell.value->render() + " has more digits than a number of an expression");
      }
      values_.push_back(cell.value);
    }
    return condition_->holds(values_);
  }

 private:
  const std::optional<detail::Expression>& condition_;
  std::vector<const Value*> values_;
};

}  // namespace

SelectedRows::SelectedRows(const NestedReader& results, const RowSelection& selection)
    : impl_(std::make_unique<Impl>(results, selection)) {}
SelectedRows::~SelectedRows() = default;
SelectedRows::SelectedRows(SelectedRows&&) noexcept = default;
SelectedRows& SelectedRows::operator=(SelectedRows&&) noexcept = default;

const std::vector<SelectedColumn>& SelectedRows::columns() const {
  return impl_->columns;
}

std::uint64_t SelectedRows::for_each_text(const std::function<std::string(const SelectedRow&)>& make,
                                          const std::function<bool(std::string_view)>& take, std::uint64_t most) const {
  const Impl& self = *impl_;
  RowCells cells(self.all);
  RowFilter filter(self.condition);
  std::optional<detail::SortedTexts> sorted;
  if (self.sorted_by) sorted.emplace(self.descending);
  std::vector<SelectedCell> selected;
  std::uint64_t rows = 0;
  bool goes_on = true;
  const bool read_all = self.results.for_each_while([&](const NestedRow& row) {
    cells.set(row);
    if (!filter.admits(cells)) return true;
    ++rows;
    if (!sorted && rows > most) return self.condition.has_value();  // they are counted
    selected.clear();
    for (const std::size_t place : self.places) selected.push_back(cells.at(place));
    const std::string text = make({row, selected});
    if (!sorted) return goes_on = take(text);
    const SelectedCell key = cells.at(*self.sorted_by);
    sorted->add(key.is_missing ? nullptr : key.value, text);
    return true;
  });
  if (sorted) {
    std::uint64_t taken = 0;
    if (most > 0) sorted->for_each([&](std::string_view text) { return take(text) && ++taken < most; });
  }
  return read_all || !goes_on ? rows : self.results.outcomes();
}

}  // namespace windrow
