#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "netcdf_library.hpp"
#include "windrow/base/files.hpp"

namespace windrow::detail {

/// A part of a variable: where it begins, and how long it is, in each dimension.
struct Region {
  std::vector<std::size_t> start, count;
};

/// A NetCDF-4 file that is written beside its target and takes its name at the end. Without take_name() nothing remains
/// of it. Every call throws StoreError if it cannot be written.
///
/// The C library crashes when it is to close, or abandon, a file of which HDF5 could not write all (4.9.0, on a full
/// disk). So everything is written before it is closed, and a file that could not be is emptied and left open.
class NetcdfFile {
 public:
  /// @throws SpecError if the target is no regular file
  explicit NetcdfFile(const std::filesystem::path& target);
  ~NetcdfFile();
  NetcdfFile(const NetcdfFile&) = delete;
  NetcdfFile& operator=(const NetcdfFile&) = delete;

  static constexpr int kGlobal = NC_GLOBAL;  ///< in the place of a variable: attributes of the file

  /// A name that no dimension or variable has yet: letters, digits and most other characters stay, all else becomes
  /// `_`.
  std::string free_name(const std::string& wanted);

  /// @param size  NC_UNLIMITED: as it comes
  int add_dimension(const std::string& name, std::size_t size);
  int add_variable(const std::string& name, nc_type type, const std::vector<int>& dimensions);
  /// What stands where nothing was written; also the attribute `_FillValue`.
  void set_fill(int variable, const void* value);
  /// How it is stored: of a region as large as a chunk no more than that is in memory.
  void set_chunks(int variable, const std::vector<std::size_t>& chunk, std::size_t element, bool compressed);
  /// Texts that are not UTF-8 are written as in the CSV. An empty text is left out.
  void add_attribute(int variable, const char* name, const std::string& text);
  void add_attribute(int variable, const char* name, std::span<const signed char> bytes);

  /// After the definitions, before the data.
  void begin_data();
  void put(int variable, const Region& region, const void* values);

  void take_name();

 private:
  void check(int code);

  const NetcdfLibrary& netcdf_;
  std::filesystem::path target_;
  NewFile file_;
  int id_ = -1;
  bool failed_ = false;
  std::set<std::string> names_;
};

}  // namespace windrow::detail
