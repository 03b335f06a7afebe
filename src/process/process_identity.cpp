#include "process/process_identity.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <string>
#include <string_view>

#include "windrow/error.hpp"
#include "windrow/process/fd.hpp"

namespace windrow::detail {
namespace {

constexpr int kIdentityPidBits = 22;  // the most that the kernel gives a pid

ProcessIdentity identity_of(int pid, std::uint64_t start) {
  return (start << kIdentityPidBits) | static_cast<std::uint64_t>(pid);
}

}  // namespace

std::optional<ProcessTimes> times_of(int process_directory) {
  const Fd file(::openat(process_directory, "stat", O_RDONLY | O_CLOEXEC));
  std::array<char, 1024> text{};
  const ssize_t length = file ? ::read(file.get(), text.data(), text.size()) : -1;
  if (length <= 0) return std::nullopt;
  std::string_view fields(text.data(), static_cast<std::size_t>(length));
  fields.remove_prefix(fields.rfind(')') + 2);  // the name before it may hold anything
  ProcessTimes times;
  times.state = fields.front();
  for (int i = 0; i < 19; ++i) fields.remove_prefix(fields.find(' ') + 1);
  std::from_chars(fields.data(), fields.data() + fields.size(), times.start);
  return times;
}

ProcessIdentity own_identity() {
  const Fd self(::open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC));
  const auto times = self ? times_of(self.get()) : std::nullopt;
  if (!times) throw SystemError("cannot read /proc/self/stat", errno);
  return identity_of(::getpid(), times->start);
}

int pid_of(ProcessIdentity mark) {
  return static_cast<int>(mark & ((ProcessIdentity{1} << kIdentityPidBits) - 1));
}

bool is_running(ProcessIdentity mark) {
  const std::string path = "/proc/" + std::to_string(pid_of(mark));
  const Fd directory(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return errno != ENOENT;  // no descriptor left: that says nothing of the other
  const auto times = times_of(directory.get());
  if (!times) return errno != ENOENT && errno != ESRCH;
  return times->state != 'Z' && times->state != 'X' && identity_of(pid_of(mark), times->start) == mark;
}

}  // namespace windrow::detail
