#include "windrow/store/export.hpp"

#include <fmt/format.h>

#include <memory>
#include <ostream>

#include "common.hpp"
#include "json_lines.hpp"
#include "options.hpp"
#include "row_options.hpp"
#include "verbs.hpp"
#include "windrow/labelled/netcdf.hpp"

namespace windrow::app {
namespace {

namespace fs = std::filesystem;

/// Says which arrays are not there as they were. @return whether all are
bool complain_of_arrays(const std::vector<fs::path>& stores) {
  constexpr std::uint64_t kShown = 3;
  std::uint64_t damaged = 0;
  for (const fs::path& store : stores) {
    for_damaged_arrays(StoreReader(store), [&damaged](const ArrayFile& array) {
      if (++damaged > kShown) return;
      show_aside("windrow: {}: missing, or not as long as it was\n", array.file.string());
    });
  }
  if (damaged > 0) {
    show_aside("windrow: {} of arrays: `windrow run --retry-failed` evaluates their points again\n",
               counted(damaged, "damaged file"));
  }
  return damaged == 0;
}

CsvBytes bytes_of(const ExportArguments& arguments) {
  return arguments.raw ? CsvBytes::raw : CsvBytes::escaped;
}

void write_csv(const ExportArguments& arguments, const auto& results) {
  const bool with_columns = may_have_neighbours(arguments.csv);
  write_output(arguments.csv, [&](std::ostream& out) { export_csv(results, out, bytes_of(arguments)); });
  if (!with_columns) return;
  const fs::path columns = fs::path(arguments.csv).replace_extension(".columns.csv");
  write_output(columns.string(), [&](std::ostream& out) { export_columns_csv(results, out); });
}

/// @param results  of the directory: one store, which is written faster if all of it is, or several
void write_tables(const ExportArguments& arguments, const fs::path& directory, const auto& results) {
  const bool is_all = arguments.selection.is_all();
  if (!arguments.csv.empty() && is_all) write_csv(arguments, results);
  if (!arguments.jsonl.empty() || !is_all) {
    const NestedReader table(directory);
    const SelectedRows rows(table, arguments.selection);
    if (!arguments.csv.empty() && !is_all) write_csv(arguments, rows);
    if (!arguments.jsonl.empty()) {
      write_output(arguments.jsonl, [&](std::ostream& out) { write_json_lines(rows, out); });
    }
  }
  if (!arguments.evaluations.empty()) {
    write_output(arguments.evaluations,
                 [&](std::ostream& out) { export_evaluations_csv(results, out, bytes_of(arguments)); });
  }
}

/// @return whether all arrays that belong into it are
bool write_netcdf(const std::string& file, const StoreReader& results) {
  static_cast<void>(flush_output());  // it may be the file by another name
  const NetcdfReport report = export_netcdf(results, file);
  for (const std::string& output : report.left_out) show_aside("windrow: not in {}: {}\n", file, output);
  if (report.unread_arrays > 0) {
    show_aside("windrow: in {} NaN stands for the numbers of {} whose files are missing or damaged\n", file,
               counted(report.unread_arrays, "array"));
  }
  return report.unread_arrays == 0;
}

/// What is not in the tables. @return the exit code
int tell_what_is_missing(const std::vector<fs::path>& stores, const std::vector<fs::path>& with_shards) {
  const bool whole = complain_of_arrays(stores);
  std::uint64_t left = 0, points = 0;
  for (const fs::path& store : stores) {
    const StoreReader reader(store);
    left += reader.identity().points - reader.outcomes();
    points += reader.identity().points;
  }
  if (left > 0) {
    show_aside("windrow: {} of {} points have no outcome yet and are not in the export\n", left, points);
  }
  for (const fs::path& directory : with_shards) {
    if (const std::string shards = unmerged(directory); !shards.empty()) show_aside("windrow: {}\n", shards);
  }
  return whole ? kSuccess : kSomeFailed;
}

int export_nested(const ExportArguments& arguments, const fs::path& directory) {
  const NestedReader results(directory);
  write_tables(arguments, directory, results);
  std::vector<fs::path> stores, with_shards;
  for (const NestedStore& store : results.stores()) stores.push_back(store.directory);
  for (const NestedStore& store : find_nested_stores(directory)) with_shards.push_back(store.directory);
  return tell_what_is_missing(stores, with_shards);
}

}  // namespace

int export_results(const ExportArguments& arguments) {
  const bool has_table = !arguments.csv.empty() || !arguments.jsonl.empty();
  if (!has_table && arguments.netcdf.empty() && arguments.evaluations.empty()) {
    return complain(
        "nothing to export: give --csv FILE, --jsonl FILE or --evaluations FILE (- is standard output), or --netcdf "
        "FILE");
  }
  if (!arguments.netcdf.empty() && is_standard_output(arguments.netcdf)) {
    return complain(
        "--netcdf cannot write to standard output, as a NetCDF file is not written from its beginning to its end: give "
        "it the name of a file");
  }
  if (!arguments.selection.is_all() && (!has_table || !arguments.netcdf.empty())) {
    return complain("--columns, --where and --sort are for --csv and --jsonl");
  }
  if (arguments.raw && arguments.csv.empty() && arguments.evaluations.empty()) {
    return complain("--raw is for --csv and --evaluations: JSON and NetCDF are always UTF-8");
  }
  const fs::path directory = results_directory(arguments.directory);
  const bool is_nested = has_nested_stores(directory);
  if (is_nested && !arguments.netcdf.empty()) {
    return complain(
        fmt::format("{}: there are several sweeps below it, and a NetCDF file holds one: give the directory "
                    "of one, or export all as --csv or --jsonl",
                    directory.string()));
  }
  if (is_nested) return export_nested(arguments, directory);
  const StoreReader results = open_results(directory);
  write_tables(arguments, directory, results);
  const bool has_all = arguments.netcdf.empty() || write_netcdf(arguments.netcdf, results);
  const int code = tell_what_is_missing({directory}, {directory});
  return has_all ? code : kSomeFailed;
}

Verb add_export(CommandLine& line) {
  const auto arguments = std::make_shared<ExportArguments>();
  CLI::App* verb = line.app.add_subcommand("export", "write results as CSV, JSON lines or NetCDF");
  verb->add_option("DIR", arguments->directory, kResults)->required();
  verb->add_option("--csv", arguments->csv,
                   "results: index, parameters, outputs, status; - is standard output.\n"
                   "Of arrays it names the files, arrays/OUTPUT/INDEX.npy below DIR.\n"
                   "Units, types and descriptions go beside NAME.csv, to NAME.columns.csv")
      ->option_text("FILE");
  verb->add_option("--jsonl", arguments->jsonl,
                   "the same as JSON lines, an object for each point, with the reason of a\n"
                   "failure; - is standard output; `windrow help json` describes the form")
      ->option_text("FILE");
  add_row_selection(verb, arguments->selection);
  verb->add_option("--netcdf", arguments->netcdf,
                   "results as labelled arrays, which xarray and others open: the parameters of a\n"
                   "grid are dimensions, the points of other designs are one. A file, not -")
      ->option_text("FILE");
  verb->add_option("--evaluations", arguments->evaluations,
                   "when, where and how long each point was evaluated, and why it failed;\n- is standard output")
      ->option_text("FILE");
  verb->add_flag("--raw", arguments->raw,
                 "texts byte for byte; without it the files are UTF-8, and bytes that are\n"
                 "not and control characters are written as \\xe9, \\x1b");
  return {verb, [arguments] { return export_results(*arguments); }};
}

}  // namespace windrow::app
