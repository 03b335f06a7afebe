#include "design/table_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "design/table_rows.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

/// Calls put(byte) for each byte of a character.
template <typename Put>
void put_utf8(const Put& put, std::uint32_t code) {
  const auto put_rest = [&](int shift) { put(0x80U | (code >> shift & 0x3fU)); };
  if (code < 0x80U) return put(code);
  if (code < 0x800U) {
    put(0xc0U | code >> 6U);
  } else if (code < 0x10000U) {
    put(0xe0U | code >> 12U);
    put_rest(6);
  } else {
    put(0xf0U | code >> 18U);
    put_rest(12);
    put_rest(6);
  }
  put_rest(0);
}

/// UTF-8 of the characters that `decode` calls its argument with. Goes through them twice, so that the text is made
/// once, in memory of its size.
template <typename Decode>
TextMemory converted(const Decode& decode, const MakeMemory& make) {
  std::size_t size = 0;
  decode([&](std::uint32_t code) { put_utf8([&](std::uint32_t) { ++size; }, code); });
  TextMemory memory = make(size);
  memory.bytes = memory.bytes.first(size);
  char* next = memory.bytes.data();
  decode([&](std::uint32_t code) { put_utf8([&](std::uint32_t byte) { *next++ = static_cast<char>(byte); }, code); });
  return memory;
}

std::uint32_t byte_at(std::string_view bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}

/// @param big  whether the byte that counts more comes first
template <typename Each>
void for_each_of_utf16(std::string_view bytes, bool big, const std::string& path, const Each& each) {
  const auto fail = [&](const char* what) -> void { throw SpecError(fmt::format("{}: its UTF-16 {}", path, what)); };
  if (bytes.size() % 2 != 0) fail("has half a character at its end");
  const auto unit = [&](std::size_t at) {
    return big ? byte_at(bytes, at) << 8U | byte_at(bytes, at + 1) : byte_at(bytes, at + 1) << 8U | byte_at(bytes, at);
  };
  for (std::size_t at = 0; at < bytes.size(); at += 2) {
    std::uint32_t code = unit(at);
    if (code >= 0xd800U && code < 0xe000U) {
      const std::uint32_t low = at + 2 < bytes.size() && code < 0xdc00U ? unit(at + 2) : 0;
      if (low < 0xdc00U || low >= 0xe000U) fail("has half a pair");
      code = 0x10000U + ((code - 0xd800U) << 10U) + (low - 0xdc00U);
      at += 2;
    }
    each(code);
  }
}

/// What bytes from 0x80 to 0x9f are in Windows-1252, which spreadsheets write; 0: none.
constexpr std::array<std::uint16_t, 32> kWindows = {0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
                                                    0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0,      0x017d, 0,
                                                    0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
                                                    0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178};

template <typename Each>
void for_each_of_latin1(std::string_view bytes, const Each& each) {
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    const std::uint32_t byte = byte_at(bytes, at);
    const bool of_windows = byte >= 0x80U && byte < 0xa0U && kWindows[byte - 0x80U] != 0;
    each(of_windows ? kWindows[byte - 0x80U] : byte);
  }
}

/// UTF-16 of a text that is mostly ASCII has a null byte in every second place.
bool has_nulls_at(std::string_view bytes, std::size_t first) {
  const std::string_view part = bytes.substr(0, 1000);
  std::size_t nulls = 0, others = 0;
  for (std::size_t at = 0; at + 1 < part.size(); at += 2) {
    nulls += part[at + first] == '\0' ? 1 : 0;
    others += part[at + 1 - first] == '\0' ? 1 : 0;
  }
  return bytes.size() % 2 == 0 && others == 0 && nulls * 2 > part.size() / 2;
}

struct Utf8Look {
  std::size_t first_invalid = std::string_view::npos;
  bool has_multibyte = false;  ///< characters that are no ASCII, and valid
};

/// The first place from `at` on that is no ASCII, or the end. Eight bytes at a time.
std::size_t skip_ascii(std::string_view text, std::size_t at) {
  for (std::uint64_t word = 0; at + sizeof word <= text.size(); at += sizeof word) {
    std::memcpy(&word, text.data() + at, sizeof word);
    if ((word & 0x8080808080808080U) != 0) break;
  }
  while (at < text.size() && byte_at(text, at) < 0x80U) ++at;
  return at;
}

Utf8Look look_at_utf8(std::string_view text) {
  Utf8Look look;
  for (std::size_t at = skip_ascii(text, 0); at < text.size(); at = skip_ascii(text, at)) {
    const std::size_t length = text::utf8_length(text, at);
    if (length == 0 && look.first_invalid == std::string_view::npos) look.first_invalid = at;
    look.has_multibyte = look.has_multibyte || length > 1;
    at += std::max<std::size_t>(length, 1);
  }
  return look;
}

std::string_view text_in(const TextMemory& memory) {
  return {memory.bytes.data(), memory.bytes.size()};
}

void refuse_nulls(std::string_view text, const std::string& path) {
  const std::size_t null = text.find('\0');
  if (null == std::string_view::npos) return;
  throw SpecError(fmt::format("{}:{}: there is a null byte; is this a text file?", path, line_at(text, null)));
}

TextMemory decoded(TextMemory bytes, const std::string& path, std::vector<std::string>& notes, const MakeMemory& make) {
  const std::string_view view = text_in(bytes);
  if (view.starts_with(std::string_view("\xff\xfe\0\0", 4))) {
    throw SpecError(path + ": is UTF-32; save it as UTF-8");
  }
  const bool little = view.starts_with("\xff\xfe");
  const bool marked = little || view.starts_with("\xfe\xff");
  if (marked || has_nulls_at(view, 1) || has_nulls_at(view, 0)) {
    notes.push_back(path + ": is UTF-16; its texts go on as UTF-8");
    const bool big = marked ? !little : has_nulls_at(view, 0);
    const auto decode = [&](const auto& each) { for_each_of_utf16(view.substr(marked ? 2 : 0), big, path, each); };
    return converted(decode, make);
  }
  const Utf8Look look = look_at_utf8(view);
  if (look.first_invalid == std::string_view::npos) return bytes;
  if (look.has_multibyte) {
    throw SpecError(fmt::format("{}:{}: byte 0x{:02x} is no UTF-8, as others in this file are; save it as UTF-8", path,
                                line_at(view, look.first_invalid), byte_at(view, look.first_invalid)));
  }
  notes.push_back(path + ": is no UTF-8, so it was read as Latin-1 (Windows-1252); its texts go on as UTF-8");
  return converted([&](const auto& each) { for_each_of_latin1(view, each); }, make);
}

/// What a first line "sep=;" says; the line is emptied.
std::optional<char> take_separator_line(std::string_view& text) {
  const std::string_view line = text.substr(0, std::min(text.find_first_of("\r\n"), text.size()));
  if (line.size() != 5 || !(line.starts_with("sep=") || line.starts_with("SEP="))) return {};
  text.remove_prefix(line.size());
  return line.back();
}

/// What a separator makes of the beginning of a table.
struct Look {
  char separator;
  std::size_t fields = 0;  ///< of the header
  bool is_even = true;     ///< rows have as many
  bool is_named = true;    ///< the header's could name parameters
  bool fits() const { return fields >= 2 && is_even; }
};

Look look_at(std::string_view sample, char separator, char comment) {
  constexpr int kMostRows = 100;
  Look look{separator};
  const std::string unnamed;
  RowScanner rows(sample, unnamed, {separator, true, comment});
  std::vector<Cell> cells;
  std::string room;
  try {
    for (int row = 0; row < kMostRows && rows.next(cells);) {
      if (rows.is_comment()) continue;
      if (row++ == 0) {
        look.fields = cells.size();
        look.is_named = std::ranges::all_of(cells, [&](const Cell& cell) { return is_identifier(cell.text(room)); });
        continue;
      }
      while (cells.size() > look.fields && cells.back().raw.empty()) cells.pop_back();
      look.is_even = look.is_even && cells.size() == look.fields;
    }
  } catch (const SpecError&) {  // of quotes; or the sample ends inside of them
    look.is_even = look.is_even && look.fields > 0;
  }
  return look;
}

std::string shown(char separator) {
  return separator == '\t' ? "a tab" : separator == ' ' ? "blanks" : fmt::format("`{}`", separator);
}

}  // namespace

TableText as_text(TextMemory bytes, const std::string& path, const MakeMemory& make) {
  TableText result;
  TextMemory memory = decoded(std::move(bytes), path, result.notes, make);
  std::string_view text = text_in(memory);
  refuse_nulls(text, path);
  if (text.find('\n') == std::string_view::npos) std::ranges::replace(memory.bytes, '\r', '\n');  // of an old Macintosh
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  result.separator = take_separator_line(text);
  result.text = text;
  result.owner = std::move(memory.owner);
  return result;
}

bool is_identifier(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return !name.empty() && !digit(name[0]) && std::ranges::all_of(name, [&](char c) { return letter(c) || digit(c); });
}

char guess_separator(std::string_view text, const std::string& path, char comment) {
  constexpr std::size_t kSample = 65536;
  std::size_t end = text.size() <= kSample ? std::string_view::npos : text.rfind('\n', kSample);
  if (end == std::string_view::npos && text.size() > kSample) end = text.find('\n', kSample);  // a long header
  const std::string_view sample = text.substr(0, end == std::string_view::npos ? end : end + 1);
  std::vector<Look> looks;
  for (const char separator : {',', '\t', ';', '|', ' '}) looks.push_back(look_at(sample, separator, comment));
  const auto only = [&](const auto& accepts) {
    const auto found = std::ranges::find_if(looks, accepts);
    const bool one = found != looks.end() && std::find_if(found + 1, looks.end(), accepts) == looks.end();
    return one ? found->separator : '\0';
  };
  const auto fits = [](const Look& look) { return look.separator != ' ' && look.fits(); };
  if (std::ranges::none_of(looks, fits)) {
    const Look& blanks = looks.back();
    const bool others = std::any_of(looks.begin(), looks.end() - 1, [](const Look& look) { return look.fields >= 2; });
    if (blanks.fits() && (blanks.is_named || !others)) return ' ';
    // What is wrong is said of the row that does not fit, or of the name.
    const auto named = std::ranges::find_if(looks, [](const Look& look) { return look.fields >= 2 && look.is_named; });
    return named != looks.end() ? named->separator : ',';
  }
  if (const char one = only(fits)) return one;
  if (const char one = only([&](const Look& look) { return fits(look) && look.is_named; })) return one;
  std::string candidates;
  for (const Look& look : looks) {
    if (fits(look)) candidates += (candidates.empty() ? "" : " and ") + shown(look.separator);
  }
  throw SpecError(
      fmt::format("{}: {} would do as what separates the columns; say which by `separator`", path, candidates));
}

}  // namespace windrow::detail
