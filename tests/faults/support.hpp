#pragma once

#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <functional>
#include <string>
#include <thread>

#include "faults/belongings.hpp"
#include "windrow/process/fd.hpp"
#include "windrow/process/process.hpp"

/// What tests of faults look at from outside: processes, descriptors, exit codes and the text on stderr.
namespace windrow::test {

/// Waits up to `limit` for something that another process does.
inline bool within(std::chrono::milliseconds limit, const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

/// A process that has all that this one has, descriptors included.
inline Process forked(const std::string& name, const std::function<int()>& body) {
  return Process(body, {.name = name, .daemon = true, .inherit = Inherit::all()});
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
