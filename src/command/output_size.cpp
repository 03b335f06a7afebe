#include "output_size.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <array>

#include "bad_output.hpp"

namespace windrow::detail {
namespace {

namespace fs = std::filesystem;

/// As far as this machine knows; 0 for what is no regular file.
std::uint64_t known_size(const fs::path& file) {
  struct statx status {};
  const int result = ::statx(AT_FDCWD, file.c_str(), AT_STATX_DONT_SYNC, STATX_TYPE | STATX_SIZE, &status);
  return result == 0 && S_ISREG(status.stx_mode) ? status.stx_size : 0;
}

std::string longer_than(const std::string& file, std::uint64_t most) {
  return fmt::format("{} is longer than the {} that `max_output_size` in [command] allows", file, render_bytes(most));
}

}  // namespace

std::string render_bytes(std::uint64_t bytes) {
  constexpr std::array kUnits = {"bytes", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  for (; unit + 1 < kUnits.size() && bytes > 0 && bytes % 1024 == 0; ++unit) bytes /= 1024;
  return fmt::format("{} {}", bytes, kUnits[unit]);
}

void require_size(const fs::path& file, std::uint64_t size, std::uint64_t most) {
  if (size > most) throw BadOutput(longer_than(file.string(), most));
}

void require_size(const fs::path& file, std::uint64_t most) {
  std::error_code error;
  if (!fs::is_regular_file(file, error)) return;
  const std::uintmax_t size = fs::file_size(file, error);
  if (!error) require_size(file, size, most);
}

bool PrintedSize::is_passed() {
  if (Clock::now() < next_) return false;
  next_ = Clock::now() + kInterval;
  return !problem().empty();
}

std::string PrintedSize::problem() const {
  for (const char* file : {"stdout", "stderr"}) {
    if (known_size(directory_ / file) > most_) return longer_than(file, most_);
  }
  return {};
}

}  // namespace windrow::detail
