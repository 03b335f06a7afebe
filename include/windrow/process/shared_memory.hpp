#pragma once

#include <cstddef>
#include <utility>

namespace windrow {

/// Zeroed anonymous memory that children forked later share with this process. Nothing in the file system: nothing to leak.
class SharedMemory {
 public:
  SharedMemory() = default;
  /// @throws SystemError if there is no memory
  explicit SharedMemory(std::size_t bytes);
  ~SharedMemory();
  SharedMemory(SharedMemory&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  SharedMemory& operator=(SharedMemory&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }

  void* data() const { return data_; }
  std::size_t size() const { return size_; }

 private:
  void* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace windrow
