#include "windrow/process/code_address.hpp"

#include <link.h>

#include <string_view>

#include "windrow/base/hash.hpp"
#include "windrow/error.hpp"

namespace windrow {
namespace {

// The program itself has no name in the list of modules; a library has its path, which may differ between hosts.
std::uint64_t module_id(const char* path) {
  const std::string_view text = path == nullptr ? "" : path;
  return detail::hash64(text.substr(text.rfind('/') + 1));
}

struct Search {
  std::uintptr_t address;  // looked for, or found
  CodeAddress code;
  bool found = false;
};

int match_address(dl_phdr_info* info, std::size_t, void* data) {
  auto& search = *static_cast<Search*>(data);
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const auto& segment = info->dlpi_phdr[i];
    const std::uintptr_t begin = info->dlpi_addr + segment.p_vaddr;
    if (segment.p_type != PT_LOAD || search.address < begin || search.address >= begin + segment.p_memsz) continue;
    search.code = {module_id(info->dlpi_name), search.address - info->dlpi_addr};
    search.found = true;
    return 1;
  }
  return 0;
}

int match_module(dl_phdr_info* info, std::size_t, void* data) {
  auto& search = *static_cast<Search*>(data);
  if (module_id(info->dlpi_name) != search.code.module) return 0;
  search.address = info->dlpi_addr + search.code.offset;
  search.found = true;
  return 1;
}

}  // namespace

CodeAddress encode_address(const void* function) {
  Search search{reinterpret_cast<std::uintptr_t>(function), {}};
  dl_iterate_phdr(match_address, &search);
  if (!search.found) throw ParallelError("a function that is not part of the program cannot go to another process");
  return search.code;
}

const void* decode_address(const CodeAddress& code) {
  Search search{0, code};
  dl_iterate_phdr(match_module, &search);
  if (!search.found) {
    throw ParallelError(
        "a function is in a library that this process has not loaded: every rank must run the same program");
  }
  return reinterpret_cast<const void*>(search.address);
}

}  // namespace windrow
