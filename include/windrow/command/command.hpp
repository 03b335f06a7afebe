#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "windrow/arrays/npy.hpp"
#include "windrow/design/design.hpp"
#include "windrow/error.hpp"
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
  /// max, floor, ceil, rint, ... It must give a whole number.
  std::variant<std::int64_t, std::string> count = std::int64_t{1};
  /// Open MPI's mpirun, Slurm's srun, or the arguments to put before those of `run`, with the tags of `run` and
  /// `ranks`, `hosts` ("a:2,b:1"), `host.list` ("a,b"), `host.count` (2).
  std::variant<MpiLauncher, std::vector<std::string>> launcher = MpiLauncher::mpirun;
};

/// Files of the study that are laid into each point's directory under the names that they have in the study's.
struct StageSpec {
  /// A file, a folder, or a pattern of the shell ("*.msh"), relative to the study's directory. Of "a/./b" the part
  /// after "./" is the name in the point's directory; of a path that leads out of the study's directory the last part.
  /// A folder becomes a folder of the point's own, in which files are links.
  std::string path;
  bool copy = false;  ///< a copy that the program may change; else a symbolic link, and a point that changes what it
                      ///< leads to is a failure
};

/// A program to run at each point.
struct CommandSpec {
  /// Arguments without a shell, or one text for a shell. Both may hold mustache tags: the parameters, and
  /// `point.index`, `point.dir`, `study.dir`, `seed`, `point.seed` and `point.seed31` (Point::seed).
  /// Of arguments, one that is made of sections alone, none of which shows, is dropped; one that is `{{*name}}` becomes
  /// as many as the value of `name` has words (as a shell has them: quotes hold blanks together).
  std::variant<std::vector<std::string>, std::string> run;
  /// Rendered into the point's directory, less the ending ".mustache", in the folder that they have in the study's: of
  /// "a/./b" that is "b", and a path that leads out of the study's directory leaves its last part.
  std::vector<std::filesystem::path> templates;
  /// Files that the program reads and that decide what it computes: their contents are a part of definition(). A folder
  /// stands for all that is in it, a pattern ("*.msh") for the files that match.
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
  /// What reads a text `run`. Empty: /bin/sh, strictly: it ends at the first program that fails or variable that is not
  /// set (`-eu`), and a pipe fails with any of its programs (pipefail; where /bin/sh has none, bash reads texts with
  /// pipes). {"bash"}, or ksh, mksh, zsh, dash: that shell, as strictly. {"sh"}: /bin/sh as it is by itself. More than
  /// one: a shell and its arguments before the text, as {"bash", "-c"}.
  std::vector<std::string> shell{};
  std::vector<StageSpec> stage{};  ///< their contents are a part of definition(), as those of `inputs`
  /// What the program reads from its standard input: a rendered or staged file of the point's directory, or else a file
  /// of the study's, whose content then is a part of definition(). May hold tags. None: /dev/null
  std::optional<std::string> stdin_file{};
  /// Variables of the program's environment beside what it inherits: names, and values that may hold tags.
  std::vector<std::pair<std::string, std::string>> environment{};
  /// Patterns of the files that stay of a point that succeeds, whatever `keep` says; of one that fails all do. One
  /// without a slash is compared with a file's name, another with its path; "folder/" is all that is in a folder.
  std::vector<std::string> keep_files{};
  /// Bytes. A point fails (bad_output) whose program prints more on stdout or stderr, which ends it, or leaves a text,
  /// JSON or CSV file with an output in it that is longer. (Arrays in NumPy's format say how long they are.)
  std::uint64_t max_output_size = std::uint64_t{1} << 30U;
};

struct TextFile {
  std::string name;  ///< in the point's directory, with its folder
  std::string content;
};

/// A file of the study in a point's directory.
struct StagedFile {
  std::string name;              ///< in the point's directory, with its folder
  std::filesystem::path source;  ///< absolute
  bool copy = false;             ///< else a symbolic link
};

/// The files and the command line of one point, ready to run.
struct RenderedCommand {
  std::vector<std::string> argv;  ///< with a shell: {"/bin/sh", "-euc", text}; after the launcher, if there is one
  std::vector<std::string> environment{};  ///< "NAME=value", beside what is inherited: what the launcher needs
  std::filesystem::path directory;
  std::vector<TextFile> files;
  std::vector<std::string> variables{};  ///< "NAME=value": those of CommandSpec::environment
  std::filesystem::path stdin_file{};    ///< absolute; empty: /dev/null

  /// As it can be pasted into a shell, in `directory`.
  std::string line() const;
};

/// What there is of a point that was evaluated before.
struct EvaluatedPoint {
  std::filesystem::path directory{};  ///< that its program ran in; need not be there
  /// For each output its value, if it is known: of an array the path (a text) of its file. A NaN also stands for what
  /// is optional and missing.
  std::vector<std::optional<Value>> known{};
  bool failed = false;  ///< it was a failure
  bool texts = false;   ///< `fail_if` and `require` are to be judged, too
};

/// By what the outcome of such a point can be told: what is known of it, the files in its directory, or nothing that is
/// there.
enum class KnownBy { values, files, nothing };

/// What a program needs of its surroundings is not there: its directory cannot be made or written (no space, no inode,
/// no permission), or the program itself has vanished. Not a failure of the point at which it was noticed.
class SurroundingsFailed : public Error {
 public:
  using Error::Error;
};

/// Evaluates points by running a program. One evaluation at a time per object; an object that a forked worker inherits
/// works there with a launcher of its own.
///
/// A tag names a parameter or a placeholder, and may have a format (`{{name:%08.3f}}`, see Format). A section
/// (`{{#name}}`) shows unless the value is false, 0, NaN, an empty text or the text "false" in any capitals. A value
/// that does not fit the width of its format is a failure of its point (rejected).
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
  /// outputs, and the contents of the study's own programs, `command.program.NAME`: those that are named by a path that
  /// is relative, or begins with `study.dir`, or leads into the study's directory. Others, as a system's programs, are
  /// known by their path. Not the time-out, which changes no result, nor `ranks` and the launcher: they say how a point
  /// is computed. (Where results do depend on them, the last digits mostly, a parameter that `ranks` names tells the
  /// points apart.) On a rank that does not look for files, their contents are left out.
  std::vector<std::pair<std::string, std::string>> definition() const;
  /// Whether an argument or a template names `point.index`. `point.dir` does not count: it is a place to work in.
  bool sees_index() const;
  /// Whether one names `seed`, or a seed of the point's own (`point.seed`, `point.seed31`), which depends on it.
  bool sees_seed() const;
  /// Whether an argument or a template has a tag or a section of this name.
  bool has_tag(std::string_view name) const;
  /// The files that are laid into each point's directory, sorted by name.
  const std::vector<StagedFile>& staged() const;
  /// What is allowed, but may not be what was meant, each in a sentence: braces that are a tag's, a script without a
  /// `#!` line.
  std::vector<std::string> warnings() const;
  /// Whether what comes of a point depends on this parameter: a tag of an argument, a template, the environment, the
  /// launcher or a file names it, or `ranks` or `valid`, or there is a tag for which all parameters count
  /// (`point.seed`).
  bool uses(std::string_view parameter) const;

  /// The number of ranks, if it is the same at every point: 1 without CommandSpec::ranks.
  std::optional<std::uint64_t> constant_ranks() const;
  /// The number of ranks at a point. @throws SpecError if the expression gives no such number there
  std::uint64_t ranks(const Point& point) const;

  /// What would run at a point. Touches no file. @throws Rejected for a value that does not fit its format
  /// @throws SpecError as for a shell text that cannot quote a value safely
  /// @param slots  where the ranks of an MPI program run; empty: all on this host
  RenderedCommand render(const Point& point, std::span<const HostSlots> slots = {}) const;

  /// By what read() can tell the outcome of a point that was evaluated before.
  KnownBy reads_from(const Point& point, const EvaluatedPoint& evaluated) const;
  /// Reads what is not known of a point that was evaluated before, from the directory that evaluate() has left, and
  /// judges it by `finite` and `valid`, and if need be by `fail_if` and `require`.
  /// @return all outputs: of an array in NumPy's format the path of its file, as a text. Or a failure of the kind
  ///         bad_output
  /// @pre reads_from() is not KnownBy::nothing
  Outcome<std::vector<Value>> read(const Point& point, const EvaluatedPoint& evaluated) const;

  /// Runs the point's program in its own directory and collects the outputs. A failure of the program, the time-out or
  /// an output is a value. Everything that the program started has ended when this returns.
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
  /// @throws SurroundingsFailed  the point's directory is removed
  Outcome<std::vector<Value>> evaluate(const Point& point, const std::function<bool()>& stop_requested,
                                       const std::function<double()>& time_limit = {},
                                       const std::function<Value(const std::filesystem::path&)>& keep_file = {},
                                       std::span<const HostSlots> slots = {}) const;
  /// Removes what evaluate() keeps ready: the directory of a point that need not stay is renamed and becomes the next
  /// point's, which saves time. To be called before a wait; the end of this object does it, too.
  void idle() const noexcept;
  /// Removes what processes that were killed have kept ready. Looks at no directory of a point.
  /// @pre no other sweep evaluates into the same points_directory
  void tidy() const noexcept;
  /// The name of a file that a program wrote and that was removed with its point's directory, since tidy(); empty if
  /// there was none, or if not to keep files was asked for. Tells it once.
  std::string removed_file() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace windrow
