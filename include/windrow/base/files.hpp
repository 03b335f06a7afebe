#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <system_error>

namespace [[gnu::visibility("default")]] windrow {
namespace detail {

class DescriptorBuffer;

/// All that is in a file (also one below /proc); none if it cannot be read, and errno says why.
std::optional<std::string> read_file(const std::filesystem::path& file);

/// Gives the owner's permissions to every folder at and below `path`, so that what is in them can be removed: programs
/// leave folders without. Links are not followed.
void make_removable(const std::filesystem::path& path) noexcept;
/// Removes it and all that is below it, also from folders without write permission. What is not there is no error.
void remove_tree(const std::filesystem::path& path, std::error_code& error) noexcept;
/// Where what is written to a path goes. Links are followed, to the end: a link stays, and its target is written (or
/// made).
struct WriteTarget {
  std::filesystem::path path;  ///< at the end of all links
  /// It may be replaced by another file: a regular one, or nothing yet. All else (devices, FIFOs, sockets) is written
  /// into.
  bool is_replaced = true;
  std::optional<int> descriptor{};  ///< of this process: /dev/stdout, /dev/fd/3, what a shell passes for >(...)

  bool is_standard_output() const { return descriptor == 1; }
};

/// @throws SystemError for a directory, and for links in a circle
WriteTarget write_target(const std::filesystem::path& path);

/// A file that is written beside its target and takes its name at the end: at any time the target is whole, either the
/// new one or what was there before. Without take_name() nothing remains of it.
///
/// What is no regular file (WriteTarget) is not replaced but written into, as it comes.
class NewFile {
 public:
  /// Waits for a reader, if the target is a FIFO.
  /// @param beside  where it is written, whatever the target is; by default a name that no other process or thread
  ///                takes
  /// @throws SystemError
  explicit NewFile(std::filesystem::path target, std::filesystem::path beside = {});
  ~NewFile();
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  std::ostream& stream() { return *out_; }
  /// Empty if the target is written into.
  const std::filesystem::path& beside() const { return beside_; }

  /// Everything is written, but has another name yet. @param sync  and outlives a loss of power
  /// @throws SystemError
  void finish(bool sync = false);
  /// The same, and it has its name. @throws SystemError
  void take_name(bool sync = false);

 private:
  std::filesystem::path target_, beside_;
  std::unique_ptr<DescriptorBuffer> buffer_;
  std::unique_ptr<std::ostream> out_;
};

}  // namespace detail
}  // namespace windrow
