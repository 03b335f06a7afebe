#include "windrow/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/interface/plain_number.hpp"

namespace windrow::text {
namespace {

bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

/// `text` as std::from_chars wants it: trimmed, and without the plus sign, which it does not know.
std::string_view numeral(std::string_view text) {
  text = trim(text);
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  return text;
}

/// Whether a numeral that does not fit a double is too small rather than too large, by the place of its first digit.
bool underflows(std::string_view numeral) {
  const std::size_t mark = numeral.find_first_of("eE");
  const std::string_view mantissa = numeral.substr(0, mark);
  if (mark != std::string_view::npos) return numeral[mark + 1] == '-';
  const std::size_t first = mantissa.find_first_not_of("-0");
  return first != std::string_view::npos && mantissa[first] == '.';
}

}  // namespace

std::string render(double value) {
  if (std::isnan(value)) return "nan";  // the sign of a NaN means nothing
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  return {buffer.data(), end};
}

std::string_view write_plain(double value, NumberRoom& room) {
  const double size = std::abs(value);
  const bool plain = value == 0.0 || (size >= 1e-4 && size < 1e16);
  const auto end =
      std::isfinite(value)
          ? std::to_chars(room.data(), room.data() + room.size(), value,
                          plain ? std::chars_format::fixed : std::chars_format::scientific)
          : std::to_chars(room.data(), room.data() + room.size(), std::isnan(value) ? std::abs(value) : value);
  return {room.data(), end.ptr};
}

std::string render_plain(double value) {
  NumberRoom room;  // NOLINT(cppcoreguidelines-pro-type-member-init): what is not written is not read
  return std::string(write_plain(value, room));
}

std::string render_real(double value) {
  std::string text = render_plain(value);
  return text.find_first_not_of("-0123456789") == std::string::npos ? text + ".0" : text;
}

std::optional<double> parse_double(std::string_view text) {
  text = numeral(text);
  double value = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size() || error == std::errc::invalid_argument || text.ends_with(')')) return {};
  if (error == std::errc::result_out_of_range) {
    if (!underflows(text)) return {};
    return text.front() == '-' ? -0.0 : 0.0;
  }
  return value;
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  text = numeral(text);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size() || error != std::errc()) return {};
  return value;
}

namespace {

/// The digits of a double in scientific notation, less the zeros at their end: "1.8446744073709552e+19" gives
/// "18446744073709552".
std::string shortest_digits(double value) {
  std::array<char, 32> buffer{};
  const auto end =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::scientific).ptr;
  std::string digits(buffer.data(), std::find(buffer.data(), end, 'e'));
  std::erase(digits, '.');
  return digits.substr(0, digits.find_last_not_of('0') + 1);
}

std::string lower_case(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return result;
}

}  // namespace

bool is_rounded_whole(std::string_view text) {
  constexpr std::size_t kSafe = 15;  // so many digits fit whatever they are
  text = numeral(text);
  if (text.starts_with('-')) text.remove_prefix(1);
  if (const std::size_t point = text.find('.'); point != std::string_view::npos) {
    if (text.find_first_not_of('0', point + 1) != std::string_view::npos) return false;
    text = text.substr(0, point);
  }
  text.remove_prefix(std::min(text.find_first_not_of('0'), text.size()));
  if (text.size() <= kSafe || !std::all_of(text.begin(), text.end(), is_digit)) return false;
  const auto value = parse_double(text);
  if (!value) return true;
  if (fmt::format("{:.0f}", *value) == text) return false;
  return shortest_digits(*value) != text.substr(0, text.find_last_not_of('0') + 1);
}

std::optional<bool> parse_truth(std::string_view text) {
  const std::string word = lower_case(trim(text));
  if (word == "true") return true;
  if (word == "false") return false;
  return {};
}

std::optional<bool> parse_boolean(std::string_view text) {
  const std::string word = lower_case(trim(text));
  for (const char* yes : {"true", "yes", "on", "1", "t", ".true."}) {
    if (word == yes) return true;
  }
  for (const char* no : {"false", "no", "off", "0", "f", ".false."}) {
    if (word == no) return false;
  }
  return {};
}

namespace {

struct Unit {
  std::string_view name;
  double nanoseconds;
};
constexpr std::array units{Unit{"d", 86400e9}, Unit{"h", 3600e9}, Unit{"m", 60e9}, Unit{"s", 1e9},
                           Unit{"ms", 1e6},    Unit{"us", 1e3},   Unit{"ns", 1.0}};

}  // namespace

std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  text = trim(text);
  if (text.empty()) return {};
  double total = 0.0;
  auto next_unit = units.begin();  // "1h30m" is fine, "30m1h" and "1h1h" are slips
  bool bare = true;
  while (!text.empty()) {
    if (!is_digit(text.front()) && text.front() != '.') return {};
    double number = 0.0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc()) return {};
    text = trim(text.substr(static_cast<std::size_t>(end - text.data())));
    const auto name_end =
        std::find_if(text.begin(), text.end(), [](char c) { return is_digit(c) || c == '.' || is_space(c); });
    const std::string_view name(text.begin(), name_end);
    if (name.empty() && !bare) return {};
    const auto unit =
        std::find_if(next_unit, units.end(), [&](const Unit& u) { return u.name == (name.empty() ? "s" : name); });
    if (unit == units.end()) return {};
    total += number * unit->nanoseconds;
    next_unit = unit + 1;
    bare = false;
    text = trim(text.substr(name.size()));
  }
  if (!(total < 9.2e18)) return {};  // what a 64-bit count of nanoseconds holds, 292 years
  return std::chrono::nanoseconds(std::llround(total));
}

namespace {

/// `count` / `divisor`, rounded to nearest.
std::uint64_t rounded(std::uint64_t count, std::uint64_t divisor) {
  return (count + divisor / 2) / divisor;
}

std::string render_magnitude(std::uint64_t nanoseconds) {
  if (nanoseconds == 0) return "0s";
  if (nanoseconds < 1'000) return fmt::format("{}ns", nanoseconds);
  if (const auto us = rounded(nanoseconds, 1'000); us < 1'000) return fmt::format("{}us", us);
  if (const auto ms = rounded(nanoseconds, 1'000'000); ms < 100) return fmt::format("{}ms", ms);
  if (const auto tenths = rounded(nanoseconds, 100'000'000); tenths < 100 && tenths % 10 != 0) {
    return fmt::format("{}.{}s", tenths / 10, tenths % 10);
  }
  const auto seconds = rounded(nanoseconds, 1'000'000'000);
  if (seconds < 60) return fmt::format("{}s", seconds);
  if (seconds < 3600) return fmt::format("{}m{:02}s", seconds / 60, seconds % 60);
  const auto minutes = rounded(seconds, 60);
  if (minutes < 24 * 60) return fmt::format("{}h{:02}m", minutes / 60, minutes % 60);
  const auto hours = rounded(minutes, 60);
  return fmt::format("{}d{:02}h", hours / 24, hours % 24);
}

}  // namespace

std::string render_duration(double seconds) {
  constexpr double kMost = 9.2e9;  // what a 64-bit count of nanoseconds holds
  const std::chrono::duration<double> fitting(std::clamp(std::isnan(seconds) ? 0.0 : seconds, -kMost, kMost));
  return render_duration(std::chrono::duration_cast<std::chrono::nanoseconds>(fitting));
}

std::string render_duration(std::chrono::nanoseconds duration) {
  const auto count = static_cast<std::uint64_t>(duration.count());
  if (duration.count() < 0) return fmt::format("-{}", render_magnitude(0 - count));
  return render_magnitude(count);
}

namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours; capitals count as small
/// letters.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = lower(a[i - 1]) == lower(b[j - 1]);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]);
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

}  // namespace

std::optional<std::string> nearest(std::string_view word, std::span<const std::string> candidates) {
  const std::string* best = nullptr;
  std::size_t best_distance = std::numeric_limits<std::size_t>::max();
  for (const std::string& candidate : candidates) {
    const std::size_t length = std::max(word.size(), candidate.size());
    const std::size_t distance = edit_distance(word, candidate);
    const std::size_t allowed = std::max<std::size_t>(1, length / 3);
    // A distance of the whole length means that nothing is in common.
    if (distance <= allowed && distance < length && distance < best_distance) {
      best = &candidate;
      best_distance = distance;
    }
  }
  if (best == nullptr) return {};
  return *best;
}

std::string suggestion(std::string_view word, std::span<const std::string> candidates) {
  if (candidates.empty()) return "";
  if (const auto near = nearest(word, candidates)) return fmt::format("; did you mean `{}`?", *near);
  return fmt::format("; valid: `{}`", fmt::join(candidates, "`, `"));
}

std::string with_thousands(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, 1, ',');
  return digits;
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

std::string counted(std::uint64_t number, std::string_view thing) {
  return fmt::format("{} {}{}", with_thousands(number), thing, number == 1 ? "" : "s");
}

std::string in_single_quotes(std::string_view text) {
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

bool is_plain_word(std::string_view word) {
  return !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
    return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') ||
           std::string_view("_.+-/:,@%=").find(c) != std::string_view::npos;
  });
}

std::string shell_line(const std::vector<std::string>& arguments) {
  std::string line;
  for (const std::string& argument : arguments) {
    const auto equals = argument.find('=');  // `a=1 program` would set a variable, and zsh looks up `=program`
    const bool bare = is_plain_word(argument) && equals != 0 && (!line.empty() || equals == std::string::npos);
    if (!line.empty()) line += ' ';
    line += bare ? argument : in_single_quotes(argument);
  }
  return line;
}

std::size_t utf8_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const auto continues = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const unsigned first = byte(at), second = byte(at + 1);
  if (first < 0x80) return at < text.size() ? 1 : 0;
  if (first < 0xC2 || first > 0xF4 || !continues(at + 1)) return 0;
  if (first < 0xE0) return 2;
  if (first < 0xF0) {
    if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F)) return 0;
    return continues(at + 2) ? 3 : 0;
  }
  if ((first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F)) return 0;
  return continues(at + 2) && continues(at + 3) ? 4 : 0;
}

namespace {

/// The character of this length at text[at].
char32_t character_at(std::string_view text, std::size_t at, std::size_t length) {
  constexpr std::array<unsigned, 5> first_bits = {0, 0x7F, 0x1F, 0x0F, 0x07};
  char32_t character = static_cast<unsigned char>(text[at]) & first_bits[length];
  for (std::size_t i = 1; i < length; ++i) {
    character = (character << 6U) | (static_cast<unsigned char>(text[at + i]) & 0x3FU);
  }
  return character;
}

struct Range {
  char32_t first, last;
};

template <std::size_t Size>
bool is_in(const std::array<Range, Size>& ranges, char32_t character) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [character](const Range& range) { return character >= range.first && character <= range.last; });
}

// Combining marks and format characters take no column; ideographs, kana, hangul and pictures take two. (Unicode's
// EastAsianWidth.txt, its wide blocks as a whole.)
constexpr std::array<Range, 8> kWithoutWidth = {{{0x300, 0x36F},
                                                 {0x483, 0x489},
                                                 {0x591, 0x5BD},
                                                 {0x64B, 0x65F},
                                                 {0x200B, 0x200F},
                                                 {0x20D0, 0x20FF},
                                                 {0xFE00, 0xFE0F},
                                                 {0xFE20, 0xFE2F}}};
constexpr std::array<Range, 11> kWide = {{{0x1100, 0x115F},
                                          {0x2E80, 0x303E},
                                          {0x3041, 0xA4CF},
                                          {0xAC00, 0xD7A3},
                                          {0xF900, 0xFAFF},
                                          {0xFE30, 0xFE6F},
                                          {0xFF00, 0xFF60},
                                          {0xFFE0, 0xFFE6},
                                          {0x1F300, 0x1F64F},
                                          {0x1F900, 0x1F9FF},
                                          {0x20000, 0x3FFFD}}};
// Control characters above ASCII, line separators, and what turns the direction of writing round: a terminal obeys.
constexpr std::array<Range, 4> kObeyed = {{{0x80, 0x9F}, {0x2028, 0x2029}, {0x202A, 0x202E}, {0x2066, 0x2069}}};

std::size_t columns_at(std::string_view text, std::size_t at, std::size_t length) {
  if (length < 2) return 1;
  const char32_t character = character_at(text, at, length);
  return is_in(kWithoutWidth, character) ? 0 : is_in(kWide, character) ? 2 : 1;
}

}  // namespace

std::size_t width(std::string_view text) {
  std::size_t columns = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_length(text, at);
    columns += columns_at(text, at, length);
    at += std::max<std::size_t>(length, 1);
  }
  return columns;
}

std::string clipped(std::string_view text, std::size_t width) {
  std::size_t columns = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_length(text, at);
    columns += columns_at(text, at, length);
    if (columns > width) return std::string(text.substr(0, at));
    at += std::max<std::size_t>(length, 1);
  }
  return std::string(text);
}

namespace {

/// "\n", "\x1b", "\xe9" of a byte that is not UTF-8, "\u202e"; empty for what may be shown as it is.
std::string escape_of(std::string_view text, std::size_t at, std::size_t length, std::string_view kept) {
  const char c = text[at];
  if (length > 1) {
    const char32_t character = character_at(text, at, length);
    return is_in(kObeyed, character) ? fmt::format("\\u{:04x}", static_cast<unsigned>(character)) : "";
  }
  if (length == 1 && (!is_control(c) || kept.find(c) != std::string_view::npos)) return "";
  const std::size_t known = std::string_view("\n\t\r").find(c);
  if (known != std::string_view::npos) return std::array{"\\n", "\\t", "\\r"}[known];
  return fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
}

}  // namespace

std::string visible(std::string_view text, std::string_view kept, std::string_view stray) {
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_length(text, at);
    const std::string escape = length == 0 && !stray.empty() ? std::string(stray) : escape_of(text, at, length, kept);
    result += escape.empty() ? text.substr(at, length) : std::string_view(escape);
    at += std::max<std::size_t>(length, 1);
  }
  return result;
}

}  // namespace windrow::text
