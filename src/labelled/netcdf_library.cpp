#include "netcdf_library.hpp"

#include <dlfcn.h>

#include <string>

#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

void* open_netcdf() {
  // As Debian 12 and its successors call it.
  for (const char* name : {"libnetcdf.so.19", "libnetcdf.so.22", "libnetcdf.so"}) {
    if (void* library = ::dlopen(name, RTLD_NOW | RTLD_LOCAL)) return library;
  }
  const char* why = ::dlerror();
  throw StoreError(std::string("NetCDF files need the library libnetcdf, which cannot be loaded (") +
                   (why != nullptr ? why : "unknown reason") + "); install it (Debian: libnetcdf19), or export a CSV");
}

template <typename Function>
void find_function(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(::dlsym(library, name));
  if (function != nullptr) return;
  throw StoreError(std::string("the library libnetcdf has no function ") + name +
                   ": it is too old, or built without NetCDF-4; install another one, or export a CSV");
}

NetcdfLibrary load_netcdf() {
  void* library = open_netcdf();
  // A file that could not be written is never closed (see NetcdfFile): nor is it to be at the end of the program.
  if (void* dont_atexit = ::dlsym(library, "H5dont_atexit")) reinterpret_cast<int (*)()>(dont_atexit)();
  NetcdfLibrary functions{};
  find_function(library, "nc_create", functions.create);
  find_function(library, "nc_sync", functions.sync);
  find_function(library, "nc_abort", functions.abort);
  find_function(library, "nc_close", functions.close);
  find_function(library, "nc_enddef", functions.enddef);
  find_function(library, "nc_strerror", functions.strerror);
  find_function(library, "nc_def_dim", functions.def_dim);
  find_function(library, "nc_def_var", functions.def_var);
  find_function(library, "nc_def_var_fill", functions.def_var_fill);
  find_function(library, "nc_def_var_chunking", functions.def_var_chunking);
  find_function(library, "nc_def_var_deflate", functions.def_var_deflate);
  find_function(library, "nc_set_var_chunk_cache", functions.set_var_chunk_cache);
  find_function(library, "nc_put_att", functions.put_att);
  find_function(library, "nc_put_att_text", functions.put_att_text);
  find_function(library, "nc_put_vara", functions.put_vara);
  return functions;
}

}  // namespace

const NetcdfLibrary& netcdf_library() {
  static const NetcdfLibrary functions = load_netcdf();
  return functions;
}

}  // namespace windrow::detail
