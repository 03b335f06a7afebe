#pragma once

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>

/// What the evaluations of a tortured sweep do, in whatever process. Only the C library: a program that begins and ends
/// 2,000 times is to be small.
namespace windrow::test {

/// Names the file that each evaluation appends its index to when it begins.
inline constexpr const char* kLogVariable = "TORTURE_LOG";
/// Bytes of an entry of that file.
inline constexpr int kLogEntry = 8;

inline constexpr std::uint64_t kTorturePoints = 2000;

/// The right result at a point.
inline double value_of(std::uint64_t index) {
  return 3.0 * static_cast<double>(index) + 1.0;
}

/// One write with O_APPEND is whole, whoever else writes and whoever is killed.
inline void log_begin(std::uint64_t index) {
  const char* name = getenv(kLogVariable);
  if (name == nullptr) return;
  const int file = open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  char entry[kLogEntry + 1];
  std::snprintf(entry, sizeof entry, "%07u\n", static_cast<unsigned>(index % 10000000));
  if (file < 0 || write(file, entry, kLogEntry) != kLogEntry) _exit(99);
  close(file);
}

/// A process in a session of its own, deaf to SIGTERM, that nobody but the sweep will ever end.
inline void leave_stray() {
  if (fork() != 0) return;
  setsid();
  signal(SIGTERM, SIG_IGN);
  for (;;) pause();
}

/// Most evaluations take up to 0.6 ms, one in a hundred up to 20 ms.
inline unsigned microseconds_of(std::uint64_t index) {
  const auto hash = static_cast<unsigned>((index * 2654435761U) % 1000003U);
  return index % 100 == 37 ? hash % 20000 : hash % 600;
}

/// @param apart  in a process of its own, which may leave others behind
inline double work(std::uint64_t index, bool apart) {
  log_begin(index);
  if (apart && index % 150 == 14) leave_stray();
  if (apart && index % 150 == 29) signal(SIGTERM, SIG_IGN);
  usleep(microseconds_of(index));
  return value_of(index);
}

}  // namespace windrow::test
