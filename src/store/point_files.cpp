#include "point_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "arrays/interface/array_files.hpp"
#include "base/interface/leftover_names.hpp"
#include "collected.hpp"
#include "unowned.hpp"
#include "windrow/base/files.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

namespace fs = std::filesystem;

constexpr std::array<const char*, 2> kinds = {points_name, arrays_name};

fs::path earlier(const fs::path& directory, const char* kind, std::int64_t generation) {
  return directory / fmt::format("{}.{}", kind, generation);
}

/// The kind of a name such as "points" or "arrays.3".
std::optional<std::string> kind_of(const std::string& name) {
  for (const std::string kind : kinds) {
    const bool numbered = name.starts_with(kind + ".") && text::parse_integer(name.substr(kind.size() + 1));
    if (name == kind || numbered) return kind;
  }
  return std::nullopt;
}

void rename_or_throw(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (!error) return;
  throw StoreError(fmt::format("{}: cannot be renamed to {}: {}; the outcomes are safe: make it possible and run again",
                               from.string(), to.string(), error.message()));
}

std::vector<std::string> names_in(const fs::path& directory) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
    names.push_back(entry->path().filename().string());
  }
  return names;
}

/// Moves the entries `INDEX` + `ending` of one directory to another, under their new indices.
void move_entries(Connection& connection, std::int64_t generation, const fs::path& from, const fs::path& to,
                  const std::string& ending) {
  Statement find(connection, "SELECT now FROM moves WHERE generation = ? AND was = ?");
  for (const std::string& name : names_in(from)) {
    if (!name.ends_with(ending)) continue;
    const auto was = text::parse_integer(name.substr(0, name.size() - ending.size()));
    if (!was) continue;
    const ResetAtEnd end(find);
    if (!find.with(generation, *was).step()) continue;
    std::error_code ignored;
    fs::create_directories(to, ignored);
    rename_or_throw(from / name, to / (std::to_string(find.integer(0)) + ending));
  }
}

void move_from(Connection& connection, const fs::path& directory, std::int64_t generation) {
  const std::string points = kinds[0];
  move_entries(connection, generation, earlier(directory, kinds[0], generation), directory / points, "");
  const fs::path arrays = earlier(directory, arrays_name, generation);
  for (const std::string& output : names_in(arrays)) {
    move_entries(connection, generation, arrays / output, directory / arrays_name / output, ".npy");
  }
}

/// What is there now is of the generation that was retired last. Once its directory is there, even if empty, what is in
/// `points` or `arrays` has the new indices. So it stays until `moves` is gone.
void retire(const fs::path& directory, const char* kind, std::int64_t generation) {
  const fs::path present = directory / kind;
  const fs::path retired = earlier(directory, kind, generation);
  std::error_code ignored;
  if (fs::is_directory(retired, ignored)) return;
  if (fs::exists(present, ignored)) return rename_or_throw(present, retired);
  fs::create_directory(retired, ignored);
}

/// Only if nothing is left in it. Arrays without a row are of no worth: those of a generation of which nothing is left
/// go with it.
void remove_emptied(Connection& connection, const fs::path& directory, std::int64_t generation) {
  const fs::path points = earlier(directory, kinds[0], generation);
  remove_unowned_points(connection, points, generation);
  std::error_code ignored;
  fs::remove(points, ignored);
  const bool gone =
      connection.integer(fmt::format("SELECT count(*) FROM generations WHERE generation = {}", generation)) == 0;
  const fs::path arrays = earlier(directory, arrays_name, generation);
  gone ? fs::remove_all(arrays, ignored) : static_cast<std::uintmax_t>(fs::remove(arrays, ignored));
}

}  // namespace

bool has_point_files(const fs::path& directory) {
  const std::vector<std::string> names = names_in(directory);
  return std::ranges::any_of(names, [](const std::string& name) { return kind_of(name).has_value(); });
}

void move_point_files(Connection& connection, const fs::path& directory) {
  if (!connection.has_table("moves")) return;
  connection.execute("CREATE INDEX IF NOT EXISTS moves_from ON moves(generation, was)");
  const std::int64_t last = connection.integer("SELECT generation FROM study");
  for (const char* kind : kinds) retire(directory, kind, last);
  std::vector<std::int64_t> generations;
  connection.for_each_row("SELECT DISTINCT generation FROM moves",
                          [&](const Statement& row) { generations.push_back(row.integer(0)); });
  for (const std::int64_t generation : generations) move_from(connection, directory, generation);
  place_collected(directory);
  connection.execute("DROP TABLE moves");
  generations.push_back(last);
  for (const std::int64_t generation : generations) remove_emptied(connection, directory, generation);
}

void take_point_directory(const fs::path& from, const fs::path& to, bool move) {
  std::error_code error;
  fs::create_directories(to.parent_path(), error);
  if (move) {
    remove_tree(to, error);
    fs::rename(from, to, error);
    if (!error) return;
  }
  // Another file system, or one that must keep it: under a name that is no point's until all of it is there.
  const fs::path part = to.parent_path() / (std::string(copied_prefix) + to.filename().string());
  remove_tree(part, error);
  fs::copy(from, part, fs::copy_options::recursive | fs::copy_options::copy_symlinks, error);
  if (!error) remove_tree(to, error);
  if (error) {
    throw StoreError(
        fmt::format("{}: cannot be copied to {}: {}; the outcomes are safe: make it possible and do it again",
                    from.string(), to.string(), error.message()));
  }
  rename_or_throw(part, to);
}

}  // namespace windrow::detail
