#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "windrow/arrays/npy.hpp"
#include "windrow/design/design.hpp"
#include "windrow/parallel/outcome.hpp"
#include "windrow/parallel/slots.hpp"
#include "windrow/process/launcher.hpp"

namespace [[gnu::visibility("default")]] windrow {

namespace detail {
class FileTexts;
}

/// Which point directories stay after their evaluation.
enum class Keep { none, failed, all };

/// Of several matches or tables: the one of this number, from 1; none: the last.
using WhichOne = std::optional<std::uint64_t>;

/// An output found by a Perl regular expression: its last match that is not empty, unless another is asked for; of it
/// the first group that took part, or all of it. `^` and `$` match at lines, and `.` stops at their ends. In a text
/// longer than 8 MiB, no match is longer than 1 MiB.
struct RegexSource {
  /// In the point's directory; "stdout" and "stderr" are what the program printed. With tags, as "result_{{case}}.txt",
  /// or a pattern of the shell, as "out_*.txt", which one file must match. The same for other sources.
  std::string file;
  std::string pattern;
  WhichOne match{};
};
/// An output found by a JSON pointer (RFC 6901). Numbers may be NaN, Infinity and -Infinity; `null` is no value.
struct JsonSource {
  std::string file;
  std::string pointer;
};
/// An output found in a column of a CSV file with a header: the last row, or row `row` from 0.
struct CsvSource {
  std::string file;
  std::string column;
  std::optional<std::uint64_t> row;
};
/// An output found in a table of a text, by the name of its column: a line with names, which may be a comment, and rows
/// of as many words below it. Of several tables with this column the last, unless another is asked for; of that the
/// last row, or row `row` from 0.
struct TableSource {
  std::string file;
  std::string column;
  std::optional<std::uint64_t> row{};
  WhichOne table{};
};
/// An output that is a whole file of numbers: in NumPy's format (`.npy`), else a text of rows (npy::read_text).
struct ArraySource {
  std::string file;
  npy::TextForm form{};  ///< of a text
};

/// One output of a command. Numbers are spelled as text::parse_number() knows them; whole ones beyond 2^53 are kept as
/// integers, or refused where no digit may be lost.
struct OutputSpec {
  std::string name;
  std::variant<RegexSource, JsonSource, CsvSource, ArraySource, TableSource> source;
  std::string type = "number";  ///< "number", "integer", "boolean" or "string"; "array" for an ArraySource
  std::string unit{};
  std::string description{};
  /// It may be missing: its file, its match, its place in the file. It is a NaN then, whatever its type, which a store
  /// keeps as NULL. (What is there, but not of its type, still fails the point. Of an array, its file may be missing.)
  bool optional = false;
  bool finite = false;  ///< NaN and infinities fail the point; for numbers and arrays
};

/// A Perl regular expression, as of a RegexSource, that is looked for in files. Of a pattern, in all files that match.
struct TextCheck {
  std::string file;
  std::string pattern;
};

/// What starts the ranks of a program.
enum class MpiLauncher { mpirun, srun };

/// For a program that is an MPI program: how many ranks it has, and who starts them.
struct RanksSpec {
  /// A number from 1, or an expression of the parameters, as "2 * nodes": arithmetic, comparisons, `a ? b : c`, min,
  /// max, floor, ceil, rint (muparser's). It must give a whole number.
  std::variant<std::int64_t, std::string> count = std::int64_t{1};
  /// Open MPI's mpirun, Slurm's srun, or the arguments to put before those of `run`, with the tags of `run` and
  /// `ranks`, `hosts` ("a:2,b:1"), `host.list` ("a,b"), `host.count` (2).
  std::variant<MpiLauncher, std::vector<std::string>> launcher = MpiLauncher::mpirun;
};

/// A program to run at each point.
struct CommandSpec {
  /// Arguments without a shell, or one text for `sh -c`. Both may hold mustache tags: the parameters, and
  /// `point.index`, `point.dir`, `study.dir`, `seed`.
  std::variant<std::vector<std::string>, std::string> run;
  std::vector<std::filesystem::path> templates;  ///< rendered into the point's directory, less the ending ".mustache"
  /// Files that the program reads and that decide what it computes: their contents are a part of definition().
  std::vector<std::filesystem::path> inputs{};
  std::optional<RanksSpec> ranks{};  ///< none: the program is started as it is
  std::optional<std::chrono::nanoseconds> timeout;
  /// A time-out as a multiple of the median time of finished points: 3.0 is "300%". Whoever evaluates knows the times,
  /// and passes the limit to evaluate().
  std::optional<double> relative_timeout{};
  std::chrono::nanoseconds grace = std::chrono::seconds(2);  ///< between SIGTERM and SIGKILL
  Keep keep = Keep::failed;
  std::vector<OutputSpec> outputs;
  std::vector<int> success_codes = {0};  ///< exit codes of a program that has done its work
  std::vector<TextCheck> fail_if{};      ///< the point failed if one is found; a file that is not there holds nothing
  std::vector<TextCheck> require{};      ///< ... if one is not found
  /// Expressions of parameters and outputs that are numbers or truth values, as "energy < 0". The point failed if one
  /// is 0 or NaN. Those that name an optional output do not count where it is missing.
  std::vector<std::string> valid{};
  std::filesystem::path study_directory;   ///< relative paths of programs (with a slash) and templates start here
  std::filesystem::path points_directory;  ///< each point gets its own directory below it
  /// Of a study that one rank reads for all: the texts of its templates. Ranks that did not read them do not look for
  /// inputs and programs either.
  std::shared_ptr<detail::FileTexts> files{};
};

struct TextFile {
  std::string name;
  std::string content;
};

/// The files and the command line of one point, ready to run.
struct RenderedCommand {
  std::vector<std::string> argv;  ///< with a shell: {"/bin/sh", "-c", text}; after the launcher, if there is one
  std::vector<std::string> environment{};  ///< "NAME=value", beside what is inherited: what the launcher needs
  std::filesystem::path directory;
  std::vector<TextFile> files;
};

/// Evaluates points by running a program. One evaluation at a time per object; an object that a forked worker inherits
/// works there with a launcher of its own.
///
/// A tag names a parameter or a placeholder. A section (`{{#name}}`) shows unless the value is false, 0, NaN or an
/// empty text.
class Command {
 public:
  /// Reads and checks everything that can be checked before a point runs.
  /// @throws SpecError  for a missing template or input, a bad tag (an unknown name, with the nearest valid one), an
  ///                    output, regular expression or JSON pointer that is invalid, or a program that is not found
  Command(CommandSpec spec, const Design& design);
  ~Command();
  Command(Command&&) noexcept;
  Command& operator=(Command&&) noexcept;

  /// Runs programs by this launcher from now on: one that was started before MPI_Init. Without it (or if it is null)
  /// start() or the first evaluation starts one.
  void use(std::shared_ptr<Launcher> launcher);
  /// Starts the launcher now, if this process has none: before there are threads, which a forked process lacks while it
  /// inherits the locks that they hold. @throws SystemError if there is no room for another process
  void start() const;

  const CommandSpec& spec() const;

  /// What identifies the evaluation, as (name, canonical text): arguments, the contents of templates and inputs, and
  /// outputs. Not the time-out, which changes no result, nor the program's own file, unless it is among the inputs, nor
  /// `ranks` and the launcher: they say how a point is computed. (Where results do depend on them, the last digits
  /// mostly, a parameter that `ranks` names tells the points apart.)
  std::vector<std::pair<std::string, std::string>> definition() const;
  /// Whether an argument or a template names `point.index`. `point.dir` does not count: it is a place to work in.
  bool sees_index() const;
  /// Whether one names `seed`.
  bool sees_seed() const;

  /// The number of ranks, if it is the same at every point: 1 without CommandSpec::ranks.
  std::optional<std::uint64_t> constant_ranks() const;
  /// The number of ranks at a point. @throws SpecError if the expression gives no such number there
  std::uint64_t ranks(const Point& point) const;

  /// What would run at a point. Touches no file. @throws SpecError as for a shell text that cannot quote a value safely
  /// @param slots  where the ranks of an MPI program run; empty: all on this host
  RenderedCommand render(const Point& point, std::span<const HostSlots> slots = {}) const;

  /// Runs the point's program in its own directory and collects the outputs. A failure of the program, the time-out or
  /// an output is a value; so is a disk that is full. Everything that the program started has ended when this returns.
  /// The directory holds the rendered files, `stdout`, `stderr` and `command` (the arguments, to be pasted into a
  /// shell); what an earlier try left there is removed first. Rank, host and attempts of a failure are left to the
  /// caller.
  /// @param stop_requested  polled at least every 50 ms; when it returns true the program is ended and Interrupted
  ///                        thrown
  /// @param time_limit      where there is a relative time-out: polled at the same time; seconds that the program may
  ///                        take, or 0 while that is not known. May be empty
  /// @param keep_file       called once all outputs are found: takes the file of an array that is in NumPy's format (it
  ///                        may move it away), and returns what is to stand for it. Empty: arrays are read
  /// @param slots           where the ranks of an MPI program run, as many as it has; empty: all on this host
  /// @throws Interrupted    as above
  Outcome<std::vector<Value>> evaluate(const Point& point, const std::function<bool()>& stop_requested,
                                       const std::function<double()>& time_limit = {},
                                       const std::function<Value(const std::filesystem::path&)>& keep_file = {},
                                       std::span<const HostSlots> slots = {}) const;
  /// Removes what evaluate() keeps ready: the directory of a point that need not stay is renamed and becomes the next
  /// point's, which saves time. To be called before a wait; the end of this object does it, too.
  void idle() const noexcept;
  /// Removes what processes that were killed have kept ready.
  /// @pre no other process evaluates into the same points_directory
  void tidy() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace windrow
