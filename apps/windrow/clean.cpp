// What killed runs have left in a results directory.
#include "windrow/run/clean.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>

#include "common.hpp"
#include "json.hpp"
#include "options.hpp"
#include "verbs.hpp"

namespace windrow::app {
namespace {

constexpr std::size_t kNamed = 3;  // of a kind
constexpr std::size_t kProblemsShown = 10;

struct KindWords {
  LeftoverKind kind;
  const char* one;
  const char* several;
};

constexpr std::array kWords = {
    KindWords{LeftoverKind::point, "directory of a point without an outcome",
              "directories of points without an outcome"},
    KindWords{LeftoverKind::array, "array of a point without an outcome", "arrays of points without an outcome"},
    KindWords{LeftoverKind::temporary, "file or directory that a run had for a time",
              "files and directories that a run had for a time"},
    KindWords{LeftoverKind::shard, "shard that is merged", "shards that are merged"}};

/// "512 bytes", "1.2 MB"
std::string size_text(std::uint64_t bytes) {
  constexpr std::array units = {"kB", "MB", "GB", "TB"};
  if (bytes < 1000) return counted(bytes, "byte");
  double size = static_cast<double>(bytes) / 1000.0;
  std::size_t unit = 0;
  while (size >= 999.95 && unit + 1 < units.size()) {
    size /= 1000.0;
    ++unit;
  }
  return fmt::format("{:.1f} {}", size, units[unit]);
}

/// Those of a kind in one line, with the first of their names.
void print_kind(const std::vector<Cleaned>& leftovers, const KindWords& words, const std::filesystem::path& directory) {
  std::uint64_t count = 0;
  std::uint64_t bytes = 0;
  std::string names;
  for (const Cleaned& one : leftovers) {
    if (one.kind != words.kind || !one.problem.empty()) continue;
    if (count < kNamed) names += (count > 0 ? ", " : "") + one.path.lexically_relative(directory).string();
    ++count;
    bytes += one.bytes;
  }
  if (count == 0) return;
  show("  {} {}, {}: {}{}\n", text::with_thousands(count), count == 1 ? words.one : words.several, size_text(bytes),
       within_line(names), count > kNamed ? ", ..." : "");
}

void print_problems(const CleanReport& report) {
  std::size_t told = 0;
  const auto tell = [&told](const std::string& problem) {
    if (++told <= kProblemsShown) show_aside("windrow: {}\n", problem);
  };
  for (const std::string& problem : report.problems) tell(problem);
  for (const Cleaned& one : report.leftovers) {
    if (!one.problem.empty()) {
      tell(fmt::format("{}: cannot be removed: {}; make it possible, or remove it", one.path.string(), one.problem));
    }
  }
  if (told > kProblemsShown) show_aside("windrow: ... and {} more\n", told - kProblemsShown);
}

void print_text(const CleanReport& report, const std::filesystem::path& directory, bool dry_run) {
  const auto is_gone = [](const Cleaned& one) { return one.problem.empty(); };
  if (std::ranges::any_of(report.leftovers, is_gone)) {
    show("{} {}:\n", dry_run ? "Would be removed from" : "Removed from", directory.string());
    for (const KindWords& words : kWords) print_kind(report.leftovers, words, std::filesystem::absolute(directory));
  } else if (report.complete()) {
    show("Nothing to remove: an outcome owns whatever is in {}.\n", directory.string());
  }
  print_problems(report);
}

void print_json(const CleanReport& report, const std::filesystem::path& directory, bool dry_run) {
  Json json = {{"results", text::as_utf8(directory.string())},
               {"dry_run", dry_run},
               {"bytes", report.bytes()},
               {"leftovers", Json::array()}};
  for (const Cleaned& one : report.leftovers) {
    Json& leftover = json["leftovers"].emplace_back();
    leftover = {{"path", text::as_utf8(one.path.string())}, {"kind", name_of(one.kind)}, {"bytes", one.bytes}};
    if (!one.problem.empty()) leftover["problem"] = one.problem;
  }
  for (const std::string& problem : report.problems) json["problems"].push_back(text::as_utf8(problem));
  print(json);
}

}  // namespace

int clean(const CleanArguments& arguments) {
  const std::filesystem::path directory = results_directory(arguments.directory);
  const CleanReport report = clean_results(directory, {.dry_run = arguments.dry_run});
  if (arguments.json) {
    print_json(report, directory, arguments.dry_run);
  } else {
    print_text(report, directory, arguments.dry_run);
  }
  return report.complete() ? kSuccess : kSomeFailed;
}

Verb add_clean(CommandLine& line) {
  const auto arguments = std::make_shared<CleanArguments>();
  CLI::App* verb = line.app.add_subcommand("clean", "remove what killed runs have left and no outcome owns");
  verb->add_option("DIR", arguments->directory, kResults)->required();
  verb->add_flag("-n,--dry-run", arguments->dry_run, "remove nothing, show what would be removed");
  verb->add_flag("--json", arguments->json, kJson);
  return {verb, [arguments] { return clean(*arguments); }};
}

}  // namespace windrow::app
