#include "arrays/interface/text_table.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <optional>
#include <utility>

#include "windrow/base/number.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

constexpr std::string_view kBlanks = " \t\r\f\v";
constexpr std::string_view kSeparators = " \t\r\f\v,;|";
constexpr std::size_t kMostNames = 20;      // of another table, in a message
constexpr std::size_t kMostNoted = 10'000;  // lines
constexpr std::size_t kLinesOfUnits = 1;    // between header and rows
constexpr std::size_t kShownOfLine = 100;   // bytes

std::string_view trimmed_cell(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

/// Behind the mark of a comment, if the line is one.
std::optional<std::string_view> comment_in(std::string_view line) {
  for (const std::string_view mark : {"#", "%", "!", "//"}) {
    if (!line.starts_with(mark)) continue;
    while (line.starts_with(mark)) line.remove_prefix(mark.size());
    return trimmed_cell(line);
  }
  return std::nullopt;
}

/// "------ -------", "==+==": what stands between a header and its rows for the eye.
bool is_rule(std::string_view line) {
  return line.find_first_not_of("-=+_~:| \t\r") == std::string_view::npos;
}

bool is_warning(std::string_view line) {
  constexpr std::string_view word = "warning";
  return line.size() >= word.size() && std::equal(word.begin(), word.end(), line.begin(), [](char a, char b) {
           return a == std::tolower(static_cast<unsigned char>(b));
         });
}

/// "[m/s]", "(N)"
bool is_unit(std::string_view word) {
  return word.size() > 1 &&
         ((word.front() == '[' && word.back() == ']') || (word.front() == '(' && word.back() == ')'));
}

std::string_view without_quotes(std::string_view word) {
  const bool quoted = word.size() > 1 && (word.front() == '"' || word.front() == '\'') && word.back() == word.front();
  return quoted ? word.substr(1, word.size() - 2) : word;
}

/// A number, or a field of asterisks that was too narrow for one.
bool is_number_or_overflow(std::string_view word) {
  return text::parse_number(word).has_value() ||
         (!word.empty() && word.find_first_not_of('*') == std::string_view::npos);
}

bool are_numbers(const std::vector<std::string_view>& words) {
  return !words.empty() && std::all_of(words.begin(), words.end(), is_number_or_overflow);
}

/// @param separator  ' ': any of kSeparators
void split_line(std::string_view line, char separator, std::vector<std::string_view>& words) {
  words.clear();
  if (separator != ' ') {
    for (std::size_t at = 0; at <= line.size();) {
      const std::size_t first = line.find_first_not_of(" ", at);
      const bool quoted = first != std::string_view::npos && line[first] == '"';
      const std::size_t closed = quoted ? line.find('"', first + 1) : std::string_view::npos;
      const std::size_t end =
          std::min(line.find(separator, closed == std::string_view::npos ? at : closed), line.size());
      words.push_back(without_quotes(trimmed_cell(line.substr(at, end - at))));
      at = end + 1;
    }
    return;
  }
  for (std::size_t at = 0; (at = line.find_first_not_of(kSeparators, at)) != std::string_view::npos;) {
    std::size_t end = line[at] == '"' ? line.find('"', at + 1) : std::string_view::npos;
    end = end == std::string_view::npos ? std::min(line.find_first_of(kSeparators, at), line.size()) : end + 1;
    words.push_back(without_quotes(line.substr(at, end - at)));
    at = end;
  }
}

/// Less a comment at its end.
std::string_view row_in(std::string_view line) {
  for (std::size_t at = 0; (at = line.find('#', at)) != std::string_view::npos; ++at) {
    if (at > 0 && kBlanks.find(line[at - 1]) != std::string_view::npos) return trimmed_cell(line.substr(0, at));
  }
  return line;
}

std::string shown_line(std::string_view line) {
  return text::visible(line.substr(0, kShownOfLine));
}

}  // namespace

TextTable::TextTable(std::vector<std::string> columns, bool numbers)
    : columns_(std::move(columns)), numbers_(numbers), cells_(columns_.size()) {}

TextTable::Line TextTable::take(std::string_view line) {
  line = trimmed_cell(line);
  if (line.empty()) interrupted_ = true;
  if (line.empty() || is_rule(line) || is_warning(line)) return Line::other;
  if (const auto comment = comment_in(line)) {
    if (!take_header(*comment, true)) interrupted_ = true;
    note_columns(*comment);
    return Line::other;
  }
  if (!layouts_.empty() && take_first_row(line)) return Line::first_row;
  if (take_header(line, false)) return Line::other;
  if (!layouts_.empty()) drop_header(line);
  if (in_table_) return take_further_row(line);
  note_columns(line);
  return Line::other;
}

/// @return whether the line names the columns
bool TextTable::take_header(std::string_view line, bool is_comment) {
  const auto is_there = [line](const std::string& name) { return line.find(name) != std::string_view::npos; };
  if (!std::all_of(columns_.begin(), columns_.end(), is_there)) return false;
  if (in_table_ && !interrupted_ && line == table_header_) return true;
  std::vector<Layout> before;
  std::swap(before, layouts_);
  for (const char separator : {',', ';', '\t'}) {
    if (line.find(separator) != std::string_view::npos) add_layouts(line, separator, is_comment);
  }
  add_layouts(line, ' ', is_comment);
  if (layouts_.empty()) {
    std::swap(before, layouts_);
    return false;
  }
  header_ = line;
  lines_below_ = 0;
  return true;
}

void TextTable::add_layouts(std::string_view line, char separator, bool is_comment) {
  split_line(line, separator, words_);
  const auto is_no_name = [this](std::string_view word) {  // of a sentence such as "final T = 300"
    const bool is_wanted = std::find(columns_.begin(), columns_.end(), word) != columns_.end();
    return !is_wanted && (word == "=" || word == ":" || text::parse_number(word));
  };
  if (std::any_of(words_.begin(), words_.end(), is_no_name)) return;
  Layout layout{separator, words_.size(), {}};
  if (!find_columns(layout)) return;
  layouts_.push_back(layout);
  if (separator != ' ') return;
  if (!is_comment) {  // rows with a name before the first column
    Layout named = layout;
    ++named.words;
    for (std::size_t& position : named.positions) ++position;
    layouts_.push_back(named);
  }
  if (std::erase_if(words_, is_unit) > 0) {
    layout.words = words_.size();
    if (find_columns(layout)) layouts_.push_back(layout);
  }
}

bool TextTable::find_columns(Layout& layout) const {
  layout.positions.clear();
  for (const std::string& column : columns_) {
    const auto found = std::find(words_.begin(), words_.end(), std::string_view(column));
    if (found == words_.end()) return false;
    layout.positions.push_back(static_cast<std::size_t>(found - words_.begin()));
  }
  return true;
}

bool TextTable::take_first_row(std::string_view line) {
  for (const Layout& layout : layouts_) {
    split_line(row_in(line), layout.separator, words_);
    if (words_.size() != layout.words || !has_numbers(layout)) continue;
    table_ = layout;
    table_header_ = header_;
    row_layouts_ = {table_};
    for (const Layout& other : layouts_) {
      if (other.separator != table_.separator && other.words == table_.words) row_layouts_.push_back(other);
    }
    layouts_.clear();
    in_table_ = true;
    interrupted_ = false;
    numbers_first_ = is_number_or_overflow(words_.front());
    set_cells();
    return true;
  }
  return false;
}

/// Unless the line may be one of units.
void TextTable::drop_header(std::string_view line) {
  split_line(row_in(line), layouts_.front().separator, words_);
  if (!are_numbers(words_) && lines_below_++ < kLinesOfUnits) return;
  mismatch_ =
      fmt::format("the line below the header `{}` is no row of it: `{}`", shown_line(header_), shown_line(line));
  layouts_.clear();
}

/// @return whether it is like the first row; there may be blanks in some rows, and tabs in others
bool TextTable::split_row(std::string_view line) {
  for (const Layout& layout : row_layouts_) {
    split_line(line, layout.separator, words_);
    if (words_.size() != layout.words || is_number_or_overflow(words_.front()) != numbers_first_) continue;
    table_ = layout;
    return true;
  }
  return false;
}

TextTable::Line TextTable::take_further_row(std::string_view line) {
  const bool alike = split_row(row_in(line));
  if (alike && has_numbers(table_)) {
    interrupted_ = false;
    set_cells();
    return Line::row;
  }
  if (alike && numbers_first_) {
    throw SpecError(
        fmt::format("in the row `{}`, there is no number for `{}`", shown_line(line), fmt::join(columns_, "`, `")));
  }
  if (!interrupted_ && words_.size() != table_.words && are_numbers(words_)) {
    throw SpecError(
        fmt::format("the row `{}` has {} numbers, those before it {}", shown_line(line), words_.size(), table_.words));
  }
  in_table_ = !layouts_.empty();
  return Line::other;
}

bool TextTable::has_numbers(const Layout& layout) const {
  return !numbers_ || std::all_of(layout.positions.begin(), layout.positions.end(),
                                  [this](std::size_t at) { return is_number_or_overflow(words_[at]); });
}

void TextTable::set_cells() {
  for (std::size_t i = 0; i < cells_.size(); ++i) cells_[i] = words_[table_.positions[i]];
}

/// What a table that has other columns calls them.
void TextTable::note_columns(std::string_view line) {
  if (!others_.empty() || noted_++ > kMostNoted) return;
  split_line(line, ' ', words_);
  const bool is_row = are_numbers(words_);
  if (is_row && !before_.empty() && before_.size() == words_.size()) others_ = before_;
  if (is_row) return;
  if (words_.size() > kMostNames) words_.clear();
  before_.assign(words_.begin(), words_.end());
}

std::string TextTable::why_none() const {
  if (!mismatch_.empty()) return mismatch_;
  if (!header_.empty()) return fmt::format("there is no row below the header `{}`", shown_line(header_));
  if (columns_.size() == 1) {
    return fmt::format("no header names the column `{}`{}", columns_.front(),
                       text::suggestion(columns_.front(), others_));
  }
  return fmt::format("no header names the columns `{}`{}", fmt::join(columns_, "`, `"),
                     others_.empty() ? "" : fmt::format("; there is one of `{}`", fmt::join(others_, "`, `")));
}

}  // namespace windrow::detail
