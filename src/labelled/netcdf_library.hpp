#pragma once

#include <netcdf.h>

namespace windrow::detail {

/// The functions of the C library of NetCDF that are used. It is loaded when a file is written for the first time, and
/// stays: with it come 40 other libraries, which would add 15 ms to the start of every program.
struct NetcdfLibrary {
  decltype(&nc_create) create;
  decltype(&nc_sync) sync;
  decltype(&nc_abort) abort;
  decltype(&nc_close) close;
  decltype(&nc_enddef) enddef;
  decltype(&nc_strerror) strerror;
  decltype(&nc_def_dim) def_dim;
  decltype(&nc_def_var) def_var;
  decltype(&nc_def_var_fill) def_var_fill;
  decltype(&nc_def_var_chunking) def_var_chunking;
  decltype(&nc_def_var_deflate) def_var_deflate;
  decltype(&nc_set_var_chunk_cache) set_var_chunk_cache;
  decltype(&nc_put_att) put_att;
  decltype(&nc_put_att_text) put_att_text;
  decltype(&nc_put_vara) put_vara;
};

/// @throws StoreError that says what to install
const NetcdfLibrary& netcdf_library();

}  // namespace windrow::detail
