#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

/// What processes are and have, as /proc shows it.
namespace windrow::test {

/// Empty if it cannot be read: a file of a process that has just gone is no error. (A stream keeps to itself what its
/// buffer throws then; iterators over the buffer do not.)
inline std::string content_of(const std::filesystem::path& file) {
  std::ostringstream content;
  content << std::ifstream(file, std::ios::binary).rdbuf();
  return content.str();
}

/// Whether a process has ended, reaped or not.
inline bool is_gone(pid_t pid) {
  const std::string status = content_of("/proc/" + std::to_string(pid) + "/stat");
  return status.empty() || status.find(") Z ") != std::string::npos;
}

/// The children of a process, whichever of its threads made them; those that nobody has reaped yet included.
inline std::vector<pid_t> children_of(pid_t pid) {
  std::vector<pid_t> all;
  std::error_code gone;
  std::filesystem::directory_iterator task("/proc/" + std::to_string(pid) + "/task", gone);
  for (; !gone && task != std::filesystem::directory_iterator(); task.increment(gone)) {
    std::ifstream in(task->path() / "children");
    all.insert(all.end(), std::istream_iterator<pid_t>(in), {});
  }
  return all;
}

/// The first child that the main thread of a process has made, or 0. Allocates nothing, so that another thread may fork
/// meanwhile: AddressSanitizer's allocator is not made for that.
inline pid_t first_child_of(pid_t pid) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "/proc/%d/task/%d/children", pid, pid);
  const int file = ::open(text.data(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  const ssize_t size = ::read(file, text.data(), text.size() - 1);
  ::close(file);
  text[size > 0 ? static_cast<std::size_t>(size) : 0] = '\0';
  return static_cast<pid_t>(std::atoi(text.data()));
}

/// Sends SIGKILL to a child of this process and to a child of that, at once when both are there. @return the latter
inline pid_t kill_child_and_grandchild() {
  pid_t child = 0;
  pid_t grandchild = 0;
  while (grandchild == 0) {
    child = first_child_of(::getpid());
    if (child != 0) grandchild = first_child_of(child);
  }
  ::kill(grandchild, SIGKILL);
  ::kill(child, SIGKILL);
  return grandchild;
}

inline std::vector<std::string> entries_of(const std::filesystem::path& directory) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    names.push_back(entry.path().filename());
  }
  std::sort(names.begin(), names.end());
  return names;
}

/// Children and descriptors of this process: what a call that cleans up after itself leaves as it was. Of /dev/shm,
/// which belongs to the whole machine, only entries that could be windrow's.
struct Belongings {
  std::vector<pid_t> children = children_of(::getpid());
  std::size_t descriptors = entries_of("/proc/self/fd").size();
  std::size_t shared_memory = [] {
    const auto names = entries_of("/dev/shm");
    return static_cast<std::size_t>(std::count_if(
        names.begin(), names.end(), [](const std::string& name) { return name.find("windrow") != std::string::npos; }));
  }();
  friend bool operator==(const Belongings&, const Belongings&) = default;
};

}  // namespace windrow::test
