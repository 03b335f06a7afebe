// Results as a table to read.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <sstream>

#include "common.hpp"
#include "options.hpp"
#include "row_options.hpp"
#include "verbs.hpp"
#include "windrow/base/display.hpp"
#include "windrow/base/table.hpp"

namespace windrow::app {
namespace {

using Line = std::vector<std::string>;

constexpr std::size_t kWidestCell = 32;
constexpr std::size_t kLongestNumber = 12;

std::string cell_text(const SelectedCell& cell) {
  if (cell.is_missing) return "-";
  const std::string written = cell.value->written();
  const auto* number = std::get_if<double>(&cell.value->variant());
  if (number != nullptr && written.size() > kLongestNumber) return fmt::format("{:.6g}", *number);
  return within_line(written, kWidestCell);
}

/// Cells are joined by line ends, which no cell holds.
std::string joined_cells(const SelectedRow& row) {
  std::string text;
  for (const SelectedCell& cell : row.cells) text += cell_text(cell) + '\n';
  return text;
}

Line cells_of(std::string_view text) {
  Line cells;
  std::istringstream lines{std::string(text)};
  for (std::string cell; std::getline(lines, cell);) cells.push_back(cell);
  return cells;
}

/// Names, and below them units if there are any.
std::vector<Line> header_of(const std::vector<SelectedColumn>& columns) {
  Line names, units;
  for (const SelectedColumn& column : columns) {
    names.push_back(within_line(column.column.name, kWidestCell));
    units.push_back(within_line(column.column.unit, kWidestCell));
  }
  const bool has_units = std::ranges::any_of(units, [](const std::string& unit) { return !unit.empty(); });
  return has_units ? std::vector<Line>{names, units} : std::vector<Line>{names};
}

/// The columns that have room beside each other: the last one, and as many of the first as there is room for.
std::vector<std::size_t> fitting_columns(const std::vector<Line>& lines, std::size_t room) {
  constexpr std::size_t gap = 2;
  std::vector<std::size_t> widths(lines.front().size(), 0), places;
  for (const Line& line : lines) {
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], text::width(line[i]));
  }
  std::size_t taken = widths.back();
  for (std::size_t i = 0; i + 1 < widths.size(); ++i) {
    taken += widths[i] + gap;
    if (taken > room && !places.empty()) break;
    places.push_back(i);
  }
  places.push_back(widths.size() - 1);
  return places;
}

bool is_right(const Column& column) {
  return column.type.empty() || column.type == "number" || column.type == "integer";
}

void print_table(const std::vector<SelectedColumn>& columns, const std::vector<Line>& lines) {
  const std::size_t terminal = text::columns_of(STDOUT_FILENO, 0);
  const std::vector<std::size_t> places =
      fitting_columns(lines, terminal > 0 ? terminal : static_cast<std::size_t>(-1));
  std::vector<detail::Align> aligns;
  for (const std::size_t place : places) {
    aligns.push_back(is_right(columns[place].column) ? detail::Align::right : detail::Align::left);
  }
  detail::Table table(std::move(aligns));
  for (const Line& line : lines) {
    Line cells;
    for (const std::size_t place : places) cells.push_back(line[place]);
    table.add(std::move(cells));
  }
  show("{}\n", table.text());
  if (const std::size_t hidden = columns.size() - places.size(); hidden > 0) {
    show("{} not shown for want of room: --columns NAMES chooses\n", counted(hidden, "column"));
  }
}

std::uint64_t points_in(const NestedReader& results) {
  std::uint64_t points = 0;
  for (const NestedStore& store : results.stores()) points += StoreReader(store.directory).identity().points;
  return points;
}

}  // namespace

int show_results(const ShowArguments& arguments) {
  const std::filesystem::path directory = results_directory(arguments.directory);
  if (!has_nested_stores(directory)) static_cast<void>(open_results(directory));  // says what is wrong
  const NestedReader results(directory);
  const SelectedRows rows(results, arguments.selection);
  std::vector<Line> lines = header_of(rows.columns());
  const std::size_t header = lines.size();
  const auto take = [&](std::string_view text) {
    lines.push_back(cells_of(text));
    return true;
  };
  const std::uint64_t count = rows.for_each_text(joined_cells, take, arguments.head);
  const std::uint64_t shown = lines.size() - header, outcomes = results.outcomes(), points = points_in(results);
  if (shown > 0) print_table(rows.columns(), lines);
  const bool is_chosen = !arguments.selection.where.empty();
  show("{}", is_chosen ? fmt::format("{} of {}", text::with_thousands(count), counted(outcomes, "point"))
                       : counted(count, "point"));
  show("{}\n", shown < count ? fmt::format(", the first {} are shown: --head N shows more", shown) : "");
  if (points > outcomes) show("{} without an outcome yet\n", counted(points - outcomes, "point"));
  for (const NestedStore& store : find_nested_stores(directory)) {
    if (const std::string shards = unmerged(store.directory); !shards.empty()) show("{}\n", shards);
  }
  return kSuccess;
}

Verb add_show(CommandLine& line) {
  const auto arguments = std::make_shared<ShowArguments>();
  CLI::App* verb =
      line.app.add_subcommand("show", "results as a table to read: the first points, or those one asks for");
  verb->add_option("DIR", arguments->directory, kResults)->required();
  add_row_selection(verb, arguments->selection);
  verb->add_option("--head", arguments->head, "show the first N points (default: 20)")
      ->option_text("N")
      ->check(whole_number())
      ->check(CLI::PositiveNumber);
  return {verb, [arguments] { return show_results(*arguments); }};
}

}  // namespace windrow::app
