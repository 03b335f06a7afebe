#include "json_lines.hpp"

#include <array>
#include <ostream>
#include <string>
#include <vector>

#include "json.hpp"
#include "windrow/base/display.hpp"

namespace windrow::app {
namespace {

std::string text_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// Writes members of objects one after another: a tree of all values would take most of the time.
class LineWriter {
 public:
  explicit LineWriter(const std::vector<SelectedColumn>& columns) : columns_(columns) {
    for (const SelectedColumn& column : columns) names_.push_back(text_of(text::as_utf8(column.column.name)));
  }

  std::string line(const SelectedRow& row) {
    const Outcome<std::vector<Value>>& outcome = row.row.record.outcome;
    line_ = "{";
    add_object("loops", ColumnRole::loop, row);
    add_member(ColumnRole::index, row);
    const bool has_status = add_member(ColumnRole::status, row);
    add_object("parameters", ColumnRole::parameter, row);
    if (outcome.ok()) {
      add_object("outputs", ColumnRole::output, row);
    } else if (has_status) {
      add_name("\"failure\"");
      line_ += failure_text(outcome.failure());
    }
    line_ += '}';
    return text::safe_json(line_) + '\n';
  }

 private:
  /// Without the rank and the host: lines do not tell who computed them.
  static std::string failure_text(const TaskFailure& failure) {
    Json json = json_of(failure);
    json.erase("rank");
    json.erase("host");
    return text_of(json);
  }

  void add_name(const std::string& name) {
    if (line_.back() != '{') line_ += ',';
    line_ += name;
    line_ += ':';
  }

  void add_value(const SelectedCell& cell) { line_ += cell.is_missing ? "null" : text_of(json_of(*cell.value)); }

  /// @return whether there are such columns
  bool add_member(ColumnRole role, const SelectedRow& row) {
    bool is_there = false;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (columns_[i].role != role) continue;
      add_name(names_[i]);
      add_value(row.cells[i]);
      is_there = true;
    }
    return is_there;
  }

  /// Nothing if there are no such columns.
  void add_object(const char* name, ColumnRole role, const SelectedRow& row) {
    const std::size_t before = line_.size();
    add_name('"' + std::string(name) + '"');
    line_ += '{';
    const bool is_there = add_member(role, row);
    line_ += '}';
    if (!is_there) line_.resize(before);
  }

  const std::vector<SelectedColumn>& columns_;
  std::vector<std::string> names_;  // as JSON
  std::string line_;
};

}  // namespace

void write_json_lines(const SelectedRows& rows, std::ostream& out) {
  LineWriter writer(rows.columns());
  rows.for_each_text([&](const SelectedRow& row) { return writer.line(row); },
                     [&](std::string_view line) { return static_cast<bool>(out << line); });
}

}  // namespace windrow::app
