#include "windrow/base/table.hpp"

#include <algorithm>

#include "windrow/base/text.hpp"

namespace windrow::detail {

std::vector<std::size_t> Table::widths() const {
  std::vector<std::size_t> widths(columns_.size(), 0);
  for (const auto& line : lines_) {
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], text::width(line[i]));
  }
  return widths;
}

std::size_t Table::width() const {
  std::size_t width = columns_.empty() ? 0 : 2 * (columns_.size() - 1);
  for (const std::size_t column : widths()) width += column;
  return width;
}

std::string Table::text() const {
  const std::vector<std::size_t> width = widths();
  std::string text;
  for (const auto& line : lines_) {
    for (std::size_t i = 0; i < line.size(); ++i) {
      if (i > 0) text += "  ";
      const std::string padding(width[i] - text::width(line[i]), ' ');
      text += columns_[i] == Align::left ? line[i] + padding : padding + line[i];
    }
    text.erase(text.find_last_not_of(' ') + 1);
    text += '\n';
  }
  return text;
}

}  // namespace windrow::detail
