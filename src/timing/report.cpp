#include "windrow/timing/report.hpp"

#include <fmt/format.h>

#include <cmath>
#include <optional>

#include "base/interface/json.hpp"
#include "timing/rows.hpp"
#include "windrow/base/table.hpp"
#include "windrow/base/text.hpp"

namespace windrow {

namespace timing = detail::timing;
namespace {

using detail::Align;
using detail::Json;
using timing::Cell;
using timing::Row;
using timing::Visit;

double as_number(std::chrono::nanoseconds time) {
  return static_cast<double>(time.count());
}

/// What a row shows; none where it has nothing to say.
struct Figures {
  std::optional<double> time, share, mean, min, max;
  std::optional<std::uint64_t> count;
};

Figures figures_of(const Visit& visit) {
  Figures figures;
  if (!visit.row.cells[0]) return figures;
  const Cell& cell = *visit.row.cells[0];
  figures.time = as_number(cell.time);
  if (visit.above != nullptr && visit.above->cells[0] && visit.above->cells[0]->time.count() > 0) {
    figures.share = *figures.time / as_number(visit.above->cells[0]->time);
  }
  if (visit.row.kind == Row::Kind::rest) return figures;
  figures.count = cell.count;
  if (cell.count > 0) figures.mean = *figures.time / static_cast<double>(cell.count);
  if (visit.row.kind == Row::Kind::stamp && cell.count > 0) {
    figures.min = as_number(cell.min);
    figures.max = as_number(cell.max);
  }
  return figures;
}

template <class Value, class Render>
std::string shown(const std::optional<Value>& value, Render render, std::string_view otherwise = "") {
  return value ? render(*value) : std::string(otherwise);
}

std::string count_text(std::uint64_t count) {
  return fmt::format("{}", count);
}

std::chrono::nanoseconds overhead_of(const TimingRecord& record) {
  std::chrono::nanoseconds sum = record.overhead;
  for (const PlacedRecord& placed : record.subdivisions) sum += overhead_of(placed.record);
  return sum;
}

std::string as_text(const TimingRecord& record, const Row& root) {
  detail::Table table(
      {Align::left, Align::right, Align::right, Align::right, Align::right, Align::right, Align::right});
  table.add({"", "time", "share", "count", "mean", "min", "max"});
  timing::visit_rows(root, [&](const Visit& visit) {
    const Figures figures = figures_of(visit);
    const bool several = figures.count.value_or(0) > 1;  // one is its own mean
    const auto time_if_several = [&](const std::optional<double>& time) {
      return several ? shown(time, text::render_time) : std::string();
    };
    table.add({timing::label_of(visit), shown(figures.time, text::render_time),
               shown(figures.share, text::render_share), shown(figures.count, count_text),
               time_if_several(figures.mean), time_if_several(figures.min), time_if_several(figures.max)});
  });
  return fmt::format("{}timing itself took {} more\n", table.text(), text::render_time(as_number(overhead_of(record))));
}

std::string as_tsv(const Row& root) {
  std::string text = "path\tkind\ttime_s\tshare\tcount\tmean_s\tmin_s\tmax_s\n";
  timing::visit_rows(root, [&](const Visit& visit) {
    const Figures figures = figures_of(visit);
    const auto time = [](const std::optional<double>& value) { return shown(value, timing::seconds_text); };
    text +=
        fmt::format("{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\n", timing::path_text(visit.path), name_of(visit.row.kind),
                    time(figures.time), shown(figures.share, [](double share) { return fmt::format("{:.6f}", share); }),
                    shown(figures.count, count_text), time(figures.mean), time(figures.min), time(figures.max));
  });
  return text;
}

std::string as_json(const TimingRecord& record, const Row& root) {
  std::string text;
  timing::visit_rows(root, [&](const Visit& visit) {
    const Figures figures = figures_of(visit);
    const auto number = [](const std::optional<double>& value) { return value ? detail::json_number(*value) : Json(); };
    const auto time = [&](std::optional<double> value) { return number(value ? std::round(*value) : value); };
    const Json row = {{"path", visit.path},
                      {"kind", name_of(visit.row.kind)},
                      {"time_ns", time(figures.time)},
                      {"share", number(figures.share)},
                      {"count", figures.count ? Json(*figures.count) : Json()},
                      {"mean_ns", time(figures.mean)},
                      {"min_ns", time(figures.min)},
                      {"max_ns", time(figures.max)}};
    text += (text.empty() ? "" : ",\n") + detail::json_line(row);
  });
  return fmt::format("{{\"overhead_ns\":{},\"rows\":[\n{}\n]}}\n", overhead_of(record).count(), text);
}

}  // namespace

std::string report(const TimingRecord& record, TimingFormat format) {
  const Row root = timing::rows_of({&record, 1}, record.name);
  switch (format) {
    case TimingFormat::tsv:
      return as_tsv(root);
    case TimingFormat::json:
      return as_json(record, root);
    case TimingFormat::text:
      break;
  }
  return as_text(record, root);
}

}  // namespace windrow
