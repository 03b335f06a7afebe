#pragma once

#include <functional>
#include <vector>

#include "sqlite.hpp"
#include "windrow/store/store.hpp"

/// The table of accounts, a row for each worker of each run. It is made by the first run that writes one: programs that
/// do not know it lose nothing, so it needs no version of the file's format.
namespace windrow::detail {

/// Of the last run.
void write_account(Connection& connection, const TimeAccount& account);
std::vector<RunTimes> read_run_times(Connection& connection);

/// Visits evaluations and attempts that began in [from, to], by worker and then by begin; `visit` must not write.
void for_each_evaluation(Connection& connection, double from, double to,
                         const std::function<void(const EvaluationTime&)>& visit);

}  // namespace windrow::detail
