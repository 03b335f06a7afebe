#include "timing/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "timing/json.hpp"
#include "timing/rows.hpp"

namespace windrow::detail::timing {
namespace {

/// Characters, not bytes.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

void append_escaped(std::string& out, char c) {
  switch (c) {
    case '\n':
      out += "\\n";
      break;
    case '\t':
      out += "\\t";
      break;
    case '\r':
      out += "\\r";
      break;
    default:
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  }
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == '\x7f';
}

}  // namespace

std::vector<std::size_t> Table::widths() const {
  std::vector<std::size_t> widths(columns_.size(), 0);
  for (const auto& line : lines_) {
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], width_of(line[i]));
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
      const std::string padding(width[i] - width_of(line[i]), ' ');
      text += columns_[i] == Align::left ? line[i] + padding : padding + line[i];
    }
    text.erase(text.find_last_not_of(' ') + 1);
    text += '\n';
  }
  return text;
}

std::string render_time(double nanoseconds) {
  constexpr std::array<std::string_view, 4> units = {"ns", "us", "ms", "s"};
  double size = nanoseconds;
  std::size_t unit = 0;
  // 999.95 would be rounded to 1000.0
  for (; std::abs(size) >= (unit == 0 ? 999.5 : 999.95) && unit + 1 < units.size(); ++unit) size /= 1000.0;
  if (unit == 0) return fmt::format("{:.0f} ns", size);
  const double absolute = std::abs(size);
  const int decimals = absolute < 9.9995 ? 3 : absolute < 99.995 ? 2 : absolute < 999.95 ? 1 : 0;
  return fmt::format("{:.{}f} {}", size, decimals, units[unit]);
}

std::string render_share(double share) {
  return fmt::format("{:.1f} %", 100.0 * share);
}

std::string printable(std::string_view name) {
  std::string text;
  for (std::size_t at = 0; at < name.size();) {
    const std::size_t length = utf8_length(name, at);
    if (length == 0) {
      text += '?';
    } else if (is_control(name[at])) {
      append_escaped(text, name[at]);
    } else {
      text += name.substr(at, length);
    }
    at += std::max<std::size_t>(length, 1);
  }
  return text;
}

std::string label_of(const Visit& visit) {
  const bool is_heading = visit.row.kind == Row::Kind::level || visit.row.kind == Row::Kind::group;
  return std::string(2 * (visit.path.size() - 1), ' ') + printable(visit.row.name) + (is_heading ? ":" : "");
}

std::string path_text(std::span<const std::string_view> path) {
  std::string text;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (i > 0) text += '/';
    for (const char c : path[i]) {
      if (is_control(c)) {
        append_escaped(text, c);
      } else {
        if (c == '/' || c == '\\') text += '\\';
        text += c;
      }
    }
  }
  return text;
}

std::string path_json(std::span<const std::string_view> path) {
  std::string text = "[";
  for (const std::string_view name : path) {
    if (text.size() > 1) text += ',';
    append_json(text, name);
  }
  return text + "]";
}

std::string seconds_text(double nanoseconds) {
  return fmt::format("{:.9f}", nanoseconds / 1e9);
}

}  // namespace windrow::detail::timing
