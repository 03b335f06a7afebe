#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "windrow/base/csv.hpp"

namespace windrow::detail {

/// A cell as it stands in the text of a table: less the quotes around it, with those in it still doubled.
struct Cell {
  std::string_view raw{};
  bool quoted = false;
  bool doubled = false;  ///< whether there are quotes in it
  /// What it says. @param room  holds it if it does not stand in the text as it is
  std::string_view text(std::string& room) const;
};

/// The rows of a text that stays where it is, as csv::Reader reads them, but nothing is copied.
class RowScanner {
 public:
  /// Both must outlive it. @param from  where the line of a row begins
  RowScanner(std::string_view text, const std::string& path, csv::Dialect dialect, std::size_t from = 0)
      : text_(text), path_(path), dialect_(dialect), position_(from) {}

  /// The next row, or a comment, whose line is its only cell; false at the end.
  /// @throws SpecError that names path and line, for quotes that are wrong, and for more or longer cells than a table
  /// of parameters can have
  bool next(std::vector<Cell>& cells);
  /// So many cells, from the one that begins at `from`.
  void next_cells(std::vector<Cell>& cells, std::size_t count);

  bool is_comment() const { return is_comment_; }
  /// Where the line begins with which the last row does.
  std::size_t begin() const { return begin_; }
  /// Its number, from 1. Takes time for all lines before it.
  std::size_t line() const;
  /// @throws SpecError that names path and line of the last row
  [[noreturn]] void fail(const std::string& message) const;

 private:
  bool is_blank(char c) const { return (c == ' ' || c == '\t') && (c != dialect_.separator || c == ' '); }
  void skip_blanks(std::size_t& at) const;
  bool find_line();
  void take_line(std::size_t begin);
  std::size_t read_quoted(std::size_t at, Cell& cell);
  std::size_t read_plain(std::size_t at, Cell& cell) const;
  void read_cells(std::vector<Cell>& cells, std::size_t most);
  [[noreturn]] void fail_at(std::size_t at, const std::string& message) const;

  std::string_view text_;
  const std::string& path_;
  csv::Dialect dialect_;
  std::size_t position_;
  std::size_t begin_ = 0;  // of the row
  std::size_t stop_ = 0;   // of what its last line holds
  std::size_t end_ = 0;    // of its last line
  bool is_comment_ = false;
};

/// The number, from 1, of the line in which text[at] is.
std::size_t line_at(std::string_view text, std::size_t at);

/// Where rows begin, in two bytes for each and a few for 64 of them, or in four if rows are long.
class RowPlaces {
 public:
  /// Makes room for as many rows as there are lines.
  explicit RowPlaces(std::string_view text);
  void add(std::size_t place);
  std::size_t operator[](std::uint64_t row) const {
    return firsts_[row / kBlock] + (wide_.empty() ? narrow_[row] : wide_[row]);
  }
  std::uint64_t size() const { return size_; }

 private:
  static constexpr std::uint64_t kBlock = 64;
  void widen();

  std::uint64_t size_ = 0;
  std::vector<std::uint64_t> firsts_;  // of each block
  std::vector<std::uint16_t> narrow_;  // behind the first of its block; empty if one does not fit
  std::vector<std::uint32_t> wide_;    // then these are not
};

}  // namespace windrow::detail
