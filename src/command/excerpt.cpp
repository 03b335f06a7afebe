#include "excerpt.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "windrow/base/text.hpp"

namespace windrow::detail {

namespace {

constexpr std::size_t excerpt_bytes = 2000;

std::string tail_of(const std::filesystem::path& file) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error)) return {};  // a pipe would never end
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  if (!in) return {};
  const auto size = static_cast<std::size_t>(std::max<std::streamoff>(in.tellg(), 0));
  std::string tail(std::min(size, excerpt_bytes), '\0');
  in.seekg(static_cast<std::streamoff>(size - tail.size()));
  in.read(tail.data(), static_cast<std::streamsize>(tail.size()));
  tail.resize(static_cast<std::size_t>(std::max<std::streamsize>(in.gcount(), 0)));
  return tail;
}

}  // namespace

std::string made_visible(std::string_view text) {
  return text::visible(text, "\n\t");
}

std::string last_lines(const std::filesystem::path& file, std::size_t lines) {
  std::string text = tail_of(file);
  text.erase(std::remove(text.begin(), text.end(), '\r'), text.end());
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  std::string result;
  for (; lines > 0 && !text.empty(); --lines) {
    const std::size_t line_break = text.rfind('\n');
    const std::size_t start = line_break == std::string::npos ? 0 : line_break + 1;
    result.insert(0, "\n  " + made_visible(text.substr(start)));
    text.erase(line_break == std::string::npos ? 0 : line_break);
  }
  return result;
}

std::string in_quotes(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (byte < 0x20 || byte == 0x7F) {
      result += fmt::format("\\x{:02x}", byte);
    } else {
      result += c;
    }
  }
  return result + "\"";
}

}  // namespace windrow::detail
