#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <string_view>
#include <utility>

#include "arguments.hpp"
#include "base/interface/file_texts.hpp"
#include "command_impl.hpp"
#include "excerpt.hpp"
#include "program_check.hpp"
#include "shell.hpp"
#include "windrow/base/hash.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"

/// How a command is read: everything that can be found out, and found wrong, before a point runs.
namespace windrow {

namespace fs = std::filesystem;
using detail::find_in_path;
using detail::in_quotes;
using detail::is_program;

namespace {

constexpr std::array<std::string_view, 3> own_files = {"stdout", "stderr", "command"};

/// What a template is known by.
std::string known_by(const detail::ContentHash& hash) {
  return fmt::format("{} ({} bytes)", hash.value().text(), hash.size());
}

std::ifstream open_template(const fs::path& path) {
  std::error_code error;
  std::ifstream in(path, std::ios::binary);
  if (!in || !fs::is_regular_file(path, error)) {
    throw SpecError(fmt::format("the template {} cannot be read", path.lexically_normal().string()));
  }
  return in;
}

std::string target_name(const fs::path& file) {
  std::string name = detail::name_in_point(file);
  if (name.ends_with(".mustache")) name.resize(name.size() - std::string_view(".mustache").size());
  if (name.empty() || name.ends_with('/')) {
    throw SpecError(fmt::format("the template {} leaves no file name", file.string()));
  }
  return name;
}

std::string last_part(const std::string& name) {
  return fs::path(name).filename().string();
}

/// Where a text has `{{{`: that is one more spelling of a tag, so all of its braces vanish.
enum class TripleBraces { none, some, doubtful };

/// Doubtful where such braces stand at the end of a word in a file that has tags with two braces, too: whoever writes
/// `set{{{x}}}` there wants `set{1}`.
TripleBraces triple_braces(std::string_view text) {
  if (text.find("{{=") != std::string_view::npos) return TripleBraces::none;
  bool any = false, after_word = false, has_double = false;
  for (std::size_t at = text.find("{{"); at != std::string_view::npos; at = text.find("{{", at)) {
    if (text.substr(at).starts_with("{{{")) {
      any = true;
      const char before = at > 0 ? text[at - 1] : ' ';
      after_word = after_word || std::isalnum(static_cast<unsigned char>(before)) != 0 ||
                   std::string_view("_)]}").find(before) != std::string_view::npos;
    } else {
      has_double = true;
    }
    at = std::min(text.find("}}", at), text.size());
    at = std::min(text.find_first_not_of('}', at), text.size());
  }
  if (!any) return TripleBraces::none;
  return after_word && has_double ? TripleBraces::doubtful : TripleBraces::some;
}

}  // namespace

Command::Impl::Impl(CommandSpec command, const Design& design) : spec(std::move(command)), seed(design.seed()) {
  spec.study_directory = fs::absolute(spec.study_directory.empty() ? "." : spec.study_directory).lexically_normal();
  spec.points_directory =
      fs::absolute(spec.points_directory.empty() ? "points" : spec.points_directory).lexically_normal();
  if (spec.timeout && spec.timeout->count() <= 0) throw SpecError("the command's time-out must be longer than 0");
  if (spec.grace.count() < 0) throw SpecError("the command's grace must not be negative");
  for (const Parameter& parameter : design.parameters()) {
    names.push_back(parameter.name());
    if (parameter.format() != nullptr) formats.emplace_back(parameter.name(), parameter.format()->text());
  }
  for (const char* placeholder : {"point.index", "point.dir", "study.dir", "seed", "point.seed", "point.seed31"})
    names.emplace_back(placeholder);
  parse_run();
  if (spec.ranks) parse_launcher(design);
  for (const fs::path& file : spec.templates) parse_template(file);
  name_templates();
  check_inputs();
  find_staged();
  parse_environment();
  parse_stdin();
  for (const std::string& pattern : spec.keep_files) detail::check_keep_pattern(pattern);
  expect_own_files();
  check_outputs(design);
  check_formats(design);
  sees_point_seed = depends_on("point.seed") || depends_on("point.seed31");
  check_program();
  check_script();
  find_programs(design);
  // Finds a place where the shell text cannot take a value. Not the launcher: the ranks of one point are its own
  // matter.
  if (design.size() > 0) try_first_point(design);
}

void Command::Impl::try_first_point(const Design& design) const {
  try {
    render_run(bind(design.point(0)));
  } catch (const Rejected&) {  // a value that does not fit its format: the matter of that point
  }
}

void Command::Impl::check_formats(const Design& design) const {
  const auto check = [&](const detail::Template& text, const std::string& origin) {
    for (std::size_t i = 0; i < design.parameters().size(); ++i) {
      for (const Format* format : text.formats(i)) {
        Parameter parameter = design.parameters()[i];
        try {
          parameter.format(format->text());
        } catch (const SpecError& error) {
          throw SpecError(fmt::format("{}: {}", origin, error.what()));
        }
      }
    }
  };
  for (const detail::Template& argument : arguments) check(argument, "run");
  for (const auto& [name, text] : variables) check(text, fmt::format("env.{}", name));
  if (stdin_file) check(*stdin_file, "stdin");
  for (const File& file : files) check(file.content, file.name);
}

bool Command::Impl::looks_for_files() const {
  return !spec.files || spec.files->reads();
}

std::string Command::Impl::template_text(const fs::path& file) const {
  const auto read = [&] {
    std::ifstream in = open_template(spec.study_directory / file);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  return spec.files ? spec.files->text("template " + file.string(), read) : read();
}

void Command::Impl::parse_run() {
  if (has_shell()) {
    const std::string& text = std::get<std::string>(spec.run);
    if (text.find_first_not_of(" \t\r\n") == std::string::npos) throw SpecError("the command to run is empty");
    return parse_shell_text();
  }
  const auto& texts = std::get<std::vector<std::string>>(spec.run);
  if (texts.empty() || texts.front().empty()) throw SpecError("the command to run is empty");
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (texts[i].find('\0') != std::string::npos) throw SpecError(fmt::format("run[{}] holds a null character", i));
    const std::string origin = fmt::format("run[{}]", i);
    arguments.emplace_back(texts[i], origin, false, names);
    detail::check_lists(arguments.back(), origin, false);
  }
}

/// Programs that lie beside the study are run from there, unless the point's directory has one of that name.
void Command::Impl::parse_shell_text() {
  const std::string& text = std::get<std::string>(spec.run);
  shell = detail::shell_start(spec.shell, text);
  if (!shell.warning.empty()) warnings.push_back(shell.warning);
  const auto find = [&] {
    std::string found;
    for (const auto& [at, program] : detail::relative_programs(text)) {
      std::error_code none;
      if (fs::is_regular_file(spec.study_directory / program, none)) found += fmt::format("{} {}\n", at, program);
    }
    return found;
  };
  const std::string found = spec.files ? spec.files->text("programs of " + text, find) : find();
  std::vector<detail::ProgramPlace> beside;
  for (detail::ProgramPlace& place : detail::relative_programs(text)) {
    if (found.find(fmt::format("{} {}\n", place.at, place.program)) != std::string::npos) {
      beside.push_back(std::move(place));
    }
  }
  if (!beside.empty()) shell.prelude = detail::define_beside(spec.study_directory.string()) + shell.prelude;
  arguments.emplace_back(detail::run_beside(text, beside), "run", text.find('\n') != std::string::npos, names);
  detail::check_lists(arguments.back(), "run", true);
}

void Command::Impl::parse_environment() {
  for (const auto& [name, text] : spec.environment) {
    if (name.empty() || name.find_first_of(std::string_view("=\0", 2)) != std::string::npos) {
      throw SpecError(fmt::format("`{}` cannot name a variable of the environment", name));
    }
    const std::string origin = fmt::format("env.{}", name);
    if (text.find('\0') != std::string::npos) throw SpecError(origin + " holds a null character");
    variables.emplace_back(name, detail::Template(text, origin, false, names));
    detail::refuse_lists(variables.back().second, origin);
  }
}

void Command::Impl::find_staged() {
  if (spec.stage.empty()) return;
  std::vector<std::string> rendered;
  for (const File& file : files) rendered.push_back(file.name);
  const auto find = [&] {
    auto found = detail::find_staged(spec.stage, spec.study_directory, rendered);
    const auto is_template = [this](const StagedFile& file) {  // its text is in the point's directory
      return std::ranges::any_of(spec.templates, [&](const fs::path& other) {
        return (spec.study_directory / other).lexically_normal() == file.source.lexically_normal();
      });
    };
    std::erase_if(found, is_template);
    return detail::encode(found, spec.study_directory);
  };
  staged = detail::decode_staged(spec.files ? spec.files->text("stage", find) : find(), spec.study_directory);
}

/// Names of what lies in a point's directory and is neither a program's nor written anew.
void Command::Impl::expect_own_files() {
  std::set<std::string> expected;
  for (const StagedFile& file : staged) expected.insert(fs::path(file.name).begin()->string());
  for (const File& file : files) {
    if (file.name.find('/') != std::string::npos) expected.insert(fs::path(file.name).begin()->string());
  }
  point_directory.expect({expected.begin(), expected.end()});
}

bool Command::Impl::is_laid_into_points(const std::string& name) const {
  return std::ranges::any_of(files, [&](const File& file) { return file.name == name; }) ||
         std::ranges::any_of(staged, [&](const StagedFile& file) { return file.name == name; });
}

void Command::Impl::parse_stdin() {
  if (!spec.stdin_file) return;
  stdin_file.emplace(*spec.stdin_file, "stdin", false, names);
  detail::refuse_lists(*stdin_file, "stdin");
  for (const fs::path& file : spec.templates) {
    if (file.lexically_normal() != fs::path(*spec.stdin_file).lexically_normal() ||
        is_laid_into_points(file.lexically_normal().string())) {
      continue;
    }
    throw SpecError(fmt::format("`stdin` is the template {} with its tags: what it becomes is called `{}`",
                                file.string(), target_name(file)));
  }
  if (looks_for_files() && stdin_file->is_constant()) stdin_path(stdin_file->render(detail::Bindings({})), {});
}

/// A file of the point's directory, or else one of the study's.
fs::path Command::Impl::stdin_path(const std::string& name, const fs::path& directory) const {
  if (is_laid_into_points(fs::path(name).lexically_normal().string())) return directory / name;
  const fs::path path = (spec.study_directory / name).lexically_normal();
  std::error_code none;
  if (looks_for_files() && !fs::is_regular_file(path, none)) {
    throw SpecError(fmt::format(
        "the file `{}` for stdin is none of the templates and of `stage`, and {} cannot be read", name, path.string()));
  }
  return path;
}

/// Empty unless it is one file of the study's.
std::string Command::Impl::stdin_known_by() const {
  if (!stdin_file->is_constant()) return {};
  const std::string name = stdin_file->render(detail::Bindings({}));
  if (is_laid_into_points(fs::path(name).lexically_normal().string())) return {};
  return " " + detail::content_known_by(spec.study_directory, name, "file for stdin");
}

void Command::Impl::name_templates() {
  for (File& file : files) {
    const std::string last = last_part(file.name);
    const bool alone = 1 == std::ranges::count_if(files, [&](const File& f) { return last_part(f.name) == last; });
    file.known_as = alone ? last : file.name;
    for (const File& other : files) {
      if (!other.name.starts_with(file.name + "/")) continue;
      throw SpecError(fmt::format("templates would make of `{}` a file and the folder of `{}`", file.name, other.name));
    }
  }
}

void Command::Impl::parse_launcher(const Design& design) {
  mpi.emplace(*spec.ranks, design, names);
  const auto program = mpi->program();
  if (!program || !looks_for_files()) return;
  const bool found = program->find('/') == std::string::npos ? !find_in_path(*program).empty()
                                                             : is_program(spec.study_directory / *program);
  if (!found) {
    throw SpecError(fmt::format("the launcher of MPI programs, `{}`, is not found{}", *program,
                                *program == "mpirun" ? " (Open MPI: Debian's package openmpi-bin)" : ""));
  }
}

void Command::Impl::parse_template(const fs::path& file) {
  const std::string text = template_text(file);
  const std::string name = target_name(file);
  const std::string first = fs::path(name).begin()->string();
  if (std::find(own_files.begin(), own_files.end(), first) != own_files.end()) {
    throw SpecError(fmt::format("the template {} would become `{}`, which windrow itself writes", file.string(), name));
  }
  if (std::any_of(files.begin(), files.end(), [&name](const File& other) { return other.name == name; })) {
    throw SpecError(fmt::format("two templates would become `{}`; the second is {}", name, file.string()));
  }
  const TripleBraces braces = triple_braces(text);
  if (braces == TripleBraces::doubtful) {
    throw SpecError(fmt::format(
        "{}: of `{{{{{{name}}}}}}` all braces vanish, as of `{{{{name}}}}`; if some are the file's own, begin it with "
        "`{{{{=<% %>=}}}}` and write tags as `<% name %>`, if not, write `{{{{name}}}}`",
        file.string()));
  }
  if (braces == TripleBraces::some) {
    warnings.push_back(
        fmt::format("{}: of `{{{{{{name}}}}}}` all braces vanish, as of `{{{{name}}}}`; if some are the file's own, "
                    "begin it with `{{{{=<% %>=}}}}` and write tags as `<% name %>`",
                    file.string()));
  }
  detail::ContentHash hash;
  hash.add(text);
  files.push_back({name, {}, known_by(hash), detail::Template(text, file.string(), true, names)});
  detail::refuse_lists(files.back().content, file.string());
}

// One rank looks for all: the others are sent the names, a line each.
void Command::Impl::find_programs(const Design& design) {
  const auto look = [&] {
    std::string lines;
    for (const detail::ProgramFile& program : detail::program_files(spec)) lines += program.name + "\n";
    return lines;
  };
  const auto* list = std::get_if<std::vector<std::string>>(&spec.run);
  const std::string run = list != nullptr ? detail::in_list(*list) : std::get<std::string>(spec.run);
  std::istringstream lines(spec.files ? spec.files->text("own programs of " + run, look) : look());
  for (std::string name; std::getline(lines, name);) {
    own_programs.push_back({name, (spec.study_directory / name).lexically_normal()});
  }
  if (!looks_for_files()) return;
  std::vector<std::string> beyond;
  value_programs = detail::programs_of_values(spec, design.parameters(), beyond);
  for (const std::string& parameter : beyond) {
    warnings.push_back(fmt::format(
        "`{}` has more than {} values and may name a program: those of its first {} count by their content, others by "
        "their name alone",
        parameter, detail::kMostProgramValues, detail::kMostProgramValues));
  }
}

void Command::Impl::check_inputs() const {
  if (!looks_for_files()) return;
  for (const fs::path& file : spec.inputs) detail::find_files(spec.study_directory, file.string(), "input");
}

bool Command::Impl::depends_on(std::string_view name) const {
  const auto position = static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
  return names_tag(name) || (mpi && mpi->uses(name)) || extraction->uses(position, name);
}

bool Command::Impl::names_tag(std::string_view name) const {
  const auto position = static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
  return std::any_of(arguments.begin(), arguments.end(), [&](const auto& text) { return text.names(position); }) ||
         std::any_of(variables.begin(), variables.end(), [&](const auto& v) { return v.second.names(position); }) ||
         (stdin_file && stdin_file->names(position)) ||
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
  }
  extraction.emplace(spec, design, names);
}

/// A script that an interpreter would look for in the point's directory, and not find: all points would fail.
void Command::Impl::check_script() const {
  if (!looks_for_files()) return;
  const auto script = detail::relative_script(spec);
  if (!script || is_laid_into_points(fs::path(script->name).lexically_normal().string())) return;
  throw SpecError(
      fmt::format("{0}: `{1}` lies beside the study, but each point runs in a directory of its own: write "
                  "`{{{{study.dir}}}}/{1}`, or lay it there by `stage = [{2}]`",
                  has_shell() ? "run" : fmt::format("run[{}]", script->at), script->name, in_quotes(script->name)));
}

void Command::Impl::check_program() {
  if (!looks_for_files() || has_shell() || !arguments.front().is_constant()) return;
  const std::string& program = std::get<std::vector<std::string>>(spec.run).front();
  if (program.find('/') == std::string::npos) {
    if (!find_in_path(program).empty()) return;
    throw SpecError(fmt::format("the program `{}` is not found in PATH{}", program,
                                detail::lies_beside(program, spec.study_directory)));
  }
  const fs::path path = (spec.study_directory / program).lexically_normal();
  std::error_code error;
  if (!fs::exists(path, error))
    throw SpecError(fmt::format("the program `{}` does not exist ({})", program, path.string()));
  if (!is_program(path)) {
    throw SpecError(
        fmt::format("`{}` is no executable program ({}){}", program, path.string(), detail::how_to_run(program, path)));
  }
  if (const std::string why = detail::why_no_start(path); !why.empty()) {
    throw SpecError(fmt::format("`{}` cannot be started: {}", program, why));
  }
  if (detail::lacks_interpreter(path)) warnings.push_back(detail::no_interpreter(path));
}

}  // namespace windrow
