#include "grid_axes.hpp"

#include <algorithm>
#include <string_view>

#include "windrow/base/text.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

constexpr std::size_t kMostAxes = 16;  // of 32 dimensions that HDF5 has, so that there are some for arrays

/// Reads what stands between the parentheses of a definition from its beginning to its end.
class DefinitionScan {
 public:
  explicit DefinitionScan(std::string_view text) : text_(text) {}

  bool at_end() const { return text_.empty(); }
  bool take(std::string_view word) {
    if (!text_.starts_with(word)) return false;
    text_.remove_prefix(word.size());
    return true;
  }
  /// Up to a comma, a blank or the end.
  std::string word() {
    const std::size_t end = std::min(text_.find_first_of(", "), text_.size());
    std::string word(text_.substr(0, end));
    text_.remove_prefix(end);
    return word;
  }
  std::optional<double> number() { return text::parse_double(word()); }
  std::optional<std::int64_t> integer() { return text::parse_integer(word()); }
  /// A value as in a study file: 1, 1.0, true, "steel".
  std::optional<Value> value() {
    if (text_.starts_with('"')) return quoted();
    const std::string text = word();
    if (text == "true" || text == "false") return Value(text == "true");
    if (const auto whole = text::parse_integer(text)) return Value(*whole);
    if (const auto number = text::parse_double(text)) return Value(*number);
    return std::nullopt;
  }

 private:
  std::optional<Value> quoted() {
    std::string text;
    for (std::size_t at = 1; at < text_.size(); ++at) {
      if (text_[at] == '"') {
        text_.remove_prefix(at + 1);
        return Value(std::move(text));
      }
      if (text_[at] == '\\' && at + 1 < text_.size()) ++at;
      text += text_[at];
    }
    return std::nullopt;
  }

  std::string_view text_;
};

std::optional<Parameter> range_with_levels(const std::string& name, const std::string& kind, DefinitionScan scan) {
  const auto from = scan.number();
  if (!from || !scan.take(", ")) return {};
  const auto to = scan.number();
  if (!to || !scan.take(", ")) return {};
  const bool has_step = scan.take("step = ");
  const auto last = scan.number();
  if (!last || !scan.at_end()) return {};
  if (has_step) return kind == "linear" ? std::optional(linear_steps(name, *from, *to, *last)) : std::nullopt;
  if (!(*last >= 1.0 && *last < 0x1p53)) return {};
  const auto points = static_cast<std::uint64_t>(*last);
  if (kind == "linear") return linear(name, *from, *to, points);
  if (kind == "geometric") return geometric(name, *from, *to, points);
  return reversed_geometric(name, *from, *to, points);
}

std::optional<Parameter> integers_with_levels(const std::string& name, DefinitionScan scan) {
  const auto from = scan.integer();
  if (!from || !scan.take(", ")) return {};
  const auto to = scan.integer();
  if (!to || !scan.take(", step = ")) return {};
  const auto step = scan.integer();
  return step && scan.at_end() ? std::optional(integers(name, *from, *to, *step)) : std::nullopt;
}

std::optional<Parameter> list_with_levels(const std::string& name, DefinitionScan scan) {
  std::vector<Value> levels;
  do {
    auto value = scan.value();
    if (!value) return {};
    levels.push_back(std::move(*value));
  } while (scan.take(", "));
  return scan.at_end() ? std::optional(values(name, std::move(levels))) : std::nullopt;
}

std::optional<Parameter> bundle_with_levels(const std::string& name, DefinitionScan scan) {
  std::vector<Bundle::Entry> entries;
  do {
    const auto entry_name = scan.value();
    if (!entry_name || !entry_name->is_text()) return {};
    Bundle::Entry entry{entry_name->text(), {}};
    while (scan.take(" ")) {
      std::string field = scan.word();
      if (!scan.take(" ")) return {};
      auto value = scan.value();
      if (!value) return {};
      entry.fields.emplace_back(std::move(field), std::move(*value));
    }
    entries.push_back(std::move(entry));
  } while (scan.take(", "));
  return scan.at_end() ? std::optional(bundle(name, std::move(entries))) : std::nullopt;
}

std::string definition_of(const StudyIdentity& study, const std::string& key) {
  const auto found = std::ranges::find(study.definition, key, [](const auto& pair) { return pair.first; });
  return found == study.definition.end() ? "" : found->second;
}

/// Of "material.E" the values of the field E, if `bundle` has it.
std::optional<Parameter> field_with_levels(const std::string& name, const Parameter& bundle) {
  const auto* source = std::get_if<Bundle>(&bundle.source());
  const std::string prefix = bundle.name() + ".";
  if (source == nullptr || !name.starts_with(prefix)) return {};
  const auto found = std::ranges::find(source->fields(), name.substr(prefix.size()));
  if (found == source->fields().end()) return {};
  return Parameter(name, BundleField{*source, static_cast<std::size_t>(found - source->fields().begin())});
}

std::string why_no_grid(const StudyIdentity& study) {
  if (const std::string method = definition_of(study, "design.method"); method != "grid") {
    return method.empty() ? "the results do not say how the design is laid out" : "the design is " + method;
  }
  if (!definition_of(study, "design.where").empty()) return "points of the grid are excluded by `where`";
  if (!definition_of(study, "design.layout").empty()) return "the design is more than one grid";
  const bool is_replicated = !study.parameters.empty() && study.parameters.back().name == "replicate";
  return is_replicated ? "points have replicates" : "";
}

/// @return false if it cannot be said along which dimension the column lies
bool add_column(GridAxes& axes, const StudyIdentity& study, std::size_t column) {
  const std::string& name = study.parameters[column].name;
  if (const std::size_t dot = name.find('.'); dot != std::string::npos) {
    for (std::size_t dimension = 0; dimension < axes.lengths.size(); ++dimension) {
      auto levels = field_with_levels(name, *axes.columns[axes.of_dimension[dimension]].levels);
      if (!levels) continue;
      axes.columns.push_back({column, std::move(levels), dimension});
      return true;
    }
    return false;
  }
  const std::string definition = definition_of(study, "parameters." + name);
  if (definition.starts_with("derived(")) {
    axes.columns.push_back({column, std::nullopt});
    return true;
  }
  auto levels = parameter_with_levels(name, definition);
  if (!levels) return false;
  axes.lengths.push_back(levels->level_count());
  axes.of_dimension.push_back(column);
  axes.columns.push_back({column, std::move(levels), axes.lengths.size() - 1});
  return true;
}

}  // namespace

std::optional<Parameter> parameter_with_levels(const std::string& name, const std::string& definition) {
  const std::size_t open = definition.find('(');
  if (open == std::string::npos || !definition.ends_with(')')) return {};
  const std::string kind = definition.substr(0, open);
  const DefinitionScan inside(std::string_view(definition).substr(open + 1, definition.size() - open - 2));
  try {
    if (kind == "linear" || kind == "geometric" || kind == "reversed_geometric") {
      return range_with_levels(name, kind, inside);
    }
    if (kind == "integers") return integers_with_levels(name, inside);
    if (kind == "values") return list_with_levels(name, inside);
    if (kind == "bundle") return bundle_with_levels(name, inside);
  } catch (const SpecError&) {  // of an edited file
  }
  return {};
}

std::optional<GridAxes> grid_axes(const StudyIdentity& study, std::string& why_not) {
  why_not = why_no_grid(study);
  if (!why_not.empty()) return {};
  GridAxes axes;
  for (std::size_t column = 0; column < study.parameters.size(); ++column) {
    if (add_column(axes, study, column)) continue;
    why_not = "the results do not say which levels `" + study.parameters[column].name + "` has";
    return {};
  }
  std::uint64_t points = 1;
  for (const std::uint64_t length : axes.lengths) {
    if (length > study.points / points) points = 0;
    if (points == 0) break;
    points *= length;
  }
  if (axes.lengths.size() > kMostAxes) {
    why_not = "the grid has more parameters than NetCDF files have dimensions";
    return {};
  }
  if (axes.lengths.empty() || points != study.points) {
    why_not = "there are not as many points as combinations of levels";
    return {};
  }
  return axes;
}

}  // namespace windrow::detail
