#pragma once

#include <filesystem>
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

}  // namespace windrow::detail
