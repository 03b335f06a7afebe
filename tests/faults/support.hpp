#pragma once

#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "windrow/process/fd.hpp"
#include "windrow/process/process.hpp"

/// What tests of faults look at from outside: processes, descriptors, exit codes and the text on stderr.
namespace windrow::test {

/// Empty if it cannot be read: a file of a process that has just gone is no error. (A stream keeps to itself what its
/// buffer throws then; iterators over the buffer do not.)
inline std::string content_of(const std::filesystem::path& file) {
  std::ostringstream content;
  content << std::ifstream(file, std::ios::binary).rdbuf();
  return content.str();
}

/// Waits up to `limit` for something that another process does.
inline bool within(std::chrono::milliseconds limit, const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
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

/// A process that has all that this one has, descriptors included.
inline Process forked(const std::string& name, const std::function<int()>& body) {
  return Process(body, {.name = name, .inherit = Inherit::all()});
}

/// How a function that ran in a process of its own ended, and what it and its children wrote.
struct Ended {
  bool in_time = false;
  ExitStatus status = ExitStatus::running();
  std::string out;
  std::string err;
};

/// A file in memory.
inline Fd memory_file(const char* name) {
  return Fd(::memfd_create(name, MFD_CLOEXEC));
}

inline std::string content_of(const Fd& file) {
  return content_of("/proc/self/fd/" + std::to_string(file.get()));
}

/// Runs `body` in a process of its own with its stdout and stderr kept; killed if it takes longer than `limit`.
inline Ended run_apart(const std::function<int()>& body, std::chrono::seconds limit = std::chrono::seconds(20)) {
  const Fd out = memory_file("out");
  const Fd err = memory_file("err");
  Process child = forked("test-apart", [&] {
    ::dup2(out.get(), STDOUT_FILENO);
    ::dup2(err.get(), STDERR_FILENO);
    return body();
  });
  Ended run;
  run.in_time = child.join_for(limit);
  child.signal(SIGKILL);
  run.status = child.join();
  run.out = content_of(out);
  run.err = content_of(err);
  return run;
}

}  // namespace windrow::test
