#include "judging.hpp"

#include <algorithm>
#include <utility>

#include "content.hpp"
#include "windrow/base/text.hpp"

namespace windrow::detail {
namespace {

using Items = std::vector<std::string>;

bool drop_ending(std::string_view& text, std::string_view ending) {
  if (!text.ends_with(ending)) return false;
  text.remove_suffix(ending.size());
  return true;
}

Items items(const StudyIdentity& study, std::string_view name, std::string_view otherwise = {}) {
  const auto found = std::ranges::find(study.definition, name, &std::pair<std::string, std::string>::first);
  return items_of(found != study.definition.end() ? std::string_view(found->second) : otherwise);
}

Items without(const Items& some, const Items& others) {
  Items left;
  for (const std::string& item : some) {
    if (std::ranges::find(others, item) == others.end()) left.push_back(item);
  }
  return left;
}

}  // namespace

Reading parse_reading(std::string_view text) {
  Reading reading;
  reading.finite = drop_ending(text, ", finite");
  reading.optional = drop_ending(text, ", optional");
  reading.how = text;
  return reading;
}

std::vector<std::string> items_of(std::string_view list) {
  if (list.starts_with('[') && list.ends_with(']')) list = list.substr(1, list.size() - 2);
  Items result;
  std::string item;
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const char c = list[i];
    const bool separates = c == ',' && depth == 0 && !quoted;
    if (separates) {
      result.push_back(std::exchange(item, {}));
      continue;
    }
    if (c == ' ' && item.empty()) continue;
    item += c;
    if (c == '\\' && quoted && i + 1 < list.size()) {
      item += list[++i];
    } else if (c == '"') {
      quoted = !quoted;
    } else if (!quoted) {
      depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    }
  }
  if (!item.empty()) result.push_back(std::move(item));
  return result;
}

ChangedConditions::ChangedConditions(const StudyIdentity& stored, const StudyIdentity& present) {
  if (!present.outputs_are_read) return;
  for (const std::string_view name : {"command.fail_if", "command.require", "command.valid"}) {
    const bool of_texts = name != "command.valid";
    const Items before = items(stored, name);
    const Items now = items(present, name);
    const bool added = !without(now, before).empty();
    same = same && before == now;
    (of_texts ? has_texts : has_values) |= !now.empty();
    (of_texts ? texts_are_new : values_are_new) |= added;
    fewer = fewer || !without(before, now).empty();
  }
  const Items codes_before = items(stored, "command.success_codes", "0");
  const Items codes_now = items(present, "command.success_codes", "0");
  same = same && codes_before == codes_now;
  lost_codes = !without(codes_before, codes_now).empty();
  for (const std::string& code : without(codes_now, codes_before)) {
    if (const auto number = text::parse_integer(code)) new_codes.push_back(*number);
  }
}

}  // namespace windrow::detail
