#pragma once

#include <sched.h>
#include <sys/mount.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <system_error>

namespace windrow::test {

/// A small tmpfs, in a mount namespace of this process alone, so that it is gone with the process whatever happens.
class SmallFileSystem {
 public:
  explicit SmallFileSystem(const std::filesystem::path& where) : where_(where) {
    if (unshare(CLONE_NEWNS) != 0 || mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount("none", where.c_str(), "tmpfs", 0, "size=1m") != 0) {
      reason_ = std::string("mounting is not permitted here: ") + std::generic_category().message(errno);
    }
  }
  ~SmallFileSystem() {
    if (mounted()) umount2(where_.c_str(), MNT_DETACH);
  }
  SmallFileSystem(const SmallFileSystem&) = delete;
  SmallFileSystem& operator=(const SmallFileSystem&) = delete;
  bool mounted() const { return reason_.empty(); }
  const std::string& reason() const { return reason_; }
  bool remount(unsigned long flags, const char* options) {
    return mount("none", where_.c_str(), "tmpfs", MS_REMOUNT | flags, options) == 0;
  }

 private:
  std::filesystem::path where_;
  std::string reason_;
};

}  // namespace windrow::test
