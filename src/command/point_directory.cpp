#include "point_directory.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <string_view>
#include <utility>

#include "windrow/base/files.hpp"
#include "windrow/base/machine.hpp"
#include "windrow/error.hpp"
#include "windrow/process/fd.hpp"

namespace windrow::detail {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view ready_prefix = ".ready-";
constexpr const char* removed_name = ".removed";  // holds the name of a file that was removed with its directory

struct CloseDirectory {
  void operator()(DIR* directory) const { closedir(directory); }
};

bool is_stream(std::string_view name) {
  return name == "stdout" || name == "stderr";
}

/// Writes a file that is new or of that length at most afterwards. @return its mode
mode_t write_file(const fs::path& path, std::string_view content) {
  const Fd file(open(path.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666));
  struct stat status {};
  if (!file || fstat(file.get(), &status) != 0) throw SystemError("cannot write " + path.string(), errno);
  // Not by O_TRUNC: some file systems write at once to disk what replaces a truncated file.
  const bool too_long = status.st_size > static_cast<off_t>(content.size());
  if (too_long && ftruncate(file.get(), static_cast<off_t>(content.size())) != 0) {
    throw SystemError("cannot write " + path.string(), errno);
  }
  while (!content.empty()) {
    const ssize_t n = write(file.get(), content.data(), content.size());
    if (n < 0 && errno != EINTR) throw SystemError("cannot write " + path.string(), errno);
    if (n > 0) content.remove_prefix(static_cast<std::size_t>(n));
  }
  return status.st_mode;
}

void remove_quietly(const fs::path& directory) noexcept {
  std::error_code ignored;  // a file server may still hold names; the next try removes them
  remove_tree(directory, ignored);
}

void remove_or_throw(const fs::path& path) {
  std::error_code error;
  remove_tree(path, error);
  if (error) throw fs::filesystem_error("cannot remove what an earlier try left", path, error);
}

}  // namespace

void PointDirectory::enter(const fs::path& directory, const Files& files) {
  if (!take_ready(directory)) make_new(directory);
  for (const auto& [name, content] : files) {
    if (name.find('/') != std::string::npos) fs::create_directories((directory / name).parent_path());
    file_mode_ = write_file(directory / name, content);
  }
}

void PointDirectory::leave(const fs::path& directory, const Files& files) {
  give_up_prepared();
  const pid_t self = getpid();
  ready_ = directory.parent_path() / fmt::format("{}{}-{}", ready_prefix, host_name(), self);
  if (!make_ready(directory, files) || std::rename(directory.c_str(), ready_.c_str()) != 0) {
    return remove_quietly(directory);
  }
  owner_ = self;
}

void PointDirectory::give_up_prepared() noexcept {
  if (std::exchange(owner_, 0) == getpid()) remove_quietly(ready_);
}

void PointDirectory::tidy(const fs::path& points_directory) noexcept {
  std::error_code error;
  for (fs::directory_iterator entry(points_directory, error), end; !error && entry != end; entry.increment(error)) {
    const std::string_view path = entry->path().native();
    if (path.substr(path.rfind('/') + 1).starts_with(ready_prefix)) remove_quietly(entry->path());
  }
  unlink((points_directory / removed_name).c_str());
}

std::string PointDirectory::removed_file(const fs::path& points_directory) noexcept {
  const fs::path file = points_directory / removed_name;
  std::string name = read_file(file).value_or("");
  if (!name.empty()) unlink(file.c_str());
  return name;
}

void PointDirectory::note_removed(const fs::path& points_directory, std::string_view name) {
  if (std::exchange(noted_removed_, true)) return;
  const fs::path file = points_directory / removed_name;
  const Fd note(open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (note) static_cast<void>(write(note.get(), name.data(), name.size()) == 0);  // nothing depends on it
}

// @return whether there was a directory put aside, which now is the point's
bool PointDirectory::take_ready(const fs::path& directory) {
  if (std::exchange(owner_, 0) != getpid()) return false;
  if (std::rename(ready_.c_str(), directory.c_str()) == 0) return true;
  const bool something_is_there = errno == EEXIST || errno == ENOTEMPTY || errno == ENOTDIR;
  if (something_is_there) remove_or_throw(directory);
  if (something_is_there && std::rename(ready_.c_str(), directory.c_str()) == 0) return true;
  remove_quietly(ready_);
  return false;
}

void PointDirectory::make_new(const fs::path& directory) {
  if (mkdir(directory.c_str(), 0777) != 0) {  // the usual case costs one system call
    if (errno == EEXIST) remove_or_throw(directory);
    fs::create_directories(directory);
  }
  struct stat status {};
  if (stat(directory.c_str(), &status) != 0) throw SystemError("cannot use " + directory.string(), errno);
  directory_mode_ = status.st_mode;
}

// Leaves files to be written anew, and empty streams. @return false if the program has made or changed anything else
bool PointDirectory::make_ready(const fs::path& directory, const Files& files) {
  struct stat status {};
  const int fd = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  const std::unique_ptr<DIR, CloseDirectory> entries(fd < 0 ? nullptr : fdopendir(fd));
  if (!entries || fstat(fd, &status) != 0 || status.st_mode != directory_mode_) return false;
  while (const dirent* entry = readdir(entries.get())) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    const auto has_name = [name](const auto& file) { return file.name == name; };
    if (!is_stream(name) && std::none_of(files.begin(), files.end(), has_name)) {
      if (std::ranges::find(expected_, name) != expected_.end()) continue;
      note_removed(directory.parent_path(), name);
      return false;
    }
    if (fstatat(fd, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) return false;
    // A link would have the next program's text written to whatever it leads to.
    if (status.st_mode != file_mode_ || status.st_nlink != 1) return false;
    if (!is_stream(name) || status.st_size == 0) continue;
    if (!Fd(openat(fd, entry->d_name, O_WRONLY | O_TRUNC | O_NOFOLLOW | O_CLOEXEC))) return false;
  }
  return expected_.empty();
}

}  // namespace windrow::detail
