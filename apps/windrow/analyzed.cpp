#include "analyzed.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>

#include "windrow/base/text.hpp"
#include "windrow/design/table.hpp"
#include "windrow/error.hpp"

namespace windrow::app {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

/// Values of a column as numbers, texts as the positions of their labels.
class ColumnReader {
 public:
  explicit ColumnReader(bool is_text) : is_text_(is_text) {}

  void add(DataColumn& column, const Value& value) {
    if (!is_text_) {
      column.numbers.push_back(value.is_text() || value.is_array() ? kMissing : value.number());
      return;
    }
    const auto [label, is_new] = places_.try_emplace(value.written(), column.labels.size());
    if (is_new) column.labels.push_back(label->first);
    column.numbers.push_back(static_cast<double>(label->second));
  }

 private:
  bool is_text_;
  std::map<std::string, std::size_t> places_;
};

bool holds_texts(const std::string& type) {
  return type == "string" || type == "mixed";
}

std::string pair_of(const StudyIdentity& identity, std::string_view key) {
  for (const auto& [name, text] : identity.definition) {
    if (name == key) return text;
  }
  return {};
}

std::vector<std::string> names_of(const std::vector<Parameter>& parameters) {
  std::vector<std::string> names;
  for (const Parameter& parameter : parameters) names.push_back(parameter.name());
  return names;
}

/// Positions of columns by their names.
std::vector<std::size_t> places_of(const std::vector<std::string>& wanted, const std::vector<std::string>& names,
                                   const std::filesystem::path& file) {
  std::vector<std::size_t> places;
  for (const std::string& name : wanted) {
    const auto place = std::find(names.begin(), names.end(), name);
    if (place == names.end()) {
      throw SpecError(fmt::format("{}: there is no column `{}`{}", file.string(), name, text::suggestion(name, names)));
    }
    places.push_back(static_cast<std::size_t>(place - names.begin()));
  }
  return places;
}

}  // namespace

std::vector<double> Analyzed::by_index(std::size_t which) const {
  std::vector<double> values(points, kMissing);
  for (std::size_t row = 0; row < indices.size(); ++row) values[indices[row]] = data.outputs[which].numbers[row];
  return values;
}

Analyzed analyzed_results(const StoreReader& store) {
  const StudyIdentity& identity = store.identity();
  Analyzed result{identity.name, identity.points, {}};
  const bool is_whole = pair_of(identity, "design.where").empty() && pair_of(identity, "design.layout").empty();
  const bool is_replicated = !identity.parameters.empty() && identity.parameters.back().name == "replicate";
  if (is_whole && !is_replicated) result.method = pair_of(identity, "design.method");
  result.second_order = pair_of(identity, "design.second_order") == "true";
  std::vector<ColumnReader> readers;
  for (const Column& column : identity.parameters) {
    const bool is_field = column.name.find('.') != std::string::npos;
    const bool is_derived = pair_of(identity, "parameters." + column.name).starts_with("derived(");
    const bool is_replicate = is_replicated && &column == &identity.parameters.back();
    if (!is_field && !is_derived && !is_replicate) result.varied.push_back(result.data.inputs.size());
    result.data.inputs.push_back({column.name, column.unit});
    readers.emplace_back(holds_texts(column.type));
  }
  std::vector<std::size_t> outputs;
  for (std::size_t i = 0; i < identity.outputs.size(); ++i) {
    const Column& column = identity.outputs[i];
    if (holds_texts(column.type) || detail::is_array_type(column.type)) {
      result.left_out.push_back(column.name);
      continue;
    }
    outputs.push_back(i);
    result.data.outputs.push_back({column.name, column.unit});
  }
  ColumnReader numbers(false);
  store.for_each([&](const Record& record) {
    result.indices.push_back(record.index);
    for (std::size_t i = 0; i < readers.size(); ++i) readers[i].add(result.data.inputs[i], record.parameters[i]);
    const bool is_ok = record.outcome.ok();
    result.data.status.emplace_back(is_ok ? "ok" : std::string(name_of(record.outcome.failure().kind)));
    for (std::size_t k = 0; k < outputs.size(); ++k) {
      numbers.add(result.data.outputs[k], is_ok ? record.outcome.value()[outputs[k]] : Value(kMissing));
    }
  });
  return result;
}

Analyzed analyzed_table(const std::filesystem::path& file, const std::vector<std::string>& inputs,
                        const std::vector<std::string>& outputs) {
  const Design rows = table(file.string());
  const std::vector<Parameter>& columns = rows.parameters();
  const std::vector<std::string> names = names_of(columns);
  if (outputs.empty()) {
    throw SpecError(fmt::format("{}: say by --outputs which of its columns are outputs: {}", file.string(),
                                fmt::join(names, ", ")));
  }
  const std::vector<std::size_t> output_places = places_of(outputs, names, file);
  std::vector<std::size_t> input_places = places_of(inputs, names, file);
  for (std::size_t i = 0; inputs.empty() && i < names.size(); ++i) {
    if (std::find(output_places.begin(), output_places.end(), i) == output_places.end()) input_places.push_back(i);
  }
  Analyzed result{file.filename().string(), rows.size(), {}};
  std::vector<ColumnReader> readers;
  for (const std::size_t i : input_places) {
    result.varied.push_back(result.data.inputs.size());
    result.data.inputs.push_back({names[i], columns[i].unit()});
    readers.emplace_back(columns[i].type_of_values().value_or(ValueType::string) == ValueType::string);
  }
  for (const std::size_t i : output_places) {
    if (columns[i].type_of_values().value_or(ValueType::string) == ValueType::string) {
      throw SpecError(fmt::format("{}: column `{}` holds texts; outputs must be numbers", file.string(), names[i]));
    }
    result.data.outputs.push_back({names[i], columns[i].unit()});
  }
  ColumnReader numbers(false);
  for (std::uint64_t index = 0; index < rows.size(); ++index) {
    const Point point = rows.point(index);
    result.indices.push_back(index);
    result.data.status.emplace_back("ok");
    for (std::size_t k = 0; k < input_places.size(); ++k) {
      readers[k].add(result.data.inputs[k], point.values()[input_places[k]]);
    }
    for (std::size_t k = 0; k < output_places.size(); ++k) {
      numbers.add(result.data.outputs[k], point.values()[output_places[k]]);
    }
  }
  return result;
}

}  // namespace windrow::app
