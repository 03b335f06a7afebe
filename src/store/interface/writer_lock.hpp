#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>

namespace windrow::detail {

/// The right to write the results in a directory: a record lock on its file `lock`, which also names the holder.
///
/// The lock is one of fcntl(2), not flock(2): it belongs to the process alone, so that it is gone at once when the
/// process is killed, even while children that it forked are still dying with copies of its descriptors. In return the
/// kernel drops it when the process closes ANY descriptor of the file; so within a process only this file opens it.
class WriterLock {
 public:
  /// @throws StoreError that names process and host of another holder
  explicit WriterLock(const std::filesystem::path& directory);
  ~WriterLock();
  WriterLock(const WriterLock&) = delete;
  WriterLock& operator=(const WriterLock&) = delete;

  /// Whether any process, this one included, holds the lock of `directory`.
  static bool is_held(const std::filesystem::path& directory);
  /// "process 1234 on node7", as the last holder wrote it; empty if it has given the lock up in order.
  static std::string holder(const std::filesystem::path& directory);

 private:
  int fd_ = -1;
  pid_t owner_;
};

}  // namespace windrow::detail
