#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "json_scan.hpp"
#include "windrow/design/value.hpp"

namespace windrow::detail {

/// "number", "integer", "boolean", "string"
const std::vector<std::string>& names_of_output_types();

/// `text` as a value of the type, or none. White space around it is no part of it, unless it is a string.
/// @param type  one of the names above
std::optional<Value> value_of_type(std::string_view text, const std::string& type);
std::optional<Value> value_of_type(const JsonNode& node, const std::string& type);

/// What more there is to say of a text that is not of the type: "; it has more digits than a number keeps ...", or
/// nothing.
std::string why_not_of_type(std::string_view text, const std::string& type);

/// What stands for an optional output that is missing.
Value missing_value();
/// Whether a value is it, or a NaN.
bool is_missing_value(const Value& value);

}  // namespace windrow::detail
