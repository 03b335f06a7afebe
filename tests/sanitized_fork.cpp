// Linked into what is built with AddressSanitizer. GCC 12's does not hold the locks of its allocator across fork(): a
// child that is forked while another thread allocates, as every thread does that is just starting, may wait for ever.
// Before each fork this waits until no thread is both running and young: threads allocate most when they start, later
// ones find nearly everything in caches of their own.
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace {

constexpr int kMostWaits = 50;                      // of a millisecond each
constexpr unsigned long long kGrownUp = 5'000'000;  // nanoseconds of CPU time that a thread has had

std::string content_of_task(const char* task, const char* file) {
  const int opened = ::open((std::string("/proc/self/task/") + task + "/" + file).c_str(), O_RDONLY | O_CLOEXEC);
  if (opened < 0) return {};  // it has ended
  char text[256];
  const ssize_t size = ::read(opened, text, sizeof text);
  ::close(opened);
  return {text, size > 0 ? static_cast<std::size_t>(size) : 0};
}

bool is_starting(const char* task) {
  const std::string stat = content_of_task(task, "stat");
  const std::size_t name_end = stat.rfind(')');
  const bool runs = name_end != std::string::npos && name_end + 2 < stat.size() && stat[name_end + 2] != 'S';
  return runs && std::strtoull(content_of_task(task, "schedstat").c_str(), nullptr, 10) < kGrownUp;
}

bool a_thread_starts() {
  DIR* tasks = ::opendir("/proc/self/task");
  if (tasks == nullptr) return false;
  bool starts = false;
  while (const dirent* entry = ::readdir(tasks)) {
    const long task = std::atol(entry->d_name);
    if (task > 0 && task != ::gettid() && is_starting(entry->d_name)) starts = true;
  }
  ::closedir(tasks);
  return starts;
}

void wait_for_others() {
  for (int waits = 0; waits < kMostWaits && a_thread_starts(); ++waits) ::poll(nullptr, 0, 1);
}

[[maybe_unused]] const int registered = ::pthread_atfork(wait_for_others, nullptr, nullptr);

}  // namespace
