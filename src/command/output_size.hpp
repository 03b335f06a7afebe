#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>

namespace windrow::detail {

/// "1 GiB", "1500 bytes": exactly.
std::string render_bytes(std::uint64_t bytes);

/// Opens nothing. @throws BadOutput for a regular file that is longer than `most` bytes
void require_size(const std::filesystem::path& file, std::uint64_t most);
/// The same of a regular file whose size is known.
void require_size(const std::filesystem::path& file, std::uint64_t size, std::uint64_t most);

/// Whether a program that runs has printed more than it may: one that prints without end would fill the disk.
class PrintedSize {
 public:
  /// @param directory  where its stdout and stderr go
  PrintedSize(std::filesystem::path directory, std::uint64_t most)
      : directory_(std::move(directory)), most_(most), next_(Clock::now() + kInterval) {}

  /// Looks about once a second, and asks no file server: what was written on this machine is known here.
  bool is_passed();
  /// Looks now. Empty, or "stdout is longer than 1 GiB, which `max_output_size` in [command] allows".
  std::string problem() const;

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds kInterval{1};

  std::filesystem::path directory_;
  std::uint64_t most_;
  Clock::time_point next_;
};

}  // namespace windrow::detail
