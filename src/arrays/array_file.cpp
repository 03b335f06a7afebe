#include "windrow/arrays/array_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "windrow/arrays/npy.hpp"
#include "windrow/base/hash.hpp"
#include "windrow/error.hpp"

namespace windrow {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kPart = 1U << 20U;

[[noreturn]] void throw_unwritten(const fs::path& directory, int error_number) {
  const char* advice = error_number == ENOSPC || error_number == EDQUOT ? "; make room and run again"
                       : error_number == EFBIG ? "; raise the file size limit (`ulimit -f`) and run again"
                                               : "";
  throw StoreError(fmt::format("{}: an array cannot be written: {}{}", directory.string(),
                               std::generic_category().message(error_number), advice));
}

[[noreturn]] void throw_damaged(const fs::path& file, const std::string& why) {
  throw StoreError(
      fmt::format("{}: the array is damaged: {}; remove the file, and a run that retries failed points evaluates "
                  "this one again",
                  file.string(), why));
}

/// Adds up what goes into a file.
struct Account {
  ArrayFile file;
  detail::Checksum checksum;

  void add(std::span<const std::byte> bytes) {
    file.size += bytes.size();
    checksum.add(bytes);
  }
  ArrayFile close(std::string name) {
    file.file = std::move(name);
    file.checksum = checksum.value();
    return std::move(file);
  }
};

/// Reads a file in parts.
template <typename OnPart>
void read_parts(const fs::path& file, OnPart on_part) {
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  std::vector<std::byte> part(kPart);
  ssize_t count = fd < 0 ? -1 : 0;
  try {
    while (fd >= 0 && (count = ::read(fd, part.data(), part.size())) > 0) {
      on_part(std::span<const std::byte>(part).first(static_cast<std::size_t>(count)));
    }
  } catch (...) {
    ::close(fd);
    throw;
  }
  const int error_number = errno;
  if (fd >= 0) ::close(fd);
  if (count < 0) {
    throw SpecError(
        fmt::format("{}: cannot be read: {}", file.string(), std::generic_category().message(error_number)));
  }
}

Account account_of(const fs::path& file) {
  npy::Header header = npy::read_header(file);
  Account account;
  account.file.type = std::move(header.type);
  account.file.shape = std::move(header.shape);
  return account;
}

/// @return 0, or what went wrong
int synced(const fs::path& file) {
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  const int error_number = ::fdatasync(fd) == 0 ? 0 : errno;
  ::close(fd);
  return error_number;
}

}  // namespace

bool ArrayFile::is_whole() const {
  std::error_code error;
  return fs::is_regular_file(file, error) && fs::file_size(file, error) == size && !error;
}

Array ArrayFile::read() const {
  try {
    detail::Checksum found;
    std::uint64_t found_size = 0;
    Array array = npy::read(file, [&](std::span<const std::byte> bytes) {
      found.add(bytes);
      found_size += bytes.size();
    });
    if (found_size != size) throw_damaged(file, fmt::format("it is {} bytes long instead of {}", found_size, size));
    if (found.value() != checksum) throw_damaged(file, "its contents are not those that were stored");
    return array;
  } catch (const SpecError& error) {
    std::error_code none;
    if (!fs::exists(file, none)) throw_damaged(file, "there is no such file");
    if (is_whole()) throw StoreError(error.what());  // what is in it is no array of real numbers
    const std::string prefix = file.string() + ": ";
    std::string_view why = error.what();
    if (why.starts_with(prefix)) why.remove_prefix(prefix.size());
    throw_damaged(file, fmt::format("it {}", why));
  }
}

namespace detail {

bool is_array_type(std::string_view type) {
  return type == "array";
}

std::string random_name() {
  std::array<std::uint64_t, 2> random{};
  if (::getentropy(random.data(), sizeof random) != 0) throw SystemError("cannot draw a random name", errno);
  return fmt::format("{:016x}{:016x}", random[0], random[1]);
}

ArrayFileSink::ArrayFileSink(fs::path directory) : directory_(std::move(directory)), name_(random_name() + ".npy") {
  fd_ = ::open((directory_ / name_).c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd_ < 0) throw_unwritten(directory_, errno);
}

ArrayFileSink::~ArrayFileSink() {
  close();
  if (!finished_) ::unlink((directory_ / name_).c_str());
}

void ArrayFileSink::close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

void ArrayFileSink::reopen() {
  if (fd_ < 0) fd_ = ::open((directory_ / name_).c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  if (fd_ < 0) throw_unwritten(directory_, errno);
}

void ArrayFileSink::append(std::span<const std::byte> bytes) {
  reopen();
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd_, bytes.data(), bytes.size());
    if (count < 0 && errno != EINTR) throw_unwritten(directory_, errno);
    if (count > 0) bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
}

std::string ArrayFileSink::finish() {
  reopen();
  if (::fdatasync(fd_) != 0) throw_unwritten(directory_, errno);
  if (::close(std::exchange(fd_, -1)) != 0) throw_unwritten(directory_, errno);
  finished_ = true;
  return name_;
}

ArrayFile write_array(const Array& array, ArraySink& sink) {
  Account account;
  account.file.type = "<f8";
  account.file.shape = array.shape;
  const auto put = [&](std::span<const std::byte> bytes) {
    account.add(bytes);
    sink.append(bytes);
  };
  const std::string header = npy::header_of_doubles(array.shape);
  auto left = std::as_bytes(std::span(array.values));
  const auto take = [&left](std::size_t most) {
    const auto part = left.first(std::min(left.size(), most));
    left = left.subspan(part.size());
    return part;
  };
  // What is small goes in one part: whoever sends it may have to wait for an answer to each.
  const auto head = std::as_bytes(std::span(header));
  const auto begin = take(kPart - head.size());
  std::vector<std::byte> first(head.begin(), head.end());
  first.insert(first.end(), begin.begin(), begin.end());
  put(first);
  while (!left.empty()) put(take(kPart));
  return account.close(sink.finish());
}

ArrayFile copy_array(const fs::path& file, ArraySink& sink) {
  Account account = account_of(file);
  read_parts(file, [&](std::span<const std::byte> part) {
    account.add(part);
    sink.append(part);
  });
  return account.close(sink.finish());
}

std::optional<ArrayFile> move_array(const fs::path& file, const fs::path& directory) {
  const std::string name = random_name() + ".npy";
  std::error_code error;
  // A link elsewhere would be kept instead of the file; and what has other names may be changed through them.
  const bool own =
      fs::symlink_status(file, error).type() == fs::file_type::regular && fs::hard_link_count(file, error) == 1;
  if (!own || error) return std::nullopt;
  Account account = account_of(file);
  fs::rename(file, directory / name, error);
  if (error) return std::nullopt;
  const int error_number = synced(directory / name);
  if (error_number != 0) throw_unwritten(directory, error_number);
  read_parts(directory / name, [&](std::span<const std::byte> part) { account.add(part); });
  return account.close(name);
}

}  // namespace detail
}  // namespace windrow
