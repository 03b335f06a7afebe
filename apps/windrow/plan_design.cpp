#include "plan_design.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "common.hpp"
#include "windrow/base/csv.hpp"
#include "windrow/base/display.hpp"
#include "windrow/base/text.hpp"
#include "windrow/report/scatter_matrix.hpp"

namespace windrow::app {
namespace {

constexpr std::size_t kMostVariables = 8;
constexpr std::uint64_t kMostDots = 100'000;  // in all cells: some 1 MB
constexpr std::uint64_t kMostPoints = 4'000;

std::string describe(const DesignBlock& block) {
  return fmt::format("{} of `{}`, {}{}", block.method, fmt::join(block.parameters, "`, `"),
                     counted(block.points, "point"), block.redraw ? " drawn anew each time" : "");
}

std::string describe(const DesignPart& part) {
  std::string text;
  for (const DesignBlock& block : part.blocks) text += (text.empty() ? "" : " x ") + describe(block);
  return part.replicates > 1 ? text + fmt::format(", {} replicates", part.replicates) : text;
}

bool is_composed(const std::vector<DesignPart>& parts) {
  return parts.size() > 1 || parts.front().blocks.size() > 1;
}

/// A bundle's fields follow from its name.
bool is_drawn(const Parameter& parameter) {
  return !std::holds_alternative<BundleField>(parameter.source());
}

bool is_logarithmic(const Parameter& parameter) {
  const std::string_view kind = parameter.kind();
  return kind == "geometric" || kind == "log_uniform" || kind == "lognormal";
}

/// Every so many of them, the last included.
std::vector<std::uint64_t> thinned(const IndexSet& points, std::uint64_t most) {
  std::vector<std::uint64_t> indices;
  const std::uint64_t size = points.size(), count = std::min(size, most);
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto place =
        count == size ? i
                      : static_cast<std::uint64_t>(static_cast<long double>(i) * static_cast<long double>(size - 1) /
                                                   static_cast<long double>(count - 1));
    indices.push_back(points.at(place));
  }
  return indices;
}

/// Texts, truth values and mixtures in the order of their levels or, if they are drawn, of their appearance.
class Categories {
 public:
  double number(const Value& value) {
    const auto [found, is_new] = places_.emplace(value.written(), names_.size());
    if (is_new) names_.push_back(found->first);
    return static_cast<double>(found->second);
  }
  std::vector<std::string> names() const { return names_; }

 private:
  std::unordered_map<std::string, std::size_t> places_;
  std::vector<std::string> names_;
};

bool are_numbers(const std::vector<Value>& values) {
  return std::ranges::all_of(values, &Value::is_number);
}

ScatterColumn column_of(const Parameter& parameter, const std::vector<Value>& values) {
  ScatterColumn column{parameter.name(), parameter.unit(), {}, {}, false};
  Categories categories;
  if (are_numbers(values)) {
    for (const Value& value : values) column.numbers.push_back(value.number());
    const bool above_zero = std::ranges::all_of(column.numbers, [](double number) { return number > 0.0; });
    column.logarithmic = is_logarithmic(parameter) && above_zero;
    return column;
  }
  const bool has_few = parameter.is_listed() && parameter.level_count() <= 100;
  for (std::uint64_t i = 0; has_few && i < parameter.level_count(); ++i) categories.number(parameter.level(i));
  for (const Value& value : values) column.numbers.push_back(categories.number(value));
  column.categories = categories.names();
  return column;
}

std::vector<std::size_t> drawn_parameters(const Design& design) {
  std::vector<std::size_t> drawn;
  for (std::size_t i = 0; i < design.parameters().size(); ++i) {
    if (is_drawn(design.parameters()[i])) drawn.push_back(i);
  }
  return drawn;
}

}  // namespace

std::string describe_parts(const Design& design) {
  const std::vector<DesignPart> parts = design.parts();
  if (!is_composed(parts)) return "";
  if (parts.size() == 1) return fmt::format("  {}\n", describe(parts.front()));
  std::string text;
  for (const DesignPart& part : parts) {
    text += fmt::format("  {} to {} ({}): {}\n", part.first, part.first + part.points - 1,
                        counted(part.points, "point"), describe(part));
  }
  return text;
}

Json parts_json(const Design& design) {
  Json json = Json::array();
  for (const DesignPart& part : design.parts()) {
    Json one = {{"first", part.first}, {"points", part.points}, {"replicates", part.replicates}};
    for (const DesignBlock& block : part.blocks) {
      one["blocks"].push_back({{"method", block.method},
                               {"points", block.points},
                               {"parameters", block.parameters},
                               {"redraw", block.redraw}});
    }
    json.push_back(std::move(one));
  }
  return json;
}

void write_points(const Design& design, const IndexSet& points, const std::string& target) {
  write_output(target, [&](std::ostream& out) {
    std::vector<std::string> fields = {"index"};
    for (const Parameter& parameter : design.parameters()) fields.push_back(parameter.name());
    csv::write_record(out, fields);
    for (const IndexRange& range : points.ranges()) {
      for (std::uint64_t i = 0; i < range.count && out; ++i) {
        const Point point = design.point(range.first + i);
        fields.assign(1, std::to_string(point.index()));
        for (const Value& value : point.values()) fields.push_back(text::as_cell(value.written()));
        csv::write_record(out, fields);
      }
    }
  });
}

std::string draw_points(const Study& study, const IndexSet& points, const std::string& target) {
  const Design& design = study.design;
  std::vector<std::size_t> drawn = drawn_parameters(design);
  std::string note;
  if (drawn.size() > kMostVariables) {
    note = fmt::format("the first {} of {} parameters", kMostVariables, drawn.size());
    drawn.resize(kMostVariables);
  }
  const std::uint64_t cells = std::max<std::uint64_t>(1, drawn.size() * (drawn.size() - 1));
  const auto indices = thinned(points, std::min(kMostPoints, kMostDots / cells));
  if (indices.size() < points.size()) {
    note += fmt::format("{}{} of {} points, evenly spaced by index", note.empty() ? "" : "; ",
                        text::with_thousands(indices.size()), text::with_thousands(points.size()));
  }
  std::vector<std::vector<Value>> values(drawn.size());
  for (const std::uint64_t index : indices) {
    const Point point = design.point(index);
    for (std::size_t i = 0; i < drawn.size(); ++i) values[i].push_back(point.values()[drawn[i]]);
  }
  std::vector<ScatterColumn> columns;
  for (std::size_t i = 0; i < drawn.size(); ++i) columns.push_back(column_of(design.parameters()[drawn[i]], values[i]));
  const std::string title = fmt::format("{}: {} ({})", study.name, counted(points.size(), "point"), design.method());
  const std::string shown = note.empty() ? "all points" : "drawn: " + note;
  write_output(target, [&](std::ostream& out) { write_scatter_matrix(out, title, shown, columns); });
  return note;
}

}  // namespace windrow::app
