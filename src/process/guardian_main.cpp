// The guardian's own processes: one that serves, and one above it that makes another if that is killed.
//
// A guardian is forked from a process of any size and lives as long as the parent. So that it holds none of their
// memory, it gives back what it has inherited, the heap included: from then on there are only system calls and what
// lies on the stack. (It is compiled without a procedure linkage table: to look up a function when it is first called,
// the dynamic linker would need the heap, too.)
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>

#include "process/guardian.hpp"

namespace windrow::detail {
namespace {

constexpr int kGatherMs = 5;     // several Processes often start, or end, at once
constexpr int kPoliteMs = 100;   // between SIGTERM and SIGKILL, as for what a program leaves in the background
constexpr int kLookMs = 5;       // between two looks for what is left
constexpr int kMostLooks = 200;  // what is left then hangs in the kernel, and ends when it does not any more
constexpr int kMostBatches = 16;
constexpr int kRestMs = 50;  // before another one is made
constexpr std::size_t kAtOnce = 64;
constexpr std::size_t kLarge = std::size_t{1} << 20;  // memory that is worth giving back

// Its descriptors.
enum Place : int { kParentEnd = 3, kReady, kListener, kFirstFree };

int open_pidfd(pid_t pid) {
  return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
}

bool is_readable_now(int fd) {
  pollfd entry{fd, POLLIN, 0};
  return ::poll(&entry, 1, 0) > 0;
}

void sleep_ms(int ms) {
  ::poll(nullptr, 0, ms);
}

// --- Memory -----------------------------------------------------------------------------------------------------

/// Reads /proc/self/maps.
class MapsReader {
 public:
  MapsReader() : file_(::open("/proc/self/maps", O_RDONLY | O_CLOEXEC)) {}
  ~MapsReader() { ::close(file_); }
  MapsReader(const MapsReader&) = delete;
  MapsReader& operator=(const MapsReader&) = delete;

  struct Mapping {
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
    bool writable = false;
    bool shared = false;
    bool of_file = false;

    std::size_t size() const { return end - begin; }
    bool holds(const void* address) const {
      const auto number = reinterpret_cast<std::uintptr_t>(address);
      return begin <= number && number < end;
    }
  };

  // A line is "begin-end rwxp offset device inode path".
  bool next(Mapping& mapping) {
    mapping.begin = number('-', 16);
    mapping.end = number(' ', 16);
    character();
    mapping.writable = character() == 'w';
    character();
    mapping.shared = character() == 's';
    for (int fields = 0; fields < 3;) {
      const int c = character();
      if (c < 0) return false;
      fields += c == ' ' ? 1 : 0;
    }
    const int first = character();  // of the inode
    mapping.of_file = first != '0';
    int c = first;
    while (c >= 0 && c != '\n') c = character();
    return c >= 0;
  }

 private:
  int character() {
    if (at_ == size_) {
      size_ = ::read(file_, buffer_.data(), buffer_.size());
      at_ = 0;
      if (size_ <= 0) {
        size_ = 0;
        return -1;
      }
    }
    return static_cast<unsigned char>(buffer_[static_cast<std::size_t>(at_++)]);
  }

  std::uintptr_t number(int end, unsigned base) {
    std::uintptr_t value = 0;
    for (int c = character(); c >= 0 && c != end; c = character()) {
      const int digit = c <= '9' ? c - '0' : c - 'a' + 10;
      value = value * base + static_cast<unsigned>(digit);
    }
    return value;
  }

  int file_;
  ssize_t at_ = 0;
  ssize_t size_ = 0;
  std::array<char, 2048> buffer_{};
};

// Shared memory, and large private memory that is not of a file. In the place of that are zeros, which are safer to
// meet than nothing, and which cannot be written, or the kernel would count them where memory may not be promised
// twice.
void give_back_memory() {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  const void* const stack = __builtin_frame_address(0);
  const void* const of_thread = &errno;
  MapsReader maps;
  for (MapsReader::Mapping mapping; maps.next(mapping);) {
    if (mapping.holds(stack) || mapping.holds(of_thread)) continue;
    auto* const begin = reinterpret_cast<void*>(mapping.begin);
    const bool is_large = mapping.writable && !mapping.of_file && mapping.size() >= kLarge;
    if (mapping.shared) {
      ::munmap(begin, mapping.size());
    } else if (is_large) {
      ::mmap(begin, mapping.size(), PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    }
  }
#endif
}

// --- What is left -----------------------------------------------------------------------------------------------

/// Calls visit(pid, mark) for every process that is, or is below, a Process of this parent.
template <typename Visit>
void for_each_marked(ProcessParent parent, Visit visit) {
  const int directory = ::open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  alignas(dirent64) std::array<char, 4096> buffer;
  for (ssize_t size = 0; (size = ::getdents64(directory, buffer.data(), buffer.size())) > 0;) {
    for (ssize_t at = 0; at < size;) {
      const auto* const entry = reinterpret_cast<const dirent64*>(buffer.data() + at);
      at += entry->d_reclen;
      pid_t pid = 0;
      for (const char* digit = entry->d_name; *digit >= '0' && *digit <= '9'; ++digit) pid = pid * 10 + *digit - '0';
      if (pid == 0) continue;
      const ProcessMark mark = ProcessMark::of(pid);
      if (mark.is_of(parent)) visit(pid, mark);
    }
  }
  ::close(directory);
}

/// Processes that have ended, whose leftovers are to end.
class EndedProcesses {
 public:
  static EndedProcesses all() {
    EndedProcesses ended;
    ended.all_ = true;
    return ended;
  }
  void add(pid_t process) {
    if (!holds(process) && !is_full()) processes_[count_++] = process;
  }
  bool is_empty() const { return !all_ && count_ == 0; }
  bool is_full() const { return count_ == processes_.size(); }
  bool are_all() const { return all_; }
  bool holds(pid_t process) const {
    for (std::size_t i = 0; i < count_; ++i) {
      if (processes_[i] == process) return true;
    }
    return all_;
  }

 private:
  bool all_ = false;
  std::size_t count_ = 0;
  std::array<pid_t, kAtOnce> processes_;
};

// @return whether it lives
bool send_signal(pid_t pid, ProcessMark mark, int number) {
  const int process = open_pidfd(pid);
  if (process < 0) return false;
  // Its mark is looked at again: the pid may have become another's. A zombie is not alive.
  const bool alive = ProcessMark::of(pid) == mark && !is_readable_now(process);
  if (alive && number != 0) ::syscall(SYS_pidfd_send_signal, process, number, nullptr, 0);
  if (alive && number == SIGTERM) ::syscall(SYS_pidfd_send_signal, process, SIGCONT, nullptr, 0);
  ::close(process);
  return alive;
}

// Sends a signal to everything that is left, or none if it is 0. @return how many there are
int signal_left(ProcessParent parent, const EndedProcesses& ended, int number) {
  int alive = 0;
  for_each_marked(parent, [&](pid_t pid, ProcessMark mark) {
    if (!ended.holds(mark.process())) return;
    const bool is_process = pid == mark.process();
    if (is_process && !ended.are_all()) return;  // cannot be, or it has not ended
    // A Process whose parent has gone has no say.
    if (send_signal(pid, mark, is_process ? SIGKILL : number)) ++alive;
  });
  return alive;
}

void end_left(ProcessParent parent, const EndedProcesses& ended) {
  if (signal_left(parent, ended, SIGTERM) == 0) return;
  // Once the parent has ended, more is to be ended than this.
  const auto is_outdated = [&] { return !ended.are_all() && is_readable_now(kParentEnd); };
  for (int waited = 0; waited < kPoliteMs && !is_outdated(); waited += kLookMs) {
    sleep_ms(kLookMs);
    if (signal_left(parent, ended, 0) == 0) break;
  }
  // Until two looks in a row find nothing: one may miss a process that was forked to a lower pid meanwhile.
  for (int look = 0, without = 0; look < kMostLooks && without < 2 && !is_outdated(); ++look) {
    without = signal_left(parent, ended, SIGKILL) == 0 ? without + 1 : 0;
    if (without == 0) sleep_ms(kLookMs);
  }
}

// --- Serving ----------------------------------------------------------------------------------------------------

/// The process that serves.
class Guard {
 public:
  Guard(ProcessParent parent, pid_t supervisor)
      : parent_(parent), supervisor_end_(open_pidfd(supervisor)), events_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (::getppid() != supervisor) supervised_ = false;
    for (const int fd : {static_cast<int>(kListener), static_cast<int>(kParentEnd), supervisor_end_}) watch(fd, 0);
  }

  /// Looks for Processes that a guardian before this one knew, and ends what those have left that have ended since.
  void find_earlier() {
    for_each_marked(parent_, [&](pid_t pid, ProcessMark mark) {
      if (pid == mark.process()) watch_process(pid);
    });
    bool are_more = true;
    for (int batch = 0; are_more && batch < kMostBatches; ++batch) {
      EndedProcesses ended;
      for_each_marked(parent_, [&](pid_t, ProcessMark mark) {
        if (!send_signal(mark.process(), ProcessMark(parent_, mark.process()), 0)) ended.add(mark.process());
      });
      if (!ended.is_empty()) end_left(parent_, ended);
      are_more = ended.is_full();
    }
  }

  enum class End { of_parent, of_supervisor };

  End serve() {
    while (supervised_) {
      std::array<epoll_event, kAtOnce / 2> events;
      ::epoll_wait(events_, events.data(), 1, -1);
      if (!is_readable_now(kParentEnd)) sleep_ms(kGatherMs);
      if (is_readable_now(kParentEnd)) {
        end_left(parent_, EndedProcesses::all());
        return End::of_parent;
      }
      EndedProcesses ended;
      const int count = ::epoll_wait(events_, events.data(), static_cast<int>(events.size()), 0);
      for (int i = 0; i < count; ++i) handle(events[static_cast<std::size_t>(i)].data.u64, ended);
      if (!ended.is_empty()) end_left(parent_, ended);
    }
    return End::of_supervisor;
  }

 private:
  void watch(int fd, pid_t process) const {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = static_cast<std::uint64_t>(process) << 32U | static_cast<unsigned>(fd);
    ::epoll_ctl(events_, EPOLL_CTL_ADD, fd, &event);
  }

  // @return false if it has ended already
  bool watch_process(pid_t pid) const {
    const int process = open_pidfd(pid);
    if (process < 0) return errno != ESRCH;  // no descriptor is left: what it leaves ends with the parent
    if (ProcessMark::of(pid) != ProcessMark(parent_, pid)) {
      ::close(process);
      return false;
    }
    watch(process, pid);
    return true;
  }

  void handle(std::uint64_t what, EndedProcesses& ended) {
    const int fd = static_cast<int>(what & 0xffffffffU);
    const auto process = static_cast<pid_t>(what >> 32U);
    if (process != 0) {
      ended.add(process);
      ::close(fd);
    } else if (fd == kListener) {
      accept_processes(ended);
    } else if (fd == supervisor_end_) {
      supervised_ = false;
    }
  }

  void accept_processes(EndedProcesses& ended) const {
    while (!ended.is_full()) {
      const int connection = ::accept4(kListener, nullptr, nullptr, SOCK_CLOEXEC);
      if (connection < 0) return;
      ucred peer{};
      socklen_t size = sizeof peer;
      const bool is_known = ::getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0;
      ::close(connection);
      if (is_known && !watch_process(peer.pid)) ended.add(peer.pid);
    }
  }

  ProcessParent parent_;
  int supervisor_end_;
  int events_;
  bool supervised_ = true;
};

// Without what the C library and others do when a process forks.
pid_t fork_alone() {
#ifdef SYS_fork
  return static_cast<pid_t>(::syscall(SYS_fork));
#else
  return static_cast<pid_t>(::syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr));
#endif
}

// In the forked process, with all signals blocked. No descriptor of the parent is kept: others wait for their end.
void put_descriptors(const GuardianStart& start) {
  const int null = ::open("/dev/null", O_RDWR);
  const int wanted[] = {null, null, null, start.parent_end, start.ready};
  int high[std::size(wanted)];
  for (std::size_t i = 0; i < std::size(wanted); ++i) high[i] = ::fcntl(wanted[i], F_DUPFD, 16);
  for (std::size_t i = 0; i < std::size(wanted); ++i) {
    if (high[i] < 0 || ::dup2(high[i], static_cast<int>(i)) < 0) ::_exit(1);
  }
  if (::close_range(kListener, ~0U, 0) != 0) {
    for (int fd = kListener; fd < 65536; ++fd) ::close(fd);
  }
  rlimit descriptors{};
  if (::getrlimit(RLIMIT_NOFILE, &descriptors) != 0) return;
  descriptors.rlim_cur = descriptors.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &descriptors);
}

// Nobody is let in before there is a process that serves.
void bind_listener(ProcessParent parent) {
  sockaddr_un address{};
  const unsigned length = guardian_address(parent, address);
  const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (listener != kListener) ::_exit(1);
  if (::bind(listener, reinterpret_cast<const sockaddr*>(&address), length) != 0) ::_exit(0);  // there is another
}

// The number stays taken: it is released again by those who take the place of this process.
void release_ready() {
  ::dup2(STDIN_FILENO, kReady);
}

// From here on the two are alike, and each sees to it that there are two.
[[noreturn]] void guard_processes_of(ProcessParent parent) {
  for (;;) {
    const pid_t supervisor = ::getpid();
    const pid_t server = fork_alone();
    if (server != 0) {
      release_ready();
      int status = 0;
      if (server > 0 && ::waitpid(server, &status, 0) == server && WIFEXITED(status)) ::_exit(0);
      sleep_ms(kRestMs);  // it could not be forked, or was killed
    } else {
      ::close_range(kFirstFree, ~0U, 0);
      Guard guard(parent, supervisor);
      ::listen(kListener, SOMAXCONN);
      release_ready();
      guard.find_earlier();
      if (guard.serve() == Guard::End::of_parent) ::_exit(0);
    }
  }
}

[[noreturn]] void become_guardian(const GuardianStart& start) {
  remove_process_mark();
  ::prctl(PR_SET_NAME, "windrow-guard");
  ::setsid();  // whoever kills the parent's group, as mpirun does, leaves this process to clean up
  ::signal(SIGCHLD, SIG_DFL);
  put_descriptors(start);
  if (::chdir("/") != 0) ::_exit(1);
  bind_listener(start.parent);
  give_back_memory();
  guard_processes_of(start.parent);
}

}  // namespace

// vfork, so that the process in between copies nothing. In it: system calls only.
__attribute__((noinline)) void spawn_guardian(const GuardianStart& start) {
  const pid_t between = ::vfork();
  if (between == 0) {
    const pid_t guardian = fork_alone();
    if (guardian == 0) become_guardian(start);
    ::_exit(0);
  }
  if (between > 0) ::waitpid(between, nullptr, 0);
}

}  // namespace windrow::detail
