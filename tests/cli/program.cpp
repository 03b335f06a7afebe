#include "cli/program.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace windrow::test {
namespace {

// What the tests' own environment says to windrow would change what they see.
bool is_for_windrow(const std::string& variable) {
  return variable.starts_with("WINDROW_");
}

std::vector<std::string> environment_of(const Program::Spec& spec) {
  std::vector<std::string> result;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string text = *variable;
    if (!is_for_windrow(text) && !spec.environment.contains(text.substr(0, text.find('=')))) result.push_back(text);
  }
  for (const auto& [name, value] : spec.environment) result.push_back(name + "=" + value);
  return result;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

void redirect(const std::string& prefix) {
  const int in = open("/dev/null", O_RDONLY);
  const int out = open((prefix + ".out").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666);
  const int err = open((prefix + ".err").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666);
  if (in < 0 || out < 0 || err < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0) _exit(126);
}

void attach(int terminal) {
  if (setsid() < 0 || ioctl(terminal, TIOCSCTTY, 0) != 0) _exit(126);
  for (int fd = 0; fd < 3; ++fd) {
    if (dup2(terminal, fd) < 0) _exit(126);
  }
}

[[noreturn]] void become(Program::Spec& spec, const std::vector<char*>& argv, const std::vector<char*>& environment) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (spec.terminal >= 0) {
    attach(spec.terminal);
  } else {
    setpgid(0, 0);
    redirect(spec.output.string());
  }
  close_range(3, ~0U, 0);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) ::signal(number, SIG_DFL);
  if (chdir(spec.directory.c_str()) != 0) _exit(126);
  execvpe(argv[0], argv.data(), environment.data());
  _exit(127);
}

}  // namespace

std::string Ended::text() const {
  return "exit code " + std::to_string(code) + ", signal " + std::to_string(signal) +
         (in_time ? "" : ", killed because it took too long") + "\nstdout:\n" + out + "stderr:\n" + err;
}

Program::Program(Spec spec) : spec_(std::move(spec)) {
  auto arguments = spec_.argv;
  auto variables = environment_of(spec_);
  const auto argv = pointers(arguments);
  const auto environment = pointers(variables);
  pid_ = fork();
  if (pid_ < 0) throw std::runtime_error("cannot fork");
  if (pid_ == 0) become(spec_, argv, environment);
  if (spec_.terminal < 0) setpgid(pid_, pid_);
}

Program::Program(Program&& other) noexcept
    : spec_(std::move(other.spec_)), pid_(other.pid_), status_(other.status_), ended_(other.ended_) {
  other.ended_ = true;
}

Program::~Program() {
  if (ended_) return;
  signal_group(SIGKILL);
  reap(0);
}

bool Program::reap(int options) {
  if (ended_) return true;
  pid_t result = 0;
  while ((result = waitpid(pid_, &status_, options)) < 0 && errno == EINTR) {
  }
  ended_ = result == pid_;
  return ended_;
}

bool Program::is_running() {
  return !reap(WNOHANG);
}

void Program::signal(int number) const {
  if (!ended_) kill(pid_, number);
}

void Program::signal_group(int number) const {
  if (!ended_) kill(-pid_, number);
}

std::string Program::err() const {
  return read_file(spec_.output.string() + ".err");
}

Ended Program::wait(std::chrono::seconds limit) {
  Ended result;
  result.in_time = eventually(limit, [this] { return reap(WNOHANG); });
  if (!result.in_time) {
    signal_group(SIGKILL);
    reap(0);
  }
  if (WIFEXITED(status_)) result.code = WEXITSTATUS(status_);
  if (WIFSIGNALED(status_)) result.signal = WTERMSIG(status_);
  if (spec_.terminal >= 0) return result;
  result.out = read_file(spec_.output.string() + ".out");
  result.err = read_file(spec_.output.string() + ".err");
  return result;
}

bool Process::has(const std::string& variable) const {
  return ('\0' + environment).find('\0' + variable + '\0') != std::string::npos;
}

std::vector<Process> processes_with(const std::string& variable) {
  std::vector<Process> result;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    Process process{static_cast<pid_t>(std::stol(name)), "", read_file(entry.path() / "environ")};
    if (process.pid == getpid() || !process.has(variable)) continue;  // a zombie has no environment
    process.name = read_file(entry.path() / "comm");
    if (process.name.ends_with('\n')) process.name.pop_back();
    result.push_back(std::move(process));
  }
  return result;
}

std::string read_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();  // a process that ends while it is read gives an error here, which means nothing
  return text.str();
}

void pause_for(std::chrono::milliseconds time) {
  std::this_thread::sleep_for(time);
}

}  // namespace windrow::test
