#include "definition.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "excerpt.hpp"

namespace windrow::detail {
namespace {

std::string text_of(const RegexSource& source) {
  return fmt::format("regex({}, {}{})", in_quotes(source.file), in_quotes(source.pattern),
                     source.match ? fmt::format(", match {}", *source.match) : "");
}

std::string text_of(const JsonSource& source) {
  return fmt::format("json({}, {})", in_quotes(source.file), in_quotes(source.pointer));
}

std::string text_of(const CsvSource& source) {
  return fmt::format("csv({}, {}, {})", in_quotes(source.file), in_quotes(source.column),
                     source.row ? std::to_string(*source.row) : "last");
}

std::string text_of(const TableSource& source) {
  return fmt::format("table({}, {}, {}{})", in_quotes(source.file), in_quotes(source.column),
                     source.row ? std::to_string(*source.row) : "last",
                     source.table ? fmt::format(", table {}", *source.table) : "");
}

std::string text_of(const ArraySource& source) {
  std::string text = "array(" + in_quotes(source.file);
  if (source.form.skip > 0) text += fmt::format(", skip {}", source.form.skip);
  if (const auto* positions = std::get_if<std::vector<std::uint64_t>>(&source.form.columns)) {
    text += fmt::format(", columns [{}]", fmt::join(*positions, ", "));
  } else if (const auto* names = std::get_if<std::vector<std::string>>(&source.form.columns)) {
    text += ", columns " + in_list(*names);
  }
  if (source.form.table) text += fmt::format(", table {}", *source.form.table);
  return text + ")";
}

std::string text_of(const TextCheck& check) {
  return fmt::format("regex({}, {})", in_quotes(check.file), in_quotes(check.pattern));
}

std::string text_of(const std::vector<TextCheck>& checks) {
  std::vector<std::string> texts;
  for (const TextCheck& check : checks) texts.push_back(text_of(check));
  return fmt::format("{}", fmt::join(texts, ", "));
}

}  // namespace

std::string definition_of(const OutputSpec& output) {
  std::string text = std::visit([](const auto& source) { return text_of(source); }, output.source);
  if (!std::holds_alternative<ArraySource>(output.source)) text = output.type + " " + text;
  if (output.optional) text += ", optional";
  if (output.finite) text += ", finite";
  return text;
}

std::vector<std::pair<std::string, std::string>> definition_of_reading(const CommandSpec& spec) {
  std::vector<std::pair<std::string, std::string>> result;
  for (const OutputSpec& output : spec.outputs) result.emplace_back("outputs." + output.name, definition_of(output));
  if (spec.success_codes != std::vector<int>{0}) {
    result.emplace_back("command.success_codes", fmt::format("{}", fmt::join(spec.success_codes, ", ")));
  }
  if (!spec.fail_if.empty()) result.emplace_back("command.fail_if", text_of(spec.fail_if));
  if (!spec.require.empty()) result.emplace_back("command.require", text_of(spec.require));
  if (!spec.valid.empty()) result.emplace_back("command.valid", in_list(spec.valid));
  return result;
}

}  // namespace windrow::detail
