#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace [[gnu::visibility("default")]] windrow {
namespace text {

/// The shortest decimal text that reads back as exactly `value`: "0.1", "1e-09", "100", "nan", "inf".
std::string render(double value);

/// As Python writes it, so that every language takes it for a floating-point number: the shortest text that reads back,
/// with a point or an exponent, plain from 1e-4 up to below 1e16: "0.1", "1.0", "100000.0", "1e-05", "1e+16", "nan".
std::string render_real(double value);
/// The same, but whole numbers below 1e16 without a point: "1", "100000".
std::string render_plain(double value);

/// The number that all of `text` spells (decimal or scientific, optional sign, surrounding white space allowed, "nan",
/// "inf"), or none. Too small for a double reads as zero, too large as none.
std::optional<double> parse_double(std::string_view text);

/// The integer that all of `text` spells, or none (also when it does not fit).
std::optional<std::int64_t> parse_integer(std::string_view text);

/// Whether `text` spells a whole number in plain digits that a double would round: "9007199254740993", but not
/// "9007199254740994" nor "1e23". (A double keeps the digits that it was written with, too: "18446744073709552000".)
bool is_rounded_whole(std::string_view text);

/// "true" or "false" as JSON, pandas and R write them, in any capitals; none for other texts.
std::optional<bool> parse_truth(std::string_view text);
/// What can be meant by a truth value: also "yes", "on", "1", "t", ".true.", and their opposites, in any capitals.
std::optional<bool> parse_boolean(std::string_view text);

/// A duration such as "30s", "500ms", "1.5h", "2m", "1d", "1h30m", or a bare number of seconds; none if it is not one.
/// Units: d, h, m, s, ms, us, ns.
std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text);

/// "12ms", "0.3s", "42s", "3m12s", "2h05m", "4d03h": at most two units, rounded to the last.
std::string render_duration(std::chrono::nanoseconds duration);
/// The same of seconds; what is beyond 290 years counts as that.
std::string render_duration(double seconds);

/// For measurements, four significant digits: "123 ns", "1.234 us", "12.34 ms", "123.4 s".
std::string render_time(double nanoseconds);

/// "12.3 %"
std::string render_share(double share);

/// The candidate nearest to `word` (edit distance with transpositions, capitals aside), if near enough to be a likely
/// slip of the keyboard; the first of equally near ones.
std::optional<std::string> nearest(std::string_view word, std::span<const std::string> candidates);

/// "; did you mean `method`?", or "; valid: `a`, `b`" when nothing is near, for use at the end of an error message.
std::string suggestion(std::string_view word, std::span<const std::string> candidates);

/// "1,234,567"
std::string with_thousands(std::uint64_t number);

/// "1 point", "1,200 points"
std::string counted(std::uint64_t number, std::string_view thing);

/// Arguments as they can be pasted into a shell: bare where that is safe, else in single quotes.
std::string shell_line(const std::vector<std::string>& arguments);
/// Whether it consists of characters that mean nothing to a shell (`=` may make an assignment of the first word).
bool is_plain_word(std::string_view word);
/// 'text', also if there are quotes in it.
std::string in_single_quotes(std::string_view text);

/// Whether it is a control character of ASCII.
constexpr bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == '\x7f';
}

/// The length of the UTF-8 character at text[at], by the table "Well-Formed UTF-8 Byte Sequences" of the Unicode
/// standard (no overlong forms, no surrogates); 0 if there is none.
std::size_t utf8_length(std::string_view text, std::size_t at);

/// The columns that UTF-8 text takes on a terminal: two for wide characters (ideographs, hangul, pictures), none for
/// combining ones.
std::size_t width(std::string_view text);

/// What of it fits `width` columns.
std::string clipped(std::string_view text, std::size_t width);

/// Makes a text safe to show: control characters are seen, as "\n", "\t", "\r" or "\x1b", except those in `kept`; so
/// are those above ASCII that a terminal obeys (C1, line separators, directions of writing), as "\u009b". A byte that
/// is not UTF-8 becomes `stray`, by default it is seen too, as "\xe9". The result is UTF-8.
std::string visible(std::string_view text, std::string_view kept = "", std::string_view stray = "");

}  // namespace text
}  // namespace windrow
