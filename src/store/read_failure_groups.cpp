#include <fmt/format.h>

#include <algorithm>

#include "rows.hpp"
#include "store/interface/failure_grouping.hpp"

namespace windrow::detail {
namespace {

constexpr std::size_t kMostQuestions = 200;  // of one pass over the results, two for each: SQLite has 2000 columns

/// Few levels that all points of a group have: what they mean depends on the points outside of it.
struct Question {
  FailureGroup* group;
  std::size_t parameter;
  const FailureGrouping::Seen* seen;
};

std::vector<Question> questions_of(std::vector<FailureGroup>& groups, const FailureGrouping& grouping) {
  std::vector<Question> questions;
  for (FailureGroup& group : groups) {
    const auto& levels = grouping.levels_of(group);
    for (std::size_t i = 0; i < levels.size() && questions.size() < kMostQuestions; ++i) {
      // Two points that have two levels say nothing.
      const bool is_few =
          levels[i] && group.points > 1 && (levels[i]->size() == 1 || group.points >= 2 * levels[i]->size());
      if (is_few) questions.push_back({&group, i, &*levels[i]});
    }
  }
  return questions;
}

/// Two columns: whether there is a point with another value, and whether one with this value succeeded.
std::string sql_of(const Question& question) {
  std::string others, same;
  for (const auto& [value, index] : *question.seen) {
    const std::string level =
        fmt::format("(SELECT p{0} FROM results WHERE \"index\" = {1})", question.parameter, index);
    others += fmt::format("{}p{} IS NOT {}", others.empty() ? "" : " AND ", question.parameter, level);
    same += fmt::format("{}p{} IS {}", same.empty() ? "" : " OR ", question.parameter, level);
  }
  return fmt::format("max({}), max(status = 'ok' AND ({}))", others, same);
}

void add_levels(Connection& connection, const StudyIdentity& identity, std::vector<FailureGroup>& groups,
                const FailureGrouping& grouping) {
  const std::vector<Question> questions = questions_of(groups, grouping);
  if (questions.empty()) return;
  std::string sql;
  for (const Question& question : questions) sql += (sql.empty() ? "SELECT " : ", ") + sql_of(question);
  sql += fmt::format(", min({})", intact_sql(connection, "results", "r"));
  connection.for_each_row(sql + " FROM results r", [&](const Statement& row) {
    int column = 0;
    if (row.integer(2 * static_cast<int>(questions.size())) == 0) throw_damaged_rows(connection.file());
    for (const Question& question : questions) {
      const bool has_others = row.integer(column++) != 0;
      const bool succeeded = row.integer(column++) != 0;
      if (!has_others) continue;
      SharedLevels& shared = question.group->shared.emplace_back();
      shared.parameter = identity.parameters[question.parameter].name;
      for (const auto& [value, index] : *question.seen) shared.values.push_back(value);
      shared.none_succeeded = !succeeded && shared.values.size() == 1;
    }
  });
}

}  // namespace

std::vector<FailureGroup> read_failure_groups(Connection& connection, const StudyIdentity& identity, bool with_levels) {
  Transaction snapshot(connection);
  FailureGrouping grouping;
  for_each_failure(connection, identity,
                   [&](const Record& record) { grouping.add(record.outcome.failure(), record.parameters); });
  std::vector<FailureGroup> groups = grouping.groups();
  if (with_levels) add_levels(connection, identity, groups, grouping);
  snapshot.commit();
  return groups;
}

}  // namespace windrow::detail
