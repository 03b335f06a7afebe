#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/interface/file_texts.hpp"
#include "design/interface/filter.hpp"
#include "design/interface/table.hpp"
#include "study/toml_table.hpp"
#include "windrow/command/command.hpp"
#include "windrow/design/design.hpp"
#include "windrow/design/methods.hpp"
#include "windrow/design/table.hpp"
#include "windrow/error.hpp"
#include "windrow/run/failure_policy.hpp"

namespace windrow::detail {

/// The texts of a study's tables, each read when it is asked for the first time, and what its filters have found: one
/// rank reads and looks, the others are told.
class StudyTables {
 public:
  struct Known {
    std::string path;  ///< as the study's file gives it: the same on every rank
    TableText text;
  };

  /// Files are read here, each into memory that `make` makes.
  explicit StudyTables(std::function<MakeMemory()> make = [] { return own_memory; }) : make_(std::move(make)) {}
  /// Another rank has read them: no file is opened here.
  explicit StudyTables(std::vector<Known> known) : known_(std::move(known)) {}

  const TableText& text(const std::string& path) {
    for (const Known& table : known_) {
      if (table.path == path) return table.text;
    }
    if (!make_) throw ParallelError("the root has not read this: " + path);
    known_.push_back({path, read_table_text(path, make_())});
    return known_.back().text;
  }
  /// What the next of a study's filters has found, in the order in which they are read.
  /// @param look  at the candidates, unless another rank has
  const FilterFound& found(const std::function<FilterFound()>& look) {
    if (next_found_ == found_.size()) found_.push_back(look());
    return found_[next_found_++];
  }
  const std::vector<FilterFound>& found() const { return found_; }
  void set_found(std::vector<FilterFound> found) { found_ = std::move(found); }

  /// In the order in which they were read.
  const std::vector<Known>& known() const { return known_; }

 private:
  std::function<MakeMemory()> make_;
  std::vector<Known> known_;
  std::vector<FilterFound> found_;
  std::size_t next_found_ = 0;
};

/// Where values come from, and whether the ends of a range are written as integers.
struct ReadValues {
  Parameter::Source source;
  bool has_whole_ends = false;
};

/// Reads `values` of parameters, and what their files hold.
class ValuesReader {
 public:
  /// @param folder  where relative files start
  ValuesReader(std::filesystem::path folder, StudyTables& tables) : folder_(std::move(folder)), tables_(tables) {}

  /// @param table  [parameters.NAME]
  /// @param type   that it says
  ReadValues read(const TomlTable& table, std::optional<ValueType> type) const;

 private:
  ReadValues read_kind(const std::string& kind, const TomlTable& table, std::optional<ValueType> type) const;
  ReadValues read_samples(const TomlTable& table) const;

  std::filesystem::path folder_;
  StudyTables& tables_;
};

/// A list of levels. @pre the key has a list
Levels read_levels(const TomlTable& table, std::string_view key, std::optional<ValueType> type);
/// `nominal` of [parameters.NAME].
Value read_nominal(const TomlTable& table);

/// Of all methods, `table` at last, and the keys that one of them has.
std::vector<std::string> method_names();
std::vector<std::string> method_keys();
/// @throws SpecError for a key that the method needs and does not have, and for one that others have
void check_method_keys(const TomlTable& design, std::string_view method);
/// Whether values of parameters are steps around nominal values, and whether the steps are written as integers.
bool is_centred(const TomlTable* design, std::string_view method);
bool has_whole_steps(const TomlTable& design, const std::string& parameter);
/// Makes the design of any method but `table`.
Design read_method(const TomlTable& root, const std::string& method, const std::vector<Parameter>& parameters,
                   std::uint64_t seed);
/// The points of the method `list`, as a table with a list of values for each parameter.
/// @pre there is [design]
TomlTable read_point_list(const TomlTable& root);

/// What [parameters] and [design] say.
/// @param folder  where relative files of tables start
Design read_design(const TomlTable& root, const std::filesystem::path& folder, std::uint64_t seed, StudyTables& tables);

/// Makes the points that one method lays out, as [design] of a study says that has one, without its replicates.
using ReadMethod = std::function<Design(const TomlTable& root, std::uint64_t seed)>;
/// What blocks [[design]] say: each is read as a study of its parameters alone would be.
/// @pre `design` is a list
Design read_blocks(const TomlTable& root, std::uint64_t seed, const ReadMethod& read);
/// `zip` of a grid: groups of names.
std::vector<std::vector<std::string>> read_groups(const TomlTable& design);

/// Levels that are tables: a bundle, with the units of its fields.
/// @pre the first level is a table
Bundle read_bundle(const TomlTable& parameter, const TomlNode::Array& entries);
/// @return none for what cannot be a level
std::optional<Value> to_value(const TomlNode& node, bool as_floating_point);
/// Numbers with and without fraction are one kind.
bool same_kind(const TomlNode& a, const TomlNode& b);

/// Whether [parameters.NAME] says how it is computed: `value` instead of `values`.
bool is_derived(const TomlTable& parameters, std::string_view name);
/// Where all parameters are derived, there is nothing to derive them from. @throws SpecError
void check_some_given(const TomlTable& root);
/// The design with the derived parameters, all in the order of the file; the columns of a table come first.
Design read_derived(const TomlTable& root, const Design& design);
/// The design with what `correlation` in [design] says. @pre its parameters are the method's own
Design read_correlation(const TomlTable& root, const Design& design);
/// What `where` in [design] leaves of it.
/// @param known  says what another rank has found by looking at all points, or remembers it
Design read_where(const TomlTable& root, const Design& design, StudyTables& known);
/// `type` of a parameter.
std::optional<ValueType> read_type(const TomlTable& table);

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
