#include "windrow/process/shared_memory.hpp"

#include <sys/mman.h>

#include <cerrno>

#include "windrow/error.hpp"

namespace windrow {

SharedMemory::SharedMemory(std::size_t bytes) : size_(bytes) {
  data_ = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (data_ == MAP_FAILED) {
    data_ = nullptr;
    throw SystemError("cannot map shared memory", errno);
  }
}

SharedMemory::~SharedMemory() {
  if (data_ != nullptr) ::munmap(data_, size_);
}

}  // namespace windrow
