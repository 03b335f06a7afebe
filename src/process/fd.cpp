#include "windrow/process/fd.hpp"

#include <unistd.h>

namespace windrow {

void Fd::reset() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

}  // namespace windrow
