#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>

#include "arrays/interface/text_table.hpp"
#include "windrow/arrays/npy.hpp"
#include "windrow/base/number.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"

namespace windrow::npy {
namespace {

using Positions = std::vector<std::uint64_t>;
using Names = std::vector<std::string>;

constexpr std::string_view kBetweenNumbers = " \t\r,;\f\v";
constexpr std::size_t kShownOfWord = 50;  // bytes

/// The lines of a text, to be named in messages.
class Lines {
 public:
  explicit Lines(const std::filesystem::path& file) : file_(file), in_(file, std::ios::binary) {
    std::error_code error;
    if (in_ && std::filesystem::is_regular_file(file, error)) return;
    fail(std::filesystem::exists(file, error) ? "cannot be read" : "there is no such file");
  }

  bool next() {
    if (!std::getline(in_, line_)) return false;
    ++number_;
    return true;
  }
  void skip(std::uint64_t lines) {
    while (number_ < lines && next()) {
    }
    if (number_ < lines)
      fail(fmt::format("has {}, of which {} are to be skipped", text::counted(number_, "line"), lines));
  }
  const std::string& line() const { return line_; }

  [[noreturn]] void fail(const std::string& why) const { throw SpecError(fmt::format("{}: {}", file_.string(), why)); }
  [[noreturn]] void fail_here(const std::string& why) const {
    throw SpecError(fmt::format("{}:{}: {}", file_.string(), number_, why));
  }

 private:
  std::filesystem::path file_;
  std::ifstream in_;
  std::string line_;
  std::uint64_t number_ = 0;
};

double number_in(std::string_view word, const Lines& lines) {
  const auto value = text::parse_number(word);
  const std::string shown = text::visible(word.substr(0, kShownOfWord));
  if (!value) lines.fail_here(fmt::format("`{}` is no number", shown));
  if (text::loses_digits(word)) lines.fail_here(fmt::format("`{}` has more digits than a double keeps", shown));
  return *value;
}

Array shaped(std::vector<double> values, std::uint64_t rows) {
  const std::uint64_t columns = rows == 0 ? 0 : values.size() / rows;
  Array array;
  array.shape = rows > 1 && columns > 1 ? Positions{rows, columns} : Positions{values.size()};
  array.values = std::move(values);
  return array;
}

/// The numbers of a line, of all columns.
void read_row(const Lines& lines, std::vector<double>& row) {
  row.clear();
  std::string_view rest = std::string_view(lines.line()).substr(0, lines.line().find('#'));
  for (std::size_t at = 0; (at = rest.find_first_not_of(kBetweenNumbers)) != std::string_view::npos;) {
    rest.remove_prefix(at);
    const std::string_view word = rest.substr(0, rest.find_first_of(kBetweenNumbers));
    row.push_back(number_in(word, lines));
    rest.remove_prefix(word.size());
  }
}

Array read_rows(Lines& lines, const Positions* columns) {
  std::vector<double> values;
  std::vector<double> row;
  std::uint64_t rows = 0;
  std::size_t width = 0;
  while (lines.next()) {
    read_row(lines, row);
    if (row.empty()) continue;
    if (rows++ == 0) width = row.size();
    if (row.size() != width) {
      lines.fail_here(fmt::format("this row has {} numbers, those before it {}", row.size(), width));
    }
    if (columns == nullptr) {
      values.insert(values.end(), row.begin(), row.end());
      continue;
    }
    for (const std::uint64_t column : *columns) {
      if (column >= width) lines.fail_here(fmt::format("there is no column {}: the row has {}, from 0", column, width));
      values.push_back(row[column]);
    }
  }
  return shaped(std::move(values), rows);
}

Array read_table(Lines& lines, const Names& columns, std::optional<std::uint64_t> wanted) {
  detail::TextTable table(columns, true);
  std::vector<double> values;
  std::uint64_t tables = 0;
  std::uint64_t rows = 0;
  while ((!wanted || tables <= *wanted) && lines.next()) {
    detail::TextTable::Line line{};
    try {
      line = table.take(lines.line());
    } catch (const SpecError& error) {
      lines.fail_here(error.what());
    }
    if (line == detail::TextTable::Line::other) continue;
    if (line == detail::TextTable::Line::first_row) {
      ++tables;
      if (!wanted || tables == *wanted) {
        values.clear();
        rows = 0;
      }
    }
    if (wanted && tables != *wanted) continue;
    ++rows;
    for (const std::string_view cell : table.cells()) values.push_back(number_in(cell, lines));
  }
  if (tables == 0) lines.fail(table.why_none());
  if (wanted && tables < *wanted) {
    lines.fail(fmt::format("has {} with `{}`, not {}", text::counted(tables, "table"), columns.front(), *wanted));
  }
  return shaped(std::move(values), rows);
}

}  // namespace

Array read_text(const std::filesystem::path& file, const TextForm& form) {
  Lines lines(file);
  lines.skip(form.skip);
  if (const auto* names = std::get_if<Names>(&form.columns)) return read_table(lines, *names, form.table);
  return read_rows(lines, std::get_if<Positions>(&form.columns));
}

}  // namespace windrow::npy
