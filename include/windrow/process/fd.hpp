#pragma once

#include <cstdint>
#include <utility>

namespace [[gnu::visibility("default")]] windrow {

/// Owner of a file descriptor. Move-only; closes it at the end of its life.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() { reset(); }
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }
  void reset();

 private:
  int fd_ = -1;
};

namespace detail {

/// Remembers in which process a descriptor was opened. A Process closes what it does not inherit, and the number may
/// be that of another file then.
class OpenedIn {
 public:
  OpenedIn();
  /// @throws SpecError with the message, if this process closed the descriptor when it started
  void check(int descriptor, const char* message) const;

 private:
  std::uint32_t process_;
};

/// A descriptor that every Process keeps, whatever it inherits: it belongs to memory that processes share, and nobody
/// waits for its end.
class SharedFd {
 public:
  explicit SharedFd(Fd fd);
  ~SharedFd();
  SharedFd(SharedFd&& other) noexcept = default;
  SharedFd& operator=(SharedFd&& other) noexcept;
  int get() const { return fd_.get(); }

 private:
  Fd fd_;
};

}  // namespace detail
}  // namespace windrow
