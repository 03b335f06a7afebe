#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <string_view>

namespace windrow::detail {

/// A part of a text, as scanners are given one after another.
struct TextWindow {
  std::string_view text;
  std::uint64_t offset = 0;  ///< of it in the whole text
  bool is_last = false;      ///< the text ends with it
};

/// Looks for something in a text whose parts it is given in their order. They overlap: of each but the last part, the
/// final `reach` bytes come again with the next, and `behind` bytes before them.
class TextScanner {
 public:
  static constexpr std::size_t part = std::size_t{8} << 20U;  ///< bytes of a window, at most
  static constexpr std::size_t reach = std::size_t{1} << 20U;
  static constexpr std::size_t behind = 1024;

  virtual ~TextScanner() = default;
  /// @return whether it wants to see more
  virtual bool scan(const TextWindow& window) = 0;
};

/// Gives a file to all of them, in one pass and in memory that does not grow with it.
/// @throws as open_output(), and BadOutput if it cannot be read
void scan_text(const std::filesystem::path& file, std::uint64_t most, std::span<TextScanner* const> scanners);

/// Opens a regular file of at most so many bytes. What is none, as a pipe or a device, is not opened: it may have no
/// end, or keep who opens it waiting.
/// @throws MissingOutput if there is none, BadOutput if it is none, is longer, or cannot be read
std::ifstream open_output(const std::filesystem::path& file, std::uint64_t most);

/// A scanner of lines.
class LineScanner : public TextScanner {
 public:
  bool scan(const TextWindow& window) final;

 private:
  /// A line without its end. Not told: those longer than `reach`. @return as scan()
  virtual bool take(std::string_view line) = 0;

  std::uint64_t next_ = 0;    // where the next line begins
  bool passes_over_ = false;  // until the end of a line that is too long
};

}  // namespace windrow::detail
