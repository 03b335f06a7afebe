#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "windrow/command/command.hpp"

namespace windrow::detail {

/// A program or script of the study's own.
struct ProgramFile {
  std::string name;  ///< relative to the study's directory
  std::filesystem::path path;
};

/// The programs that a command runs and that lie beside the study or in its tree, as far as its text says: those that
/// are named by a relative path (of a list its first argument, of a shell text also words where a program may stand),
/// or by one that begins with {{study.dir}} or leads into the study's directory; and scripts that an interpreter such
/// as python3 is given. Only files that are there; each once, in the order in which they are named.
/// @pre study_directory is absolute and normal
std::vector<ProgramFile> program_files(const CommandSpec& spec);

/// A script beside the study that an interpreter is given by a relative path ("sim.py" in "python3 sim.py"), in a list
/// or in the first command of a shell text: what is done before others is not known. It is looked for in the point's
/// directory.
struct RelativeScript {
  std::size_t at = 0;  ///< of the list's arguments
  std::string name;    ///< as it is written
};
std::optional<RelativeScript> relative_script(const CommandSpec& spec);

/// Such a file where the word that names it has a tag: what it is for one value of a parameter.
struct ValueProgram {
  std::string parameter;
  std::string value;  ///< Value::identity_text()
  ProgramFile file;
};

/// Of how many values of a parameter programs are looked for.
inline constexpr std::size_t kMostProgramValues = 1000;

/// The programs that words with tags of one parameter name, for each of its values, as far as they are there.
/// @param beyond  the names of parameters that have more values than are looked at
std::vector<ValueProgram> programs_of_values(const CommandSpec& spec, const std::vector<Parameter>& parameters,
                                             std::vector<std::string>& beyond);

}  // namespace windrow::detail
