#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <iosfwd>
#include <string>
#include <utility>
#include <vector>

#include "streams.hpp"
#include "windrow/base/display.hpp"
#include "windrow/base/text.hpp"
#include "windrow/design/design.hpp"
#include "windrow/shards/shards.hpp"
#include "windrow/store/nested.hpp"
#include "windrow/store/store.hpp"

namespace windrow::app {

/// "0.1.0"
std::string version();

/// Prints to standard output what people read. Nothing in it is obeyed by a terminal: control characters but line ends
/// and tabs are seen as "\x1b", and bytes that are not UTF-8 as "\xe9".
template <typename... Values>
void show(fmt::format_string<Values...> format, Values&&... values) {
  put(text::visible(fmt::format(format, std::forward<Values>(values)...), "\n\t"));
}

/// The same on stderr.
template <typename... Values>
void show_aside(fmt::format_string<Values...> format, Values&&... values) {
  put_aside(text::visible(fmt::format(format, std::forward<Values>(values)...), "\n\t"));
}

/// A value, or a name, within a line: at most `width` columns of it, line ends seen too.
std::string within_line(const std::string& text, std::size_t width = 1000);

/// "windrow: message" on stderr, once under mpirun too. @return the exit code for wrong usage
int complain(const std::string& message);

/// What the library says, with the options by which one does it here: "choose another directory (--dir DIR)".
std::string with_options(std::string message);

/// The results directory that a user means: the directory itself, that of a study file, or of a results.sqlite.
std::filesystem::path results_directory(const std::filesystem::path& given);

/// Whether it holds the results of sweeps inside loops, in folders NAME=VALUE.
bool has_nested_stores(const std::filesystem::path& directory);

/// The study's own results. @throws StoreError if there are none; if they are in shards, or of
/// several sweeps below, it says so
StoreReader open_results(const std::filesystem::path& directory);

/// "there is no point 7: rc-filter has points 0 to 4"
std::string no_such_point(std::uint64_t index, const std::string& study, std::uint64_t points);

/// "resistance = 100 ohm", fit to be shown
std::string assignment(const std::string& name, const std::string& value, const std::string& unit);

/// A value as it goes into programs; as it is if it does not fit its format.
std::string written(const Parameter& parameter, const Value& value);

/// "resistance = 100 ohm, capacitance = 1e-09 F", of at most some 200 columns
std::string one_line(const Point& point);

inline constexpr std::size_t kGroupsShown = 10;  ///< of failures

/// Why the last run that wrote to the store ended though points were left, "at its time limit of 2h00m"; empty if it
/// did not say.
std::string why_stopped(const StoreReader& store);

/// A FindPoints: if the study file still says what the shards are of.
PointValues points_of_shards(const StudyIdentity& shards, const std::filesystem::path& file);

/// Says what was merged, and what was not and why. @return the exit code: whether everything is there
int print_merged(const MergeReport& report, bool quiet);

/// "2 shards are not merged yet: `windrow merge DIR` joins them", to be told beside what the study's own store has;
/// empty if there are none.
std::string unmerged(const std::filesystem::path& directory);

/// Visits the files of arrays that are missing, or not as long as they were. @return of how many points they are
std::uint64_t for_damaged_arrays(const StoreReader& store, const std::function<void(const ArrayFile&)>& visit);

using text::counted;
using text::shell_line;

/// Indented by `spaces`, every line that is not empty.
std::string indented(const std::string& text, int spaces);

/// Writes what `content` writes to a file, which is there whole or not at all, or to standard output if `target` is
/// "-". Links are followed; devices, FIFOs and descriptors such as /dev/stdout are written into.
/// @throws SystemError  for a file; of standard output, what is lost is told by end_of_output()
void write_output(const std::string& target, const std::function<void(std::ostream&)>& content);
/// Whether that is standard output, as "-", /dev/stdout and /dev/fd/1 are. @throws SystemError
bool is_standard_output(const std::string& target);
/// Whether it is a file that others may be written beside. @throws SystemError
bool may_have_neighbours(const std::string& target);

}  // namespace windrow::app
