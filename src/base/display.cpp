#include "windrow/base/display.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

#include "windrow/base/text.hpp"

namespace windrow::text {

std::string shortened(std::string_view text, std::size_t width) {
  constexpr std::string_view mark = "...";
  if (text::width(text) <= width) return std::string(text);
  return clipped(text, width - std::min(width, mark.size())) +
         std::string(mark.substr(0, std::min(width, mark.size())));
}

std::vector<std::string> wrapped(std::string_view text, std::size_t width, std::size_t margin) {
  std::vector<std::string> lines = {""};
  bool empty = true;  // of the last line, its margin aside
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const std::string_view word = text.substr(at, end - at);
    at = end + 1;
    if (word.empty()) continue;
    if (!empty && text::width(lines.back()) + 1 + text::width(word) > width) {
      lines.emplace_back(margin, ' ');
      empty = true;
    }
    if (!empty) lines.back() += ' ';
    lines.back() += word;
    empty = false;
  }
  return lines;
}

std::string first_lines(std::string_view text, std::size_t lines) {
  const std::string_view whole = text.ends_with('\n') ? text.substr(0, text.size() - 1) : text;
  const auto all = static_cast<std::size_t>(std::count(whole.begin(), whole.end(), '\n')) + 1;
  if (all <= lines + 1) return std::string(text);
  std::size_t end = 0;
  for (std::size_t line = 0; line < lines; ++line) end = whole.find('\n', end) + 1;
  return std::string(whole.substr(0, end)) + fmt::format("... ({})\n", counted(all - lines, "more line"));
}

std::string indented(std::string_view text, std::size_t margin) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((i == 0 || text[i - 1] == '\n') && text[i] != '\n') result.append(margin, ' ');
    result += text[i];
  }
  return result;
}

std::string as_utf8(std::string_view text) {
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_length(text, at);
    if (length == 0) {
      result += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[at]));
    } else {
      result += text.substr(at, length);
    }
    at += std::max<std::size_t>(length, 1);
  }
  return result;
}

bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

std::string as_cell(std::string_view text) {
  return visible(text, "\t\n\r");
}

std::string safe_json(std::string json) {
  if (is_plain(json)) return json;
  json = visible(json, "\n\x7f");  // above ASCII it escapes as JSON does, "\u009b"
  for (std::size_t at = 0; (at = json.find('\x7f', at)) != std::string::npos;) json.replace(at, 1, "\\u007f");
  return json;
}

std::size_t columns_of(int descriptor, std::size_t otherwise) {
  winsize size{};
  const bool is_terminal = ::isatty(descriptor) == 1;
  if (!is_terminal || ::ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return otherwise;
  return size.ws_col;
}

}  // namespace windrow::text
