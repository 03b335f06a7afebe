#include <fmt/format.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <exception>
#include <optional>
#include <string_view>
#include <utility>

#include "command_impl.hpp"
#include "excerpt.hpp"
#include "parallel/interface/stop_question.hpp"
#include "shell.hpp"
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
  files.push_back({"command", text::shell_line(command.argv) + "\n"});
  return files;
}

/// Shells report the signal that ended a program in their exit code.
std::string signal_behind(int code) {
  const char* name = code > 128 ? sigdescr_np(code - 128) : nullptr;
  return name != nullptr ? fmt::format("of a shell this means {}; ", name) : "";
}

/// What went wrong, if anything did.
std::optional<TaskFailure> judge(ProgramEnd end, const CommandSpec& spec, const fs::path& directory) {
  if (end.status.is_success()) return {};
  if (!end.was_started()) return TaskFailure::ended(end.status, std::move(end.message));
  std::string message = last_words(directory);
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
  program.environment = command.environment;
  program.unbound = spec.ranks.has_value();
  program.timeout = spec.timeout;
  program.grace = spec.grace;
  return program;
}

TaskFailure over_relative_limit(double limit, double factor, const fs::path& directory) {
  return TaskFailure::timed_out(fmt::format("over its time limit of {}; {}",
                                            detail::render_relative_limit(limit, factor), last_words(directory)));
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

}  // namespace

Outcome<std::vector<Value>> Command::Impl::evaluate(const Point& point, const std::function<bool()>& stop_requested,
                                                    const std::function<double()>& time_limit,
                                                    const KeepFile& keep_file, std::span<const HostSlots> slots) {
  const auto began = std::chrono::steady_clock::now();
  const fs::path directory = directory_of(point);
  detail::StopQuestion stop(stop_requested, spec.relative_timeout ? time_limit : std::function<double()>());
  std::vector<Value> values;
  std::optional<TaskFailure> failure;
  PointDirectory::Files written;
  try {
    RenderedCommand command = render(point, slots);
    written = files_of(command);
    point_directory.enter(directory, written);
    failure = judge(launcher->run(program_of(command, spec), std::ref(stop)), spec, directory);
    if (!failure) values = extract_all(extractors, directory, keep_file);
  } catch (const Interrupted&) {
    if (const auto limit = stop.limit_passed()) {
      failure = over_relative_limit(*limit, *spec.relative_timeout, directory);
    } else {
      point_directory.leave(directory, written);
      point_directory.give_up_prepared();
      stop.rethrow();
      throw;
    }
  } catch (const PeerLost& error) {
    failure = TaskFailure::lost(error.what());
  } catch (const detail::BadOutput& error) {
    failure = TaskFailure::bad_output(error.what() + ("; " + last_words(directory)));
  } catch (const std::exception& error) {
    failure = TaskFailure::exception(error.what());
  }
  stop.rethrow();
  if (spec.keep == Keep::none || (spec.keep == Keep::failed && !failure)) point_directory.leave(directory, written);
  if (!failure) return values;
  failure->index = point.index();
  failure->elapsed = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  return *std::move(failure);
}

}  // namespace windrow
