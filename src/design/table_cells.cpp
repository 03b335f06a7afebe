#include "design/table_cells.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <unordered_set>
#include <utility>

#include "base/interface/side_by_side.hpp"
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

/// As few cells as there are marks for, of which the last is that of the column.
void TableCells::read_to(std::uint64_t row, std::size_t column, std::vector<Cell>& cells) const {
  const std::size_t place = forms_[column].place;
  const std::size_t mark = place / kBetweenMarks;
  const std::size_t from = rows_[row] + (mark == 0 ? 0 : marks_[row * marks_of_row_ + mark - 1]);
  RowScanner(text_.text, path_, dialect_, from).next_cells(cells, place % kBetweenMarks + 1);
}

Value TableCells::value(std::uint64_t row, std::size_t column) const {
  std::vector<Cell> cells;
  TextRoom room;
  read_to(row, column, cells);
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

/// What the columns' hashes take of some rows.
void TableCells::append_identities(std::uint64_t first, std::uint64_t end, std::vector<std::string>& columns) const {
  std::vector<Cell> cells;
  TextRoom room;
  for (std::string& bytes : columns) bytes.clear();
  for (std::uint64_t row = first; row < end; ++row) {
    read(row, cells);
    for (std::size_t column = 0; column < forms_.size(); ++column) {
      const ColumnForm& form = forms_[column];
      const std::string_view text = identity_text_of(cells[form.place], form, room);
      // Kind and length keep 1 | "1" | true and ("ab", "c") | ("a", "bc") apart. The kind is Value::Variant's index,
      // which is that of the type.
      std::string& bytes = columns[column];
      bytes += static_cast<char>('0' + static_cast<int>(form.type));
      bytes += ':';
      append_number(bytes, text.size());
      bytes += ':';
      bytes += text;
    }
  }
}

std::vector<std::string> TableCells::definitions() const {
  constexpr std::size_t kBlocks = 4;  // at once; the hashes take them in their order
  const std::uint64_t rows_of_block = std::max<std::uint64_t>(16, 10'000 / std::max<std::size_t>(1, forms_.size()));
  std::vector<ContentHash> hashes(forms_.size());
  std::vector<std::vector<std::string>> blocks(kBlocks, std::vector<std::string>(forms_.size()));
  for (std::uint64_t first = 0; first < rows(); first += kBlocks * rows_of_block) {
    side_by_side(kBlocks, [&](std::size_t i) {
      const std::uint64_t begin = std::min(rows(), first + i * rows_of_block);
      append_identities(begin, std::min(rows(), begin + rows_of_block), blocks[i]);
    });
    for (const std::vector<std::string>& block : blocks) {
      for (std::size_t column = 0; column < forms_.size(); ++column) hashes[column].add(block[column]);
    }
  }
  std::vector<std::string> definitions;
  for (const ContentHash& hash : hashes) {
    definitions.push_back(fmt::format("column({} rows, xxh3 {})", rows(), hash.value().text()));
  }
  return definitions;
}

std::vector<Value> TableCells::different(std::size_t column, std::size_t most) const {
  const std::lock_guard lock(guard_);
  const auto [known, is_new] = different_.try_emplace({column, most});
  std::vector<Value>& values = known->second;
  if (!is_new) return values;
  std::unordered_set<std::string_view> cells_seen;  // most cells are one that was there before
  std::set<std::string> seen;
  std::vector<Cell> cells;
  TextRoom room;
  for (std::uint64_t row = 0; row < rows() && values.size() < most; ++row) {
    read_to(row, column, cells);
    if (!cells_seen.insert(cells.back().raw).second) continue;
    Value value = value_of(cells.back(), forms_[column], room);
    if (seen.insert(value.identity_text()).second) values.push_back(std::move(value));
  }
  return values;
}

/// What of a row goes into programs: of one type in each column, so what is written alike is alike.
void TableCells::append_written(std::uint64_t row, const std::vector<std::size_t>& columns, std::vector<Cell>& cells,
                                TextRoom& room, std::string& bytes) const {
  read(row, cells);
  for (const std::size_t column : columns) {
    bytes += written_text_of(cells[forms_[column].place], forms_[column], room);
    bytes += '\0';
  }
}

std::vector<EqualPoint> TableCells::equal_rows(const std::vector<std::size_t>& columns) const {
  const std::lock_guard lock(guard_);
  const auto [known, is_new] = equal_.try_emplace(columns);
  if (!is_new) return known->second;
  // One for each thread that hashes.
  const auto make_hash = [&] {
    return [this, &columns, cells = std::vector<Cell>(), room = TextRoom(),
            bytes = std::string()](std::uint64_t row) mutable {
      bytes.clear();
      append_written(row, columns, cells, room, bytes);
      return hash128(bytes);
    };
  };
  std::vector<Cell> cells;
  TextRoom room;
  std::string bytes, others;
  const auto are_same = [&](std::uint64_t a, std::uint64_t b) {
    bytes.clear();
    others.clear();
    append_written(a, columns, cells, room, bytes);
    append_written(b, columns, cells, room, others);
    return bytes == others;  // no cell holds a null byte
  };
  known->second = equal_among(rows(), make_hash, are_same);
  return known->second;
}

}  // namespace windrow::detail
