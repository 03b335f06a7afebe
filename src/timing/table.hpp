#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace windrow::detail::timing {

enum class Align : std::uint8_t { left, right };

/// Columns of text, two spaces apart, as wide as what is in them. No line ends in spaces.
class Table {
 public:
  explicit Table(std::vector<Align> columns) : columns_(std::move(columns)) {}
  /// @pre as many cells as columns
  void add(std::vector<std::string> cells) { lines_.push_back(std::move(cells)); }
  std::size_t width() const;
  std::string text() const;

 private:
  std::vector<std::size_t> widths() const;

  std::vector<Align> columns_;
  std::vector<std::vector<std::string>> lines_;
};

/// Four significant digits: "123 ns", "1.234 us", "12.34 ms", "123.4 s".
std::string render_time(double nanoseconds);

/// "12.3 %"
std::string render_share(double share);

/// A name on one line of a terminal: control characters are escaped, what is not UTF-8 becomes "?".
std::string printable(std::string_view name);

/// The row's name, indented by its depth; levels end in ":".
struct Visit;
std::string label_of(const Visit& visit);

/// "main/solve/newton": slashes, backslashes, tabs and line ends in names are escaped.
std::string path_text(std::span<const std::string_view> path);

/// ["main","solve","newton"]
std::string path_json(std::span<const std::string_view> path);

/// Seconds with nine decimals.
std::string seconds_text(double nanoseconds);

}  // namespace windrow::detail::timing
