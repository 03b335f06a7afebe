#include "design/table_cells.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "design/equal_rows.hpp"
#include "windrow/base/hash.hpp"

namespace windrow::detail {
namespace {

void append_number(std::string& bytes, std::size_t number) {
  std::array<char, 20> digits{};
  bytes.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr);
}

}  // namespace

TableCells::TableCells(TableText text, std::string path, csv::Dialect dialect, RowPlaces rows,
                       std::vector<ColumnForm> forms)
    : text_(std::move(text)),
      path_(std::move(path)),
      dialect_(dialect),
      rows_(std::move(rows)),
      forms_(std::move(forms)) {
  dialect_.comment = '\0';  // no row is one
  mark_cells();
}

/// Without marks, whoever goes through a table of 1,000 columns column by column reads each row 1,000 times.
void TableCells::mark_cells() {
  std::size_t last = 0;
  for (const ColumnForm& form : forms_) last = std::max(last, form.place);
  marks_of_row_ = last / kBetweenMarks;
  if (marks_of_row_ == 0) return;
  marks_.reserve(rows() * marks_of_row_);
  for_each_row([&](std::uint64_t row, const std::vector<Cell>& cells) {
    const char* const begin = text_.text.data() + rows_[row];
    for (std::size_t mark = 1; mark <= marks_of_row_; ++mark) {
      const Cell& cell = cells[mark * kBetweenMarks];
      marks_.push_back(static_cast<std::uint32_t>(cell.raw.data() - begin - (cell.quoted ? 1 : 0)));
    }
  });
}

void TableCells::read(std::uint64_t row, std::vector<Cell>& cells) const {
  RowScanner(text_.text, path_, dialect_, rows_[row]).next(cells);
}

Value TableCells::value(std::uint64_t row, std::size_t column) const {
  std::vector<Cell> cells;
  TextRoom room;
  const std::size_t place = forms_[column].place;
  const std::size_t mark = place / kBetweenMarks;
  const std::size_t from = rows_[row] + (mark == 0 ? 0 : marks_[row * marks_of_row_ + mark - 1]);
  RowScanner(text_.text, path_, dialect_, from).next_cells(cells, place % kBetweenMarks + 1);
  return value_of(cells.back(), forms_[column], room);
}

std::vector<Value> TableCells::values(std::uint64_t row) const {
  std::vector<Cell> cells;
  cells.reserve(forms_.size() + 1);
  read(row, cells);
  std::vector<Value> values;
  values.reserve(forms_.size());
  TextRoom room;
  for (const ColumnForm& form : forms_) values.push_back(value_of(cells[form.place], form, room));
  return values;
}

std::vector<std::string> TableCells::definitions() const {
  std::vector<ContentHash> hashes(forms_.size());
  TextRoom room;
  std::string bytes;
  for_each_row([&](std::uint64_t, const std::vector<Cell>& cells) {
    for (std::size_t column = 0; column < forms_.size(); ++column) {
      const ColumnForm& form = forms_[column];
      const std::string_view text = identity_text_of(cells[form.place], form, room);
      // Kind and length keep 1 | "1" | true and ("ab", "c") | ("a", "bc") apart. The kind is Value::Variant's index,
      // which is that of the type.
      bytes = static_cast<char>('0' + static_cast<int>(form.type));
      bytes += ':';
      append_number(bytes, text.size());
      bytes += ':';
      bytes += text;
      hashes[column].add(bytes);
    }
  });
  std::vector<std::string> definitions;
  for (const ContentHash& hash : hashes) {
    definitions.push_back(fmt::format("column({} rows, xxh3 {})", rows(), hash.value().text()));
  }
  return definitions;
}

/// What of a row goes into programs: of one type in each column, so what is written alike is alike.
void TableCells::append_written(std::uint64_t row, std::vector<Cell>& cells, TextRoom& room, std::string& bytes) const {
  read(row, cells);
  for (const ColumnForm& form : forms_) {
    bytes += written_text_of(cells[form.place], form, room);
    bytes += '\0';
  }
}

std::vector<EqualPoint> TableCells::equal_rows() const {
  std::vector<Cell> cells;
  TextRoom room;
  std::string bytes, others;
  const auto hash = [&](std::uint64_t row) {
    bytes.clear();
    append_written(row, cells, room, bytes);
    return hash128(bytes);
  };
  const auto are_same = [&](std::uint64_t a, std::uint64_t b) {
    bytes.clear();
    others.clear();
    append_written(a, cells, room, bytes);
    append_written(b, cells, room, others);
    return bytes == others;  // no cell holds a null byte
  };
  return equal_among(rows(), hash, are_same);
}

}  // namespace windrow::detail
