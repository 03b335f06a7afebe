#include "process/interface/helper_process.hpp"

#include <dirent.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <string>

namespace windrow::detail {

namespace {

void append_children_of_task(const std::string& path, std::vector<pid_t>& to) {
  std::FILE* file = std::fopen(path.c_str(), "re");
  if (file == nullptr) return;
  int pid = 0;
  while (std::fscanf(file, "%d", &pid) == 1) to.push_back(pid);
  std::fclose(file);
}

}  // namespace

Fd open_process(pid_t pid) {
  return Fd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
}

std::vector<pid_t> children_of(pid_t pid) {
  std::vector<pid_t> pids;
  const std::string tasks = "/proc/" + std::to_string(pid) + "/task";
  DIR* directory = opendir(tasks.c_str());
  if (directory == nullptr) return pids;
  while (const dirent* entry = readdir(directory)) {
    if (entry->d_name[0] != '.') append_children_of_task(tasks + "/" + entry->d_name + "/children", pids);
  }
  closedir(directory);
  return pids;
}

std::vector<pid_t> with_descendants(std::vector<pid_t> pids) {
  for (std::size_t i = 0; i < pids.size(); ++i) {
    const std::vector<pid_t> below = children_of(pids[i]);
    pids.insert(pids.end(), below.begin(), below.end());
  }
  return pids;
}

std::vector<pid_t> descendants() {
  return with_descendants(children_of(getpid()));
}

}  // namespace windrow::detail
