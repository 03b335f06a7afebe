#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <system_error>

namespace windrow::test {

/// Names in a directory; none if there is no such directory.
inline std::set<std::string> entries_of(const std::filesystem::path& directory) {
  std::set<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    names.insert(entry->path().filename().string());
  }
  return names;
}

}  // namespace windrow::test
