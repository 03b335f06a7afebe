#include <fmt/format.h>

#include <algorithm>
#include <map>

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

void compare_definitions(std::vector<std::string>& lines, const Definition& stored, const Definition& wanted) {
  const std::map<std::string, std::string> old_texts(stored.begin(), stored.end());
  const std::map<std::string, std::string> new_texts(wanted.begin(), wanted.end());
  const std::size_t before = lines.size();
  for (const auto& [name, text] : old_texts) {
    const auto found = new_texts.find(name);
    compare(lines, name, text, found != new_texts.end() ? found->second : "(none)");
  }
  for (const auto& [name, text] : new_texts) {
    if (!old_texts.contains(name)) compare(lines, name, "(none)", text);
  }
  // Same texts, so another order (or a name that stands twice): still not the same definition.
  if (lines.size() == before && stored != wanted) lines.push_back("the order of the definition");
}

}  // namespace

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

void require_same_study(const std::filesystem::path& directory, const StudyIdentity& stored,
                        const StudyIdentity& wanted) {
  const std::vector<std::string> lines = study_differences(stored, wanted);
  if (lines.empty()) return;

  const std::string other = stored.name == wanted.name ? "" : fmt::format(", `{}`", stored.name);
  std::string message =
      fmt::format("{}: these are the results of another study{}; what differs, old -> new:", directory.string(), other);
  // A sixth line of its own for "1 more" would take the place of that one.
  const std::size_t shown = lines.size() > max_lines ? max_lines - 1 : lines.size();
  for (std::size_t i = 0; i < shown; ++i) message += "\n  " + lines[i];
  if (shown < lines.size()) message += fmt::format("\n  and {} more", lines.size() - shown);
  message += "\ngive the new study another directory, or move this one away";
  if (!other.empty()) message += fmt::format("; a changed form of `{0}` has to be named {0}", stored.name);
  throw StoreError(message);
}

}  // namespace detail

std::string Resumption::describe() const {
  std::string line = fmt::format("{} of {} points are known from earlier runs; what differs: ",
                                 text::with_thousands(succeeded + failed), text::with_thousands(points));
  constexpr std::size_t shown = 3;
  for (std::size_t i = 0; i < std::min(shown, differences.size()); ++i) line += (i > 0 ? "; " : "") + differences[i];
  if (differences.size() > shown) line += fmt::format("; and {} more", differences.size() - shown);
  return line;
}

std::vector<std::string> differences(const std::vector<std::pair<std::string, std::string>>& stored,
                                     const std::vector<std::pair<std::string, std::string>>& wanted) {
  std::vector<std::string> lines;
  detail::compare_definitions(lines, stored, wanted);
  return lines;
}

}  // namespace windrow
