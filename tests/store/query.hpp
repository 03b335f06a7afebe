#pragma once

#include <sqlite3.h>

#include <filesystem>
#include <string>

namespace windrow::test {

/// The first column of the rows that a query gives, one a line, as the sqlite3 shell would show it.
inline std::string query(const std::filesystem::path& file, const std::string& sql) {
  sqlite3* database = nullptr;
  std::string text;
  const auto collect = [](void* to, int, char** columns, char**) {
    *static_cast<std::string*>(to) += std::string(columns[0] != nullptr ? columns[0] : "NULL") + "\n";
    return 0;
  };
  if (sqlite3_open(file.c_str(), &database) != SQLITE_OK ||
      sqlite3_exec(database, sql.c_str(), collect, &text, nullptr) != SQLITE_OK) {
    text = std::string("error: ") + sqlite3_errmsg(database);
  }
  sqlite3_close(database);
  return text;
}

}  // namespace windrow::test
