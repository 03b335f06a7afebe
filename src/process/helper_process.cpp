#include "process/interface/helper_process.hpp"

#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>

namespace windrow::detail {

namespace {

constexpr int kKillAgainMs = 1;
constexpr int kKillRounds = 10'000;  // a process that hangs in the kernel (a dead file server) cannot be killed

void append_children_of_task(const std::string& path, std::vector<pid_t>& to) {
  std::FILE* file = std::fopen(path.c_str(), "re");
  if (file == nullptr) return;
  int pid = 0;
  while (std::fscanf(file, "%d", &pid) == 1) to.push_back(pid);
  std::fclose(file);
}

std::string name_of(pid_t pid) {
  std::FILE* file = std::fopen(("/proc/" + std::to_string(pid) + "/comm").c_str(), "re");
  if (file == nullptr) return {};
  std::array<char, 32> name{};
  const std::size_t size = std::fread(name.data(), 1, name.size(), file);
  std::fclose(file);
  return {name.data(), size > 0 ? size - 1 : 0};  // without the end of the line
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

void guard(pid_t helper, std::initializer_list<std::string_view> spared) noexcept {
  prctl(PR_SET_NAME, "windrow-guard");
  while (waitpid(helper, nullptr, 0) != helper) {
  }
  for (int round = 0; round < kKillRounds; ++round) {
    pid_t pid = 0;
    while ((pid = waitpid(-1, nullptr, WNOHANG)) > 0) {
    }
    if (pid < 0) break;  // none is left
    std::vector<pid_t> strays = children_of(getpid());
    std::erase_if(strays, [&](pid_t child) { return std::ranges::find(spared, name_of(child)) != spared.end(); });
    if (strays.empty()) {
      waitpid(-1, nullptr, 0);  // only the end of a child brings others
      round = 0;
      continue;
    }
    for (const pid_t stray : with_descendants(std::move(strays))) kill(stray, SIGKILL);
    poll(nullptr, 0, kKillAgainMs);
  }
  _exit(0);
}

}  // namespace windrow::detail
