#include "file_seal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <optional>
#include <system_error>

#include "base/interface/leftover_names.hpp"
#include "base/interface/side_by_side.hpp"

namespace windrow::detail {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t part_size = std::uint64_t{4} << 20U;

fs::path seal_of(const fs::path& file) {
  return file.string() + ".sum";
}

fs::path log_of(const fs::path& file) {
  return file.string() + "-wal";
}

std::uintmax_t size_of(const fs::path& file) {
  std::error_code error;
  const auto size = fs::file_size(file, error);
  return error ? 0 : size;
}

/// With what is still in its log.
bool is_large(const fs::path& file) {
  return size_of(file) + size_of(log_of(file)) >= least_sealed;
}

std::uint64_t part_count(std::uint64_t size) {
  return (size + part_size - 1) / part_size;
}

/// The hash of a part; nothing if it cannot be read.
std::optional<Hash128> hash_of_part(const Connection& connection, std::uint64_t part, std::uint64_t size) {
  constexpr std::size_t room_size = std::size_t{64} << 10U;  // what is hashed is still in the nearest cache
  std::vector<char> room(room_size);
  ContentHash hash;
  const std::uint64_t end = std::min(size, (part + 1) * part_size);
  for (std::uint64_t at = part * part_size; at < end; at += room.size()) {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(room.size(), end - at));
    if (!connection.read_file(room.data(), count, at)) return std::nullopt;
    hash.add({room.data(), count});
  }
  return hash.value();
}

/// Puts the hashes of these parts into their places. @return whether all could be read
bool hash_parts(const Connection& connection, std::uint64_t size, const std::vector<std::uint64_t>& wanted,
                std::vector<Hash128>& hashes) {
  std::atomic<bool> all_read = true;
  side_by_side(wanted.size(), [&](std::size_t i) {
    const auto hash = all_read ? hash_of_part(connection, wanted[i], size) : std::nullopt;
    if (hash) hashes[wanted[i]] = *hash;
    if (!hash) all_read = false;
  });
  return all_read;
}

std::string seal_text(std::uint64_t size, const std::vector<Hash128>& parts) {
  std::string text = fmt::format("{} {}\n", size, part_size);
  for (const Hash128& part : parts) text += part.text() + '\n';
  return text;
}

std::uint32_t number_at(const std::string& bytes, std::size_t at) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 4; ++i) number = number << 8U | static_cast<unsigned char>(bytes[at + i]);
  return number;
}

// As SQLite's file format has them: https://www.sqlite.org/fileformat2.html#walformat
constexpr std::size_t log_header = 32, frame_header = 24, salts_in_header = 16, salts_in_frame = 8, salts_size = 8;

/// What tells one log from the next, which takes its place in the same file; empty: there is none.
std::string salts_of_log(const fs::path& file) {
  std::string header(log_header, '\0');
  std::ifstream in(log_of(file), std::ios::binary);
  if (!in.read(header.data(), log_header)) return {};
  return header.substr(salts_in_header, salts_size);
}

/// Marks the parts of which the log has pages.
void mark_parts_in_log(const fs::path& file, std::vector<bool>& changed) {
  std::ifstream in(log_of(file), std::ios::binary);
  std::string header(log_header, '\0'), frame(frame_header, '\0');
  if (!in.read(header.data(), log_header)) return;
  const std::uint64_t page_size = number_at(header, 8);
  while (in.read(frame.data(), frame_header) &&
         frame.compare(salts_in_frame, salts_size, header, salts_in_header, salts_size) == 0) {
    const std::uint64_t part = (number_at(frame, 0) - std::uint64_t{1}) * page_size / part_size;
    if (part < changed.size()) changed[part] = true;
    in.seekg(static_cast<std::streamoff>(page_size), std::ios::cur);
  }
}

}  // namespace

bool FileSeal::holds(Connection& connection) {
  const fs::path& file = connection.file();
  std::error_code ignored;
  if (!fs::exists(seal_of(file), ignored) || size_of(log_of(file)) > 0 || !is_large(file)) return false;
  std::ifstream in(seal_of(file), std::ios::binary);
  const std::string told((std::istreambuf_iterator<char>(in)), {});
  const std::uint64_t size = size_of(file);
  if (!told.starts_with(fmt::format("{} {}\n", size, part_size))) return false;
  std::vector<Hash128> parts(part_count(size));
  std::vector<std::uint64_t> all(parts.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
  if (!hash_parts(connection, size, all, parts) || seal_text(size, parts) != told) return false;
  parts_ = std::move(parts);
  size_ = size;
  return true;
}

void FileSeal::begin(Connection& connection) {
  if (!parts_.empty()) log_ = salts_of_log(connection.file());
}

void FileSeal::renew(Connection& connection) try {
  const fs::path& file = connection.file();
  const fs::path seal = seal_of(file);
  std::error_code ignored;
  if (!is_large(file)) return;
  // The first part, since a change of the journal's mode is written to it past the log. Should a part be missing here
  // that has changed, its hash is wrong: then the next run checks all rows.
  std::vector<bool> changed(parts_.size(), log_.empty() || salts_of_log(file) != log_);
  if (!changed.empty()) changed[0] = true;
  mark_parts_in_log(file, changed);
  connection.execute("PRAGMA wal_checkpoint(TRUNCATE)");
  if (size_of(log_of(file)) > 0) {  // somebody reads
    fs::remove(seal, ignored);
    return;
  }
  const std::uint64_t size = size_of(file);
  std::vector<std::uint64_t> wanted;
  for (std::uint64_t part = 0; part < part_count(size); ++part) {
    const bool is_as_it_was =
        part < changed.size() && !changed[part] && (part + 1) * part_size <= std::min(size, size_);
    if (!is_as_it_was) wanted.push_back(part);
  }
  parts_.resize(part_count(size));
  const bool is_known = hash_parts(connection, size, wanted, parts_);
  const fs::path fresh = file.string() + std::string(fresh_seal);
  std::ofstream out(fresh, std::ios::binary);
  if (is_known) out << seal_text(size, parts_);
  out.close();
  if (out) fs::rename(fresh, seal, ignored);
} catch (const StoreError&) {
}

}  // namespace windrow::detail
