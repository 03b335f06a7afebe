#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "windrow/base/files.hpp"
#include "windrow/base/hash.hpp"
#include "windrow/error.hpp"
#include "windrow/slurm/batch_script.hpp"

namespace windrow {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSeal = "# This line tells windrow whether the script was edited: ";

/// With a last line that fits no other text.
std::string sealed(const std::string& text) {
  return fmt::format("{}{}{:016x}\n", text, kSeal, detail::hash64(text));
}

bool is_as_written(const std::string& text) {
  const std::size_t seal = text.rfind(kSeal);
  return seal != std::string::npos && sealed(text.substr(0, seal)) == text;
}

bool was_edited(const fs::path& file) {
  if (!fs::exists(file)) return false;
  const auto text = detail::read_file(file);
  if (!text) throw SystemError("cannot read " + file.string(), errno);
  return !is_as_written(*text);
}

// "slurm.sh" goes to "slurm.1.sh", or the next number that is free. A link fails where a name is taken.
fs::path put_aside(const fs::path& file) {
  for (int number = 1;; ++number) {
    fs::path other = file;
    other.replace_extension(fmt::format(".{}{}", number, file.extension().string()));
    if (::link(file.c_str(), other.c_str()) == 0) return other;
    if (errno != EEXIST) throw SystemError(fmt::format("cannot keep the edited {}", file.string()), errno);
  }
}

}  // namespace

WrittenScript write_script(const fs::path& file, const std::string& text) {
  std::error_code error;
  fs::create_directories(file.parent_path(), error);
  if (error) throw SystemError("cannot make " + file.parent_path().string(), error.value());
  WrittenScript written{file, {}};
  detail::NewFile script(file);
  script.stream() << sealed(text);
  script.finish();
  if (::chmod(script.beside().c_str(), 0755) != 0) throw SystemError("cannot write " + file.string(), errno);
  if (was_edited(file)) written.kept = put_aside(file);
  script.take_name();
  return written;
}

}  // namespace windrow
