#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "windrow/process/fd.hpp"

namespace [[gnu::visibility("default")]] windrow {

/// Zeroed memory that several processes share, anonymous or named. Nothing in the file system: nothing to leak.
///
/// Anonymous memory is shared with children forked later. Named memory can also be opened by any other process of the
/// same user on this machine, for as long as its owner, the process that created it, lives and keeps this object.
/// Mappings that others opened stay valid after that, until they let go of them.
class SharedMemory {
 public:
  SharedMemory() = default;
  /// Anonymous. @throws SystemError if there is no memory
  explicit SharedMemory(std::size_t bytes);
  ~SharedMemory();
  SharedMemory(SharedMemory&& other) noexcept { swap(other); }
  SharedMemory& operator=(SharedMemory&& other) noexcept {
    swap(other);
    return *this;
  }

  /// Named memory, owned by this process.
  /// @param name     1 to 100 letters, digits, '.', '_' or '-'. If this process owns memory of that name already,
  ///                 whoever opens the name from now on gets the new one
  /// @param prepare  run on the memory before anybody can open it. May be empty
  /// @throws SpecError for another name or no bytes, SystemError if there is no memory
  static SharedMemory create(std::string_view name, std::size_t bytes, const std::function<void(void*)>& prepare = {});

  /// Maps the newest memory that its owner created under a name.
  /// @param full_name  as full_name() or shared_name() give it
  /// @throws SpecError if that is no full name, or its owner has nothing under it; PeerLost if the owner has ended
  static SharedMemory open(const std::string& full_name);

  void* data() const { return data_; }
  std::size_t size() const { return size_; }
  /// What another process opens it by, or empty for anonymous memory.
  const std::string& full_name() const { return full_name_; }

 private:
  void map(int file, std::size_t bytes);
  void swap(SharedMemory& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(full_name_, other.full_name_);
    std::swap(file_, other.file_);
  }

  void* data_ = nullptr;
  std::size_t size_ = 0;
  std::string full_name_;
  Fd file_;  // of the owner: what others find the memory by
};

/// The full name that memory which this process creates as `name` can be opened by, whether it exists yet or not: the
/// name with this process's identity (pid and start time), so that neither a namesake in another process nor a later
/// process of the same pid can be taken for it. @throws SpecError as SharedMemory::create
std::string shared_name(std::string_view name);

}  // namespace windrow
