#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "windrow/store/row_selection.hpp"

/// The options of verbs that give rows of results.
namespace windrow::app {

/// --columns, --where and --sort.
void add_row_selection(CLI::App* verb, RowSelection& selection);

}  // namespace windrow::app
