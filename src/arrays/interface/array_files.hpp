#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "windrow/arrays/array_file.hpp"

/// The arrays of a study: `arrays/OUTPUT/INDEX.npy` in the store's directory. They come by way of `arrays.incoming`,
/// where nothing is of any worth unless its writer says that it is whole.
namespace windrow::detail {

inline constexpr const char* arrays_name = "arrays";
inline constexpr const char* incoming_name = "arrays.incoming";

/// "arrays/field/17.npy", below the store's directory.
std::filesystem::path array_path(const std::string& output, std::uint64_t index);

/// What a row says of an array: {"type":"<f8","shape":[1000,1000],"size":8000128,"xxh64":"44bc2cf5ad770999"}
std::string array_cell(const ArrayFile& array);
/// @return without `file`. @throws StoreError that names `store` if the text is not such a cell
ArrayFile parse_array_cell(std::string_view cell, const std::filesystem::path& store);

/// The writer's side.
class ArrayFiles {
 public:
  /// Makes the directories that arrays need, and removes what an earlier run left half-done. Does nothing for a study
  /// without arrays.
  /// @param outputs  names of those that are arrays
  /// @throws StoreError
  ArrayFiles(std::filesystem::path directory, std::vector<std::string> outputs);

  bool any() const { return !outputs_.empty(); }
  std::size_t count() const { return outputs_.size(); }
  std::filesystem::path incoming() const { return directory_ / incoming_name; }

  /// Gives an array of a point its place.
  /// @param output  its position among the outputs that are arrays
  /// @return where it is. @throws StoreError
  ArrayFile place(std::size_t output, std::uint64_t index, const Array& array);
  /// The same of a file on this file system, which is moved.
  ArrayFile place(std::size_t output, std::uint64_t index, ArrayFile array);
  /// Gives the arrays that another store has for a point their places here, as links where it is on the same file
  /// system, else as copies.
  /// @param cells  what its row says of them (array_cell), in the order of the outputs
  /// @return why not, and what to do; empty: done. @throws StoreError if they cannot be written
  std::string take(const std::filesystem::path& store, std::uint64_t index, const std::vector<std::string>& cells);
  /// Gives a point the arrays of another one of this store, as links or copies.
  /// @return false if one is missing, or not as it was
  bool link(std::uint64_t from, std::uint64_t to, const std::vector<std::string>& cells);
  /// Removes what an earlier evaluation of a point may have left.
  void remove(std::uint64_t index);
  /// The same of one output.
  void remove(std::size_t output, std::uint64_t index);
  /// Before a commit: the places are on the disk.
  void sync();
  /// At the end of a run.
  void clear();

 private:
  std::string link_or_copy(const ArrayFile& array, const std::filesystem::path& to);

  std::filesystem::path directory_;
  std::vector<std::string> outputs_;
  std::set<std::string> changed_;  // outputs whose directories have new entries
};

}  // namespace windrow::detail
