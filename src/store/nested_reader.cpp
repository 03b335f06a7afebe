// Several stores as one table.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <system_error>

#include "exported.hpp"
#include "schema.hpp"
#include "store/interface/loop_names.hpp"
#include "windrow/error.hpp"
#include "windrow/store/nested.hpp"

namespace windrow {
namespace {

using Cells = std::vector<std::optional<Value>>;

template <typename Columns>
auto find_column(Columns& columns, std::string_view name) {
  return std::ranges::find_if(columns, [&](const Column& column) { return column.name == name; });
}

std::string common_type(const std::string& a, const std::string& b) {
  const auto is_number = [](const std::string& type) { return type.empty() || type == "number" || type == "integer"; };
  if (a == b) return a;
  return is_number(a) && is_number(b) ? "number" : "mixed";
}

std::string type_of(const Value& value) {
  static constexpr std::array<const char*, 4> names = {"number", "integer", "boolean", "string"};
  return names[value.variant().index()];
}

/// @param others  columns of the other role, which must not have one of this name
void add_column(std::vector<Column>& columns, const std::vector<Column>& others, const Column& column,
                const NestedStore& store) {
  if (find_column(others, column.name) != others.end()) {
    throw StoreError(
        fmt::format("{}: `{}` is a parameter in one of the sweeps and an output in another: one column cannot "
                    "be both; export each alone",
                    store.directory.string(), column.name));
  }
  const auto known = find_column(columns, column.name);
  if (known == columns.end()) {
    columns.push_back(column);
    return;
  }
  if (known->unit != column.unit) {
    throw StoreError(
        fmt::format("{}: `{}` has the unit `{}` here and `{}` in another sweep: one column cannot have both; "
                    "export each alone",
                    store.directory.string(), column.name, column.unit, known->unit));
  }
  known->type = common_type(known->type, column.type);
  if (known->description.empty()) known->description = column.description;
}

/// Where each of `own` is among `all`. @throws StoreError if one is not
std::vector<std::size_t> places_of(const std::vector<Column>& own, const std::vector<Column>& all,
                                   const NestedStore& store) {
  std::vector<std::size_t> places;
  for (const Column& column : own) {
    const auto found = find_column(all, column.name);
    if (found == all.end()) {
      throw StoreError(
          fmt::format("{}: the study has changed while it was read; read it again", store.directory.string()));
    }
    places.push_back(static_cast<std::size_t>(found - all.begin()));
  }
  return places;
}

Value output_of(const Record& record, std::size_t i, const Column& output, const NestedStore& store) {
  Value value = detail::exported_output(record, i, output);
  const bool is_file = output.type == "array" && !store.loops.empty() && !value.text().empty();
  if (is_file) return fmt::format("{}/{}", store.name(), value.render());
  return value.spelled(detail::without_point(value));
}

bool is_missing(const Record& record, std::size_t i) {
  if (!record.outcome.ok()) return true;
  const Value& value = record.outcome.value()[i];
  return value.is_number() && std::isnan(value.number());
}

}  // namespace

NestedReader::NestedReader(const std::filesystem::path& store) {
  std::error_code no_file;
  if (std::filesystem::is_regular_file(store, no_file)) {
    add({store, {}}, StoreReader(store).identity());
    return;
  }
  for (const NestedStore& found : find_nested_stores(store)) {
    std::error_code ignored;
    if (!std::filesystem::exists(found.directory / detail::results_file, ignored)) continue;  // shards alone
    try {
      add(found, StoreReader(found.directory).identity());
    } catch (const StoreEmpty&) {
    }
  }
  if (!stores_.empty()) return;
  throw StoreError(fmt::format("{}: there are no results here, nor in folders NAME=VALUE below it", store.string()));
}

void NestedReader::add(const NestedStore& store, const StudyIdentity& study) {
  for (const LoopValue& loop : store.loops) {
    const auto known = find_column(loops_, loop.name);
    if (known == loops_.end()) {
      loops_.push_back({loop.name, "", type_of(loop.value), "loop around the sweep"});
    } else {
      known->type = common_type(known->type, type_of(loop.value));
    }
  }
  for (const Column& column : study.parameters) add_column(parameters_, outputs_, column, store);
  for (const Column& column : study.outputs) add_column(outputs_, parameters_, column, store);
  std::vector<LoopValue> loops;
  for (const Column& loop : loops_) loops.push_back({loop.name, {}});
  try {
    detail::require_new_names(loops, {.name = {}, .parameters = parameters_, .outputs = outputs_, .definition = {}});
  } catch (const SpecError& error) {
    throw StoreError(fmt::format("{}: {}; export each sweep alone", store.directory.string(), error.what()));
  }
  stores_.push_back(store);
}

void NestedReader::for_each(const std::function<void(const NestedRow&)>& visit) const {
  for_each_while([&](const NestedRow& row) {
    visit(row);
    return true;
  });
}

bool NestedReader::for_each_while(const std::function<bool(const NestedRow&)>& visit) const {
  return std::ranges::all_of(stores_, [&](const NestedStore& store) { return visit_store(store, visit); });
}

std::uint64_t NestedReader::outcomes() const {
  std::uint64_t outcomes = 0;
  for (const NestedStore& store : stores_) outcomes += StoreReader(store.directory).outcomes();
  return outcomes;
}

bool NestedReader::visit_store(const NestedStore& store, const std::function<bool(const NestedRow&)>& visit) const {
  const StoreReader reader(store.directory);
  const StudyIdentity& study = reader.identity();
  const auto parameter_places = places_of(study.parameters, parameters_, store);
  const auto output_places = places_of(study.outputs, outputs_, store);
  Cells loops(loops_.size()), parameters(parameters_.size()), outputs(outputs_.size());
  std::vector<bool> missing(outputs_.size(), true);
  for (const LoopValue& loop : store.loops) {
    loops[static_cast<std::size_t>(find_column(loops_, loop.name) - loops_.begin())] = loop.value;
  }
  return reader.for_each_while([&](const Record& record) {
    for (std::size_t i = 0; i < parameter_places.size(); ++i) parameters[parameter_places[i]] = record.parameters[i];
    for (std::size_t i = 0; i < output_places.size(); ++i) {
      outputs[output_places[i]] = output_of(record, i, study.outputs[i], store);
      missing[output_places[i]] = is_missing(record, i);
    }
    return visit({store, record, loops, parameters, outputs, missing});
  });
}

}  // namespace windrow
