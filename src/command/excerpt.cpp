#include "excerpt.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <utility>

#include "base/interface/telling_line.hpp"
#include "windrow/base/display.hpp"
#include "windrow/base/text.hpp"

namespace windrow::detail {

namespace {

constexpr std::size_t excerpt_bytes = 2000;
constexpr std::size_t searched_bytes = 64 * 1024;  // of the begin of a file, and of its end
constexpr std::size_t words_shown = 5;             // lines

/// `bytes` of a file from its begin, or to its end.
std::string part_of(std::ifstream& in, std::size_t begin, std::size_t bytes) {
  std::string part(bytes, '\0');
  in.clear();
  in.seekg(static_cast<std::streamoff>(begin));
  in.read(part.data(), static_cast<std::streamsize>(part.size()));
  part.resize(static_cast<std::size_t>(std::max<std::streamsize>(in.gcount(), 0)));
  return part;
}

/// What a program printed into a file, as far as it is looked at: a file may be longer than memory.
struct Printed {
  std::string begin;  ///< empty if `end` is all there is
  std::string end;
};

Printed read_ends(const std::filesystem::path& file) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error)) return {};  // a pipe would never end
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  if (!in) return {};
  const auto size = static_cast<std::size_t>(std::max<std::streamoff>(in.tellg(), 0));
  const std::size_t tail = std::min(size, searched_bytes);
  Printed printed;
  if (size > tail) printed.begin = part_of(in, 0, std::min(searched_bytes, size - tail));
  printed.end = part_of(in, size - tail, tail);
  return printed;
}

/// The last lines that are not empty, one below the other.
std::string end_of(std::string text, std::size_t most) {
  text.erase(std::remove(text.begin(), text.end(), '\r'), text.end());
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  if (text.size() > excerpt_bytes) text.erase(0, text.size() - excerpt_bytes);
  std::size_t begin = text.size();
  for (std::size_t lines = 0; lines < most && begin != 0; ++lines) {
    const std::size_t line_break = begin < 2 ? std::string::npos : text.rfind('\n', begin - 2);
    begin = line_break == std::string::npos ? 0 : line_break + 1;
  }
  return text.substr(begin);
}

std::string as_lines(const std::string& text) {
  return text.empty() ? "" : fmt::format("\n{}", text::indented(made_visible(text), 2));
}

/// What a program said in one of its files.
struct Said {
  Telling telling;
  std::string end;  ///< the last lines
};

Said read_said(const std::filesystem::path& file) {
  const Printed printed = read_ends(file);
  Said said{telling_line(printed.begin), end_of(printed.end, words_shown)};
  Telling later = telling_line(printed.end);
  const bool begin_tells = said.telling.weight >= Tells::abort && said.telling.weight >= later.weight;
  if (!begin_tells && later.weight != Tells::nothing) said.telling = std::move(later);
  return said;
}

std::string telling_lines(const Said& said) {
  std::string lines = fmt::format("\n  {}", made_visible(said.telling.line));
  if (!said.telling.where.empty()) lines += fmt::format("\n  {}", made_visible(said.telling.where));
  return lines;
}

/// The last lines, and before them the line that tells, if they do not show by themselves which one it is.
std::string words_of(const char* name, const Said& said) {
  const bool shows = said.telling.line.empty() || telling_line(said.end).line == said.telling.line;
  if (shows) return fmt::format("{} ends:{}", name, as_lines(said.end));
  return fmt::format("{} tells:{}\nand ends:{}", name, telling_lines(said), as_lines(said.end));
}

}  // namespace

std::string made_visible(std::string_view text) {
  return text::visible(text, "\n\t");
}

std::string last_lines(const std::filesystem::path& file, std::size_t lines) {
  return as_lines(end_of(read_ends(file).end, lines));
}

std::string last_words(const std::filesystem::path& directory) {
  const Said on_stderr = read_said(directory / "stderr");
  const Said on_stdout = on_stderr.telling.weight < Tells::abort ? read_said(directory / "stdout") : Said();
  if (on_stderr.end.empty()) {
    return on_stdout.end.empty() ? "it printed nothing" : "stderr is empty, " + words_of("stdout", on_stdout);
  }
  if (on_stdout.telling.weight < Tells::error) return words_of("stderr", on_stderr);
  return fmt::format("stdout tells:{}\nand stderr ends:{}", telling_lines(on_stdout), as_lines(on_stderr.end));
}

std::string with_last_words(const std::string& message, const std::filesystem::path& directory) {
  const std::string words = last_words(directory);
  const bool shows_stdout = message.find("/stdout; the file ends:\n") != std::string::npos;
  if (shows_stdout && words.starts_with("stderr is empty, stdout ends:")) return message;
  return message + (message.find('\n') == std::string::npos ? "; " : "\n") + words;
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

std::string in_list(const std::vector<std::string>& texts) {
  std::string result;
  for (const std::string& text : texts) result += (result.empty() ? "[" : ", ") + in_quotes(text);
  return result.empty() ? "[]" : result + "]";
}

}  // namespace windrow::detail
