#include "launcher_spawn.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace windrow::detail {

namespace {

// From here to become(): runs between vfork and exec, in memory shared with the parent. System calls only.

[[noreturn]] void give_up(ProgramStart& start, StartStep step) {
  start.error_number = errno;
  start.failed_step = step;
  _exit(127);
}

void open_as(ProgramStart& start, const char* path, int flags, int target, StartStep step) {
  const int fd = open(*path == '\0' ? "/dev/null" : path, flags | O_CLOEXEC, 0666);
  if (fd < 0 || dup2(fd, target) < 0) give_up(start, step);
}

// Without O_TRUNC for a file that is empty: some file systems write at once to disk what replaces a truncated file.
void open_emptied(ProgramStart& start, const char* path, int target, StartStep step) {
  open_as(start, path, O_WRONLY | O_CREAT, target, step);
  struct stat status;
  if (fstat(target, &status) == 0 && status.st_size > 0 && ftruncate(target, 0) != 0) give_up(start, step);
}

void redirect(ProgramStart& start) {
  const bool has_input = *start.input != '\0';  // if not, the helper's own stdin is what it needs
  if (has_input) open_as(start, start.input, O_RDONLY, STDIN_FILENO, StartStep::standard_input);
  open_emptied(start, start.output, STDOUT_FILENO, StartStep::standard_output);
  if (*start.output != '\0' && strcmp(start.output, start.error) == 0) {
    dup2(STDOUT_FILENO, STDERR_FILENO);  // one file, one position: neither overwrites the other
  } else {
    open_emptied(start, start.error, STDERR_FILENO, StartStep::standard_error);
  }
}

[[noreturn]] void become(ProgramStart& start) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != start.starter) _exit(127);  // it ended before the line above took effect
  setpgid(0, 0);
  if (start.cores != nullptr) sched_setaffinity(0, sizeof *start.cores, start.cores);  // as it is, if that is refused
  if (chdir(start.directory) != 0) give_up(start, StartStep::directory);
  redirect(start);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  execvpe(start.argv[0], start.argv, start.environment);
  give_up(start, StartStep::execute);
}

}  // namespace

__attribute__((noinline)) pid_t spawn_program(ProgramStart& start) {
  const pid_t pid = vfork();
  if (pid == 0) become(start);
  return pid;
}

namespace {

/// Settings of Open MPI that a user chose for the machine or the network, in the environment or by `mpirun --mca`, and
/// that hold for a job inside the job just as well. All others of the outer mpirun (addresses of its daemons, numbers
/// of ranks, directories, what it has found out about the job) would mislead an inner one.
bool is_setting_for_inner_mpi(std::string_view variable) {
  constexpr std::string_view parameters = "OMPI_MCA_";
  if (!variable.starts_with(parameters)) return false;
  variable.remove_prefix(parameters.size());
  constexpr std::array<std::string_view, 17> chosen = {"pml",
                                                       "btl",
                                                       "mtl",
                                                       "osc",
                                                       "coll",
                                                       "oob_tcp_",
                                                       "plm_rsh_",
                                                       "mpi_leave_",
                                                       "mpi_yield_",
                                                       "mpi_warn_",
                                                       "mpi_show",
                                                       "opal_common_",
                                                       "opal_warn_on_",
                                                       "orte_base_help_aggreg",
                                                       "rmaps_base_oversubscribe",
                                                       "odls_base_sigkill",
                                                       "hwloc_base_binding_policy"};
  return std::any_of(chosen.begin(), chosen.end(), [&](std::string_view name) { return variable.starts_with(name); });
}

bool belongs_to_outer_mpi(std::string_view variable) {
  constexpr std::array<std::string_view, 6> prefixes = {"OMPI_", "PMIX_", "PMI_", "ORTE_", "PRTE_", "OPAL_"};
  if (variable.starts_with("OMPI_ALLOW_RUN_AS_ROOT")) return false;  // the user's own, and a nested mpirun needs it
  if (is_setting_for_inner_mpi(variable)) return false;
  for (const std::string_view prefix : prefixes) {
    if (variable.starts_with(prefix)) return true;
  }
  return false;
}

}  // namespace

std::vector<std::string> program_environment(const std::string& mark) {
  const std::string own = fmt::format("{}=", launcher_variable);
  std::vector<std::string> result;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (!belongs_to_outer_mpi(*variable) && !std::string_view(*variable).starts_with(own))
      result.emplace_back(*variable);
  }
  result.push_back(own + mark);
  return result;
}

}  // namespace windrow::detail
