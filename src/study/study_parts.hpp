#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/interface/file_texts.hpp"
#include "design/interface/table.hpp"
#include "study/toml_table.hpp"
#include "windrow/command/command.hpp"
#include "windrow/design/design.hpp"
#include "windrow/design/table.hpp"
#include "windrow/run/failure_policy.hpp"

namespace windrow::detail {

/// The text of a study's table, read when it is asked for the first time, if nobody else has read it.
class StudyTable {
 public:
  explicit StudyTable(MakeMemory make = own_memory) : make_(std::move(make)) {}
  explicit StudyTable(TableText text) : text_(std::move(text)) {}

  const TableText& text(const std::string& path) {
    if (!text_) text_ = read_table_text(path, make_);
    return *text_;
  }
  /// None if there is no table, or it was not asked for.
  const std::optional<TableText>& known() const { return text_; }

 private:
  MakeMemory make_;
  std::optional<TableText> text_;
};

/// What [parameters] and [design] say.
/// @param folder  where a relative table file starts
Design read_design(const TomlTable& root, const std::filesystem::path& folder, std::uint64_t seed, StudyTable& table);

/// What [design] says of how its table is read. @pre there is [design]
TableOptions read_table_options(const TomlTable& root);

/// What [command] and [outputs] say, checked by making a Command of it.
/// @param study_directory, points_directory  passed on, both absolute; as `files`
CommandSpec read_command(const TomlTable& root, const Design& design, const std::filesystem::path& study_directory,
                         const std::filesystem::path& points_directory, std::shared_ptr<FileTexts> files);

/// What [outputs] says, and what [command] says of how a run is judged.
void read_outputs(const TomlTable& root, const Design& design, CommandSpec& spec);
/// Without all that.
CommandSpec without_reading(const CommandSpec& spec);
/// Names the line of what is wrong with it, if anything is.
/// @pre the command itself is in order
void check_reading(const TomlTable& root, const CommandSpec& spec, const Design& design);
/// Of [command]: what a text for a shell is read by, and the environment.
std::vector<std::string> read_shell(const TomlTable& table);
std::vector<std::pair<std::string, std::string>> read_environment(const TomlTable& table);
/// `stage`, `stdin` and `keep`.
void read_files(const TomlTable& table, CommandSpec& spec);
/// Makes commands of parts of this one, to name the line of what is wrong with it.
void check_parts(const TomlTable& table, const CommandSpec& command, const Design& design);

struct RunPolicy {
  FailurePolicy failures;
  TimeLimits limits;
};
/// What [run] says.
RunPolicy read_run_policy(const TomlTable& root);

}  // namespace windrow::detail
