#pragma once

#include <stdlib.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "windrow/design/value.hpp"

/// What fuzz targets share. A target is a function LLVMFuzzerTestOneInput() that takes any bytes: libFuzzer calls it
/// with those that it makes up, and a test with those in seeds/NAME. It lets through no exception but a Finding.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace windrow::fuzz {

/// A promise that was not kept. Nobody catches it but the test: libFuzzer keeps the input.
class Finding : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

inline void require(bool holds, const std::string& promise) {
  if (!holds) throw Finding("not so: " + promise);
}

/// An input, taken apart from its beginning. Behind its end there are zeros and empty texts.
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : rest_(reinterpret_cast<const char*>(data), size) {}

  bool at_end() const { return rest_.empty(); }
  std::uint8_t byte() {
    if (rest_.empty()) return 0;
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return static_cast<std::uint8_t>(c);
  }
  std::uint32_t number() {
    std::uint32_t result = 0;
    for (int i = 0; i < 4; ++i) result = result << 8U | byte();
    return result;
  }
  std::string_view take(std::size_t size) {
    const std::string_view part = rest_.substr(0, size);
    rest_.remove_prefix(part.size());
    return part;
  }
  /// Without its end.
  std::string_view line() {
    const std::string_view part = take(rest_.find('\n'));
    take(1);
    return part;
  }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

/// A folder of this process, removed when it ends.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "windrow-fuzz-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::system_error(errno, std::generic_category(), name);
    path_ = name;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const std::filesystem::path& path() const { return path_; }

  std::filesystem::path write(const std::string& name, std::string_view content) const {
    const std::filesystem::path file = path_ / name;
    std::ofstream(file, std::ios::binary) << content;
    return file;
  }

 private:
  std::filesystem::path path_;
};

inline bool is_same(double a, double b) {
  return a == b ? std::signbit(a) == std::signbit(b) : std::isnan(a) && std::isnan(b);
}

/// A value reads back from the text that windrow makes of it.
inline void require_reads_back(const Value& value) {
  if (value.is_array() || value.is_text()) return;
  const std::string text = value.render();
  const Value back = parse_value(text);
  require(back == value, "a value that was rendered as " + text + " reads back equal, not as " + back.render());
}

}  // namespace windrow::fuzz
