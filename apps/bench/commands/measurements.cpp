#include "commands/measurements.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <stdexcept>

#include "measure.hpp"

namespace bench {
namespace {

namespace fs = std::filesystem;

/// A directory for one measurement.
class Scratch {
 public:
  explicit Scratch(const std::string& parent) {
    std::string name = fs::path(parent) / "bench-commands-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a directory in " + parent);
    directory_ = name;
  }
  ~Scratch() {
    std::error_code ignored;
    fs::remove_all(directory_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  std::string operator/(const std::string& name) const { return directory_ / name; }

 private:
  fs::path directory_;
};

std::string path_of(const std::string& program) {
  return "/bin/" + program;
}

pid_t start(const std::vector<std::string>& words, const posix_spawn_file_actions_t* actions) {
  std::vector<char*> argv;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  pid_t pid = 0;
  if (::posix_spawnp(&pid, argv[0], actions, nullptr, argv.data(), environ) != 0) {
    throw std::runtime_error("cannot start " + words.front());
  }
  return pid;
}

/// Runs a text by the shell, with nothing on stdout.
void shell(const std::string& text) {
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  const pid_t pid = start({"/bin/sh", "-c", text}, &actions);
  ::posix_spawn_file_actions_destroy(&actions);
  int status = 0;
  if (::waitpid(pid, &status, 0) != pid || status != 0) throw std::runtime_error("failed: " + text);
}

/// Runs the program at one point. @return what it prints, which is read from a pipe; "" if that is not asked for
std::string run_once(const std::string& program, int point, bool is_read) {
  int ends[2] = {-1, -1};
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  if (is_read) {
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("cannot make a pipe");
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  }
  const pid_t pid = start({path_of(program), std::to_string(point)}, &actions);
  ::posix_spawn_file_actions_destroy(&actions);
  std::string printed;
  if (is_read) {
    ::close(ends[1]);
    std::array<char, 4096> buffer;
    for (ssize_t n = 0; (n = ::read(ends[0], buffer.data(), buffer.size())) > 0;) {
      printed.append(buffer.data(), static_cast<std::size_t>(n));
    }
    ::close(ends[0]);
  }
  int status = 0;
  if (::waitpid(pid, &status, 0) != pid || status != 0) throw std::runtime_error(program + " failed");
  return printed;
}

/// The least that honest work needs: two loops of posix_spawn (which is a vfork), a pipe where there is an output, and
/// waitpid.
void bare(const std::string& program, int points) {
  constexpr int kLoops = 2;
  const bool is_read = program == "echo";
  for (int loop = 0; loop < kLoops; ++loop) {
    const pid_t pid = ::fork();
    if (pid < 0) throw std::runtime_error("cannot fork");
    if (pid > 0) continue;
    try {
      for (int point = loop; point < points; point += kLoops) {
        const std::string printed = run_once(program, point, is_read);
        if (is_read && std::stoi(printed) != point) throw std::runtime_error(program + " printed something else");
      }
    } catch (const std::exception&) {
      ::_exit(1);
    }
    ::_exit(0);
  }
  bool have_failed = false;
  for (int loop = 0, status = 0; loop < kLoops; ++loop) {
    have_failed = ::wait(&status) < 0 || status != 0 || have_failed;
  }
  if (have_failed) throw std::runtime_error(program + " failed");
}

std::string write_study(const Scratch& scratch, const std::string& program, int points) {
  const std::string file = scratch / fmt::format("points-{}.toml", points);
  std::ofstream study(file);
  study << fmt::format("[parameters.x]\nvalues = {{ linear = {{ from = 0, to = {}, points = {} }} }}\n",
                       points > 1 ? points - 1 : 1, points);
  study << fmt::format("[command]\nrun = [\"{}\", \"{{{{x}}}}\"]\n", path_of(program));
  if (program == "echo") study << "[outputs]\ny = { stdout = '\\S+' }\n";
  if (!study.flush()) throw std::runtime_error("cannot write " + file);
  return file;
}

void windrow(const Scratch& scratch, const std::string& launcher, const std::string& program, int points) {
  shell(fmt::format("{} {} run {} --quiet", launcher, WINDROW_PROGRAM, write_study(scratch, program, points)));
}

void xargs(const std::string& program, int points) {
  shell(fmt::format("seq {} | xargs -P2 -n1 {}", points, path_of(program)));
}

std::string write_makefile(const Scratch& scratch, const std::string& program, int points) {
  const std::string file = scratch / "Makefile";
  std::ofstream makefile(file);
  makefile << "all:";
  for (int i = 0; i < points; ++i) makefile << " p" << i;
  makefile << "\n";
  for (int i = 0; i < points; ++i) {
    makefile << fmt::format("p{}:\n\t@{} {}\n", i, path_of(program), i);
  }
  if (!makefile.flush()) throw std::runtime_error("cannot write " + file);
  return file;
}

void parallel(const Scratch& scratch, const std::string& program, int points) {
  shell(fmt::format("seq {} | parallel --will-cite -j2 --joblog {} --results {} {} 2> {}", points, scratch / "log",
                    scratch / "results", path_of(program), scratch / "messages"));
}

/// Of this process and whatever it has started, orphans included, which come to it.
Cost cost_of(const std::function<void()>& work) {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  Cost cost;
  const auto used = [] { return cpu_seconds(RUSAGE_SELF) + cpu_seconds(RUSAGE_CHILDREN); };
  const double before = used();
  cost.clock = seconds_of(work);
  while (::wait(nullptr) > 0) {
  }
  cost.cpu = used() - before;
  return cost;
}

}  // namespace

bool is_installed(const std::string& program) {
  // moreutils has a `parallel`, too, which is another program.
  const std::string is_meant = program == "parallel" ? "parallel --version 2>&1 < /dev/null | grep -q '^GNU parallel'"
                                                     : fmt::format("command -v {} > /dev/null", program);
  return std::system(is_meant.c_str()) == 0;
}

Cost measure_programs(const std::string& what, const std::string& program, int points, const std::string& directory) {
  const Scratch scratch(directory);
  Cost cost;
  if (what == "bare") {
    cost = cost_of([&] { bare(program, points); });
  } else if (what == "windrow") {
    ::setenv("WINDROW_WORKERS", "2", 1);
    cost = cost_of([&] { windrow(scratch, "", program, points); });
  } else if (what == "mpi") {
    const std::string mpirun = "mpirun --oversubscribe --bind-to none -n 2";
    const Cost start = cost_of([&] { windrow(scratch, mpirun, program, 1); });
    cost = cost_of([&] { windrow(scratch, mpirun, program, points); });
    cost = {cost.clock - start.clock, cost.cpu - start.cpu};
    points -= 1;
  } else if (what == "xargs") {
    cost = cost_of([&] { xargs(program, points); });
  } else if (what == "make") {
    const std::string makefile = write_makefile(scratch, program, points);
    cost = cost_of([&] { shell(fmt::format("make -s -j2 -f {}", makefile)); });
  } else if (what == "parallel") {
    cost = cost_of([&] { parallel(scratch, program, points); });
  } else {
    throw std::runtime_error("nothing is called " + what);
  }
  return {cost.clock / points, cost.cpu / points};
}

}  // namespace bench
