#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/interface/json.hpp"
#include "timing/rows.hpp"
#include "windrow/base/table.hpp"
#include "windrow/base/text.hpp"
#include "windrow/timing/report.hpp"

namespace windrow {

namespace timing = detail::timing;
namespace {

using detail::Align;
using detail::Json;
using timing::Row;
using timing::Visit;

/// Of the cells of a row that are not empty, in nanoseconds.
struct Statistics {
  std::size_t count = 0;
  double max = 0.0, min = 0.0, mean = 0.0, deviation = 0.0, median = 0.0;
  std::vector<std::size_t> slowest;  ///< records, the slowest first; none if all are equal

  double imbalance() const { return mean > 0.0 ? max / mean : 1.0; }
};

Statistics statistics_of(const Row& row, std::size_t slowest) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < row.cells.size(); ++i) {
    if (row.cells[i]) order.push_back(i);
  }
  Statistics found;
  found.count = order.size();
  if (order.empty()) return found;
  const auto time = [&](std::size_t i) { return static_cast<double>(row.cells[i]->time.count()); };
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return time(a) > time(b); });
  const auto number = static_cast<double>(order.size());
  found.max = time(order.front());
  found.min = time(order.back());
  found.median = (time(order[order.size() / 2]) + time(order[(order.size() - 1) / 2])) / 2.0;
  found.mean =
      std::accumulate(order.begin(), order.end(), 0.0, [&](double sum, std::size_t i) { return sum + time(i); }) /
      number;
  const auto square = [&](double sum, std::size_t i) { return sum + (time(i) - found.mean) * (time(i) - found.mean); };
  found.deviation = std::sqrt(std::accumulate(order.begin(), order.end(), 0.0, square) / number);
  order.resize(found.max > found.min ? std::min(slowest, order.size()) : 0);
  found.slowest = std::move(order);
  return found;
}

class Comparison {
 public:
  Comparison(std::span<const TimingRecord> records, const CompareOptions& options)
      : records_(records), options_(options), root_(timing::rows_of(records, "total")) {}

  std::string text() const {
    const detail::Table each = one_column_each();
    return each.width() <= options_.width ? each.text() : statistics_instead().text();
  }

  std::string tsv() const {
    std::string text = "path\tkind";
    for (const TimingRecord& record : records_) text += fmt::format("\t{}", timing::path_text({{record.name}}));
    text += "\tmax_s\tmin_s\tmean_s\tmedian_s\tstandard_deviation_s\timbalance\tcount\n";
    visit([&](const Visit& visit, const Statistics& found) {
      text += fmt::format("{}\t{}", timing::path_text(visit.path), name_of(visit.row.kind));
      for (const auto& cell : visit.row.cells) {
        text +=
            fmt::format("\t{}", cell ? timing::seconds_text(static_cast<double>(cell->time.count())) : std::string());
      }
      for (const double value : {found.max, found.min, found.mean, found.median, found.deviation}) {
        text += fmt::format("\t{}", found.count > 0 ? timing::seconds_text(value) : std::string());
      }
      text += fmt::format("\t{}", found.count > 0 ? fmt::format("{:.6f}", found.imbalance()) : std::string());
      text += fmt::format("\t{}\n", found.count);
    });
    return text;
  }

  std::string json() const {
    std::vector<std::string> names;
    for (const TimingRecord& record : records_) names.push_back(record.name);
    std::string rows;
    visit([&](const Visit& visit, const Statistics& found) {
      rows += (rows.empty() ? "\n" : ",\n") + detail::json_line(json_of(visit, found));
    });
    return fmt::format("{{\"records\":{},\"rows\":[{}\n]}}\n", detail::json_line(names), rows);
  }

 private:
  template <class Use>
  void visit(Use use) const {
    timing::visit_rows(root_, [&](const Visit& visit) { use(visit, statistics_of(visit.row, options_.slowest)); });
  }

  detail::Table one_column_each() const {
    std::vector<Align> columns(records_.size() + 6, Align::right);
    columns[0] = Align::left;
    detail::Table table(columns);
    std::vector<std::string> head = {""};
    for (const TimingRecord& record : records_) head.push_back(timing::printable(record.name));
    for (const char* name : {"max", "min", "mean", "st.dev.", "n"}) head.emplace_back(name);
    table.add(head);
    visit([&](const Visit& visit, const Statistics& found) {
      std::vector<std::string> line = {timing::label_of(visit)};
      for (const auto& cell : visit.row.cells) {
        line.push_back(cell                    ? text::render_time(static_cast<double>(cell->time.count()))
                       : visit.row.has_cells() ? "-"
                                               : "");
      }
      for (const double time : {found.max, found.min, found.mean, found.deviation})
        line.push_back(time_text(found, time));
      line.push_back(count_text(found));
      table.add(std::move(line));
    });
    return table;
  }

  detail::Table statistics_instead() const {
    std::vector<Align> columns(9, Align::right);
    columns.front() = columns.back() = Align::left;
    detail::Table table(columns);
    table.add({"", "min", "median", "max", "max/mean", "mean", "st.dev.", "n", "slowest"});
    visit([&](const Visit& visit, const Statistics& found) {
      std::string slowest;
      for (const std::size_t record : found.slowest) {
        slowest += fmt::format("{}{}", slowest.empty() ? "" : ", ", timing::printable(records_[record].name));
      }
      table.add({timing::label_of(visit), time_text(found, found.min), time_text(found, found.median),
                 time_text(found, found.max), found.count > 0 ? fmt::format("{:.2f}", found.imbalance()) : "",
                 time_text(found, found.mean), time_text(found, found.deviation), count_text(found), slowest});
    });
    return table;
  }

  static std::string time_text(const Statistics& found, double time) {
    return found.count > 0 ? text::render_time(time) : std::string();
  }

  static std::string count_text(const Statistics& found) {
    return found.count > 0 ? fmt::format("{}", found.count) : std::string();
  }

  Json json_of(const Visit& visit, const Statistics& found) const {
    Json times = Json::array(), slowest = Json::array();
    for (const auto& cell : visit.row.cells) times.push_back(cell ? Json(cell->time.count()) : Json());
    for (const std::size_t record : found.slowest) slowest.push_back(records_[record].name);
    Json json = {{"path", visit.path}, {"kind", name_of(visit.row.kind)}, {"times_ns", times}, {"count", found.count}};
    if (found.count > 0) {
      json["max_ns"] = detail::json_number(found.max);
      json["min_ns"] = detail::json_number(found.min);
      json["mean_ns"] = detail::json_number(found.mean);
      json["median_ns"] = detail::json_number(found.median);
      json["standard_deviation_ns"] = detail::json_number(found.deviation);
      json["imbalance"] = detail::json_number(found.imbalance());
    }
    json["slowest"] = slowest;
    return json;
  }

  std::span<const TimingRecord> records_;
  const CompareOptions& options_;
  Row root_;
};

}  // namespace

std::string compare(std::span<const TimingRecord> records, const CompareOptions& options) {
  const Comparison comparison(records, options);
  switch (options.format) {
    case TimingFormat::tsv:
      return comparison.tsv();
    case TimingFormat::json:
      return comparison.json();
    case TimingFormat::text:
      break;
  }
  return comparison.text();
}

}  // namespace windrow
