#pragma once

#include <condition_variable>
#include <mutex>

namespace windrow::detail {

/// Something that one thread uses at a time, where a thread that must not wait leaves a note for the one that uses it.
class SharedUse {
 public:
  /// Waits until nobody uses it.
  void begin() {
    std::unique_lock lock(mutex_);
    ended_.wait(lock, [this] { return !used_; });
    used_ = true;
  }
  /// Never waits. @return false if another thread uses it: that thread finds the note when it ends
  bool begin_or_note() {
    const std::lock_guard lock(mutex_);
    if (!used_) return used_ = true;
    noted_ = true;
    return false;
  }
  /// @return false if there was a note: the use goes on, and what it stands for is to be done before trying again
  bool end() {
    const std::lock_guard lock(mutex_);
    if (noted_) return noted_ = false;
    used_ = false;
    ended_.notify_one();
    return true;
  }

 private:
  std::mutex mutex_;
  std::condition_variable ended_;
  bool used_ = false;
  bool noted_ = false;
};

}  // namespace windrow::detail
