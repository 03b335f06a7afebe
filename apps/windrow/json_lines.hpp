#pragma once

#include <iosfwd>

#include "windrow/store/row_selection.hpp"

namespace windrow::app {

/// A line of JSON for each row; manual/windrow-json.md describes the form.
void write_json_lines(const SelectedRows& rows, std::ostream& out);

}  // namespace windrow::app
