#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <exception>
#include <optional>
#include <string_view>
#include <utility>

#include "command_impl.hpp"
#include "excerpt.hpp"
#include "output_size.hpp"
#include "program_check.hpp"
#include "shell.hpp"
#include "surroundings.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"

namespace windrow {

namespace fs = std::filesystem;
using detail::last_words;
using detail::PointDirectory;

namespace {

/// What is in a point's directory when its program starts.
PointDirectory::Files files_of(RenderedCommand& command) {
  auto files = std::move(command.files);
  files.push_back({"command", command.line() + "\n"});
  return files;
}

/// Shells report the signal that ended a program in their exit code.
std::string signal_behind(int code) {
  const char* name = code > 128 ? sigdescr_np(code - 128) : nullptr;
  const char* cause = code == 128 + SIGPIPE ? ", that what a program wrote to had ended, as after `| head -1`" : "";
  return name != nullptr ? fmt::format("of a shell this means {}{}; ", name, cause) : "";
}

/// What there is to say of a program that could not be started, or that may have had the wrong interpreter.
std::string start_advice(const CommandSpec& spec, const std::string& program, const std::string& last_words) {
  if (spec.run.index() == 1) return detail::shell_advice(last_words, spec.study_directory);
  if (program.empty()) return {};  // an MPI program, of which its launcher tells
  if (program.find('/') == std::string::npos) return detail::lies_beside(program, spec.study_directory);
  const fs::path path = fs::path(program).lexically_normal();
  std::string why = detail::why_no_start(path);
  if (why.empty() && detail::is_program(path) && detail::lacks_interpreter(path)) {
    why = detail::no_interpreter(path);
  }
  return why.empty() ? "" : "; " + why;
}

/// What went wrong, if anything did.
/// @param program  that is run, without a launcher
std::optional<TaskFailure> judge(const ProgramEnd& end, const CommandSpec& spec, const std::string& program,
                                 const fs::path& directory) {
  if (!end.was_started()) return TaskFailure::ended(end.status, end.message + start_advice(spec, program, {}));
  const auto& success = spec.success_codes;
  const bool has_exited = end.status.has_exited();
  if (has_exited && std::find(success.begin(), success.end(), end.status.code()) != success.end()) return {};
  std::string message = last_words(directory);
  if (end.status.is_success()) message = "exit code 0 is no success here; " + message;
  if (has_exited && end.status.code() != 0) {
    const std::string advice = start_advice(spec, program, message);
    message += advice.empty() ? detail::missed_file(message, spec.study_directory, directory) : advice;
  }
  if (end.status.has_exited()) message = signal_behind(end.status.code()) + message;
  if (end.status.has_timed_out()) {
    message = fmt::format("over its time limit of {}; {}", text::render_duration(*spec.timeout), message);
  }
  return TaskFailure::ended(end.status, std::move(message));
}

ProgramSpec program_of(const RenderedCommand& command, const CommandSpec& spec) {
  ProgramSpec program;
  program.argv = command.argv;
  program.directory = command.directory;
  program.stdout_file = "stdout";
  program.stderr_file = "stderr";
  program.stdin_file = command.stdin_file;
  program.environment = command.environment;
  program.environment.insert(program.environment.end(), command.variables.begin(), command.variables.end());
  program.unbound = spec.ranks.has_value();
  program.timeout = spec.timeout;
  program.grace = spec.grace;
  return program;
}

TaskFailure over_relative_limit(double limit, double factor, const fs::path& directory) {
  return TaskFailure::timed_out(fmt::format("over its time limit of {}; {}",
                                            detail::render_relative_limit(limit, factor), last_words(directory)));
}

/// Whether or not there was the time to end it: what comes of a point does not depend on how fast it prints.
std::optional<TaskFailure> printed_too_much(const detail::PrintedSize& printed, const fs::path& directory) {
  const std::string problem = printed.problem();
  if (problem.empty()) return std::nullopt;
  return TaskFailure::bad_output(fmt::format("{}; {}", problem, last_words(directory)));
}

}  // namespace

void Command::Impl::enter(const fs::path& directory, const PointDirectory::Files& written) {
  try {
    point_directory.enter(directory, written);
    if (!staged.empty()) originals.lay(staged, directory);
  } catch (const std::exception& error) {
    detail::require_room(error);
    throw;
  }
}

/// That a program misses a rendered file where it is not: templates keep their folders.
std::string Command::Impl::moved_template(const std::string& message, const fs::path& directory) const {
  for (std::size_t i = 0; i < files.size(); ++i) {
    const File& file = files[i];
    const std::string last = fs::path(file.name).filename().string();
    std::error_code none;
    const bool missed = last != file.name && message.find(last) != std::string::npos &&
                        message.find(file.name) == std::string::npos && !fs::exists(directory / last, none);
    if (!missed) continue;
    const fs::path source = spec.templates[i].lexically_normal();
    return fmt::format("; the template {0} is rendered to `{1}`, in its folder: written as `{2}/./{3}` it is `{4}`",
                       source.string(), file.name, source.parent_path().string(), source.filename().string(), last);
  }
  return {};
}

/// @return why it failed, if it did
std::optional<TaskFailure> Command::Impl::run_program(RenderedCommand& command, detail::StopQuestion& stop) {
  const std::string program = has_shell() || mpi ? "" : command.argv.front();
  const ProgramEnd end = launcher->run(program_of(command, spec), std::ref(stop));
  detail::require_start(end, command.directory, own_programs);
  auto failure = judge(end, spec, program, command.directory);
  if (failure) failure->message += moved_template(failure->message, command.directory);
  if (staged.empty()) return failure;
  if (const StagedFile* changed = originals.changed(staged)) {
    failure = TaskFailure::exception(fmt::format(
        "{} was changed while the program ran, perhaps through the link `{}`: stage it as a copy, with `copy = true`",
        changed->source.string(), changed->name));
  }
  return failure;
}

/// The point has been evaluated: what is not to stay of its directory goes.
void Command::Impl::leave(const fs::path& directory, const PointDirectory::Files& written, bool failed) {
  if (!failed && !spec.keep_files.empty()) {
    detail::keep_matching(directory, spec.keep_files);
  } else if (spec.keep == Keep::none || (spec.keep == Keep::failed && !failed)) {
    point_directory.leave(directory, written);
  }
}

Outcome<std::vector<Value>> Command::Impl::evaluate(const Point& point, const std::function<bool()>& stop_requested,
                                                    const std::function<double()>& time_limit,
                                                    const std::function<Value(const fs::path&)>& keep_file,
                                                    std::span<const HostSlots> slots) {
  const auto began = std::chrono::steady_clock::now();
  const fs::path directory = directory_of(point);
  detail::PrintedSize printed(directory, spec.max_output_size);
  const auto is_to_stop = [&] { return (stop_requested && stop_requested()) || printed.is_passed(); };
  detail::StopQuestion stop(is_to_stop, spec.relative_timeout ? time_limit : std::function<double()>());
  std::vector<Value> values;
  std::optional<TaskFailure> failure;
  PointDirectory::Files written;
  bool entered = false;
  try {
    RenderedCommand command = render(point, slots);
    written = files_of(command);
    enter(directory, written);
    entered = true;
    failure = run_program(command, stop);
    if (!failure) failure = printed_too_much(printed, directory);
    if (!failure) values = extraction->extract(directory, point, bind(point), keep_file);
  } catch (const Interrupted&) {
    if (const auto limit = stop.limit_passed()) {
      failure = over_relative_limit(*limit, *spec.relative_timeout, directory);
    } else if (!(failure = printed_too_much(printed, directory))) {
      point_directory.leave(directory, written);
      point_directory.give_up_prepared();
      stop.rethrow();
      throw;
    }
  } catch (const SurroundingsFailed&) {
    point_directory.leave(directory, written);
    stop.rethrow();
    throw;
  } catch (const PeerLost& error) {
    failure = TaskFailure::lost(error.what());
  } catch (const detail::FailedCheck& error) {
    failure = TaskFailure::bad_output(error.what());
  } catch (const detail::BadOutput& error) {
    failure = TaskFailure::bad_output(detail::with_last_words(error.what(), directory));
  } catch (const Rejected& error) {
    failure = TaskFailure::of(FailureKind::rejected, error.what());
  } catch (const std::exception& error) {
    failure = TaskFailure::exception(error.what());
  }
  stop.rethrow();
  if (failure && entered) require_surroundings(directory, written, failure->message);
  leave(directory, written, failure.has_value());
  if (!failure) return values;
  failure->index = point.index();
  failure->elapsed = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  return *std::move(failure);
}

// What a failed point has written goes: it may be what has filled the disk.
void Command::Impl::require_surroundings(const fs::path& directory, const PointDirectory::Files& written,
                                         const std::string& failure) {
  try {
    detail::require_surroundings(directory, failure, own_programs);
  } catch (const SurroundingsFailed&) {
    point_directory.leave(directory, written);
    throw;
  }
}

}  // namespace windrow
