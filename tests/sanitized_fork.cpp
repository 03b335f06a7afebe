// Linked into what is built with AddressSanitizer. GCC 12's does not hold the locks of its allocator across fork(): a
// child that is forked while another thread allocates, as every thread does that is just starting, may wait for ever.
// Before each fork this waits until the other threads sleep, since none of them holds such a lock then; not for long,
// since one may be computing.
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace {

constexpr int kMostWaits = 50;  // of a millisecond each

bool is_running(const char* task) {
  const int file = ::open((std::string("/proc/self/task/") + task + "/stat").c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;  // it has ended
  char text[256];
  const ssize_t size = ::read(file, text, sizeof text);
  ::close(file);
  const std::string stat(text, size > 0 ? static_cast<std::size_t>(size) : 0);
  const std::size_t name_end = stat.rfind(')');
  return name_end != std::string::npos && name_end + 2 < stat.size() && stat[name_end + 2] != 'S';
}

bool others_sleep() {
  DIR* tasks = ::opendir("/proc/self/task");
  if (tasks == nullptr) return true;
  bool sleep = true;
  while (const dirent* entry = ::readdir(tasks)) {
    const long task = std::atol(entry->d_name);
    if (task > 0 && task != ::gettid() && is_running(entry->d_name)) sleep = false;
  }
  ::closedir(tasks);
  return sleep;
}

void wait_for_others() {
  for (int waits = 0; waits < kMostWaits && !others_sleep(); ++waits) ::poll(nullptr, 0, 1);
}

[[maybe_unused]] const int registered = ::pthread_atfork(wait_for_others, nullptr, nullptr);

}  // namespace
