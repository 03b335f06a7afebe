#include "design/table_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

// Far beyond what parameters are; a file that is no table, or lacks a quote, is told so before it fills the memory.
constexpr std::size_t kMostColumns = 100'000;
constexpr std::size_t kLongestCell = std::size_t{16} << 20U;

}  // namespace

std::string_view Cell::text(std::string& room) const {
  if (!doubled) return raw;
  room.clear();
  for (std::size_t begin = 0; begin <= raw.size();) {
    const std::size_t quote = std::min(raw.find('"', begin), raw.size());
    room.append(raw, begin, quote + 1 - begin);  // with the first of the two
    begin = quote + 2;
  }
  return room;
}

bool RowScanner::next(std::vector<Cell>& cells) {
  cells.clear();
  is_comment_ = false;
  if (!find_line()) return false;
  std::size_t first = begin_;
  skip_blanks(first);
  if (dialect_.comment != '\0' && text_[first] == dialect_.comment) {
    is_comment_ = true;
    cells.push_back({text_.substr(begin_, stop_ - begin_)});
  } else {
    read_cells(cells, kMostColumns + 1);
  }
  position_ = end_ + 1;
  return true;
}

void RowScanner::next_cells(std::vector<Cell>& cells, std::size_t count) {
  cells.clear();
  begin_ = position_;
  take_line(position_);
  read_cells(cells, count);
}

/// The next line that is not blank.
bool RowScanner::find_line() {
  for (; position_ < text_.size(); position_ = end_ + 1) {
    begin_ = position_;
    take_line(position_);
    std::size_t first = begin_;
    skip_blanks(first);
    if (first < stop_) return true;
  }
  return false;
}

void RowScanner::take_line(std::size_t begin) {
  end_ = std::min(text_.find('\n', begin), text_.size());
  stop_ = end_ > begin && text_[end_ - 1] == '\r' ? end_ - 1 : end_;
}

void RowScanner::skip_blanks(std::size_t& at) const {
  if (!dialect_.trims && dialect_.separator != ' ') return;
  while (at < stop_ && is_blank(text_[at])) ++at;
}

/// The cell whose opening quote is at text_[at]. @return the place behind its closing one
std::size_t RowScanner::read_quoted(std::size_t at, Cell& cell) {
  const std::size_t begin = at + 1;
  std::size_t quote = begin;
  while (true) {
    quote = text_.find('"', quote);
    if (quote == std::string_view::npos) fail_at(at, "a quoted field is not closed");
    if (quote + 1 == text_.size() || text_[quote + 1] != '"') break;
    cell.doubled = true;
    quote += 2;
  }
  cell.quoted = true;
  cell.raw = text_.substr(begin, quote - begin);
  if (quote >= end_) take_line(quote);
  return quote + 1;
}

std::size_t RowScanner::read_plain(std::size_t at, Cell& cell) const {
  const std::size_t begin = at;
  if (dialect_.separator == ' ') {
    while (at < stop_ && !is_blank(text_[at])) ++at;
  } else {
    while (at < stop_ && text_[at] != dialect_.separator) ++at;
  }
  std::size_t end = at;
  while (dialect_.trims && end > begin && is_blank(text_[end - 1])) --end;
  cell.raw = text_.substr(begin, end - begin);
  return at;
}

void RowScanner::read_cells(std::vector<Cell>& cells, std::size_t most) {
  const bool by_blanks = dialect_.separator == ' ';
  std::size_t at = begin_;
  while (true) {
    skip_blanks(at);
    if (by_blanks && at >= stop_) return;
    if (cells.size() == kMostColumns) {
      fail(fmt::format("the row has more than {} fields; is the separator right?", kMostColumns));
    }
    const std::size_t begin = at;
    Cell& cell = cells.emplace_back();
    if (at < stop_ && text_[at] == '"') {
      at = read_quoted(at, cell);
      if (!by_blanks) skip_blanks(at);
      const bool goes_on = at < stop_ && (by_blanks ? is_blank(text_[at]) : text_[at] == dialect_.separator);
      if (at < stop_ && !goes_on) fail_at(at - 1, "text follows a closed quote");
    } else {
      at = read_plain(at, cell);
    }
    if (cell.raw.size() > kLongestCell) {
      fail_at(begin, fmt::format("a field of {} bytes; the longest has {}. Is a quote missing?", cell.raw.size(),
                                 kLongestCell));
    }
    if (at >= stop_ || cells.size() == most) return;
    ++at;
  }
}

std::size_t RowScanner::line() const {
  return line_at(text_, begin_);
}

void RowScanner::fail(const std::string& message) const {
  fail_at(begin_, message);
}

void RowScanner::fail_at(std::size_t at, const std::string& message) const {
  throw SpecError(fmt::format("{}:{}: {}", path_, line_at(text_, at), message));
}

std::size_t line_at(std::string_view text, std::size_t at) {
  std::size_t line = 1;
  for (std::size_t end = text.find('\n'); end < at; end = text.find('\n', end + 1)) ++line;
  return line;
}

RowPlaces::RowPlaces(std::string_view text) {
  const std::size_t lines = line_at(text, text.size());
  firsts_.reserve(lines / kBlock + 1);
  narrow_.reserve(lines);  // pages that no row fills are never there
}

void RowPlaces::add(std::size_t place) {
  if (size_++ % kBlock == 0) firsts_.push_back(place);
  const std::size_t behind = place - firsts_.back();
  if (behind > std::numeric_limits<std::uint32_t>::max()) throw SpecError("64 rows of a table have more than 4 GiB");
  if (wide_.empty() && behind > std::numeric_limits<std::uint16_t>::max()) widen();
  if (wide_.empty()) {
    narrow_.push_back(static_cast<std::uint16_t>(behind));
  } else {
    wide_.push_back(static_cast<std::uint32_t>(behind));
  }
}

/// @pre there is a row: no first of a block lies behind itself
void RowPlaces::widen() {
  wide_.reserve(narrow_.capacity());
  wide_.assign(narrow_.begin(), narrow_.end());
  narrow_ = {};
}

}  // namespace windrow::detail
