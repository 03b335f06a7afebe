#include "point_files.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "windrow/error.hpp"
#include "windrow/text/text.hpp"

namespace windrow::detail {
namespace {

namespace fs = std::filesystem;

constexpr const char* points_name = "points";

fs::path earlier_points(const fs::path& directory, std::int64_t generation) {
  return directory / fmt::format("{}.{}", points_name, generation);
}

void rename_or_throw(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (!error) return;
  throw StoreError(fmt::format("{}: cannot be renamed to {}: {}; the outcomes are safe: make it possible and run again",
                               from.string(), to.string(), error.message()));
}

/// The entries whose names are whole numbers.
std::vector<std::int64_t> numbered_entries(const fs::path& directory) {
  std::vector<std::int64_t> numbers;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
    if (const auto number = text::parse_integer(entry->path().filename().string())) numbers.push_back(*number);
  }
  return numbers;
}

void move_from(Connection& connection, const fs::path& directory, std::int64_t generation) {
  const fs::path from = earlier_points(directory, generation);
  Statement find(connection, "SELECT now FROM moves WHERE generation = ? AND was = ?");
  for (const std::int64_t was : numbered_entries(from)) {
    const ResetAtEnd end(find);
    find.bind(1, generation).bind(2, was);
    if (!find.step()) continue;
    const fs::path to = directory / points_name / std::to_string(find.integer(0));
    std::error_code ignored;
    fs::create_directory(to.parent_path(), ignored);
    rename_or_throw(from / std::to_string(was), to);
  }
}

}  // namespace

bool has_point_files(const fs::path& directory) {
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name == points_name || name.starts_with(std::string(points_name) + ".")) return true;
  }
  return false;
}

void move_point_files(Connection& connection, const fs::path& directory) {
  if (connection.integer("SELECT count(*) FROM sqlite_schema WHERE name = 'moves'") == 0) return;
  connection.execute("CREATE INDEX IF NOT EXISTS moves_from ON moves(generation, was)");
  const fs::path points = directory / points_name;
  const fs::path retired = earlier_points(directory, connection.integer("SELECT generation FROM study"));
  std::error_code ignored;
  // Once it is there, even if empty, what is in `points` has the new indices. So it stays until `moves` is gone.
  if (!fs::is_directory(retired, ignored)) {
    if (fs::exists(points, ignored)) {
      rename_or_throw(points, retired);
    } else {
      fs::create_directory(retired, ignored);
    }
  }
  std::vector<std::int64_t> generations;
  {
    Statement select(connection, "SELECT DISTINCT generation FROM moves");
    while (select.step()) generations.push_back(select.integer(0));
  }
  for (const std::int64_t generation : generations) move_from(connection, directory, generation);
  connection.execute("DROP TABLE moves");
  fs::remove(retired, ignored);  // only if nothing is left in it
  for (const std::int64_t generation : generations) fs::remove(earlier_points(directory, generation), ignored);
}

}  // namespace windrow::detail
