#include "design/table_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <sstream>
#include <string_view>

#include "windrow/base/csv.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

void append_utf8(std::string& out, std::uint32_t code) {
  const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
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

std::uint32_t byte_at(std::string_view bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}

/// @param big  whether the byte that counts more comes first
std::string from_utf16(std::string_view bytes, bool big, const std::string& path) {
  const auto fail = [&](const char* what) -> void { throw SpecError(fmt::format("{}: its UTF-16 {}", path, what)); };
  if (bytes.size() % 2 != 0) fail("has half a character at its end");
  const auto unit = [&](std::size_t at) {
    return big ? byte_at(bytes, at) << 8U | byte_at(bytes, at + 1) : byte_at(bytes, at + 1) << 8U | byte_at(bytes, at);
  };
  std::string text;
  text.reserve(bytes.size() / 2);
  for (std::size_t at = 0; at < bytes.size(); at += 2) {
    std::uint32_t code = unit(at);
    if (code >= 0xd800U && code < 0xe000U) {
      const std::uint32_t low = at + 2 < bytes.size() && code < 0xdc00U ? unit(at + 2) : 0;
      if (low < 0xdc00U || low >= 0xe000U) fail("has half a pair");
      code = 0x10000U + ((code - 0xd800U) << 10U) + (low - 0xdc00U);
      at += 2;
    }
    append_utf8(text, code);
  }
  return text;
}

/// What bytes from 0x80 to 0x9f are in Windows-1252, which spreadsheets write; 0: none.
constexpr std::array<std::uint16_t, 32> kWindows = {0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
                                                    0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0,      0x017d, 0,
                                                    0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
                                                    0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178};

std::string from_latin1(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    const std::uint32_t byte = byte_at(bytes, at);
    const bool of_windows = byte >= 0x80U && byte < 0xa0U && kWindows[byte - 0x80U] != 0;
    append_utf8(text, of_windows ? kWindows[byte - 0x80U] : byte);
  }
  return text;
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

Utf8Look look_at_utf8(std::string_view text) {
  Utf8Look look;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = byte_at(text, at) < 0x80U ? 1 : text::utf8_length(text, at);
    if (length == 0 && look.first_invalid == std::string_view::npos) look.first_invalid = at;
    look.has_multibyte = look.has_multibyte || length > 1;
    at += std::max<std::size_t>(length, 1);
  }
  return look;
}

std::string decoded(std::string bytes, const std::string& path, std::vector<std::string>& notes) {
  const std::string_view view = bytes;
  if (view.starts_with(std::string_view("\xff\xfe\0\0", 4))) {
    throw SpecError(path + ": is UTF-32; save it as UTF-8");
  }
  const bool little = view.starts_with("\xff\xfe");
  const bool big = view.starts_with("\xfe\xff");
  if (little || big || has_nulls_at(view, 1) || has_nulls_at(view, 0)) {
    notes.push_back(path + ": is UTF-16; its texts go on as UTF-8");
    return from_utf16(view.substr(little || big ? 2 : 0), big || (!little && has_nulls_at(view, 0)), path);
  }
  const Utf8Look look = look_at_utf8(view);
  if (look.first_invalid == std::string_view::npos) return bytes;
  if (look.has_multibyte) {
    const auto line =
        1 + std::count(view.begin(), view.begin() + static_cast<std::ptrdiff_t>(look.first_invalid), '\n');
    throw SpecError(fmt::format("{}:{}: byte 0x{:02x} is no UTF-8, as others in this file are; save it as UTF-8", path,
                                line, byte_at(view, look.first_invalid)));
  }
  notes.push_back(path + ": is no UTF-8, so it was read as Latin-1 (Windows-1252); its texts go on as UTF-8");
  return from_latin1(view);
}

/// What a separator makes of the beginning of a table.
struct Look {
  char separator;
  std::size_t fields = 0;  ///< of the header
  bool is_even = true;     ///< rows have as many
  bool is_named = true;    ///< the header's could name parameters
  bool fits() const { return fields >= 2 && is_even; }
};

Look look_at(const std::string& sample, char separator, char comment) {
  constexpr int kMostRows = 100;
  Look look{separator};
  std::istringstream in(sample);
  csv::Reader reader(in, "", {separator, true, comment});
  std::vector<std::string> fields;
  try {
    for (int rows = 0; rows < kMostRows && reader.next(fields);) {
      if (reader.is_comment()) continue;
      if (rows++ == 0) {
        look.fields = fields.size();
        look.is_named = std::ranges::all_of(fields, is_identifier);
        continue;
      }
      while (fields.size() > look.fields && fields.back().empty()) fields.pop_back();
      look.is_even = look.is_even && fields.size() == look.fields;
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

std::string as_utf8(std::string bytes, const std::string& path, std::vector<std::string>& notes) {
  std::string text = decoded(std::move(bytes), path, notes);
  if (text.find('\n') == std::string::npos) std::ranges::replace(text, '\r', '\n');  // of an old Macintosh
  return text;
}

std::optional<char> separator_line(std::string& text) {
  const std::size_t begin = text.starts_with("\xef\xbb\xbf") ? 3 : 0;
  const std::size_t end = std::min(text.find_first_of("\r\n"), text.size());
  const std::string_view line = std::string_view(text).substr(begin, end - begin);
  if (line.size() != 5 || !(line.starts_with("sep=") || line.starts_with("SEP="))) return {};
  const char separator = line.back();
  text.erase(begin, 5);
  return separator;
}

bool is_identifier(const std::string& name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return !name.empty() && !digit(name[0]) && std::ranges::all_of(name, [&](char c) { return letter(c) || digit(c); });
}

char guess_separator(const std::string& text, const std::string& path, char comment) {
  constexpr std::size_t kSample = 65536;
  const std::size_t end = text.size() <= kSample ? std::string::npos : text.rfind('\n', kSample);
  const std::string sample = end == std::string::npos ? text : text.substr(0, end + 1);
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
