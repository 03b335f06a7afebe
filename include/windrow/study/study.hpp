#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "windrow/command/command.hpp"
#include "windrow/design/design.hpp"
#include "windrow/run/failure_policy.hpp"

namespace [[gnu::visibility("default")]] windrow {

class ParallelManager;

/// A study file, read and checked.
struct Study {
  std::string name;                 ///< letters, digits, `.`, `_` and `-`; the file's stem unless given
  std::string description;          ///< free text, may be empty
  std::filesystem::path file;       ///< absolute
  std::filesystem::path directory;  ///< where results go: `<name>.windrow` beside the file, unless overridden
  std::string source;               ///< the file's text
  std::uint64_t seed = 0;
  Design design;
  CommandSpec command;
  FailurePolicy failure_policy;
  TimeLimits limits;
};

/// Reads a TOML study file and checks all that can be checked before a point runs, the templates and the program
/// included.
/// @param file               messages name it as given here
/// @param results_directory  where results go; empty: `<name>.windrow` beside the file. Nothing is created
/// @throws SpecError that names file, line and key, and the nearest valid key for an unknown one:
///         "study.toml:14: unknown key `metod` in [design]; did you mean `method`?"
Study load_study(const std::filesystem::path& file, const std::filesystem::path& results_directory = {});
/// The same on every rank, but the root alone opens the study file, its table and its templates, and looks for inputs
/// and programs: the others are sent the texts, and a Command of their CommandSpec opens no file either. Collective.
/// @param file, results_directory  the same on every rank; relative ones start at the rank's own working directory
/// @throws SpecError at the root as above; RootFailed on the other ranks
Study load_study(ParallelManager& manager, const std::filesystem::path& file,
                 const std::filesystem::path& results_directory = {});

}  // namespace windrow
