#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "windrow/command/command.hpp"
#include "windrow/design/design.hpp"

namespace windrow {

/// A study file, read and checked.
struct Study {
  std::string name;
  std::filesystem::path file;       ///< absolute
  std::filesystem::path directory;  ///< where results go: `<name>.windrow` beside the file, unless overridden
  std::string source;               ///< the file's text
  std::uint64_t seed = 0;
  Design design;
  CommandSpec command;
};

/// Reads a TOML study file.
/// @param results_directory  where results go; empty: `<name>.windrow` beside the file
/// @throws SpecError that names file, line and key, and the nearest valid key for an unknown one:
///         "study.toml:14: unknown key `metod` in [design]; did you mean `method`?"
Study load_study(const std::filesystem::path& file, const std::filesystem::path& results_directory = {});

}  // namespace windrow
