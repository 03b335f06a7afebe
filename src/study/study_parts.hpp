#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "base/interface/file_texts.hpp"
#include "study/toml_table.hpp"
#include "windrow/command/command.hpp"
#include "windrow/design/design.hpp"
#include "windrow/design/table.hpp"
#include "windrow/run/failure_policy.hpp"

namespace windrow::detail {

/// What [parameters] and [design] say.
/// @param folder  where a relative table file starts
/// @param files   gives its text; null: it is read
Design read_design(const TomlTable& root, const std::filesystem::path& folder, std::uint64_t seed, FileTexts* files);

/// What [design] says of how its table is read. @pre there is [design]
TableOptions read_table_options(const TomlTable& root);

/// What [command] and [outputs] say, checked by making a Command of it.
/// @param study_directory, points_directory  passed on, both absolute; as `files`
CommandSpec read_command(const TomlTable& root, const Design& design, const std::filesystem::path& study_directory,
                         const std::filesystem::path& points_directory, std::shared_ptr<FileTexts> files);

struct RunPolicy {
  FailurePolicy failures;
  TimeLimits limits;
};
/// What [run] says.
RunPolicy read_run_policy(const TomlTable& root);

}  // namespace windrow::detail
