#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sqlite.hpp"
#include "windrow/base/hash.hpp"

namespace windrow::detail {

/// Files of fewer bytes are checked row by row.
inline constexpr std::uint64_t least_sealed = std::uint64_t{16} << 20U;

/// To check 10^7 rows one by one takes many seconds; to see that their file is the one that was checked before takes a
/// part of one. So a run that ends leaves the hashes of the file's parts beside it, once the file is large.
class FileSeal {
 public:
  /// Whether the file is, byte by byte, the one that its last writer left.
  bool holds(Connection& connection);
  /// To be called once something has been written since: from then on the log tells which parts change.
  void begin(Connection& connection);
  /// Says that the file is right as it is now. Parts that nothing was written to keep the hashes that they had. Errors
  /// are no matter: the next run checks the rows then.
  /// @pre all rows were checked when the file was opened, and nothing is pending
  void renew(Connection& connection);

 private:
  std::vector<Hash128> parts_;  // of the file, as it was when it was opened; empty: that is not known
  std::uint64_t size_ = 0;      // the same
  std::string log_;             // what tells the log since then from a later one
};

}  // namespace windrow::detail
