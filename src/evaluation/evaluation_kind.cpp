#include "evaluation/interface/evaluation_kind.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "windrow/base/text.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

void check_output(const Column& output, const std::vector<Column>& outputs) {
  static const std::vector<std::string> types = {"number", "integer", "boolean", "string", "array"};
  if (std::find(types.begin(), types.end(), output.type) == types.end()) {
    throw SpecError(fmt::format("output `{}`: unknown type `{}`{}", output.name, output.type,
                                text::suggestion(output.type, types)));
  }
  if (output.name == "index" || output.name == "status") {
    throw SpecError(
        fmt::format("an output cannot be called `{}`: the results have a column of that name", output.name));
  }
  if (!is_array_type(output.type)) {
    if (std::ranges::count(outputs, output.name, &Column::name) == 1) return;
    throw SpecError(fmt::format("output `{}`: another output has that name", output.name));
  }
  const auto usable = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-'; };
  const bool good = !output.name.empty() && std::all_of(output.name.begin(), output.name.end(), usable);
  if (good && std::ranges::count(outputs, output.name, &Column::name) == 1) return;
  throw SpecError(
      fmt::format("output `{}`: arrays go to a directory of that name, which must be letters, digits, `_` and `-`, and "
                  "that of no other output",
                  output.name));
}

}  // namespace

EvaluationKind::EvaluationKind(std::vector<Column> outputs, std::string version)
    : outputs_(std::move(outputs)), version_(std::move(version)) {
  for (Column& output : outputs_) {
    if (output.type.empty()) output.type = "number";
    check_output(output, outputs_);
  }
}

void EvaluationKind::identify(StudyIdentity& identity) const {
  identity.definition.emplace_back("version", version_);
  for (const Column& output : outputs_) identity.definition.emplace_back("outputs." + output.name, output.type);
  identity.index_matters = false;
  identity.seed_matters = true;
  identity.outputs_by_name = false;
}

void require_shared_schedule(Schedule schedule, std::string_view what) {
  if (schedule != Schedule::static_split && schedule != Schedule::cyclic) return;
  throw SpecError(
      fmt::format("schedule {} shares out points beforehand, but {}: choose auto, dynamic, guided or longest_first",
                  name_of(schedule), what));
}

}  // namespace windrow::detail
