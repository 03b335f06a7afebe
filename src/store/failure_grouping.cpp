#include "store/interface/failure_grouping.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "base/interface/telling_line.hpp"
#include "windrow/base/display.hpp"
#include "windrow/base/text.hpp"
#include "windrow/process/exit_status.hpp"
#include "windrow/store/store.hpp"

namespace windrow {
namespace {

constexpr std::size_t kMostGroups = 200;
constexpr std::size_t kFewLevels = 3;
constexpr std::size_t kLongestKey = 300;  // bytes

/// A failure's message in its parts: "over its time limit of 3s; stderr tells:\n  LINE\nand ends:\n  LINES".
struct MessageParts {
  std::string_view head;   ///< what windrow says
  std::string_view tells;  ///< the line that was found to tell
  std::string_view lines;  ///< what the program printed
};

MessageParts parts_of(std::string_view message) {
  MessageParts parts;
  const std::size_t first_end = std::min(message.find('\n'), message.size());
  parts.head = message.substr(0, first_end);
  const std::string_view rest = message.substr(std::min(first_end + 1, message.size()));
  constexpr std::array<std::string_view, 7> titles = {"stderr is empty, stdout ends:",
                                                      "stderr is empty, stdout tells:",
                                                      "stderr ends:",
                                                      "stdout ends:",
                                                      "stderr tells:",
                                                      "stdout tells:",
                                                      "the file ends:"};
  constexpr std::string_view silent = "it printed nothing";
  const auto title = std::find_if(titles.begin(), titles.end(),
                                  [&](std::string_view candidate) { return parts.head.ends_with(candidate); });
  if (title != titles.end()) {
    if (title->ends_with("tells:")) parts.tells = rest.substr(0, rest.find('\n'));
    parts.lines = rest;
    parts.head.remove_suffix(title->size());
  } else if (parts.head.ends_with(silent)) {
    parts.head.remove_suffix(silent.size());
  }
  if (parts.head.ends_with("; ")) parts.head.remove_suffix(2);
  return parts;
}

std::string_view without_blanks(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

/// Files of a point by their names in its directory: the way to it is long, and each point has another one.
std::string without_directory(std::string line, std::uint64_t index) {
  const std::string directory = fmt::format("/points/{}/", index);
  for (std::size_t at = 0; (at = line.find(directory)) != std::string::npos;) {
    const std::size_t before = line.find_last_of(" \t`'\"(", at);
    const std::size_t begin = before == std::string::npos ? 0 : before + 1;
    line.erase(begin, at + directory.size() - begin);
  }
  return line;
}

/// Whole numbers without a point, as most people write them.
std::string shown(const Value& value) {
  const auto* number = std::get_if<double>(&value.variant());
  return number != nullptr ? text::render_plain(*number) : value.render();
}

/// A number of points, right-aligned, what they have in common, and one of them.
void add_lines(std::vector<std::string>& lines, const FailureGroup& group, const std::vector<Column>& parameters,
               std::size_t margin, std::size_t width, std::size_t most) {
  const std::string count = text::with_thousands(group.points);
  std::string told = fmt::format("{:>{}} {}", count, margin - 1, describe_kind(group.kind, group.code));
  const std::string why = group.various ? "various other messages" : group.line;
  if (!why.empty()) told += fmt::format(": {}", text::visible(why));
  std::vector<std::string> wrapped = text::wrapped(without_blanks(told), width - margin, 0);
  if (wrapped.size() > most) {
    wrapped.resize(most);
    wrapped.back() += " ...";
  }
  for (std::size_t i = 0; i < wrapped.size(); ++i) {
    const std::size_t indent = i == 0 ? margin - 1 - std::min(margin - 1, text::width(count)) : margin;
    lines.push_back(text::shortened(std::string(indent, ' ') + wrapped[i], width));
  }
  std::string example = fmt::format("{}{} {}", std::string(margin, ' '), group.points == 1 ? "point" : "first at point",
                                    group.example.index);
  if (group.example.attempts > 1) example += fmt::format(", after {} attempts", group.example.attempts);
  for (std::size_t i = 0; i < std::min(parameters.size(), group.values.size()); ++i) {
    if (text::width(example) > width) break;
    example += fmt::format("{} {} = {}", i == 0 ? ":" : ",", parameters[i].name,
                           text::visible(text::shortened(shown(group.values[i]), width)));
    if (!parameters[i].unit.empty()) example += fmt::format(" {}", text::visible(parameters[i].unit));
  }
  lines.push_back(text::shortened(example, width));
}

}  // namespace

std::string telling_line(const TaskFailure& failure) {
  const MessageParts parts = parts_of(failure.message);
  const bool by_itself = failure.kind == FailureKind::exited || failure.kind == FailureKind::crashed;
  std::string line;
  if (by_itself || without_blanks(parts.head).empty()) {
    const detail::Telling told = detail::telling_line(parts.lines);
    line = parts.tells.empty() ? told.line : without_blanks(parts.tells);
    const bool is_last_word = failure.kind == FailureKind::crashed && parts.tells.empty();
    if (is_last_word && told.weight == detail::Tells::last) line = fmt::format("last output: \"{}\"", line);
  }
  if (line.empty()) line = without_blanks(parts.head);
  return without_directory(std::move(line), failure.index);
}

std::string describe_kind(FailureKind kind, int code) {
  std::string text(name_of(kind));
  if (code > 0) return text + fmt::format(" with code {}", code);
  return code < 0 ? text + ": " + ExitStatus::signalled(-code).describe() : text;
}

std::vector<std::string> render(const std::vector<FailureGroup>& groups, const std::vector<Column>& parameters,
                                std::size_t most, std::size_t width, std::size_t lines_each) {
  std::vector<std::string> lines;
  if (groups.empty()) return lines;
  const std::size_t margin = 3 + text::with_thousands(groups.front().points).size();
  std::uint64_t left_out = 0;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (i < most) {
      add_lines(lines, groups[i], parameters, margin, std::max<std::size_t>(width, margin + 20), lines_each);
    } else {
      left_out += groups[i].points;
    }
  }
  if (left_out > 0) {
    lines.push_back(fmt::format("{}and {} of {}", std::string(margin, ' '), text::counted(left_out, "more point"),
                                text::counted(groups.size() - most, "other kind")));
  }
  return lines;
}

std::string render(const std::vector<SharedLevels>& shared, const std::vector<Column>& parameters) {
  std::string text;
  for (const SharedLevels& levels : shared) {
    const auto column = std::find_if(parameters.begin(), parameters.end(),
                                     [&](const Column& parameter) { return parameter.name == levels.parameter; });
    const std::string unit =
        column == parameters.end() || column->unit.empty() ? "" : fmt::format(" {}", text::visible(column->unit));
    text += fmt::format("{}{} = ", text.empty() ? "all have " : "; all have ", levels.parameter);
    for (std::size_t i = 0; i < levels.values.size(); ++i) {
      const bool last = i + 1 == levels.values.size();
      text += fmt::format("{}{}", i == 0 ? "" : last ? " or " : ", ", text::visible(shown(levels.values[i])));
    }
    text += unit;
    if (levels.none_succeeded) text += ", where no point succeeded";
  }
  return text;
}

namespace detail {

FailureGrouping::Group& FailureGrouping::group_of(const TaskFailure& failure, bool& is_new) {
  const std::string line = windrow::telling_line(failure);
  const std::string kind = fmt::format("{} {} ", static_cast<int>(failure.kind), failure.code);
  std::string key = kind + without_numbers(line).substr(0, kLongestKey);
  auto found = groups_.find(key);
  const bool is_full = groups_.size() >= kMostGroups;
  if (found == groups_.end() && is_full) found = groups_.find(key = kind + "\n");
  if (found == groups_.end()) {
    found = groups_.emplace(std::move(key), Group()).first;
    FailureGroup& told = found->second.told;
    told.kind = failure.kind;
    told.code = failure.code;
    told.various = is_full;
    is_new = true;
  }
  return found->second;
}

bool FailureGrouping::add(const TaskFailure& failure) {
  bool is_new = false;
  const bool as_before = last_ != nullptr && last_->told.kind == failure.kind && last_->told.code == failure.code &&
                         failure.message == last_message_;
  if (!as_before) {
    last_ = &group_of(failure, is_new);
    last_message_ = failure.message;
  }
  FailureGroup& told = last_->told;
  if (told.points++ == 0 || failure.index < told.example.index) {
    told.example = failure;
    told.line = windrow::telling_line(failure);
  }
  return is_new;
}

bool FailureGrouping::add(const TaskFailure& failure, const std::vector<Value>& values) {
  const bool is_new = add(failure);
  if (last_->told.example.index == failure.index) last_->told.values = values;
  if (is_new) last_->levels.assign(values.size(), Seen());
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::optional<Seen>& seen = last_->levels[i];
    if (!seen) continue;
    const auto is_it = [&](const auto& one) { return one.first == values[i]; };
    if (std::any_of(seen->begin(), seen->end(), is_it)) continue;
    seen->emplace_back(values[i], failure.index);
    if (seen->size() > kFewLevels) seen.reset();
  }
  return is_new;
}

std::vector<FailureGroup> FailureGrouping::groups() const {
  std::vector<FailureGroup> groups;
  for (const auto& [key, group] : groups_) groups.push_back(group.told);
  std::sort(groups.begin(), groups.end(), [](const FailureGroup& a, const FailureGroup& b) {
    return std::pair(b.points, a.example.index) < std::pair(a.points, b.example.index);
  });
  return groups;
}

const std::vector<std::optional<FailureGrouping::Seen>>& FailureGrouping::levels_of(const FailureGroup& group) const {
  const auto found = std::find_if(groups_.begin(), groups_.end(), [&](const auto& entry) {
    return entry.second.told.example.index == group.example.index;
  });
  return found->second.levels;
}

}  // namespace detail
}  // namespace windrow
