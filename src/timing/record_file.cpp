// Records in a file: a line that says what it is, how long the rest is and what it sums up to, then a text archive,
// which every machine can read.
#include <errno.h>
#include <fmt/format.h>

#include <boost/archive/text_iarchive.hpp>
#include <boost/archive/text_oarchive.hpp>
#include <boost/serialization/string.hpp>
#include <boost/serialization/vector.hpp>
#include <locale>
#include <sstream>
#include <utility>

#include "windrow/base/files.hpp"
#include "windrow/base/hash.hpp"
#include "windrow/timing/record.hpp"

namespace windrow {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMagic = "windrow-timing ";
constexpr std::string_view kVersion = "2";
constexpr unsigned kFlags = boost::archive::no_header | boost::archive::no_tracking;

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
  if (detail::hash64(text) != sum) fail("has been damaged: its bytes do not sum up to what they did");
  return text;
}

}  // namespace

void save_timings(const fs::path& file, std::span<const TimingRecord> records) {
  const std::string archive = encode(records);
  detail::NewFile out(file);
  out.stream() << fmt::format("{}{} {} {:x}\n", kMagic, kVersion, archive.size(), detail::hash64(archive)) << archive;
  out.take_name(true);
}

std::vector<TimingRecord> load_timings(const fs::path& file) {
  const auto text = detail::read_file(file);
  if (!text) throw SystemError(fmt::format("cannot read {}", file.string()), errno);
  std::istringstream in{std::string(checked(*text, file.string()))};
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
