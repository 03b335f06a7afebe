#include "file_seal.hpp"

#include <fmt/format.h>

#include <fstream>
#include <optional>
#include <system_error>
#include <vector>

#include "base/interface/leftover_names.hpp"
#include "windrow/base/hash.hpp"

namespace windrow::detail {
namespace {

namespace fs = std::filesystem;

fs::path seal_of(const fs::path& file) {
  return file.string() + ".sum";
}

std::uintmax_t size_of(const fs::path& file) {
  std::error_code error;
  const auto size = fs::file_size(file, error);
  return error ? 0 : size;
}

std::uintmax_t size_of_log(const fs::path& file) {
  return size_of(file.string() + "-wal");
}

/// With what is still in its log.
bool is_large(const fs::path& file) {
  return size_of(file) + size_of_log(file) >= least_sealed;
}

/// Size and hash; nothing if it cannot be read.
std::optional<std::string> content_of(Connection& connection) {
  constexpr std::size_t at_once = std::size_t{1} << 20U;
  std::error_code error;
  const std::uint64_t size = fs::file_size(connection.file(), error);
  if (error) return std::nullopt;
  ContentHash hash;
  std::vector<char> part(at_once);
  for (std::uint64_t at = 0; at < size; at += at_once) {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(at_once, size - at));
    if (!connection.read_file(part.data(), count, at)) return std::nullopt;
    hash.add({part.data(), count});
  }
  return fmt::format("{} {}\n", size, hash.value().text());
}

}  // namespace

bool is_sealed(Connection& connection) {
  const fs::path seal = seal_of(connection.file());
  std::error_code ignored;
  if (!fs::exists(seal, ignored) || size_of_log(connection.file()) > 0 || !is_large(connection.file())) return false;
  std::ifstream in(seal, std::ios::binary);
  const std::string told((std::istreambuf_iterator<char>(in)), {});
  return content_of(connection) == told;
}

void seal_file(Connection& connection) try {
  const fs::path seal = seal_of(connection.file());
  std::error_code ignored;
  if (!is_large(connection.file())) return;
  connection.execute("PRAGMA wal_checkpoint(TRUNCATE)");
  if (size_of_log(connection.file()) > 0) {  // somebody reads
    fs::remove(seal, ignored);
    return;
  }
  const auto content = content_of(connection);
  const fs::path fresh = connection.file().string() + std::string(fresh_seal);
  std::ofstream out(fresh, std::ios::binary);
  out << content.value_or("");
  out.close();
  if (out) fs::rename(fresh, seal, ignored);
} catch (const StoreError&) {
}

}  // namespace windrow::detail
