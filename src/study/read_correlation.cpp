// `correlation` in [design].
#include <fmt/core.h>

#include <string>
#include <utility>
#include <vector>

#include "design/interface/bad_correlation.hpp"
#include "study/study_parts.hpp"
#include "windrow/design/correlated.hpp"

namespace windrow::detail {
namespace {

constexpr const char* kCorrelationForm = "a list of two names and a number each, as [[\"k\", \"m\", 0.5]]";

/// What is wrong is told by the line of the item.
[[noreturn]] void fail_at(const TomlTable& design, const TomlNode& item, const std::string& message) {
  const TomlTable here(design.file(), design.path(), item.line, {});
  here.fail("correlation", message);
}

Correlation read_pair(const TomlTable& design, const TomlNode& item) {
  const auto wrong = [&](const std::string& what) {
    fail_at(design, item, fmt::format("{} must be {}; {}", design.name_of("correlation"), kCorrelationForm, what));
  };
  const auto* parts = std::get_if<TomlNode::Array>(&item.value);
  if (parts == nullptr) wrong("an item is " + item.kind());
  if (parts->size() != 3) wrong(fmt::format("an item has {} of these", parts->size()));
  const auto* first = std::get_if<std::string>(&(*parts)[0].value);
  const auto* second = std::get_if<std::string>(&(*parts)[1].value);
  if (first == nullptr || second == nullptr) wrong("a name is " + (*parts)[first == nullptr ? 0 : 1].kind());
  const auto* number = std::get_if<double>(&(*parts)[2].value);
  const auto* whole = std::get_if<std::int64_t>(&(*parts)[2].value);
  if (number == nullptr && whole == nullptr) wrong("a number is " + (*parts)[2].kind());
  return {*first, *second, number != nullptr ? *number : static_cast<double>(*whole)};
}

}  // namespace

Design read_correlation(const TomlTable& root, const Design& design) {
  const TomlTable* table = root.table("design");
  if (table == nullptr || !table->has("correlation")) return design;
  const TomlTable::Member& member = *table->find("correlation");
  const auto* items = std::get_if<TomlNode::Array>(&member.node.value);
  if (items == nullptr) table->wrong_type(member, kCorrelationForm);
  std::vector<Correlation> correlations;
  for (const TomlNode& item : *items) correlations.push_back(read_pair(*table, item));
  try {
    return correlated(design, correlations);
  } catch (const BadCorrelation& bad) {
    fail_at(*table, (*items)[bad.place()], bad.what());
  } catch (const SpecError& error) {
    table->fail("correlation", error.what());
  }
}

}  // namespace windrow::detail
