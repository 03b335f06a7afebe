#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "windrow/arrays/array.hpp"

namespace [[gnu::visibility("default")]] windrow {

/// An array that lies in a file of its own, in the format of NumPy (.npy).
struct ArrayFile {
  std::filesystem::path file;
  std::string type;  ///< of the elements, as NumPy writes it: "<f8" is a little-endian double
  std::vector<std::uint64_t> shape;
  std::uint64_t size = 0;      ///< of the file, in bytes
  std::uint64_t checksum = 0;  ///< of the file: XXH64

  /// Whether the file is there and as long as it was: what one look at its directory entry says.
  bool is_whole() const;
  /// Reads it as doubles.
  /// @throws StoreError that names the file, if it is missing, damaged, or holds no real numbers
  Array read() const;
};

namespace detail {

/// Whether an output holds arrays, by the type of its column.
bool is_array_type(std::string_view type);

/// That nobody else chooses, on any machine.
std::string random_name();

/// Takes the bytes of one array's file.
class ArraySink {
 public:
  virtual ~ArraySink() = default;
  virtual void append(std::span<const std::byte> bytes) = 0;
  /// All has been appended. @return what whoever receives the file knows it by
  virtual std::string finish() = 0;
};

/// A new file in a directory, on the disk once it is finished; removed unless it is.
/// @throws StoreError that names the directory, from every call, if it cannot be written
class ArrayFileSink : public ArraySink {
 public:
  explicit ArrayFileSink(std::filesystem::path directory);
  ~ArrayFileSink() override;
  ArrayFileSink(const ArrayFileSink&) = delete;
  ArrayFileSink& operator=(const ArrayFileSink&) = delete;
  void append(std::span<const std::byte> bytes) override;
  /// @return the name of the file in the directory
  std::string finish() override;
  /// Holds no descriptor until there is more to append.
  void close();

 private:
  void reopen();

  std::filesystem::path directory_;
  std::string name_;
  int fd_ = -1;
  bool finished_ = false;
};

/// Writes an array, in parts of at most 1 MiB. `file` of what it returns is what the sink calls it.
ArrayFile write_array(const Array& array, ArraySink& sink);
/// The same from a file.
/// @throws SpecError if it is no file of an array
ArrayFile copy_array(const std::filesystem::path& file, ArraySink& sink);
/// Moves a file into a directory, under a new name, if both are on one file system; reads it once, for its checksum.
/// @return as write_array(); none if that is not possible
/// @throws SpecError if it is no file of an array; StoreError if it does not get to the disk
std::optional<ArrayFile> move_array(const std::filesystem::path& file, const std::filesystem::path& directory);

}  // namespace detail
}  // namespace windrow
