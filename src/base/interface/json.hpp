#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace windrow::detail {

/// Members stay in the order in which they were put.
using Json = nlohmann::ordered_json;

/// A number; NaN and infinities, which JSON has not, as strings. Whole numbers are written without ".0".
Json json_number(double number);

/// On one line. What is not UTF-8 becomes U+FFFD, so that the text is JSON whatever the names are; nothing in it
/// is obeyed by a terminal.
std::string json_line(const Json& json);

}  // namespace windrow::detail
