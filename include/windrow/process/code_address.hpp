#pragma once

#include <cstdint>

namespace [[gnu::visibility("default")]] windrow {

/// Where a function is, in terms that hold in every process of the same program: address spaces are laid out at random.
struct CodeAddress {
  std::uint64_t module = 0;  ///< which program or library: a hash of its name
  std::uint64_t offset = 0;  ///< from where it is loaded
};

/// @throws ParallelError if the function is not in the program or a loaded library
CodeAddress encode_address(const void* function);
/// @throws ParallelError if this process has not loaded that library
const void* decode_address(const CodeAddress& code);

}  // namespace windrow
