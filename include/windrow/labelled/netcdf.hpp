#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "windrow/store/store.hpp"

namespace [[gnu::visibility("default")]] windrow {

/// What export_netcdf() could not do.
struct NetcdfReport {
  std::vector<std::string> left_out;  ///< outputs that are not in the file, with the reason and where they are
  std::uint64_t unread_arrays = 0;    ///< arrays whose files are missing or damaged: NaN stands for their numbers
};

/// Results as a NetCDF-4 file with the conventions CF-1.10, which xarray and others open as it is.
///
/// The results of one full grid have a dimension for each parameter, with its levels as coordinate variable; outputs,
/// derived parameters and `status` are arrays over them. All others have the dimension `point`, a row for each point
/// that has an outcome, and the parameters as variables on it. Fields of bundles are on the dimension of their bundle.
/// Arrays that have one shape at all points add dimensions NAME_0, NAME_1, ...
///
/// Numbers are doubles with NaN where there is none, integers have 64 bits, truth values are bytes, texts are strings
/// in UTF-8, written as in the CSV. `status` has the CF attributes flag_values and flag_meanings. `reason` has a
/// text for each failed point, on the dimension `failure`; `reason_row` of a point is its row there, or -1. A name that
/// NetCDF refuses, or that is taken, is changed; `original_name` has it as it was.
///
/// The data depend on the results alone, not on how many ranks computed them, or when. Memory does not grow with the
/// number of points. The file is there whole or not at all, with its earlier content until then.
/// @throws SpecError   if `file` is no regular file: it is not written from its beginning to its end
/// @throws StoreError  if the results cannot be read, or the file not be written; if libnetcdf is not there
/// @throws SystemError if the file cannot be made
NetcdfReport export_netcdf(const StoreReader& store, const std::filesystem::path& file);

}  // namespace windrow
