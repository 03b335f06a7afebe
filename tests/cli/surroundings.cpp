#include "cli/surroundings.hpp"

#include <stdlib.h>

#include <sstream>
#include <stdexcept>

namespace windrow::test {

namespace fs = std::filesystem;

fs::path fresh_directory(const std::string& prefix) {
  std::string pattern = (fs::canonical(fs::temp_directory_path()) / (prefix + "XXXXXX")).string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make " + pattern);
  return pattern;
}

std::set<std::string> names_in_shared_memory() {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator("/dev/shm")) {
    const std::string name = entry.path().filename().string();
    if (name.find("windrow") != std::string::npos || name.starts_with("sem.")) names.insert(name);
  }
  return names;
}

std::map<std::string, std::string> mpi_environment() {
  std::map<std::string, std::string> environment;
  std::istringstream words(WINDROW_MPI_ENVIRONMENT);
  for (std::string word; words >> word;) {
    const std::size_t equals = word.find('=');
    environment[word.substr(0, equals)] = word.substr(equals + 1);
  }
  return environment;
}

}  // namespace windrow::test
