#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <exception>
#include <optional>
#include <string_view>
#include <utility>

#include "command_impl.hpp"
#include "excerpt.hpp"
#include "shell.hpp"
#include "windrow/error.hpp"
#include "windrow/process/fd.hpp"
#include "windrow/text/text.hpp"

namespace windrow {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t shown_lines = 5;

/// An evaluation that came to nothing.
struct Failure {
  FailureKind kind;
  int code = 0;
  std::string message;
};

/// An empty directory, whatever an earlier try left there. The usual case costs one system call.
void make_empty_directory(const fs::path& directory) {
  if (mkdir(directory.c_str(), 0777) == 0) return;
  if (errno == EEXIST) fs::remove_all(directory);
  fs::create_directories(directory);
}

void write_file(const fs::path& path, std::string_view content) {
  const Fd file(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (!file) throw SystemError("cannot write " + path.string(), errno);
  while (!content.empty()) {
    const ssize_t n = write(file.get(), content.data(), content.size());
    if (n < 0 && errno != EINTR) throw SystemError("cannot write " + path.string(), errno);
    if (n > 0) content.remove_prefix(static_cast<std::size_t>(n));
  }
}

void write_files(const RenderedCommand& command) {
  make_empty_directory(command.directory);
  for (const auto& [name, content] : command.files) write_file(command.directory / name, content);
  std::string line;
  for (const std::string& argument : command.argv) {
    if (!line.empty()) line += ' ';
    line += detail::shell_quote(argument);
  }
  write_file(command.directory / "command", line + "\n");
}

/// The program's own last words: of stderr, or of stdout if it said nothing there.
std::string last_words(const fs::path& directory) {
  if (const std::string lines = detail::last_lines(directory / "stderr", shown_lines); !lines.empty()) {
    return "stderr ends:" + lines;
  }
  if (const std::string lines = detail::last_lines(directory / "stdout", shown_lines); !lines.empty()) {
    return "stderr is empty, stdout ends:" + lines;
  }
  return "it printed nothing";
}

/// Shells report the signal that ended a program in their exit code.
std::string signal_behind(int code) {
  const char* name = code > 128 ? sigdescr_np(code - 128) : nullptr;
  return name != nullptr ? fmt::format("of a shell this means {}; ", name) : "";
}

/// What went wrong, if anything did.
std::optional<Failure> judge(const ProgramEnd& end, const CommandSpec& spec, const fs::path& directory) {
  switch (end.kind) {
    case ProgramEnd::Kind::exited:
      if (end.code == 0) return {};
      return Failure{FailureKind::exited, end.code, signal_behind(end.code) + last_words(directory)};
    case ProgramEnd::Kind::signalled:
      return Failure{FailureKind::crashed, -end.code, last_words(directory)};
    case ProgramEnd::Kind::timed_out:
      return Failure{
          FailureKind::timed_out, 0,
          fmt::format("over its time limit of {}; ", text::render_duration(*spec.timeout)) + last_words(directory)};
    case ProgramEnd::Kind::not_started:
      // The codes that a shell gives: 127 for a program that is not found, 126 for one that cannot be run.
      return Failure{FailureKind::exited, end.error_number == ENOENT ? 127 : 126, end.message};
  }
  return {};
}

ProgramSpec program_of(const RenderedCommand& command, const CommandSpec& spec) {
  ProgramSpec program;
  program.argv = command.argv;
  program.directory = command.directory;
  program.stdout_file = "stdout";
  program.stderr_file = "stderr";
  program.timeout = spec.timeout;
  program.grace = spec.grace;
  return program;
}

/// What the caller's question threw is the caller's, not a failure of the point: it passes through everything here.
class StopQuestion {
 public:
  StopQuestion(const std::function<bool()>& ask, const std::function<double()>& time_limit)
      : ask_(ask), time_limit_(time_limit) {}

  bool operator()() {
    if (thrown_) return true;
    try {
      if (ask_ && ask_()) return true;
      const double limit = time_limit_ ? time_limit_() : 0.0;
      const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - began_;
      if (limit > 0.0 && elapsed.count() > limit) limit_passed_ = limit;
      return limit_passed_.has_value();
    } catch (...) {
      thrown_ = std::current_exception();
      return true;
    }
  }
  void rethrow() const {
    if (thrown_) std::rethrow_exception(thrown_);
  }
  /// The time limit, if it was the reason to stop.
  std::optional<double> limit_passed() const { return limit_passed_; }

 private:
  const std::function<bool()>& ask_;
  const std::function<double()>& time_limit_;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  std::optional<double> limit_passed_;
  std::exception_ptr thrown_;
};

Failure over_relative_limit(double limit, double factor, const fs::path& directory) {
  const auto duration = std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(limit));
  return {FailureKind::timed_out, 0,
          fmt::format("over its time limit of {} ({:.0f}% of the median, but at least 1s); {}",
                      text::render_duration(duration), factor * 100.0, last_words(directory))};
}

using KeepFile = std::function<Value(const fs::path&)>;

std::vector<Value> extract_all(const std::vector<detail::Extractor>& extractors, const fs::path& directory,
                               const KeepFile& keep_file) {
  std::vector<Value> values(extractors.size());
  std::vector<std::pair<std::size_t, fs::path>> files;  // kept last: a point that fails keeps its files where they are
  for (std::size_t i = 0; i < extractors.size(); ++i) {
    auto file = keep_file ? extractors[i].array_file(directory) : std::nullopt;
    if (file) {
      files.emplace_back(i, *std::move(file));
    } else {
      values[i] = extractors[i].extract(directory);
    }
  }
  for (const auto& [position, file] : files) values[position] = keep_file(file);
  return values;
}

void remove_quietly(const fs::path& directory) {
  std::error_code ignored;  // a file server may still hold names; the next try removes them
  fs::remove_all(directory, ignored);
}

}  // namespace

Outcome<std::vector<Value>> Command::Impl::evaluate(const Point& point, const std::function<bool()>& stop_requested,
                                                    const std::function<double()>& time_limit,
                                                    const KeepFile& keep_file) {
  const auto began = std::chrono::steady_clock::now();
  const fs::path directory = directory_of(point);
  static const std::function<double()> no_limit;
  StopQuestion stop(stop_requested, spec.relative_timeout ? time_limit : no_limit);
  std::vector<Value> values;
  std::optional<Failure> failure;
  try {
    const RenderedCommand command = render(point);
    write_files(command);
    failure = judge(launcher->run(program_of(command, spec), std::ref(stop)), spec, directory);
    if (!failure) values = extract_all(extractors, directory, keep_file);
  } catch (const Interrupted&) {
    if (const auto limit = stop.limit_passed()) {
      failure = over_relative_limit(*limit, *spec.relative_timeout, directory);
    } else {
      remove_quietly(directory);
      stop.rethrow();
      throw;
    }
  } catch (const PeerLost& error) {
    failure = Failure{FailureKind::lost, 0, error.what()};
  } catch (const detail::BadOutput& error) {
    failure = Failure{FailureKind::bad_output, 0, error.what() + ("; " + last_words(directory))};
  } catch (const std::exception& error) {
    failure = Failure{FailureKind::exception, 0, error.what()};
  }
  stop.rethrow();
  if (spec.keep == Keep::none || (spec.keep == Keep::failed && !failure)) remove_quietly(directory);
  if (!failure) return values;
  TaskFailure result;
  result.index = point.index();
  result.kind = failure->kind;
  result.code = failure->code;
  result.message = std::move(failure->message);
  result.elapsed = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  return result;
}

}  // namespace windrow
