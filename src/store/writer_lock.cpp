#include "store/interface/writer_lock.hpp"

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <string>
#include <system_error>
#include <vector>

#include "windrow/base/machine.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

/// A lock file that this process holds. A forked child inherits the entry but not the lock, hence `owner`.
struct Held {
  dev_t device;
  ino_t inode;
  pid_t owner;
  friend bool operator==(const Held&, const Held&) = default;
};

Held by_this_process(const struct stat& file) {
  return {file.st_dev, file.st_ino, getpid()};
}

struct Registry {
  std::mutex mutex;
  std::vector<Held> held;
};

Registry& registry() {
  static Registry instance;
  return instance;
}

bool held_here(const Registry& locks, const struct stat& file) {
  return std::ranges::find(locks.held, by_this_process(file)) != locks.held.end();
}

struct flock whole_file(short type) {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  return lock;
}

[[noreturn]] void fail(const std::filesystem::path& file, const char* what, int error_number) {
  std::string advice;
  if (error_number == ENOLCK || error_number == ENOSYS || error_number == EOPNOTSUPP) {
    advice = "; results need a file system with file locks: choose another directory";
  } else if (error_number == EACCES || error_number == EPERM || error_number == EROFS) {
    advice = "; choose another directory, one that can be written";
  }
  throw StoreError(
      fmt::format("{}: {}: {}{}", file.string(), what, std::generic_category().message(error_number), advice));
}

[[noreturn]] void throw_held(const std::filesystem::path& file, const std::string& holder) {
  throw StoreError(fmt::format("{}: results are being written by {}; wait for it to end, or stop it",
                               file.parent_path().string(), holder));
}

std::string written_holder(int fd) {
  std::array<char, 512> buffer{};
  const ssize_t size = pread(fd, buffer.data(), buffer.size() - 1, 0);
  std::string text(buffer.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  text.erase(std::min(text.find('\n'), text.size()));
  return text;
}

/// "process 1234 on node7", as the holder wrote it; from the kernel if it has not yet.
std::string holder_of(int fd) {
  const std::string text = written_holder(fd);
  if (!text.empty()) return text;
  struct flock lock = whole_file(F_WRLCK);
  const bool known = fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK && lock.l_pid > 0;
  return known ? fmt::format("process {}", lock.l_pid) : "another process";
}

/// True with the lock; false if the file was removed meanwhile (a lock on it would bind nobody).
bool lock_or_throw(int fd, const std::filesystem::path& file) {
  struct flock lock = whole_file(F_WRLCK);
  int result = 0;
  do {
    result = fcntl(fd, F_SETLK, &lock);
  } while (result != 0 && errno == EINTR);
  if (result != 0) {
    if (errno == EACCES || errno == EAGAIN) throw_held(file, holder_of(fd));
    fail(file, "cannot lock", errno);
  }
  struct stat opened {};
  struct stat named {};
  return fstat(fd, &opened) == 0 && stat(file.c_str(), &named) == 0 && opened.st_dev == named.st_dev &&
         opened.st_ino == named.st_ino;
}

/// Locks the file as it is under its name. @return its descriptor
int open_locked(const std::filesystem::path& file) {
  while (true) {
    const int fd = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0) fail(file, "cannot open", errno);
    try {
      if (lock_or_throw(fd, file)) return fd;
    } catch (...) {
      close(fd);
      throw;
    }
    close(fd);
  }
}

/// The name of the holder helps others; a full disk must not stop us from locking.
void write_holder(int fd) {
  const std::string text = fmt::format("process {} on {}\n", getpid(), host_name());
  if (pwrite(fd, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size())) {
    static_cast<void>(ftruncate(fd, static_cast<off_t>(text.size())) == 0);
  }
}

std::string this_holder() {
  return fmt::format("process {} on {}", getpid(), host_name());
}

/// What there is to say of the lock of a directory: `absent` without a file, `here` where this process holds it (which
/// must not open the file again, see the class), else what `other` says of the file's descriptor.
template <typename Answer, typename Here, typename Other>
Answer look_at_lock(const std::filesystem::path& directory, Answer absent, Here here, Other other) {
  const std::filesystem::path file = std::filesystem::absolute(directory) / "lock";
  Registry& locks = registry();
  const std::lock_guard guard(locks.mutex);
  struct stat info {};
  if (stat(file.c_str(), &info) != 0) return absent;
  if (held_here(locks, info)) return here();
  const int fd = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return absent;
  Answer answer = other(fd);
  close(fd);
  return answer;
}

}  // namespace

WriterLock::WriterLock(const std::filesystem::path& directory) : owner_(getpid()) {
  const std::filesystem::path file = std::filesystem::absolute(directory) / "lock";
  Registry& locks = registry();
  const std::lock_guard guard(locks.mutex);
  struct stat info {};
  if (stat(file.c_str(), &info) == 0 && held_here(locks, info)) {
    throw_held(file, this_holder() + " (this one)");
  }
  locks.held.reserve(locks.held.size() + 1);
  fd_ = open_locked(file);
  write_holder(fd_);
  if (fstat(fd_, &info) == 0) locks.held.push_back(by_this_process(info));
}

WriterLock::~WriterLock() {
  if (owner_ != getpid()) return;
  Registry& locks = registry();
  const std::lock_guard guard(locks.mutex);
  struct stat info {};
  if (fstat(fd_, &info) == 0) std::erase(locks.held, by_this_process(info));
  static_cast<void>(ftruncate(fd_, 0) == 0);
  close(fd_);
}

bool WriterLock::is_held(const std::filesystem::path& directory) {
  return look_at_lock(
      directory, false, [] { return true; },
      [](int fd) {
        struct flock lock = whole_file(F_RDLCK);
        return fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
      });
}

std::string WriterLock::holder(const std::filesystem::path& directory) {
  return look_at_lock(directory, std::string(), this_holder, written_holder);
}

}  // namespace windrow::detail
