#pragma once

#include <cstdint>
#include <filesystem>

#include "sqlite.hpp"

/// To check 10^7 rows one by one takes many seconds; to see that their file is the one that was checked before takes a
/// part of one. So a run that ends leaves the hash of the file beside it, once the file is large.
namespace windrow::detail {

/// Files of fewer bytes are checked row by row.
inline constexpr std::uint64_t least_sealed = std::uint64_t{16} << 20U;

/// Whether the file is, byte by byte, the one that its last writer left.
bool is_sealed(Connection& connection);
/// Says that it is right as it is now. Errors are no matter: the next run checks the rows then.
/// @pre all rows were checked when it was opened, and nothing is pending
void seal_file(Connection& connection);

}  // namespace windrow::detail
