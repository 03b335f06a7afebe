#include "points_view.hpp"

#include <fmt/format.h>

#include <set>
#include <string>
#include <string_view>

#include "windrow/base/display.hpp"
#include "windrow/base/text.hpp"

namespace windrow::detail {
namespace {

/// By which the view is known, also after SQLite has put another name of a table into it.
constexpr std::string_view view_begin = "CREATE VIEW points AS /* windrow */ SELECT";

std::string in_quotes(std::string_view text, char quote) {
  std::string quoted(1, quote);
  for (const char c : text) quoted.append(c == quote ? 2 : 1, c);
  return quoted + quote;
}

/// Names of columns, each another one for SQLite, which takes `T` and `t` for the same.
class ViewNames {
 public:
  /// @param sql_name  of the column in `results`, which is put behind a name that is there already
  std::string next(const std::string& wanted, const std::string& sql_name) {
    std::string name = text::visible(wanted);
    while (!taken_.insert(folded(name)).second) name += "_" + sql_name;
    return in_quotes(name, '"');
  }

 private:
  static std::string folded(std::string name) {
    for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return name;
  }
  std::set<std::string> taken_ = {"index", "status"};
};

/// Values of another kind than their column's are kept as bytes (bind_value()): they are shown as texts.
std::string value_sql(const std::string& sql_name) {
  return fmt::format("CASE typeof({0}) WHEN 'blob' THEN CAST({0} AS TEXT) ELSE {0} END", sql_name);
}

/// Of a point that succeeded; an array by its file.
std::string output_sql(const Column& output, const std::string& sql_name) {
  const std::string value =
      is_array_type(output.type)
          ? fmt::format("{} || \"index\" || '.npy'", in_quotes("arrays/" + text::visible(output.name) + "/", '\''))
          : value_sql(sql_name);
  return fmt::format("CASE WHEN status = 'ok' AND {0} IS NOT NULL THEN {1} END", sql_name, value);
}

std::string view_sql(const StudyIdentity& identity) {
  ViewNames names;
  std::string sql = std::string(view_begin) + " \"index\"";
  for (std::size_t i = 0; i < identity.parameters.size(); ++i) {
    const std::string sql_name = fmt::format("p{}", i);
    sql += fmt::format(", {} AS {}", value_sql(sql_name), names.next(identity.parameters[i].name, sql_name));
  }
  for (std::size_t i = 0; i < identity.outputs.size(); ++i) {
    const std::string sql_name = fmt::format("o{}", i);
    sql += fmt::format(", {} AS {}", output_sql(identity.outputs[i], sql_name),
                       names.next(identity.outputs[i].name, sql_name));
  }
  return sql + ", status FROM results";
}

/// What has this name; empty if nothing has.
std::string present_sql(Connection& connection) {
  return connection.text(
      "SELECT coalesce(max(coalesce(sql, '?')), '') FROM sqlite_schema WHERE name = 'points' COLLATE NOCASE");
}

}  // namespace

void renew_points_view(Connection& connection, const StudyIdentity& identity) {
  const std::string present = present_sql(connection), wanted = view_sql(identity);
  if (present == wanted || (!present.empty() && !present.starts_with(view_begin))) return;
  connection.execute(present.empty() ? wanted : "DROP VIEW points;" + wanted);
}

void drop_points_view(Connection& connection) {
  if (present_sql(connection).starts_with(view_begin)) connection.execute("DROP VIEW points");
}

}  // namespace windrow::detail
