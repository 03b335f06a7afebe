#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

/// How a shell text is run: by which shell, how strictly, and with which programs of the study.
namespace windrow::detail {

/// What goes before a shell text.
struct ShellStart {
  std::vector<std::string> argv;  ///< a shell and its options, the last of which takes the text
  std::string prelude;            ///< to begin the text with
  std::string warning;            ///< what this host's shells cannot do
};

/// @param shell  CommandSpec::shell
/// @param text   with its tags
/// @throws SpecError for a shell that is not known to read what is quoted for sh
ShellStart shell_start(const std::vector<std::string>& shell, std::string_view text);

/// Relative paths of programs in a shell text ("./sim", "bin/sim"), where a command begins; not in quotes, nor in or
/// after a here-document.
struct ProgramPlace {
  std::size_t at = 0;
  std::string program;
};
std::vector<ProgramPlace> relative_programs(std::string_view text);

/// A function that runs a program of the study's directory where the point's has none of its name, and its name.
inline constexpr std::string_view kBeside = "beside_the_study";
std::string define_beside(const std::string& study_directory);
/// The text with that function before each of the programs.
std::string run_beside(std::string_view text, const std::vector<ProgramPlace>& programs);

}  // namespace windrow::detail
