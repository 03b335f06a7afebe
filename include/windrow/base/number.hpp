#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

/// Numbers as programs print them: whatever C, C++, Fortran, Python or JSON writes. The one reader of what comes from
/// programs; what people type is read by parse_double().
namespace [[gnu::visibility("default")]] windrow {
namespace text {

/// The number that all of `text` spells, white space around it aside, or none:
/// - what strtod() reads in the C locale: "-1.5e-3", ".5", "5.", "0x1.8p3", "nan", "nan(ind)", "inf", "Infinity"
/// - exponents of Fortran: "1.0D-03", "1.0q+10", and "1.25-114", which it writes where three digits leave no room for
///   the letter. (There is a decimal point then: "10-200" is no number.)
/// Too small for a double reads as zero of its sign; too large as none, as does a field of asterisks.
std::optional<double> parse_number(std::string_view text);

/// Whether `text`, white space around it aside, is a sign and digits alone, as an integer is written.
bool is_whole_number(std::string_view text);

/// Whether `text` is a whole number of which a double would not keep every digit: beyond 2^53 most are.
bool loses_digits(std::string_view text);

/// The integer that all of `text` spells, as "5", "5.", "5.000" or, up to 2^53, "5e3" and "5.0D+03"; or none. No digit
/// is lost on the way.
std::optional<std::int64_t> parse_whole(std::string_view text);

}  // namespace text
}  // namespace windrow
