#pragma once

#include <cstddef>
#include <istream>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

/// Comma-separated values as RFC 4180 states them (quoted fields may hold commas, quotes and line breaks).
namespace [[gnu::visibility("default")]] windrow {
namespace csv {

/// One field, quoted only if it must be: it holds a comma, a quote or a line break, begins like a comment, or has
/// blanks around it that a reader might not take for its own.
std::string field(std::string_view text);

/// Writes one record, ended by "\n" (the line break that every tool of the field reads). What is written, Reader reads
/// back.
void write_record(std::ostream& out, const std::vector<std::string>& fields);

/// How fields are told apart.
struct Dialect {
  char separator = ',';  ///< ' ' is any run of blanks and tabs
  bool trims = false;    ///< blanks and tabs around a field, or around its quotes, are no part of it
  char comment = '\0';   ///< a line that begins with it, blanks aside, is no record; '\0': all lines are
};

/// Reads records one by one; memory does not grow with the file.
class Reader {
 public:
  /// `name` is used in error messages (usually the path).
  Reader(std::istream& in, std::string name, Dialect dialect = {});

  /// Reads the next record into `fields`; false at the end. Blank lines are skipped; "\r\n" and a UTF-8 byte order mark
  /// are accepted.
  /// @throws SpecError naming file and line, if a quoted field is not closed or is followed by text; naming the file,
  /// if
  ///         reading fails
  bool next(std::vector<std::string>& fields);

  /// Whether field i of the record last read stood in quotes.
  bool was_quoted(std::size_t i) const { return i < quoted_.size() && quoted_[i]; }
  /// Line on which the record last read starts, from 1.
  std::size_t line() const { return record_line_; }
  /// Whether what was last read is a comment; its line is its only field.
  bool is_comment() const { return is_comment_; }

 private:
  bool read_line(std::string& text);
  bool is_blank(char c) const;
  void skip_blanks(const std::string& text, std::size_t& position) const;
  void read_fields(std::string& text, std::vector<std::string>& fields);
  std::size_t read_quoted(std::string& text, std::size_t position, std::string& field);
  [[noreturn]] void fail(std::size_t line, const std::string& message) const;

  std::istream& in_;
  std::string name_;
  Dialect dialect_;
  std::size_t line_ = 0;
  std::size_t record_line_ = 0;
  bool is_comment_ = false;
  std::vector<bool> quoted_;
};

}  // namespace csv
}  // namespace windrow
