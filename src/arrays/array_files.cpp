#include "arrays/interface/array_files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "windrow/error.hpp"

namespace windrow::detail {

namespace fs = std::filesystem;

namespace {

void make_directory(const fs::path& directory) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) throw StoreError(fmt::format("{}: cannot make this directory: {}", directory.string(), error.message()));
}

void sync_directory(const fs::path& directory) {
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  // Some file systems of networks cannot sync a directory: there the server has the entry already.
  const int error_number = fd >= 0 && (::fsync(fd) == 0 || errno == EINVAL || errno == EROFS) ? 0 : errno;
  if (fd >= 0) ::close(fd);
  if (error_number == 0) return;
  throw StoreError(
      fmt::format("{}: cannot be synced: {}", directory.string(), std::generic_category().message(error_number)));
}

/// The name of a copy in `directory`; empty if the file is damaged. @throws StoreError if it cannot be written
std::string copied(const ArrayFile& array, const fs::path& directory) {
  try {
    ArrayFileSink sink(directory);
    const ArrayFile copy = copy_array(array.file, sink);
    if (copy.checksum == array.checksum) return copy.file.string();
    fs::remove(directory / copy.file);
  } catch (const SpecError&) {
    // What is in it is no array.
  }
  return {};
}

}  // namespace

fs::path array_path(const std::string& output, std::uint64_t index) {
  return fs::path(arrays_name) / output / fmt::format("{}.npy", index);
}

std::string array_cell(const ArrayFile& array) {
  return nlohmann::ordered_json{{"type", array.type},
                                {"shape", array.shape},
                                {"size", array.size},
                                {"xxh64", fmt::format("{:016x}", array.checksum)}}
      .dump();
}

ArrayFile parse_array_cell(std::string_view cell, const fs::path& store) {
  try {
    const auto json = nlohmann::json::parse(cell);
    const auto& checksum = json.at("xxh64").get_ref<const std::string&>();
    ArrayFile array{{}, json.at("type"), json.at("shape"), json.at("size"), 0};
    const char* end = checksum.data() + checksum.size();
    if (std::from_chars(checksum.data(), end, array.checksum, 16).ptr == end) return array;
  } catch (const nlohmann::json::exception&) {
    // As below.
  }
  throw StoreError(fmt::format("{}: unreadable array `{}`; the file is damaged, or was changed by another program",
                               store.string(), cell));
}

ArrayFiles::ArrayFiles(fs::path directory, std::vector<std::string> outputs)
    : directory_(std::move(directory)), outputs_(std::move(outputs)) {
  clear();
  if (!any()) return;
  make_directory(incoming());
  for (const std::string& output : outputs_) make_directory(directory_ / arrays_name / output);
  sync_directory(directory_ / arrays_name);
  sync_directory(directory_);
}

ArrayFile ArrayFiles::place(std::size_t output, std::uint64_t index, const Array& array) {
  ArrayFileSink sink(incoming());
  ArrayFile written = write_array(array, sink);
  written.file = incoming() / written.file;
  return place(output, index, std::move(written));
}

ArrayFile ArrayFiles::place(std::size_t output, std::uint64_t index, ArrayFile array) {
  const fs::path to = directory_ / array_path(outputs_[output], index);
  std::error_code error;
  fs::rename(array.file, to, error);
  if (error) {
    throw StoreError(fmt::format("{}: the array cannot be moved here from {}: {}", to.string(), array.file.string(),
                                 error.message()));
  }
  changed_.insert(outputs_[output]);
  array.file = to;
  return array;
}

std::string ArrayFiles::take(const fs::path& store, std::uint64_t index, const std::vector<std::string>& cells) {
  std::vector<ArrayFile> found;
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    if (cells[i].empty()) {  // optional, and missing
      found.emplace_back();
      continue;
    }
    found.push_back(parse_array_cell(cells[i], store));
    found.back().file = store / array_path(outputs_[i], index);
    if (!found.back().is_whole()) {
      return fmt::format(
          "{}: missing, or not as long as it was: run the same so that it retries failed points, then merge again",
          found.back().file.string());
    }
  }
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    if (cells[i].empty()) continue;
    std::string problem = link_or_copy(found[i], directory_ / array_path(outputs_[i], index));
    if (!problem.empty()) return problem;
    changed_.insert(outputs_[i]);
  }
  return {};
}

bool ArrayFiles::link(std::uint64_t from, std::uint64_t to, const std::vector<std::string>& cells) {
  std::vector<ArrayFile> found;
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    found.push_back(parse_array_cell(cells[i], directory_));
    found.back().file = directory_ / array_path(outputs_[i], from);
    if (!found.back().is_whole()) return false;
  }
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    if (!link_or_copy(found[i], directory_ / array_path(outputs_[i], to)).empty()) return false;
    changed_.insert(outputs_[i]);
  }
  return true;
}

std::string ArrayFiles::link_or_copy(const ArrayFile& array, const fs::path& to) {
  const fs::path linked = incoming() / fmt::format("{}.npy", array.checksum);
  std::error_code error;
  fs::create_hard_link(array.file, to, error);
  if (!error) return {};
  fs::remove(linked, error);
  fs::create_hard_link(array.file, linked, error);
  if (error) {  // another file system, or one without links
    const std::string copy = copied(array, incoming());
    if (copy.empty()) {
      return fmt::format(
          "{}: its contents are not those that were stored: remove it, run the same so that it "
          "retries failed points, then merge again",
          array.file.string());
    }
    fs::rename(incoming() / copy, linked, error);
  }
  if (!error) fs::rename(linked, to, error);
  std::error_code ignored;
  fs::remove(linked, ignored);  // a rename from one link of a file to another leaves both
  if (!error) return {};
  throw StoreError(fmt::format("{}: the array cannot be brought here from {}: {}", to.string(), array.file.string(),
                               error.message()));
}

void ArrayFiles::remove(std::uint64_t index) {
  for (std::size_t i = 0; i < outputs_.size(); ++i) remove(i, index);
}

void ArrayFiles::remove(std::size_t output, std::uint64_t index) {
  std::error_code ignored;
  fs::remove(directory_ / array_path(outputs_[output], index), ignored);
}

void ArrayFiles::sync() {
  for (const std::string& output : changed_) sync_directory(directory_ / arrays_name / output);
  changed_.clear();
}

void ArrayFiles::clear() {
  std::error_code ignored;
  fs::remove_all(incoming(), ignored);
}

}  // namespace windrow::detail
