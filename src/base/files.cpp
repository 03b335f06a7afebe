#include "windrow/base/files.hpp"

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <fstream>
#include <streambuf>
#include <utility>

#include "windrow/error.hpp"

namespace windrow::detail {

namespace fs = std::filesystem;

/// Writes to a descriptor that it owns, and remembers what went wrong first. (A std::ofstream cannot be made of one.)
class DescriptorBuffer : public std::streambuf {
 public:
  explicit DescriptorBuffer(int fd) : fd_(fd) { setp(buffer_.data(), buffer_.data() + buffer_.size()); }
  ~DescriptorBuffer() override { close(); }
  DescriptorBuffer(const DescriptorBuffer&) = delete;
  DescriptorBuffer& operator=(const DescriptorBuffer&) = delete;

  bool is_open() const { return fd_ >= 0; }

  /// Writes what is left. @return the number of the first error, or 0
  int close() {
    if (fd_ < 0) return error_;
    sync();
    if (::close(fd_) != 0 && error_ == 0) error_ = errno;
    fd_ = -1;
    return error_;
  }

 protected:
  int_type overflow(int_type next) override {
    if (sync() != 0) return traits_type::eof();
    if (!traits_type::eq_int_type(next, traits_type::eof())) {
      *pptr() = traits_type::to_char_type(next);
      pbump(1);
    }
    return traits_type::not_eof(next);
  }

  int sync() override {
    const char* from = pbase();
    while (error_ == 0 && from < pptr()) {
      const ssize_t count = ::write(fd_, from, static_cast<std::size_t>(pptr() - from));
      if (count >= 0) {
        from += count;
      } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
        wait_for_room();
      } else if (errno != EINTR) {
        error_ = errno;
      }
    }
    setp(buffer_.data(), buffer_.data() + buffer_.size());
    return error_ == 0 ? 0 : -1;
  }

 private:
  /// Who shares a descriptor with us may have set O_NONBLOCK.
  void wait_for_room() const {
    pollfd room{fd_, POLLOUT, 0};
    ::poll(&room, 1, -1);
  }

  int fd_;
  int error_ = 0;
  std::array<char, 65536> buffer_{};
};

namespace {

constexpr int kMostLinks = 40;  // as in Linux

/// The number of a name in /proc/self/fd, where /dev/fd and /dev/stdout lead, too.
std::optional<int> own_descriptor(const fs::path& path) {
  std::error_code error;
  const fs::path folder = fs::canonical(path.parent_path(), error);
  if (error || folder != fs::canonical("/proc/self/fd", error) || error) return std::nullopt;
  const std::string name = path.filename().string();
  int number = 0;
  const auto [end, problem] = std::from_chars(name.data(), name.data() + name.size(), number);
  return problem == std::errc() && end == name.data() + name.size() ? std::optional(number) : std::nullopt;
}

/// What may not be replaced, to be written into. @param path  as it was given
int open_target(const fs::path& path, const WriteTarget& target) {
  const auto checked = [&](int fd) {
    if (fd < 0) throw SystemError(fmt::format("cannot write {}", path.string()), errno);
    return fd;
  };
  if (!target.descriptor) return checked(::open(target.path.c_str(), O_WRONLY | O_NOCTTY | O_CLOEXEC));
  const int flags = checked(::fcntl(*target.descriptor, F_GETFD));
  // What is closed on exec was opened by this program for itself: nobody can have meant that.
  const bool is_own = (flags & FD_CLOEXEC) != 0;
  if (is_own) throw SystemError(fmt::format("cannot write {}", path.string()), EBADF);
  return checked(::fcntl(*target.descriptor, F_DUPFD_CLOEXEC, 3));
}

fs::path unused_name(const fs::path& target) {
  for (int number = 0;; ++number) {
    const fs::path name = fmt::format("{}.{}.{}.part", target.string(), ::getpid(), number);
    const int fd = ::open(name.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
    if (fd >= 0) {
      ::close(fd);
      return name;
    }
    if (errno != EEXIST) throw SystemError(fmt::format("cannot create {}", name.string()), errno);
  }
}

void synchronize(const fs::path& file) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CLOEXEC);
  const bool done = fd >= 0 && ::fsync(fd) == 0;
  const int error = errno;
  if (fd >= 0) ::close(fd);
  if (!done) throw SystemError(fmt::format("cannot write {}", file.string()), error);
}

}  // namespace

std::optional<std::string> read_file(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return std::nullopt;
  std::string text;
  std::array<char, 65536> buffer{};
  while (in.read(buffer.data(), buffer.size()) || in.gcount() > 0) {
    text.append(buffer.data(), static_cast<std::size_t>(in.gcount()));
  }
  return in.bad() ? std::nullopt : std::optional(std::move(text));
}

void make_removable(const fs::path& path) noexcept {
  std::error_code error;
  if (!fs::is_directory(fs::symlink_status(path, error))) return;
  fs::permissions(path, fs::perms::owner_all, fs::perm_options::add, error);
  for (fs::directory_iterator entry(path, error), end; !error && entry != end; entry.increment(error)) {
    make_removable(entry->path());
  }
}

void remove_tree(const fs::path& path, std::error_code& error) noexcept {
  fs::remove_all(path, error);
  if (error != std::errc::permission_denied) return;
  make_removable(path);
  fs::remove_all(path, error);
}

WriteTarget write_target(const fs::path& path) {
  const auto fail = [&](int error) { throw SystemError(fmt::format("cannot write {}", path.string()), error); };
  WriteTarget target{path};
  std::error_code error;
  for (int links = 0;; ++links) {
    if ((target.descriptor = own_descriptor(target.path))) break;
    if (fs::symlink_status(target.path, error).type() != fs::file_type::symlink) break;
    if (links == kMostLinks) fail(ELOOP);
    const fs::path to = fs::read_symlink(target.path, error);
    if (error) fail(error.value());
    target.path = target.path.parent_path() / to;  // an absolute one replaces all of it
  }
  const fs::file_type type = fs::status(path, error).type();
  if (type == fs::file_type::directory) fail(EISDIR);
  const bool is_special = error.value() == 0 && type != fs::file_type::regular && type != fs::file_type::not_found;
  if (is_special) target.path = path;  // links in /proc lead to what has no name
  target.is_replaced = !target.descriptor && !is_special;
  return target;
}

NewFile::NewFile(fs::path target, fs::path beside) : target_(std::move(target)), beside_(std::move(beside)) {
  if (beside_.empty()) {
    const WriteTarget where = write_target(target_);
    if (!where.is_replaced) {
      buffer_ = std::make_unique<DescriptorBuffer>(open_target(target_, where));
    } else {
      target_ = where.path;
      beside_ = unused_name(target_);
    }
  }
  if (!buffer_) {
    const int fd = ::open(beside_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0) throw SystemError(fmt::format("cannot write {}", beside_.string()), errno);
    buffer_ = std::make_unique<DescriptorBuffer>(fd);
  }
  out_ = std::make_unique<std::ostream>(buffer_.get());
}

NewFile::~NewFile() {
  if (!beside_.empty()) ::unlink(beside_.c_str());
}

void NewFile::finish(bool sync) {
  const bool good = out_->good();
  const int error = buffer_->close();
  if (error != 0 || !good) {
    throw SystemError(fmt::format("cannot write all of {}", target_.string()), error != 0 ? error : EIO);
  }
  if (sync && !beside_.empty()) synchronize(beside_);
}

void NewFile::take_name(bool sync) {
  if (buffer_->is_open()) finish(sync);
  if (beside_.empty()) return;
  if (::rename(beside_.c_str(), target_.c_str()) != 0) {
    throw SystemError(fmt::format("cannot replace {}", target_.string()), errno);
  }
  beside_.clear();
}

}  // namespace windrow::detail
