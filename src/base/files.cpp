#include "windrow/base/files.hpp"

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "windrow/error.hpp"

namespace windrow::detail {

namespace fs = std::filesystem;

namespace {

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

NewFile::NewFile(fs::path target, fs::path beside)
    : target_(std::move(target)), beside_(beside.empty() ? unused_name(target_) : std::move(beside)) {
  out_.open(beside_, std::ios::binary | std::ios::trunc);
  if (!out_) throw SystemError(fmt::format("cannot write {}", beside_.string()), errno);
}

NewFile::~NewFile() {
  if (!beside_.empty()) ::unlink(beside_.c_str());
}

void NewFile::finish(bool sync) {
  out_.close();
  if (!out_) throw SystemError(fmt::format("cannot write all of {}", target_.string()), errno);
  if (sync) synchronize(beside_);
}

void NewFile::take_name(bool sync) {
  if (out_.is_open()) finish(sync);
  if (::rename(beside_.c_str(), target_.c_str()) != 0) {
    throw SystemError(fmt::format("cannot replace {}", target_.string()), errno);
  }
  beside_.clear();
}

}  // namespace windrow::detail
