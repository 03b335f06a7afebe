#include "process/inherited.hpp"

#include <dirent.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstdlib>
#include <mutex>
#include <utility>

#include "windrow/error.hpp"
#include "windrow/process/fd.hpp"

namespace windrow::detail {
namespace {

// How many processes between the program's start and this one closed what they did not inherit, and what the last of
// them, this one, kept.
std::uint32_t this_process = 0;
std::vector<int> kept_at_start;

// A fork by any thread finds the list whole and its lock free in the child.
struct SharedList {
  std::mutex mutex;
  std::vector<int> descriptors;
};

SharedList& shared() {
  static auto* const list = [] {
    ::pthread_atfork([] { shared().mutex.lock(); }, [] { shared().mutex.unlock(); }, [] { shared().mutex.unlock(); });
    return new SharedList();
  }();
  return *list;
}

// For kernels without close_range.
void close_one_by_one(unsigned first, unsigned last) {
  DIR* directory = ::opendir("/proc/self/fd");
  if (directory == nullptr) return;
  std::vector<int> found;
  while (const dirent* entry = ::readdir(directory)) {
    const int fd = std::atoi(entry->d_name);
    if (fd != ::dirfd(directory)) found.push_back(fd);
  }
  ::closedir(directory);
  for (const int fd : found) {
    if (fd >= 0 && static_cast<unsigned>(fd) >= first && static_cast<unsigned>(fd) <= last) ::close(fd);
  }
}

void close_range(unsigned first, unsigned last) {
  if (first <= last && ::close_range(first, last, 0) != 0) close_one_by_one(first, last);
}

}  // namespace

Inherit with_shared(const Inherit& inherit) {
  if (inherit.is_all()) return inherit;
  std::vector<int> kept = inherit.descriptors();
  const std::lock_guard guard(shared().mutex);
  kept.insert(kept.end(), shared().descriptors.begin(), shared().descriptors.end());
  std::sort(kept.begin(), kept.end());
  return Inherit(std::move(kept));
}

void close_all_but(const Inherit& inherit) {
  if (inherit.is_all()) return;
  unsigned first = 3;
  for (const int fd : inherit.descriptors()) {
    if (fd < 3) continue;
    const auto number = static_cast<unsigned>(fd);
    if (number > first) close_range(first, number - 1);
    first = number + 1;
  }
  close_range(first, UINT_MAX);
  ++this_process;
  kept_at_start = inherit.descriptors();
}

OpenedIn::OpenedIn() : process_(this_process) {}

void OpenedIn::check(int descriptor, const char* message) const {
  if (process_ == this_process || std::ranges::binary_search(kept_at_start, descriptor)) return;
  throw SpecError(message);
}

SharedFd::SharedFd(Fd fd) : fd_(std::move(fd)) {
  const std::lock_guard guard(shared().mutex);
  shared().descriptors.push_back(fd_.get());
}

SharedFd::~SharedFd() {
  if (!fd_) return;
  const std::lock_guard guard(shared().mutex);
  std::erase(shared().descriptors, fd_.get());
}

SharedFd& SharedFd::operator=(SharedFd&& other) noexcept {
  const SharedFd before(std::move(*this));
  fd_ = std::move(other.fd_);
  return *this;
}

}  // namespace windrow::detail
