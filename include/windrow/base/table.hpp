#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace [[gnu::visibility("default")]] windrow {
namespace detail {

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

}  // namespace detail
}  // namespace windrow
