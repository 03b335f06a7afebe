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

/// The number that all of `text` spells (decimal or scientific, optional sign, surrounding white space allowed, "nan",
/// "inf"), or none. Too small for a double reads as zero, too large as none.
std::optional<double> parse_double(std::string_view text);

/// The integer that all of `text` spells, or none (also when it does not fit).
std::optional<std::int64_t> parse_integer(std::string_view text);

/// A duration such as "30s", "500ms", "1.5h", "2m", "1d", "1h30m", or a bare number of seconds; none if it is not one.
/// Units: d, h, m, s, ms, us, ns.
std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text);

/// "12ms", "0.3s", "42s", "3m12s", "2h05m", "4d03h": at most two units, rounded to the last.
std::string render_duration(std::chrono::nanoseconds duration);

/// The candidate nearest to `word` (edit distance with transpositions, capitals aside), if near enough to be a likely
/// slip of the keyboard; the first of equally near ones.
std::optional<std::string> nearest(std::string_view word, std::span<const std::string> candidates);

/// "; did you mean `method`?", or "; valid: `a`, `b`" when nothing is near, for use at the end of an error message.
std::string suggestion(std::string_view word, std::span<const std::string> candidates);

/// "1,234,567"
std::string with_thousands(std::uint64_t number);

}  // namespace text
}  // namespace windrow
