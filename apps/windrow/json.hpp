#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "windrow/arrays/array_file.hpp"
#include "windrow/parallel/outcome.hpp"
#include "windrow/report/estimate.hpp"
#include "windrow/store/store.hpp"

/// What the verbs print with --json; manual/windrow-json.md describes the form.
namespace windrow::app {

using Json = nlohmann::ordered_json;

/// A number, a boolean or a text; numbers that JSON cannot hold become null, and so do arrays. Bytes of a text that are
/// not UTF-8 are seen as "\xe9".
Json json_of(const Value& value);

/// An object, name to value. @param arrays  the files of those that are arrays, in their order
Json json_of(const std::vector<Column>& columns, const std::vector<Value>& values,
             const std::vector<ArrayFile>& arrays = {});

Json json_of(const TaskFailure& failure);
Json json_of(const RemainingTime& remaining);

/// On standard output, with replacement characters for what is not UTF-8, and nothing that a terminal obeys.
void print(const Json& json);

}  // namespace windrow::app
