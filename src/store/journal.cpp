#include "store/interface/journal.hpp"

#include <errno.h>
#include <fmt/format.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <system_error>

#include "sqlite.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

// statfs(2) and the sources of the file systems; most are in no installed header.
constexpr std::array<unsigned long, 17> network_types = {
    0x6969,      // NFS
    0x517b,      // SMB
    0xff534d42,  // CIFS
    0xfe534d42,  // SMB2
    0x0bd00bd0,  // Lustre
    0x47504653,  // GPFS (Spectrum Scale)
    0x19830326,  // BeeGFS
    0x00c36400,  // Ceph
    0x5346414f,  // AFS
    0x6b414653,  // kAFS
    0x73757245,  // Coda
    0x01021997,  // 9p
    0x65735546,  // FUSE: sshfs, GlusterFS, ...
    0x7461636f,  // OCFS2
    0x01161970,  // GFS2
    0xaad7aaea,  // PanFS
    0x20030528,  // OrangeFS
};

}  // namespace

bool is_network_file_system(long type) {
  // f_type is signed and may come sign-extended from 32 bits.
  const unsigned long magic = static_cast<unsigned long>(type) & 0xffffffffUL;
  return std::ranges::find(network_types, magic) != network_types.end();
}

Journal journal_for(const std::filesystem::path& directory, Journal wanted) {
  if (wanted != Journal::automatic) return wanted;
  struct statfs info {};
  if (statfs(directory.c_str(), &info) != 0) {
    throw StoreError(
        fmt::format("{}: cannot tell its file system: {}", directory.string(), std::generic_category().message(errno)));
  }
  return is_network_file_system(static_cast<long>(info.f_type)) ? Journal::rollback : Journal::wal;
}

bool is_on_network(const std::filesystem::path& directory) {
  struct statfs info {};
  return statfs(directory.c_str(), &info) == 0 && is_network_file_system(static_cast<long>(info.f_type));
}

bool has_wal(const std::filesystem::path& file) {
  constexpr std::size_t version_to_read = 19;  // of SQLite's file format: 1 with a rollback journal, 2 with WAL
  std::array<char, version_to_read + 1> header{};
  std::ifstream in(file, std::ios::binary);
  return in.read(header.data(), header.size()) && header[version_to_read] == 2;
}

std::string set_journal(Connection& connection, Journal journal) {
  const char* wanted = journal == Journal::rollback ? "delete" : "wal";
  const std::string chosen = connection.text(fmt::format("PRAGMA journal_mode = {}", wanted));
  // Either way, a commit that returned survives a power cut: without EXTRA, the rollback journal may come back.
  connection.execute(chosen == "wal" ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = EXTRA");
  return chosen;
}

}  // namespace windrow::detail
