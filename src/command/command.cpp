#include "windrow/command/command.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>
#include <string_view>
#include <utility>

#include "base/interface/file_texts.hpp"
#include "command_impl.hpp"
#include "excerpt.hpp"
#include "shell.hpp"
#include "windrow/base/hash.hpp"
#include "windrow/error.hpp"

namespace windrow {

namespace fs = std::filesystem;
using detail::in_quotes;

namespace {

constexpr std::array<std::string_view, 3> own_files = {"stdout", "stderr", "command"};

/// What a template or an input is known by.
std::string known_by(const detail::ContentHash& hash) {
  return fmt::format("{} ({} bytes)", hash.value().text(), hash.size());
}

/// @param what  "template" or "input"
std::ifstream open_file(const fs::path& path, const char* what) {
  std::error_code error;
  std::ifstream in(path, std::ios::binary);
  if (!in || !fs::is_regular_file(path, error)) {
    throw SpecError(fmt::format("the {} {} cannot be read", what, path.string()));
  }
  return in;
}

detail::ContentHash hash_of_input(const fs::path& path) {
  std::ifstream in = open_file(path, "input");
  detail::ContentHash hash;
  std::vector<char> part(std::size_t{1} << 20U);
  while (in) {
    in.read(part.data(), static_cast<std::streamsize>(part.size()));
    hash.add({part.data(), static_cast<std::size_t>(in.gcount())});
  }
  if (!in.eof()) throw SpecError(fmt::format("the input {} cannot be read", path.string()));
  return hash;
}

std::string target_name(const fs::path& file) {
  std::string name = file.filename().string();
  if (name.ends_with(".mustache")) name.resize(name.size() - std::string_view(".mustache").size());
  if (name.empty()) throw SpecError(fmt::format("the template {} leaves no file name", file.string()));
  return name;
}

bool is_program(const fs::path& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && access(path.c_str(), X_OK) == 0;
}

bool is_in_path(const std::string& program) {
  const char* variable = std::getenv("PATH");
  std::string_view path = variable == nullptr ? "/bin:/usr/bin" : variable;
  while (true) {
    const std::size_t colon = path.find(':');
    const std::string_view directory = path.substr(0, colon);
    if (is_program(fs::path(directory.empty() ? "." : directory) / program)) return true;
    if (colon == std::string_view::npos) return false;
    path.remove_prefix(colon + 1);
  }
}

std::string as_list(const std::vector<std::string>& texts) {
  std::string result;
  for (const std::string& text : texts) result += (result.empty() ? "[" : ", ") + in_quotes(text);
  return result + "]";
}

}  // namespace

Command::Impl::Impl(CommandSpec command, const Design& design) : spec(std::move(command)), seed(design.seed()) {
  spec.study_directory = fs::absolute(spec.study_directory.empty() ? "." : spec.study_directory).lexically_normal();
  spec.points_directory =
      fs::absolute(spec.points_directory.empty() ? "points" : spec.points_directory).lexically_normal();
  if (spec.timeout && spec.timeout->count() <= 0) throw SpecError("the command's time-out must be longer than 0");
  if (spec.grace.count() < 0) throw SpecError("the command's grace must not be negative");
  for (const Parameter& parameter : design.parameters()) names.push_back(parameter.name());
  for (const char* placeholder : {"point.index", "point.dir", "study.dir", "seed"}) names.emplace_back(placeholder);
  parse_run();
  if (spec.ranks) parse_launcher(design);
  for (const fs::path& file : spec.templates) parse_template(file);
  check_inputs();
  check_outputs(design);
  check_program();
  // Finds a place where the shell text cannot take a value. Not the launcher: the ranks of one point are its own
  // matter.
  if (design.size() > 0) render_run(bind(design.point(0)));
}

bool Command::Impl::looks_for_files() const {
  return !spec.files || spec.files->reads();
}

std::string Command::Impl::template_text(const fs::path& file) const {
  const auto read = [&] {
    std::ifstream in = open_file(spec.study_directory / file, "template");
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  return spec.files ? spec.files->text("template " + file.string(), read) : read();
}

void Command::Impl::parse_run() {
  if (has_shell()) {
    const std::string& text = std::get<std::string>(spec.run);
    if (text.find_first_not_of(" \t\r\n") == std::string::npos) throw SpecError("the command to run is empty");
    arguments.emplace_back(text, "run", text.find('\n') != std::string::npos, names);
    return;
  }
  const auto& texts = std::get<std::vector<std::string>>(spec.run);
  if (texts.empty() || texts.front().empty()) throw SpecError("the command to run is empty");
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (texts[i].find('\0') != std::string::npos) throw SpecError(fmt::format("run[{}] holds a null character", i));
    arguments.emplace_back(texts[i], fmt::format("run[{}]", i), false, names);
  }
}

void Command::Impl::parse_launcher(const Design& design) {
  mpi.emplace(*spec.ranks, design, names);
  const auto program = mpi->program();
  if (!program || !looks_for_files()) return;
  const bool found =
      program->find('/') == std::string::npos ? is_in_path(*program) : is_program(spec.study_directory / *program);
  if (!found) {
    throw SpecError(fmt::format("the launcher of MPI programs, `{}`, is not found{}", *program,
                                *program == "mpirun" ? " (Open MPI: Debian's package openmpi-bin)" : ""));
  }
}

void Command::Impl::parse_template(const fs::path& file) {
  const std::string text = template_text(file);
  const std::string name = target_name(file);
  if (std::find(own_files.begin(), own_files.end(), name) != own_files.end()) {
    throw SpecError(fmt::format("the template {} would become `{}`, which windrow itself writes", file.string(), name));
  }
  if (std::any_of(files.begin(), files.end(), [&name](const File& other) { return other.name == name; })) {
    throw SpecError(fmt::format("two templates would become `{}`; the second is {}", name, file.string()));
  }
  detail::ContentHash hash;
  hash.add(text);
  files.push_back({name, known_by(hash), detail::Template(text, file.string(), true, names)});
}

void Command::Impl::check_inputs() const {
  if (!looks_for_files()) return;
  for (const fs::path& file : spec.inputs) open_file(spec.study_directory / file, "input");
}

bool Command::Impl::names_tag(std::string_view name) const {
  const auto position = static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
  return std::any_of(arguments.begin(), arguments.end(), [&](const auto& text) { return text.names(position); }) ||
         std::any_of(files.begin(), files.end(), [&](const File& file) { return file.content.names(position); });
}

void Command::Impl::check_outputs(const Design& design) {
  std::set<std::string> taken;
  for (const Parameter& parameter : design.parameters()) taken.insert(parameter.name());
  for (const OutputSpec& output : spec.outputs) {
    if (output.name.empty()) throw SpecError("an output has no name");
    if (output.name == "index" || output.name == "status") {
      throw SpecError(
          fmt::format("an output cannot be called `{}`: the results have a column of that name", output.name));
    }
    if (!taken.insert(output.name).second) {
      throw SpecError(fmt::format("output `{}`: another output or a parameter has that name", output.name));
    }
    extractors.emplace_back(output);
  }
}

void Command::Impl::check_program() const {
  if (!looks_for_files() || has_shell() || !arguments.front().is_constant()) return;
  const std::string& program = std::get<std::vector<std::string>>(spec.run).front();
  if (program.find('/') == std::string::npos) {
    if (!is_in_path(program)) throw SpecError(fmt::format("the program `{}` is not found in PATH", program));
    return;
  }
  const fs::path path = spec.study_directory / program;
  std::error_code error;
  if (!fs::exists(path, error))
    throw SpecError(fmt::format("the program `{}` does not exist ({})", program, path.string()));
  if (!is_program(path)) throw SpecError(fmt::format("`{}` is no executable program ({})", program, path.string()));
}

fs::path Command::Impl::directory_of(const Point& point) const {
  return spec.points_directory / std::to_string(point.index());
}

detail::Bindings Command::Impl::bind(const Point& point) const {
  std::vector<Value> values = point.values();
  values.emplace_back(std::to_string(point.index()));
  values.emplace_back(directory_of(point).string());
  values.emplace_back(spec.study_directory.string());
  values.emplace_back(std::to_string(seed));
  return detail::Bindings(std::move(values));
}

std::vector<std::string> Command::Impl::render_run(const detail::Bindings& bindings) const {
  if (has_shell()) {
    return {"/bin/sh", "-c", detail::shell_text(arguments.front().pieces(bindings), bindings, names)};
  }
  std::vector<std::string> argv;
  for (const detail::Template& argument : arguments) argv.push_back(argument.render(bindings));
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
    result.argv.insert(result.argv.begin(), prefix.argv.begin(), prefix.argv.end());
    result.environment = std::move(prefix.environment);
  }
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

std::vector<std::pair<std::string, std::string>> Command::definition() const {
  const CommandSpec& spec = impl_->spec;
  std::vector<std::pair<std::string, std::string>> result;
  const auto* list = std::get_if<std::vector<std::string>>(&spec.run);
  result.emplace_back("command.run", list != nullptr ? as_list(*list) : in_quotes(std::get<std::string>(spec.run)));
  for (const Impl::File& file : impl_->files) result.emplace_back("command.templates." + file.name, file.known_by);
  for (const fs::path& file : spec.inputs) {
    result.emplace_back("command.inputs." + file.string(), known_by(hash_of_input(spec.study_directory / file)));
  }
  for (std::size_t i = 0; i < spec.outputs.size(); ++i) {
    result.emplace_back("outputs." + spec.outputs[i].name, impl_->extractors[i].definition());
  }
  return result;
}

bool Command::sees_index() const {
  return impl_->names_tag("point.index");
}

bool Command::sees_seed() const {
  return impl_->names_tag("seed");
}

bool Command::uses(std::string_view parameter) const {
  return impl_->names_tag("point.seed") || impl_->names_tag(parameter) || (impl_->mpi && impl_->mpi->uses(parameter));
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

void Command::idle() const noexcept {
  impl_->point_directory.give_up_prepared();
}

}  // namespace windrow
