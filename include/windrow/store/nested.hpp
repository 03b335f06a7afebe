#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "windrow/design/value.hpp"
#include "windrow/store/store.hpp"

/// Sweeps inside loops, as over the ways to build a model and its cases: each has a store of its own, in folders that
/// say where in the loops it was made, "study.windrow/build=coarse/case=2". All stores below one directory are read as
/// one table.
namespace [[gnu::visibility("default")]] windrow {

/// A loop around a sweep, and the value that it had.
struct LoopValue {
  std::string name;
  Value value;
  friend bool operator==(const LoopValue&, const LoopValue&) = default;
};

/// The directory of a sweep's store inside loops, the outermost first: store / "build=coarse" / "case=2". Many tools
/// read such folders as columns.
/// @throws SpecError for a name or value that is empty, not UTF-8, begins or ends with a space, or holds a control
///         character or one of " # % ' * / : = ? [ \ ] ^ { }; for an array; for two loops of one name
std::filesystem::path nested_store(const std::filesystem::path& store, const std::vector<LoopValue>& loops);

/// A store below a directory.
struct NestedStore {
  std::filesystem::path directory;
  std::vector<LoopValue> loops;  ///< from its folders, the outermost first; none for the directory's own store

  /// "build=coarse/case=2"; "." for the directory's own store.
  std::string name() const;
};

/// What has results, or shards that are not merged yet, in `store` itself and in folders NAME=VALUE below it: the
/// directory's own first, then by the values of the loops, the outermost first; numbers by value and before texts.
/// Other folders are not looked into.
std::vector<NestedStore> find_nested_stores(const std::filesystem::path& store);

/// A record of one of several stores. Of what its own store does not have there is nothing.
struct NestedRow {
  const NestedStore& store;
  const Record& record;
  const std::vector<std::optional<Value>>& loops;       ///< by NestedReader::loops()
  const std::vector<std::optional<Value>>& parameters;  ///< by NestedReader::parameters()
  /// By NestedReader::outputs(). Of a failed point numbers are NaN, all else is an empty text. An array is named by its
  /// file below the common directory: "build=coarse/case=2/arrays/field/17.npy".
  const std::vector<std::optional<Value>>& outputs;
  /// By NestedReader::outputs(): there is none, since the point failed, it is optional and was not there, or the store
  /// has no such output. A NaN counts as missing, too.
  const std::vector<bool>& missing;
};

/// Reads all stores below a directory as one table, also while runs are writing them. It has the columns of all of
/// them: loops, parameters and outputs, each in the order in which they occur first. One store is open at a time. For
/// one thread at a time.
class NestedReader {
 public:
  /// @throws StoreError if there is no store, one cannot be read, or the table cannot be made, since a column has two
  ///         units, is a parameter here and an output there, or has the name of a loop. A store that no run has written
  ///         to yet is left out
  explicit NestedReader(const std::filesystem::path& store);

  const std::vector<NestedStore>& stores() const { return stores_; }
  /// Types as those of values: "integer", "number", "boolean", "string".
  const std::vector<Column>& loops() const { return loops_; }
  /// A type is "mixed" where stores differ, unless all are numbers.
  const std::vector<Column>& parameters() const { return parameters_; }
  const std::vector<Column>& outputs() const { return outputs_; }

  /// Calls `visit` for every record, store by store, in index order. Memory does not grow with their number. What
  /// `visit` is given is valid during the call.
  /// @throws StoreError if one cannot be read any more, or has other columns than before
  void for_each(const std::function<void(const NestedRow&)>& visit) const;
  /// The same until `visit` returns false. @return whether all were visited
  bool for_each_while(const std::function<bool(const NestedRow&)>& visit) const;
  /// How many records there are: opens each store, and reads none of its rows.
  std::uint64_t outcomes() const;

 private:
  void add(const NestedStore& store, const StudyIdentity& study);
  bool visit_store(const NestedStore& store, const std::function<bool(const NestedRow&)>& visit) const;

  std::vector<NestedStore> stores_;
  std::vector<Column> loops_;
  std::vector<Column> parameters_;
  std::vector<Column> outputs_;
};

}  // namespace windrow
