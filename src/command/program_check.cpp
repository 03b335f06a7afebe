#include "program_check.hpp"

#include <elf.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <system_error>

#include "windrow/base/text.hpp"

namespace windrow::detail {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kBeginning = 512;

std::string beginning_of(const fs::path& file) {
  std::error_code none;
  if (!fs::is_regular_file(file, none)) return {};
  std::ifstream in(file, std::ios::binary);
  std::string text(kBeginning, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(in.gcount(), 0)));
  return text;
}

bool is_elf(std::string_view beginning) {
  return beginning.starts_with(ELFMAG);
}

/// The fields of an ELF header that tell machines apart.
std::string_view machine_of(std::string_view beginning) {
  constexpr std::size_t at = 18;  // e_machine, in 32 and 64 bits alike
  return beginning.size() < at + 2 ? std::string_view() : beginning.substr(at, 2);
}

bool exists(const std::string& program) {
  return program.find('/') == std::string::npos ? !find_in_path(program).empty() : is_program(program);
}

/// The program that `#!/usr/bin/env [-S] [NAME=value...] program` names.
std::string program_of_env(std::istringstream& words) {
  std::string word;
  while (words >> word) {
    if (!word.starts_with('-') && word.find('=') == std::string::npos) return word;
  }
  return {};
}

}  // namespace

bool is_program(const fs::path& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && access(path.c_str(), X_OK) == 0;
}

fs::path find_in_path(const std::string& program) {
  const char* variable = std::getenv("PATH");
  std::string_view path = variable == nullptr ? "/bin:/usr/bin" : variable;
  while (true) {
    const std::size_t colon = path.find(':');
    const std::string_view directory = path.substr(0, colon);
    const fs::path found = fs::path(directory.empty() ? "." : directory) / program;
    if (is_program(found)) return found;
    if (colon == std::string_view::npos) return {};
    path.remove_prefix(colon + 1);
  }
}

std::string why_no_start(const fs::path& program) {
  const std::string beginning = beginning_of(program);
  if (is_elf(beginning)) {
    const std::string own = beginning_of("/proc/self/exe");
    if (own.empty() || machine_of(beginning) == machine_of(own)) return {};
    return fmt::format("{} was built for another kind of machine than this", program.string());
  }
  if (!beginning.starts_with("#!")) return {};
  const std::string line = beginning.substr(2, beginning.find('\n') - 2);
  if (line.ends_with('\r')) {
    return fmt::format(
        "the `#!` line of {0} ends in a carriage return, as Windows ends lines, which becomes a part of the "
        "interpreter's name: `sed -i 's/\\r$//' {1}` mends it",
        program.string(), text::shell_line({program.filename().string()}));
  }
  std::istringstream words(line);
  std::string interpreter;
  words >> interpreter;
  if (interpreter.empty()) return fmt::format("the `#!` line of {} names no interpreter", program.string());
  if (!exists(interpreter)) {
    return fmt::format("the `#!` line of {} names the interpreter `{}`, which does not exist here", program.string(),
                       interpreter);
  }
  if (fs::path(interpreter).filename() != "env") return {};
  const std::string named = program_of_env(words);
  if (named.empty() || exists(named)) return {};
  return fmt::format("the `#!` line of {} names the interpreter `{}`, which is not found in PATH", program.string(),
                     named);
}

bool lacks_interpreter(const fs::path& program) {
  const std::string beginning = beginning_of(program);
  return !is_elf(beginning) && !beginning.starts_with("#!");
}

std::string no_interpreter(const fs::path& program) {
  return fmt::format(
      "{} has no `#!` line, so it is read by /bin/sh: begin it with its interpreter, as `#!/usr/bin/env python3`",
      program.string());
}

std::string how_to_run(const std::string& program, const fs::path& path) {
  std::error_code none;
  if (!fs::is_regular_file(path, none)) return {};
  std::string advice = fmt::format("; `{}` mends it", text::shell_line({"chmod", "+x", path.string()}));
  constexpr std::array<std::pair<std::string_view, std::string_view>, 6> interpreters = {
      {{".py", "python3"}, {".sh", "sh"}, {".pl", "perl"}, {".rb", "ruby"}, {".R", "Rscript"}, {".jl", "julia"}}};
  const auto known =
      std::ranges::find(interpreters, path.extension().string(), &std::pair<std::string_view, std::string_view>::first);
  if (known == interpreters.end()) return advice;
  const std::string name = fs::path(program).lexically_normal().string();
  const std::string place = path.is_absolute() && fs::path(program).is_absolute() ? name : "{{study.dir}}/" + name;
  return advice + fmt::format(", or begin `run` with \"{}\", \"{}\"", known->second, place);
}

std::string lies_beside(const std::string& program, const fs::path& study_directory) {
  std::error_code none;
  const bool beside = !program.empty() && program.find('/') == std::string::npos &&
                      fs::is_regular_file(study_directory / program, none);
  return beside ? fmt::format("; `{0}` lies beside the study: write `./{0}`", program) : "";
}

std::string shell_advice(std::string_view last_words, const fs::path& study_directory) {
  std::istringstream lines{std::string(last_words)};
  std::string advice;
  for (std::string line; std::getline(lines, line);) {
    // "/bin/sh: 1: sim: not found", "bash: line 1: ./sim: Permission denied"
    for (std::size_t at = 0; at < line.size();) {
      const std::size_t end = std::min(line.find(": ", at), line.size());
      const std::string part = line.substr(at, end - at);
      at = end + 2;
      if (const std::string beside = lies_beside(part, study_directory); !beside.empty()) return beside;
      if (part.find('/') == std::string::npos || part.find(' ') != std::string::npos) continue;
      const std::string why = why_no_start((study_directory / part).lexically_normal());
      if (!why.empty()) return "; " + why;
    }
  }
  return advice;
}

std::string missed_file(std::string_view last_words, const fs::path& study_directory, const fs::path& directory) {
  constexpr std::array<std::string_view, 4> misses = {"o such file", "annot open", "ot found", "ot exist"};
  const auto is_said = [last_words](std::string_view text) { return last_words.find(text) != std::string_view::npos; };
  if (std::ranges::none_of(misses, is_said)) return {};
  constexpr std::string_view around = " \t\r\n'\"`:;,()[]<>";
  for (std::size_t at = 0; at < last_words.size();) {
    const std::size_t begin = std::min(last_words.find_first_not_of(around, at), last_words.size());
    const std::size_t end = std::min(last_words.find_first_of(around, begin), last_words.size());
    const fs::path name(last_words.substr(begin, end - begin));
    at = end;
    std::error_code none;
    if (name.empty() || name.is_absolute() || name == "." || name == "..") continue;
    if (!fs::exists(study_directory / name, none) || fs::exists(directory / name, none)) continue;
    return fmt::format(
        "; `{0}` lies beside the study, but each point runs in a directory of its own: `stage` lays it there, or "
        "`{{{{study.dir}}}}/{0}` names it",
        name.string());
  }
  return {};
}

}  // namespace windrow::detail
