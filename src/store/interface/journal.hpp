#pragma once

#include <filesystem>
#include <string>

#include "windrow/store/store.hpp"

namespace windrow::detail {

class Connection;

/// Whether a file system of this type (`f_type` of statfs) may be shared with other machines, or is not known to share
/// memory between the processes that map a file: there, a write-ahead log is not safe.
bool is_network_file_system(long type);

/// The journal to use in `directory`: `wanted`, or by its file system.
/// @throws StoreError if the file system cannot be asked
Journal journal_for(const std::filesystem::path& directory, Journal wanted);

/// Whether `directory` is on such a file system; false if it cannot be asked.
bool is_on_network(const std::filesystem::path& directory);

/// Whether a file of SQLite is in WAL mode, by its header.
bool has_wal(const std::filesystem::path& file);

/// Sets the journal, and how hard a commit pushes data to the disk. Returns what SQLite could do, in its own words:
/// "wal" or "delete".
std::string set_journal(Connection& connection, Journal journal);

}  // namespace windrow::detail
