#pragma once

#include <exception>
#include <filesystem>
#include <vector>

#include "program_files.hpp"
#include "windrow/process/launcher.hpp"

/// Tells failures of the surroundings from those of points.
namespace windrow::detail {

/// After a point's directory could not be made. @throws SurroundingsFailed if that may be so at any point
void require_room(const std::exception& error);
/// After a program could not be started. @throws SurroundingsFailed if it was not for the point
/// @param programs   that were there when the study was read
void require_start(const ProgramEnd& end, const std::filesystem::path& directory,
                   const std::vector<ProgramFile>& programs);
/// After a program or an output has failed. @throws SurroundingsFailed if nothing, or less than 1 MiB, can be written
/// beside it, or the failure's message has the program's own word that there was no room (others may have made some
/// since, or it writes elsewhere), or a program has vanished
void require_surroundings(const std::filesystem::path& directory, const std::string& failure,
                          const std::vector<ProgramFile>& programs);

}  // namespace windrow::detail
