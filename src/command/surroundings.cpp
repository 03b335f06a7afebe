#include "surroundings.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <system_error>

#include "windrow/error.hpp"
#include "windrow/process/fd.hpp"

namespace windrow::detail {
namespace {

namespace fs = std::filesystem;

constexpr const char* kProbe = ".windrow-probe";
constexpr std::size_t kProbeBytes = 4096;
constexpr std::uint64_t kLittleRoom = 1U << 20U;  // bytes

/// Errors that have nothing to do with what is at a point.
bool is_of_surroundings(int error_number) {
  static constexpr std::array errors = {ENOSPC, EDQUOT, EFBIG,  EROFS,  EACCES, EPERM,  EIO,       ENXIO,  ENODEV,
                                        ESTALE, ENOENT, ENFILE, EMFILE, ENOMEM, EAGAIN, ETIMEDOUT, ENOTDIR};
  return std::find(errors.begin(), errors.end(), error_number) != errors.end();
}

bool is_lack(int error_number) {
  static constexpr std::array errors = {ENOSPC, EDQUOT, EFBIG,  EROFS,  EIO,    ENFILE,
                                        EMFILE, ENOMEM, EAGAIN, ESTALE, ETXTBSY};
  return std::find(errors.begin(), errors.end(), error_number) != errors.end();
}

std::string_view what_to_do(int error_number) {
  switch (error_number) {
    case ENOSPC:
      return "free some space, or inodes (`df -h`, `df -i`)";
    case EDQUOT:
      return "free some of your quota";
    case EFBIG:
      return "raise the file size limit (`ulimit -f`)";
    case EROFS:
    case EACCES:
    case EPERM:
      return "make it writable";
    default:
      return "make it possible";
  }
}

[[noreturn]] void stop(const std::string& what, std::string_view advice) {
  throw SurroundingsFailed(fmt::format(
      "{}; this is no failure of the point, so the run stops here: what was finished is kept, the other points are "
      "left; {} and run the same again",
      what, advice));
}

/// @return the error of writing a little there, or 0
int probe(const fs::path& directory) {
  const fs::path file = directory / kProbe;
  const int fd = open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return errno == EEXIST ? 0 : errno;
  const std::array<char, kProbeBytes> bytes{};
  int error = 0;
  std::size_t written = 0;
  while (error == 0 && written < bytes.size()) {
    const ssize_t n = write(fd, bytes.data() + written, bytes.size() - written);
    if (n > 0) written += static_cast<std::size_t>(n);
    if (n < 0 && errno != EINTR) error = errno;
  }
  if (close(fd) != 0 && error == 0) error = errno;
  unlink(file.c_str());
  return error;
}

/// Whether there is hardly room, on a file system that is not that small. What a program says of a full one may be lost
/// there, too, and others may have made a little room since.
bool is_nearly_full(const fs::path& directory) {
  struct statvfs files {};
  if (statvfs(directory.c_str(), &files) != 0) return false;
  const auto bytes = [&](std::uint64_t blocks) { return blocks * files.f_frsize; };
  return bytes(files.f_blocks) > 2 * kLittleRoom && bytes(files.f_bavail) < kLittleRoom;
}

void require_programs(const std::vector<ProgramFile>& programs) {
  for (const ProgramFile& program : programs) {
    std::error_code error;
    const bool there = fs::exists(program.path, error);
    if (there || error) continue;
    stop(fmt::format("the program {} has vanished", program.path.string()), "bring it back");
  }
}

}  // namespace

void require_room(const std::exception& error) {
  int error_number = 0;
  if (const auto* system = dynamic_cast<const SystemError*>(&error)) error_number = system->error_number();
  if (const auto* file = dynamic_cast<const std::system_error*>(&error)) error_number = file->code().value();
  if (is_of_surroundings(error_number)) stop(error.what(), what_to_do(error_number));
}

void require_start(const ProgramEnd& end, const fs::path& directory, const std::vector<ProgramFile>& programs) {
  if (end.was_started()) return;
  if (is_lack(end.error_number)) stop(end.message, what_to_do(end.error_number));
  std::error_code ignored;
  if (!fs::exists(directory, ignored)) stop(end.message, "leave the results where they are");
  require_programs(programs);
}

void require_surroundings(const fs::path& directory, const std::string& failure,
                          const std::vector<ProgramFile>& programs) {
  require_programs(programs);
  std::error_code ignored;
  if (!fs::is_directory(directory.parent_path(), ignored)) {
    stop(fmt::format("{} is no directory any more", directory.parent_path().string()), "bring it back");
  }
  const int error = probe(directory);
  if (is_lack(error)) {
    stop(fmt::format("nothing more can be written to {}: {}", directory.string(), std::strerror(error)),
         what_to_do(error));
  }
  if (is_nearly_full(directory)) {
    stop(fmt::format("less than 1 MiB is free at {}", directory.string()), what_to_do(ENOSPC));
  }
  for (const int lack : {ENOSPC, EDQUOT}) {
    if (failure.find(std::strerror(lack)) == std::string::npos) continue;
    stop(fmt::format("the program at {} says: {}", directory.string(), std::strerror(lack)), what_to_do(lack));
  }
}

}  // namespace windrow::detail
