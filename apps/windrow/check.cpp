// Whether results are as they were written; and what is right of those that are not.
#include "windrow/store/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "common.hpp"
#include "json.hpp"
#include "options.hpp"
#include "verbs.hpp"
#include "windrow/base/display.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"
#include "windrow/shards/shards.hpp"
#include "windrow/store/nested.hpp"

namespace windrow::app {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kShown = 20;

/// The directories of all stores of a study: its own, those of sweeps in folders NAME=VALUE, and those of shards.
std::vector<fs::path> stores_in(const fs::path& directory) {
  std::vector<fs::path> found;
  std::error_code none;
  for (const NestedStore& store : find_nested_stores(directory)) {
    if (fs::exists(store.directory / "results.sqlite", none)) found.push_back(store.directory);
    for (const Shard& shard : find_shards(store.directory).shards) {
      found.push_back(shard_directory(store.directory, shard));
    }
  }
  if (found.empty()) found.push_back(directory);  // which says that there is nothing
  return found;
}

std::vector<std::uint64_t> first_of(const IndexSet& points) {
  std::vector<std::uint64_t> first;
  for (const IndexRange& range : points.ranges()) {
    for (std::uint64_t i = 0; i < range.count && first.size() < kShown; ++i) first.push_back(range.first + i);
  }
  return first;
}

void print_lines(const std::vector<std::string>& lines) {
  for (std::size_t i = 0; i < std::min<std::size_t>(lines.size(), kShown); ++i) show("  {}\n", lines[i]);
  if (lines.size() > kShown) show("  and {} more\n", lines.size() - kShown);
}

void print_check(const fs::path& directory, const StoreCheck& check) {
  const std::string name = shell_line({directory.string()});
  if (check.sound()) {
    const char* how = check.has_checksums ? "every row is as it was written"
                                          : "it can be read; the next run gives its rows checksums";
    return show("{}: {} of {}: {}\n", directory.string(), counted(check.outcomes, "outcome"),
                counted(check.points, "point"), how);
  }
  show("{}: damaged\n", directory.string());
  print_lines(check.problems);
  if (!check.damaged.empty()) {
    std::string points;
    for (const std::uint64_t index : first_of(check.damaged))
      points += fmt::format("{} {}", points.empty() ? "" : ",", index);
    if (check.damaged.size() > kShown) points += ", ...";
    show("  rows of {} do not fit their checksums:{}\n", counted(check.damaged.size(), "point"), points);
  }
  print_lines(check.arrays);
  if (!check.problems.empty()) {
    show("`windrow recover {}` keeps every outcome that is right, in a new file.\n", name);
  } else if (!check.damaged.empty()) {
    show("`windrow run` of the study evaluates these points again; the others stand.\n");
  }
  if (!check.arrays.empty())
    show("Remove damaged arrays; `windrow run --retry-failed` evaluates their points again.\n");
}

Json check_json(const fs::path& directory, const StoreCheck& check) {
  return {{"results", directory.string()},
          {"sound", check.sound()},
          {"checksums", check.has_checksums},
          {"points", check.points},
          {"outcomes", check.outcomes},
          {"damaged", check.damaged.size()},
          {"damaged_points", first_of(check.damaged)},
          {"problems", check.problems},
          {"arrays", check.arrays}};
}

void print_recovery(const fs::path& directory, const Recovery& done) {
  if (done.was_sound) return show("{}: nothing is wrong with it, and nothing was changed.\n", directory.string());
  show("{}: {} of {} {} right and kept", directory.string(), counted(done.outcomes, "outcome"),
       counted(done.points, "point"), done.outcomes == 1 ? "is" : "are");
  if (done.earlier > 0) show(", and {} of earlier forms of the study", text::with_thousands(done.earlier));
  show(".\n");
  for (const std::string& note : done.notes) show("  lost, or not all of it: {}\n", note);
  if (done.outcomes < done.points) show("`windrow run` of the study evaluates the others.\n");
  show("The damaged file is kept: {}\n", done.damaged.string());
}

Json recovery_json(const fs::path& directory, const Recovery& done) {
  Json json = {{"results", directory.string()}, {"was_sound", done.was_sound}};
  if (done.was_sound) return json;
  json["points"] = done.points;
  json["outcomes"] = done.outcomes;
  json["earlier"] = done.earlier;
  json["lost"] = done.notes;
  json["damaged_file"] = done.damaged.string();
  return json;
}

}  // namespace

int check(const fs::path& given, bool json) {
  bool sound = true;
  Json stores = Json::array();
  for (const fs::path& directory : stores_in(results_directory(given))) {
    const StoreCheck found = check_store(directory);
    sound = sound && found.sound();
    json ? stores.push_back(check_json(directory, found)) : print_check(directory, found);
  }
  if (json) print({{"sound", sound}, {"stores", stores}});
  return sound ? kSuccess : kSomeFailed;
}

int recover(const fs::path& given, bool json) {
  Json stores = Json::array();
  for (const fs::path& directory : stores_in(results_directory(given))) {
    const Recovery done = recover_store(directory);
    json ? stores.push_back(recovery_json(directory, done)) : print_recovery(directory, done);
  }
  if (json) print({{"stores", stores}});
  return kSuccess;
}

namespace {

Verb with_results(CLI::App* verb, int (*run)(const fs::path&, bool)) {
  struct Arguments {
    fs::path directory;
    bool json = false;
  };
  const auto arguments = std::make_shared<Arguments>();
  verb->add_option("DIR", arguments->directory, kResults)->required();
  verb->add_flag("--json", arguments->json, kJson);
  return {verb, [arguments, run] { return run(arguments->directory, arguments->json); }};
}

}  // namespace

Verb add_check(CommandLine& line) {
  return with_results(line.app.add_subcommand("check", "whether results are as they were written"), check);
}

Verb add_recover(CommandLine& line) {
  return with_results(line.app.add_subcommand("recover", "keep what is right of a damaged results file"), recover);
}

}  // namespace windrow::app
