#include "timing/rows.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "windrow/base/text.hpp"

namespace windrow::detail::timing {
namespace {

using std::chrono::nanoseconds;

class Builder {
 public:
  explicit Builder(std::size_t columns) : columns_(columns) {}

  void add_level(Row& row, std::size_t column, const TimingRecord& record) const {
    row.cells[column] = Cell{record.total, record.count, {}, {}};
    for (const StampRecord& stamp : record.stamps) {
      below(row, Row::Kind::stamp, stamp.name).cells[column] =
          Cell{stamp.cumulative, stamp.count, stamp.min, stamp.max};
    }
    for (const PlacedRecord& placed : record.subdivisions) {
      add_level(below(at(row, placed.position), Row::Kind::level, placed.record.name), column, placed.record);
    }
    for (const ParallelRecords& parallel : record.parallel) {
      for (const TimingRecord& member : parallel.records) {
        Row& group = below(at(row, parallel.position), Row::Kind::group, parallel.group);
        add_level(below(group, Row::Kind::level, member.name), column, member);
      }
    }
    const nanoseconds rest = record.total - record.stamps_sum();
    if (rest.count() > 0 && !record.stamps.empty()) {
      below(row, Row::Kind::rest, "(not stamped)").cells[column] = Cell{rest, 0, {}, {}};
    }
  }

  Row make(Row::Kind kind, std::string_view name) const {
    return {kind, std::string(name), std::vector<std::optional<Cell>>(columns_)};
  }

 private:
  Row& at(Row& level, std::string_view position) const {
    return below(level, position == kUnassigned ? Row::Kind::unassigned : Row::Kind::stamp, position);
  }

  Row& below(Row& row, Row::Kind kind, std::string_view name) const {
    const auto found = std::find_if(row.rows.begin(), row.rows.end(),
                                    [&](const Row& other) { return other.kind == kind && other.name == name; });
    return found != row.rows.end() ? *found : row.rows.emplace_back(make(kind, name));
  }

  std::size_t columns_;
};

void sort(Row& row) {
  const auto rank = [](const Row& one) {
    return one.kind == Row::Kind::unassigned ? 2 : one.kind == Row::Kind::rest ? 1 : 0;
  };
  std::stable_sort(row.rows.begin(), row.rows.end(), [&](const Row& a, const Row& b) { return rank(a) < rank(b); });
  for (Row& below : row.rows) sort(below);
}

void visit_below(const Row& row, const Row* above, std::vector<std::string_view>& path,
                 const std::function<void(const Visit&)>& visit) {
  path.push_back(row.name);
  visit({row, above, path});
  for (const Row& below : row.rows) visit_below(below, row.has_cells() ? &row : above, path, visit);
  path.pop_back();
}

}  // namespace

Row rows_of(std::span<const TimingRecord> records, std::string_view name) {
  const Builder builder(records.size());
  Row root = builder.make(Row::Kind::level, name);
  for (std::size_t column = 0; column < records.size(); ++column) builder.add_level(root, column, records[column]);
  sort(root);
  return root;
}

std::string_view name_of(Row::Kind kind) {
  switch (kind) {
    case Row::Kind::level:
      return "level";
    case Row::Kind::stamp:
      return "stamp";
    case Row::Kind::group:
      return "group";
    case Row::Kind::rest:
      return "rest";
    case Row::Kind::unassigned:
      return "unassigned";
  }
  return {};
}

void visit_rows(const Row& root, const std::function<void(const Visit&)>& visit) {
  std::vector<std::string_view> path;
  visit_below(root, nullptr, path, visit);
}

std::string printable(std::string_view name) {
  return text::visible(name, "", "?");
}

std::string label_of(const Visit& visit) {
  const bool is_heading = visit.row.kind == Row::Kind::level || visit.row.kind == Row::Kind::group;
  return std::string(2 * (visit.path.size() - 1), ' ') + printable(visit.row.name) + (is_heading ? ":" : "");
}

std::string path_text(std::span<const std::string_view> path) {
  std::string text;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (i > 0) text += '/';
    for (const char c : path[i]) {
      if (c == '/' || c == '\\') text += '\\';
      text += text::is_control(c) ? text::visible({&c, 1}) : std::string(1, c);
    }
  }
  return text;
}

std::string seconds_text(double nanoseconds) {
  return fmt::format("{:.9f}", nanoseconds / 1e9);
}

}  // namespace windrow::detail::timing
