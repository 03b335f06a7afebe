#include "windrow/process/shared_memory.hpp"

#include <sys/mman.h>

#include <cerrno>

#include "windrow/error.hpp"

namespace windrow {

SharedMemory::SharedMemory(std::size_t bytes) {
  map(-1, bytes);
}

SharedMemory::~SharedMemory() {
  if (data_ != nullptr) ::munmap(data_, size_);
}

void SharedMemory::map(int file, std::size_t bytes) {
  const int flags = MAP_SHARED | (file < 0 ? MAP_ANONYMOUS : 0);
  void* data = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, flags, file, 0);
  if (data == MAP_FAILED) throw SystemError("cannot map shared memory", errno);
  data_ = data;
  size_ = bytes;
}

}  // namespace windrow
