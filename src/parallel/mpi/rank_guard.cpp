#include "parallel/mpi/rank_guard.hpp"

#include <dirent.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <utility>

#include "parallel/launch_mpi.hpp"
#include "process/interface/helper_process.hpp"
#include "windrow/base/clock.hpp"
#include "windrow/base/files.hpp"
#include "windrow/base/machine.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

constexpr int kLookInterval = 1000;  // milliseconds between looks for ranks that start
constexpr double kMissing = 5.0;     // seconds that one may be missing: it may not have begun
constexpr int kExitCode = 1;

// "mpirun", or the daemon that stands for it on another machine; a shell may be between it and this process.
Fd open_launcher() {
  for (pid_t pid = ::getppid(); pid > 1;) {
    Fd process = open_process(pid);
    const std::string stat = read_file(fmt::format("/proc/{}/stat", pid)).value_or("");  // "12 (mpirun) S 1 ..."
    const auto open = stat.find('(');
    const auto close = stat.rfind(')');
    if (open == std::string::npos || close == std::string::npos || close + 4 > stat.size()) return {};
    const std::string name = stat.substr(open + 1, close - open - 1);
    for (const char* launcher : {"mpirun", "mpiexec", "orterun", "orted", "prterun", "prted"}) {
      if (name.starts_with(launcher)) return process;
    }
    pid = std::atoi(stat.c_str() + close + 4);
  }
  return {};
}

std::string text_of(const char* variable) {
  const char* text = std::getenv(variable);
  return text == nullptr ? std::string() : text;
}

std::string value_in(const std::string& environment, const std::string& variable) {
  const auto begin = ('\0' + environment).find('\0' + variable + '=');
  if (begin == std::string::npos) return {};
  return environment.substr(begin + variable.size() + 1).c_str();  // up to the next zero
}

// The ranks of this job that have a process on this machine.
std::set<int> ranks_here() {
  std::set<int> ranks;
  const std::string job = text_of("PMIX_NAMESPACE");
  DIR* processes = ::opendir("/proc");
  if (processes == nullptr) return ranks;
  while (const dirent* entry = ::readdir(processes)) {
    if (entry->d_name[0] < '0' || entry->d_name[0] > '9') continue;
    const std::string environment = read_file(fmt::format("/proc/{}/environ", std::string(entry->d_name))).value_or("");
    if (value_in(environment, "PMIX_NAMESPACE") == job)
      ranks.insert(std::atoi(value_in(environment, "PMIX_RANK").c_str()));
  }
  ::closedir(processes);
  return ranks;
}

}  // namespace

RankGuard::RankGuard(const LaunchOptions& options)
    : options_(options), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), launcher_(open_launcher()) {
  if (!wake_) throw SystemError("cannot create an eventfd", errno);
  const SignalsBlocked blocked;  // they are for the other threads
  thread_ = std::thread([this] { run(); });
}

RankGuard::~RankGuard() {
  stopped_ = true;
  ::eventfd_write(wake_.get(), 1);
  thread_.join();
}

void RankGuard::has_started(int root_lifeline, std::string last_words) {
  last_words_ = std::move(last_words);
  root_lifeline_ = root_lifeline;
  phase_ = Phase::working;
  ::eventfd_write(wake_.get(), 1);
}

void RankGuard::is_ending() {
  phase_ = Phase::ending;
  root_lifeline_ = -1;
  ::eventfd_write(wake_.get(), 1);
}

void RankGuard::run() {
  while (!stopped_) {
    const int root = root_lifeline_;
    std::array<pollfd, 3> entries = {{{wake_.get(), POLLIN, 0}, {launcher_.get(), POLLIN, 0}, {root, POLLIN, 0}}};
    ::poll(entries.data(), entries.size(), phase_ == Phase::starting ? kLookInterval : -1);
    eventfd_t count = 0;
    if (entries[0].revents != 0) ::eventfd_read(wake_.get(), &count);
    if (stopped_) return;
    if (entries[1].revents != 0) end_process({});
    if (entries[2].revents != 0 && phase_ == Phase::working) end_process(last_words_);
    if (phase_ == Phase::starting) look_for_siblings();
  }
}

void RankGuard::look_for_siblings() {
  if (!launcher_) return;  // in a container of its own, perhaps, where the others cannot be seen
  const std::set<int> here = ranks_here();
  const int own = std::atoi(text_of("PMIX_RANK").c_str());
  const auto expected = static_cast<std::size_t>(std::max(0, std::atoi(text_of("OMPI_COMM_WORLD_LOCAL_SIZE").c_str())));
  if (!here.contains(own) || here.size() >= expected) {  // the first: what others run cannot be seen here
    missing_since_ = -1.0;
    return;
  }
  const double now = monotonic_seconds();
  if (missing_since_ < 0.0) {
    missing_since_ = now;
    speaks_ = *here.begin() == own;
  }
  if (now - missing_since_ < kMissing) return;
  end_process(speaks_ ? fmt::format("a rank on {} was lost while MPI was starting: run the same again", host_name())
                      : std::string());
}

void RankGuard::end_process(const std::string& message) const {
  if (!message.empty()) tell(options_, message);
  ::_exit(kExitCode);
}

}  // namespace windrow::detail
