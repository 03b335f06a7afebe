#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "content.hpp"
#include "schema.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"

namespace windrow {
namespace detail {
namespace {

constexpr std::size_t max_lines = 5;
constexpr std::size_t max_width = 60;
constexpr std::size_t context = 16;

bool inside_character(const std::string& text, std::size_t position) {
  return position < text.size() && (static_cast<unsigned char>(text[position]) & 0xc0) == 0x80;
}

/// `text` on one line, no longer than is readable, from a little before `from`.
std::string excerpt(const std::string& text, std::size_t from) {
  std::size_t begin = text.size() > max_width && from > context ? from - context : 0;
  while (begin > 0 && inside_character(text, begin)) --begin;
  std::size_t end = std::min(text.size(), begin + max_width);
  while (end > begin && inside_character(text, end)) --end;
  std::string line = text.substr(begin, end - begin);
  std::ranges::replace_if(
      line, [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  return fmt::format("{}{}{}", begin > 0 ? "..." : "", line, end < text.size() ? "..." : "");
}

/// Names and types: what the table of results is made of.
std::string spell(const std::vector<Column>& columns) {
  std::string text;
  for (const Column& column : columns) {
    text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", column.name, column.type);
  }
  return text.empty() ? "(none)" : text;
}

void compare(std::vector<std::string>& lines, const std::string& name, const std::string& old_text,
             const std::string& new_text) {
  if (old_text != new_text) lines.push_back(difference(name, old_text, new_text));
}

using Definition = std::vector<std::pair<std::string, std::string>>;

/// "0123456789abcdef (12 bytes)": what a store knew a template or an input by.
std::string_view length_after_hash(std::string_view text, std::size_t digits) {
  const std::size_t end = text.find_first_not_of("0123456789abcdef");
  return end == digits && text.ends_with(" bytes)") ? text.substr(end) : std::string_view();
}

/// Whether two texts may be of one template or input: as versions before 3 knew it, and as this one does.
bool is_known_by_other_hash(const std::string& name, const std::string& old_text, const std::string& new_text) {
  const bool of_file = name.starts_with("command.templates.") || name.starts_with("command.inputs.");
  const std::string_view length = length_after_hash(old_text, 16);
  return of_file && !length.empty() && length == length_after_hash(new_text, 32);
}

std::string text_of(const Definition& definition, std::string_view name) {
  const auto found = std::ranges::find(definition, name, &Definition::value_type::first);
  return found == definition.end() ? "" : found->second;
}

Definition without_spellings(Definition definition) {
  std::erase_if(definition, [](const auto& item) { return is_spelling(item.first); });
  return definition;
}

/// Of a program that a value of a parameter names, if there is something to say.
/// @param remarks  takes those parameters of whose programs the store says nothing
void compare_value_program(std::vector<std::string>& lines, std::set<std::string>& remarks, const Definition& stored,
                           const std::pair<std::string, std::string>& value, const std::string* old_text,
                           const std::string* new_text) {
  const auto& [parameter, text] = value;
  const auto is_of_it = [&parameter = parameter](const auto& item) {
    const auto other = value_of_program(item.first);
    return other && other->first == parameter;
  };
  if (std::ranges::none_of(stored, is_of_it)) {
    remarks.insert(parameter);
    return;
  }
  const bool gone = new_text == nullptr;
  const char* what = old_text == nullptr ? "is new" : gone ? "is gone" : "has changed";
  lines.push_back(fmt::format("the program of {} = {} {}", parameter, excerpt(text, 0), what));
}

void compare_definitions(std::vector<std::string>& lines, const Definition& stored, const Definition& wanted) {
  const std::size_t before = lines.size();
  bool other_hash = false;
  const auto has_program = [](const auto& item) { return is_program(item.first); };
  const bool programs_are_new = std::ranges::none_of(stored, has_program);
  const bool run_changed = text_of(stored, "command.run") != text_of(wanted, "command.run");
  std::string programs;
  std::set<std::string> value_programs;
  for_each_change(
      stored, wanted, [&](const std::string& name, const std::string* old_text, const std::string* new_text) {
        if (is_program(name) && programs_are_new && !run_changed) {
          programs += (programs.empty() ? "" : ", ") + program_name(name);
          return;
        }
        if (const auto value = value_of_program(name)) {
          return compare_value_program(lines, value_programs, stored, *value, old_text, new_text);
        }
        if (is_spelling(name)) {
          if (old_text == nullptr || new_text == nullptr) return;  // an earlier windrow did not say
          lines.push_back(fmt::format("{} is written as {}, no more as {}",
                                      name.substr(0, name.size() - std::string_view(".written").size()), *new_text,
                                      *old_text));
          return;
        }
        const bool goes_with_run = is_program(name) && run_changed && (old_text == nullptr || new_text == nullptr);
        if (goes_with_run) return;
        if (is_program(name) && old_text != nullptr && new_text != nullptr) {
          lines.push_back(fmt::format("the program {} has changed", excerpt(program_name(name), 0)));
          return;
        }
        const bool rehashed =
            old_text != nullptr && new_text != nullptr && is_known_by_other_hash(name, *old_text, *new_text);
        other_hash = other_hash || rehashed;
        if (rehashed) return;
        compare(lines, name, old_text != nullptr ? *old_text : "(none)", new_text != nullptr ? *new_text : "(none)");
      });
  if (!programs.empty()) {
    lines.push_back(fmt::format(
        "the content of {} is now part of what a point is; results that were there before are taken as its results",
        programs));
  }
  for (const std::string& parameter : value_programs) {
    lines.push_back(
        fmt::format("the content of the programs that `{}` names is now part of what a point is; results that were "
                    "there before are taken as its results",
                    parameter));
  }
  if (other_hash) {
    lines.emplace_back("templates and inputs: an earlier windrow knew them by another hash, so all points are new");
  }
  // Same texts, so another order (or a name that stands twice): still not the same definition.
  if (lines.size() == before && without_spellings(stored) != without_spellings(wanted))
    lines.push_back("the order of the definition");
}

}  // namespace

void for_each_change(const Definition& before, const Definition& now, const OnChange& on_change) {
  const std::map<std::string, std::string> old_texts(before.begin(), before.end());
  const std::map<std::string, std::string> new_texts(now.begin(), now.end());
  for (const auto& [name, text] : old_texts) {
    const auto found = new_texts.find(name);
    if (found == new_texts.end() || found->second != text) {
      on_change(name, &text, found != new_texts.end() ? &found->second : nullptr);
    }
  }
  for (const auto& [name, text] : new_texts) {
    if (!old_texts.contains(name)) on_change(name, nullptr, &text);
  }
}

std::string list_differences(const std::vector<std::string>& lines) {
  // A sixth line of its own for "1 more" would take the place of that one.
  const std::size_t shown = lines.size() > max_lines ? max_lines - 1 : lines.size();
  std::string text;
  for (std::size_t i = 0; i < shown; ++i) text += "\n  " + lines[i];
  if (shown < lines.size()) text += fmt::format("\n  and {} more", lines.size() - shown);
  return text;
}

std::string difference(const std::string& name, const std::string& old_text, const std::string& new_text,
                       const char* format) {
  const auto [a, b] = std::ranges::mismatch(old_text, new_text);
  const auto from = static_cast<std::size_t>(a - old_text.begin());
  return fmt::format(fmt::runtime(format), excerpt(name, 0), excerpt(old_text, from), excerpt(new_text, from));
}

std::vector<std::string> study_differences(const StudyIdentity& stored, const StudyIdentity& wanted) {
  std::vector<std::string> lines;
  compare(lines, "points", std::to_string(stored.points), std::to_string(wanted.points));
  compare_definitions(lines, stored.definition, wanted.definition);
  compare(lines, "parameters", spell(stored.parameters), spell(wanted.parameters));
  compare(lines, "outputs", spell(stored.outputs), spell(wanted.outputs));
  return lines;
}

bool differs_in_reading_alone(const StudyIdentity& stored, const StudyIdentity& wanted) {
  const bool knows_all = !knows_programs(wanted) || knows_programs(stored);
  const bool knows_values =
      std::ranges::any_of(stored.definition, [](const auto& item) { return value_of_program(item.first).has_value(); });
  const auto is_apart = [&](const auto& item) {
    const std::string& name = item.first;
    return (wanted.outputs_are_read && (is_reading(name) || is_condition(name))) || (!knows_all && is_program(name)) ||
           (!knows_values && value_of_program(name)) ||
           (is_spelling(name) && text_of(stored.definition, name).empty());  // an earlier windrow did not say
  };
  const auto rest_of = [&](const StudyIdentity& study) {
    Definition rest = study.definition;
    std::erase_if(rest, is_apart);
    return rest;
  };
  return stored.points == wanted.points && spell(stored.parameters) == spell(wanted.parameters) &&
         (wanted.outputs_are_read || spell(stored.outputs) == spell(wanted.outputs)) &&
         rest_of(stored) == rest_of(wanted);
}

void require_same_study(const std::filesystem::path& directory, const StudyIdentity& stored,
                        const StudyIdentity& wanted) {
  const std::vector<std::string> lines = study_differences(stored, wanted);
  if (lines.empty()) return;

  const std::string other = stored.name == wanted.name ? "" : fmt::format(", `{}`", stored.name);
  std::string message =
      fmt::format("{}: these are the results of another study{}; what differs, old -> new:", directory.string(), other);
  message += list_differences(lines);
  message += "\ngive the new study another directory, or move this one away";
  if (!other.empty()) message += fmt::format("; a changed form of `{0}` has to be named {0}", stored.name);
  throw StoreError(message);
}

}  // namespace detail

std::string Resumption::describe() const {
  std::string line = fmt::format("{} of {} points are known from earlier runs",
                                 text::with_thousands(succeeded + failed), text::with_thousands(points));
  std::string how;
  if (judged > 0) how = fmt::format("{} judged again by their values", text::with_thousands(judged));
  if (read > 0) {
    how += fmt::format("{}{} by files that were kept", how.empty() ? "" : ", ", text::with_thousands(read));
  }
  if (!how.empty()) line += " (" + how + ")";
  if (unreadable > 0) {
    line += fmt::format(", {} of them {}: an output is not there, or a condition does not hold",
                        text::with_thousands(unreadable), unreadable == 1 ? "fails" : "fail");
  }
  if (without_files > 0) {
    const bool by_code = std::ranges::any_of(
        differences, [](const std::string& what) { return what.starts_with("command.success_codes"); });
    line += fmt::format(", {} run again since {} files{} were not kept", text::with_thousands(without_files),
                        without_files == 1 ? "its" : "their", by_code ? " or exit codes" : "");
  }
  line += "; what differs: ";
  constexpr std::size_t shown = 3;
  for (std::size_t i = 0; i < std::min(shown, differences.size()); ++i) line += (i > 0 ? "; " : "") + differences[i];
  if (differences.size() > shown) line += fmt::format("; and {} more", differences.size() - shown);
  const bool by_program = std::ranges::any_of(differences, [](const std::string& what) {
    return what.starts_with("the program ") && what.ends_with(" has changed");
  });
  if (by_program) line += "; with the old program its results come back";
  return line;
}

bool has_outcomes_of(const StudyIdentity& stored, const StudyIdentity& wanted) {
  StudyIdentity as = wanted;
  as.outputs_are_read = false;
  return detail::differs_in_reading_alone(stored, as);
}

std::vector<std::string> differences(const std::vector<std::pair<std::string, std::string>>& stored,
                                     const std::vector<std::pair<std::string, std::string>>& wanted) {
  std::vector<std::string> lines;
  detail::compare_definitions(lines, stored, wanted);
  return lines;
}

}  // namespace windrow
