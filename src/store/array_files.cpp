#include "store/array_files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
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

/// Reads one literal text or number after another.
class CellReader {
 public:
  explicit CellReader(std::string_view text) : rest_(text) {}
  bool skip(std::string_view literal) {
    const bool found = rest_.starts_with(literal);
    if (found) rest_.remove_prefix(literal.size());
    return found;
  }
  bool number(std::uint64_t& value, int base = 10) {
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value, base);
    if (error != std::errc()) return false;
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    return true;
  }
  bool text(std::string& value) {
    const std::size_t end = rest_.find('"');
    if (end == std::string_view::npos) return false;
    value = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return true;
  }
  bool shape(std::vector<std::uint64_t>& lengths) {
    if (skip("]")) return true;
    do {
      if (!number(lengths.emplace_back())) return false;
    } while (skip(","));
    return skip("]");
  }

 private:
  std::string_view rest_;
};

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
  return fmt::format(R"({{"type":"{}","shape":[{}],"size":{},"xxh64":"{:016x}"}})", array.type,
                     fmt::join(array.shape, ","), array.size, array.checksum);
}

ArrayFile parse_array_cell(std::string_view cell, const fs::path& store) {
  ArrayFile array;
  CellReader in(cell);
  const bool good = in.skip(R"({"type":")") && in.text(array.type) && in.skip(R"(","shape":[)") &&
                    in.shape(array.shape) && in.skip(R"(,"size":)") && in.number(array.size) &&
                    in.skip(R"(,"xxh64":")") && in.number(array.checksum, 16) && in.skip(R"("})");
  if (good) return array;
  throw StoreError(fmt::format("{}: unreadable array `{}`; the file is damaged, or was changed by another program",
                               store.string(), cell));
}

ArrayFiles::ArrayFiles(fs::path directory, const StudyIdentity& study) : directory_(std::move(directory)) {
  for (std::size_t i = 0; i < study.outputs.size(); ++i) {
    if (is_array_type(study.outputs[i].type)) outputs_.push_back({i, study.outputs[i].name});
  }
  clear();
  if (!any()) return;
  make_directory(incoming());
  for (const Output& output : outputs_) make_directory(directory_ / arrays_name / output.name);
  sync_directory(directory_ / arrays_name);
  sync_directory(directory_);
}

std::vector<ArrayFile> ArrayFiles::place(const Record& record) {
  std::vector<ArrayFile> placed;
  auto delivered = record.arrays.begin();
  for (const Output& output : outputs_) {
    ArrayFile array;
    const Value& value = record.outcome.value()[output.position];
    if (value.is_array()) {
      ArrayFileSink sink(incoming());
      array = write_array(value.array(), sink);
      array.file = incoming() / array.file;
    } else {
      array = *delivered++;
    }
    const fs::path to = directory_ / array_path(output.name, record.index);
    std::error_code error;
    fs::rename(array.file, to, error);
    if (error) {
      throw StoreError(fmt::format("{}: the array cannot be moved here from {}: {}", to.string(), array.file.string(),
                                   error.message()));
    }
    changed_.insert(output.name);
    array.file = to;
    placed.push_back(std::move(array));
  }
  return placed;
}

std::string ArrayFiles::take(const fs::path& store, std::uint64_t index, const std::vector<std::string>& cells) {
  std::vector<ArrayFile> found;
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    found.push_back(parse_array_cell(cells[i], store));
    found.back().file = store / array_path(outputs_[i].name, index);
    if (!found.back().is_whole()) {
      return fmt::format(
          "{}: missing, or not as long as it was: run the same so that it retries failed points, then merge again",
          found.back().file.string());
    }
  }
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    std::string problem = link_or_copy(found[i], directory_ / array_path(outputs_[i].name, index));
    if (!problem.empty()) return problem;
    changed_.insert(outputs_[i].name);
  }
  return {};
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
  for (const Output& output : outputs_) {
    std::error_code ignored;
    fs::remove(directory_ / array_path(output.name, index), ignored);
  }
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
