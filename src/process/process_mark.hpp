#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <cstdint>

/// A mark that a Process carries and everything below it inherits, however that is started and whatever becomes of its
/// parents: the soft limit of file locks (RLIMIT_LOCKS), a number that the kernel keeps for each process and has not
/// looked at since Linux 2.4.25. fork, vfork and exec hand it on; a session of its own, an empty environment and closed
/// descriptors do not change it, and any process of the same user can read it. What a Process has left can be found by
/// it, when nothing else tells any more where that came from.
namespace windrow::detail {

inline constexpr unsigned kPidBits = 22;  // the kernel's own limit of pids
inline constexpr std::uint64_t kPidMask = (std::uint64_t{1} << kPidBits) - 1;

/// The parent of Processes: its pid, and a random number that tells it from earlier ones with that pid.
struct ProcessParent {
  std::uint64_t key = 0;

  /// The same in every thread; another in a process that was forked from this one.
  static ProcessParent this_process();
  pid_t pid() const { return static_cast<pid_t>(key & kPidMask); }
  bool operator==(const ProcessParent&) const = default;
};

/// Whose Process something is, or is below.
class ProcessMark {
 public:
  ProcessMark() = default;
  ProcessMark(ProcessParent parent, pid_t process) : word_(begin(parent) | static_cast<std::uint64_t>(process)) {}

  /// Of another process: not its own if it carries none, has gone, or is another user's.
  static ProcessMark of(pid_t pid) {
    rlimit limit{};
    ProcessMark mark;
    if (::prlimit(pid, RLIMIT_LOCKS, nullptr, &limit) == 0) mark.word_ = limit.rlim_cur;
    return mark;
  }

  bool is_of(ProcessParent parent) const { return (word_ & ~kPidMask) == begin(parent); }
  pid_t process() const { return static_cast<pid_t>(word_ & kPidMask); }
  bool operator==(const ProcessMark&) const = default;

  /// This process carries it from now on. @return false where it cannot: the limit may not be raised
  bool put_on_this_process() const;

 private:
  // From the highest bit: 0, for a limit that is none has all bits set; 1; 18 bits of the number; the parent's pid.
  static std::uint64_t begin(ProcessParent parent) {
    const std::uint64_t number = (parent.key >> kPidBits) & 0x3ffffU;
    return (std::uint64_t{1} << 62U) | number << (2 * kPidBits) | (parent.key & kPidMask) << kPidBits;
  }

  std::uint64_t word_ = 0;
};

/// This process and what it starts from now on answer for themselves: for helpers that end with their owner, and clean
/// up on their own.
void remove_process_mark();

}  // namespace windrow::detail
