// Records in a file: a line that says what it is, how long the rest is and what it sums up to, then a text archive,
// which every machine can read.
#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <boost/archive/text_iarchive.hpp>
#include <boost/archive/text_oarchive.hpp>
#include <boost/serialization/string.hpp>
#include <boost/serialization/vector.hpp>
#include <charconv>
#include <fstream>
#include <locale>
#include <sstream>
#include <utility>

#include "windrow/timing/record.hpp"

namespace windrow {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMagic = "windrow-timing ";
constexpr std::string_view kVersion = "1";
constexpr unsigned kFlags = boost::archive::no_header | boost::archive::no_tracking;

/// FNV-1a, 64 bits (http://www.isthe.com/chongo/tech/comp/fnv): finds a damaged file, not a forged one.
std::uint64_t checksum(std::string_view bytes) {
  std::uint64_t sum = 0xcbf29ce484222325ULL;
  for (const char byte : bytes) sum = (sum ^ static_cast<unsigned char>(byte)) * 0x100000001b3ULL;
  return sum;
}

std::string encode(std::span<const TimingRecord> records) {
  std::ostringstream out;
  out.imbue(std::locale::classic());  // whatever the program's own is
  {
    boost::archive::text_oarchive archive(out, kFlags);
    const std::vector<TimingRecord> copy(records.begin(), records.end());
    archive << copy;
  }
  return std::move(out).str();
}

/// A file that is written beside its target and takes its name at the end.
class NewFile {
 public:
  explicit NewFile(const fs::path& target) : target_(target) {
    for (int i = 0; fd_ < 0; ++i) {
      path_ = fmt::format("{}.{}.{}", target.string(), ::getpid(), i);
      fd_ = ::open(path_.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
      if (fd_ < 0 && errno != EEXIST) {
        const int error = errno;
        throw SystemError(fmt::format("cannot create {}", std::exchange(path_, {})), error);
      }
    }
  }
  ~NewFile() {
    if (fd_ >= 0) ::close(fd_);
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  void write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail("cannot write", target_.string());
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
  }

  void take_name() {
    if (::fsync(fd_) != 0) fail("cannot write", target_.string());
    if (::rename(path_.c_str(), target_.c_str()) != 0) fail("cannot replace", target_.string());
    path_.clear();
  }

 private:
  [[noreturn]] static void fail(const char* what, const std::string& path) {
    throw SystemError(fmt::format("{} {}", what, path), errno);
  }

  fs::path target_;
  std::string path_;
  int fd_ = -1;
};

std::string read_all(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw SystemError(fmt::format("cannot open {}", file.string()), errno);
  std::string text;
  std::array<char, 65536> buffer{};
  while (in.read(buffer.data(), buffer.size()) || in.gcount() > 0) {
    text.append(buffer.data(), static_cast<std::size_t>(in.gcount()));
  }
  if (in.bad()) throw SystemError(fmt::format("cannot read {}", file.string()), errno);
  return text;
}

/// The records' archive, if the first line is true of it.
std::string_view checked(std::string_view text, const std::string& file) {
  const auto fail = [&](const std::string& why) { throw TimingError(fmt::format("{}: {}", file, why)); };
  if (text.empty()) fail("is empty");
  if (!text.starts_with(kMagic.substr(0, text.size()))) fail("is not a file of timing records");
  const std::size_t line = text.find('\n');
  if (line == std::string_view::npos) fail("is cut short in its first line");
  std::istringstream first{std::string(text.substr(kMagic.size(), line - kMagic.size()))};
  first.imbue(std::locale::classic());
  std::string version;
  std::size_t size = 0;
  std::uint64_t sum = 0;
  if (!(first >> version)) fail("is not a file of timing records");
  if (version != kVersion) fail(fmt::format("has version {} of the format; this program knows {}", version, kVersion));
  if (!(first >> size >> std::hex >> sum)) fail("has a damaged first line");
  text.remove_prefix(line + 1);
  if (text.size() < size) fail(fmt::format("is cut short: {} of {} bytes are there", text.size(), size));
  if (text.size() > size) fail(fmt::format("has {} bytes too many", text.size() - size));
  if (checksum(text) != sum) fail("has been damaged: its bytes do not sum up to what they did");
  return text;
}

}  // namespace

void save_timings(const fs::path& file, std::span<const TimingRecord> records) {
  const std::string archive = encode(records);
  NewFile out(file);
  out.write(fmt::format("{}{} {} {:x}\n", kMagic, kVersion, archive.size(), checksum(archive)));
  out.write(archive);
  out.take_name();
}

std::vector<TimingRecord> load_timings(const fs::path& file) {
  const std::string text = read_all(file);
  std::istringstream in{std::string(checked(text, file.string()))};
  in.imbue(std::locale::classic());
  try {
    boost::archive::text_iarchive archive(in, kFlags);
    std::vector<TimingRecord> records;
    archive >> records;
    return records;
  } catch (const std::exception& error) {  // of the archive, or of what has no room for its sizes
    throw TimingError(fmt::format("{}: its records cannot be read: {}", file.string(), error.what()));
  }
}

}  // namespace windrow
