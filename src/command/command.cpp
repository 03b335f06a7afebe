#include "windrow/command/command.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "arguments.hpp"
#include "command_impl.hpp"
#include "definition.hpp"
#include "excerpt.hpp"
#include "shell.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"

namespace windrow {

namespace fs = std::filesystem;
using detail::in_quotes;

fs::path Command::Impl::directory_of(const Point& point) const {
  return spec.points_directory / std::to_string(point.index());
}

detail::Bindings Command::Impl::bind(const Point& point) const {
  std::vector<Value> values = point.values();
  values.emplace_back(std::to_string(point.index()));
  values.emplace_back(directory_of(point).string());
  values.emplace_back(spec.study_directory.string());
  values.emplace_back(std::to_string(seed));
  values.emplace_back(sees_point_seed ? std::to_string(point.seed()) : "");
  values.emplace_back(sees_point_seed ? std::to_string(point.seed31()) : "");
  detail::Bindings bindings(std::move(values));
  for (std::size_t i = 0; i < point.parameters().size(); ++i) {
    point.parameters()[i].check(bindings.values[i]);
    const Format* format = point.parameters()[i].format();
    if (format != nullptr) bindings.texts[i] = format->write(bindings.values[i]);
  }
  return bindings;
}

std::vector<std::string> Command::Impl::render_run(const detail::Bindings& bindings) const {
  if (has_shell()) {
    std::vector<std::string> argv = shell.argv;
    argv.push_back(shell.prelude + detail::shell_text(arguments.front().pieces(bindings), names));
    return argv;
  }
  std::vector<std::string> argv = detail::render_arguments(arguments, bindings, names);
  if (argv.empty()) throw SpecError("the command to run is empty here: all of its arguments are left out");
  if (argv.front().find('/') != std::string::npos) argv.front() = (spec.study_directory / argv.front()).string();
  return argv;
}

RenderedCommand Command::Impl::render(const Point& point, std::span<const HostSlots> slots) const {
  const detail::Bindings bindings = bind(point);
  RenderedCommand result;
  result.directory = directory_of(point);
  result.argv = render_run(bindings);
  if (mpi) {
    auto prefix = mpi->prefix(point, bindings, slots, detail::LaunchSurroundings::here());
    std::string& first = prefix.argv.front();
    if (first.find('/') != std::string::npos) first = (spec.study_directory / first).string();
    if (mpi->is_mpirun()) {  // which passes them to ranks on other hosts only if told to
      for (const auto& variable : variables) prefix.argv.insert(prefix.argv.end(), {"-x", variable.first});
    }
    result.argv.insert(result.argv.begin(), prefix.argv.begin(), prefix.argv.end());
    result.environment = std::move(prefix.environment);
  }
  for (const auto& [name, text] : variables) {
    detail::check_environment(name, text.pieces(bindings), names);
    result.variables.push_back(name + "=" + text.render(bindings));
  }
  if (stdin_file) result.stdin_file = stdin_path(stdin_file->render(bindings), result.directory);
  for (const File& file : files) result.files.push_back({file.name, file.content.render(bindings)});
  return result;
}

Command::Command(CommandSpec spec, const Design& design) : impl_(std::make_unique<Impl>(std::move(spec), design)) {}

Command::~Command() = default;
Command::Command(Command&&) noexcept = default;
Command& Command::operator=(Command&&) noexcept = default;

void Command::use(std::shared_ptr<Launcher> launcher) {
  if (launcher) impl_->launcher = std::move(launcher);
}

void Command::start() const {
  impl_->launcher->start();
}

const CommandSpec& Command::spec() const {
  return impl_->spec;
}

/// A pair for each value that names programs: their names and contents.
std::vector<std::pair<std::string, std::string>> Command::Impl::definition_of_value_programs() const {
  std::vector<std::pair<std::string, std::string>> result;
  std::map<std::string, std::string> known_by;  // several values may name one file
  for (const detail::ValueProgram& program : value_programs) {
    const std::string& name = program.file.name;
    std::string& content = known_by[name];
    if (content.empty()) content = name + " " + detail::content_known_by(spec.study_directory, name, "program");
    const std::string key = fmt::format("command.program_of.{}={}", program.parameter, program.value);
    const auto found = std::ranges::find(result, key, &std::pair<std::string, std::string>::first);
    if (found == result.end()) {
      result.emplace_back(key, content);
    } else if (found->second.find(content) == std::string::npos) {
      found->second += ", " + content;
    }
  }
  return result;
}

std::vector<std::pair<std::string, std::string>> Command::definition() const {
  const CommandSpec& spec = impl_->spec;
  std::vector<std::pair<std::string, std::string>> result;
  const auto* list = std::get_if<std::vector<std::string>>(&spec.run);
  result.emplace_back("command.run",
                      list != nullptr ? detail::in_list(*list) : in_quotes(std::get<std::string>(spec.run)));
  // {"sh"} is what texts without a shell were read by, and results of those are still the same points.
  if (!spec.shell.empty() && spec.shell != std::vector<std::string>{"sh"}) {
    result.emplace_back("command.shell", detail::in_list(spec.shell));
  }
  for (const Impl::File& file : impl_->files) result.emplace_back("command.templates." + file.known_as, file.known_by);
  for (const fs::path& file : spec.inputs) {
    result.emplace_back("command.inputs." + file.string(),
                        detail::content_known_by(spec.study_directory, file.string(), "input"));
  }
  for (const detail::ProgramFile& program : impl_->own_programs) {
    if (!impl_->looks_for_files()) break;
    result.emplace_back("command.program." + program.name,
                        detail::content_known_by(spec.study_directory, program.name, "program"));
  }
  for (auto& item : impl_->definition_of_value_programs()) result.push_back(std::move(item));
  for (const StageSpec& stage : spec.stage) {
    result.emplace_back("command.stage." + stage.path,
                        detail::content_known_by(spec.study_directory, stage.path, "staged file"));
  }
  if (spec.stdin_file) {
    result.emplace_back("command.stdin", in_quotes(*spec.stdin_file) + impl_->stdin_known_by());
  }
  auto environment = spec.environment;
  std::ranges::sort(environment);
  for (const auto& [name, text] : environment) result.emplace_back("command.env." + name, in_quotes(text));
  for (const auto& [name, format] : impl_->formats) result.emplace_back("command.formats." + name, format);
  for (auto& item : detail::definition_of_reading(spec)) result.push_back(std::move(item));
  return result;
}

bool Command::sees_index() const {
  return impl_->names_tag("point.index");
}

bool Command::sees_seed() const {
  return impl_->names_tag("seed") || impl_->sees_point_seed;
}

bool Command::has_tag(std::string_view name) const {
  return impl_->names_tag(name);
}

const std::vector<StagedFile>& Command::staged() const {
  return impl_->staged;
}

std::vector<std::string> Command::warnings() const {
  return impl_->warnings;
}

bool Command::uses(std::string_view parameter) const {
  return impl_->sees_point_seed || impl_->depends_on(parameter);
}

std::optional<std::uint64_t> Command::constant_ranks() const {
  return impl_->mpi ? impl_->mpi->ranks().constant() : 1;
}

std::uint64_t Command::ranks(const Point& point) const {
  return impl_->mpi ? impl_->mpi->ranks().at(point) : 1;
}

RenderedCommand Command::render(const Point& point, std::span<const HostSlots> slots) const {
  return impl_->render(point, slots);
}

Outcome<std::vector<Value>> Command::evaluate(const Point& point, const std::function<bool()>& stop_requested,
                                              const std::function<double()>& time_limit,
                                              const std::function<Value(const fs::path&)>& keep_file,
                                              std::span<const HostSlots> slots) const {
  return impl_->evaluate(point, stop_requested, time_limit, keep_file, slots);
}

void Command::tidy() const noexcept {
  detail::PointDirectory::tidy(impl_->spec.points_directory);
}

std::string Command::removed_file() const {
  return impl_->spec.keep == Keep::failed && impl_->spec.keep_files.empty()
             ? detail::PointDirectory::removed_file(impl_->spec.points_directory)
             : "";
}

std::string RenderedCommand::line() const {
  std::vector<std::string> all;
  if (!variables.empty()) {
    all = variables;
    all.insert(all.begin(), "env");
  }
  all.insert(all.end(), argv.begin(), argv.end());
  const std::string folder = directory.string() + "/";
  std::string input = stdin_file.string();
  if (input.starts_with(folder)) input.erase(0, folder.size());
  return text::shell_line(all) + (input.empty() ? "" : " < " + text::shell_line({input}));
}

void Command::idle() const noexcept {
  impl_->point_directory.give_up_prepared();
}

}  // namespace windrow
