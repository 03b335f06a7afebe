#include "windrow/store/leftovers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <system_error>

#include "arrays/interface/array_files.hpp"
#include "base/interface/leftover_names.hpp"
#include "collected.hpp"
#include "point_files.hpp"
#include "rows.hpp"
#include "schema.hpp"
#include "store/interface/journal.hpp"
#include "unowned.hpp"
#include "windrow/base/files.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"

namespace windrow {

namespace fs = std::filesystem;

std::string_view name_of(LeftoverKind kind) {
  static constexpr std::array<std::string_view, 4> names = {"point", "array", "temporary", "shard"};
  return names[static_cast<std::size_t>(kind)];
}

namespace detail {

std::vector<std::string> sorted_names(const fs::path& directory) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
    names.push_back(entry->path().filename().string());
  }
  std::ranges::sort(names);
  return names;
}

namespace {

/// The number that a name is, as windrow writes it, before `ending`. What looks alike is a user's.
std::optional<std::int64_t> number_before(std::string_view name, std::string_view ending) {
  if (!name.ends_with(ending)) return std::nullopt;
  name.remove_suffix(ending.size());
  const auto number = text::parse_integer(name);
  return number && *number >= 0 && std::to_string(*number) == name ? number : std::nullopt;
}

bool is_for_a_time_beside_results(std::string_view name) {
  const std::string_view results = results_file;
  return name.starts_with(results) && is_for_a_time_behind_results(name.substr(results.size()));
}

/// What windrow makes under the names of points: directories, and files of arrays. Links are users'.
bool is_made_for_a_point(const fs::path& path, const std::string& ending) {
  std::error_code none;
  const fs::file_type type = fs::symlink_status(path, none).type();
  return type == (ending.empty() ? fs::file_type::directory : fs::file_type::regular);
}

class LeftoverSearch {
 public:
  LeftoverSearch(const fs::path& store, Connection& connection)
      : store_(store), connection_(connection), forms_(read_generations(connection)) {}

  std::vector<Leftover> run() {
    for (const std::string& name : sorted_names(store_)) {
      const fs::path path = store_ / name;
      if (name == live_part || name == incoming_name || name == collected_name) add(LeftoverKind::temporary)(path);
      if (is_for_a_time_beside_results(name)) add(LeftoverKind::temporary)(path);
      if (name == points_name) look_at_points(path, &forms_.front());
      if (name == arrays_name) look_at_arrays(path, &forms_.front());
      if (const auto number = number_after(name, points_name)) look_at_points(path, form(*number));
      if (const auto number = number_after(name, arrays_name)) look_at_arrays(path, form(*number));
    }
    return std::move(found_);
  }

 private:
  /// 3 of "points.3", if the study ever had so many earlier forms.
  std::optional<std::int64_t> number_after(const std::string& name, const std::string& kind) {
    if (!name.starts_with(kind + ".")) return std::nullopt;
    const auto number = number_before(std::string_view(name).substr(kind.size() + 1), "");
    if (!number || *number == 0 || !has_generations(connection_)) return std::nullopt;
    return *number <= connection_.integer("SELECT generation FROM study") ? number : std::nullopt;
  }

  /// Null: nothing of it is of use any more.
  const Generation* form(std::int64_t number) const {
    const auto found = std::ranges::find(forms_, number, &Generation::number);
    return found == forms_.end() ? nullptr : &*found;
  }

  std::function<void(const fs::path&)> add(LeftoverKind kind) {
    return [this, kind](const fs::path& path) { found_.push_back({path, kind}); };
  }

  void look_at_points(const fs::path& points, const Generation* form) {
    if (!runs_programs(form != nullptr ? form->identity : forms_.front().identity)) return;
    for (const std::string& name : sorted_names(points)) {
      if (is_for_a_time(name)) add(LeftoverKind::temporary)(points / name);
    }
    for_each_unowned(connection_, points, "", form != nullptr ? form->table("results") : "", add(LeftoverKind::point));
  }

  void look_at_arrays(const fs::path& arrays, const Generation* form) {
    if (form == nullptr) return add(LeftoverKind::array)(arrays);
    for (const std::string& output : names_of_arrays(form->identity)) {
      for_each_unowned(connection_, arrays / output, ".npy", form->table("results"), add(LeftoverKind::array));
    }
  }

  fs::path store_;
  Connection& connection_;
  std::vector<Generation> forms_;
  std::vector<Leftover> found_;
};

}  // namespace

void for_each_unowned(Connection& connection, const fs::path& directory, const std::string& ending,
                      const std::string& table, const std::function<void(const fs::path&)>& visit) {
  std::optional<Statement> find;
  if (!table.empty()) find.emplace(connection, fmt::format("SELECT 1 FROM {} WHERE \"index\" = ?", table));
  for (const std::string& name : sorted_names(directory)) {
    const auto index = number_before(name, ending);
    if (!index || !is_made_for_a_point(directory / name, ending)) continue;
    if (find) {
      const ResetAtEnd end(*find);
      if (find->with(*index).step()) continue;
    }
    visit(directory / name);
  }
}

bool runs_programs(const StudyIdentity& identity) {
  return std::ranges::any_of(identity.definition, [](const auto& item) { return item.first == "command.run"; });
}

void remove_unowned_points(Connection& connection, const fs::path& points, std::int64_t generation) {
  const std::vector<Generation> forms = read_generations(connection);
  const auto form = std::ranges::find(forms, generation, &Generation::number);
  const bool is_gone = form == forms.end();
  if (!runs_programs(is_gone ? forms.front().identity : form->identity)) return;
  std::error_code ignored;
  for (const std::string& name : sorted_names(points)) {
    if (is_for_a_time(name)) remove_tree(points / name, ignored);
  }
  for_each_unowned(connection, points, "", is_gone ? "" : form->table("results"), [](const fs::path& path) {
    std::error_code none;
    remove_tree(path, none);
  });
}

}  // namespace detail

std::vector<Leftover> find_leftovers(const fs::path& store) {
  const fs::path directory = fs::absolute(store);
  static_cast<void>(StoreReader(directory));  // says it if there is nothing, or nothing that can be read here
  const fs::path file = directory / detail::results_file;
  if (detail::has_wal(file) && detail::is_on_network(directory)) {
    throw StoreElsewhere(fmt::format("{}: these results are on a disk of another machine: ask there", store.string()));
  }
  detail::Connection connection(file, detail::Connection::Mode::read);
  if (connection.has_table("moves")) {
    throw StoreError(fmt::format(
        "{}: a run was killed while it brought the results to a changed study; run the study, which ends that, and ask "
        "again",
        store.string()));
  }
  return detail::LeftoverSearch(directory, connection).run();
}

}  // namespace windrow
