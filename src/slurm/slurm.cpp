#include "windrow/slurm/slurm.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <sstream>
#include <utility>
#include <vector>

#include "windrow/base/text.hpp"
#include "windrow/error.hpp"
#include "windrow/process/exit_status.hpp"
#include "windrow/process/fd.hpp"

namespace windrow {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kPatience = std::chrono::seconds(5);
constexpr auto kPatienceWithJobs = std::chrono::minutes(2);  // to begin or to end one, when slurmctld is busy

/// What a program printed on both streams, and its exit code: 0 if all went well, negative if a signal ended it.
struct Answer {
  int code = 0;
  std::string text;
};

// posix_spawn, which copies nothing: the process may be large, and inside MPI. What this process ignores is not for the
// other one to ignore.
pid_t spawn(std::vector<std::string> argv, int output) {
  std::vector<char*> arguments;
  for (std::string& argument : argv) arguments.push_back(argument.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
  sigset_t defaults;
  sigemptyset(&defaults);
  for (const int number : {SIGPIPE, SIGXFSZ}) sigaddset(&defaults, number);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  pid_t pid = -1;
  const int error = posix_spawnp(&pid, arguments[0], &actions, &attributes, arguments.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) throw SystemError("cannot run " + argv.front(), error);
  return pid;
}

// @return whether the stream ended in time
bool read_all(int input, std::string& text, Clock::duration patience) {
  const auto deadline = Clock::now() + patience;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd entry{input, POLLIN, 0};
    if (left <= 0 || (::poll(&entry, 1, static_cast<int>(left)) < 0 && errno != EINTR)) return false;
    if (entry.revents == 0) continue;
    std::array<char, 4096> buffer{};
    const ssize_t n = ::read(input, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return n == 0;
    text.append(buffer.data(), static_cast<std::size_t>(n));
  }
}

Answer ask(std::vector<std::string> argv, Clock::duration patience = kPatience) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw SystemError("cannot make a pipe", errno);
  const Fd input(ends[0]);
  Fd output(ends[1]);
  const pid_t pid = spawn(argv, output.get());
  output = Fd();
  Answer answer;
  const bool in_time = read_all(input.get(), answer.text, patience);
  if (!in_time) ::kill(pid, SIGKILL);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  answer.code = ExitStatus::from_wait(status).code();
  if (answer.code < 0 && answer.text.empty()) answer.text = fmt::format("ended by signal {}", -answer.code);
  if (!in_time) answer.text = "no answer within " + text::render_duration(patience);
  return answer;
}

std::string variable(const char* name) {
  const char* text = std::getenv(name);
  return text != nullptr ? text : "";
}

// "EndTime=2026-11-21T19:05:00", in local time; "Unknown" or "None" for a job without an end.
std::optional<double> end_time_in(const std::string& text) {
  const std::size_t at = text.find("EndTime=");
  if (at == std::string::npos) return std::nullopt;
  std::tm time{};
  if (::strptime(text.c_str() + at + std::strlen("EndTime="), "%Y-%m-%dT%H:%M:%S", &time) == nullptr) {
    return std::nullopt;
  }
  time.tm_isdst = -1;
  return static_cast<double>(std::mktime(&time));
}

// "2(x3),1": 2, 2, 2, 1. Empty if it is not such a list.
std::vector<int> tasks_in(const std::string& text) {
  std::vector<int> tasks;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, ',');) {
    const std::size_t times = part.find("(x");
    const bool repeated = times != std::string::npos;
    if (repeated && !part.ends_with(')')) return {};
    const auto each = text::parse_integer(part.substr(0, times));
    const auto nodes = repeated ? text::parse_integer(part.substr(times + 2, part.size() - times - 3)) : 1;
    if (!each || !nodes || *each < 1 || *nodes < 1 || *nodes > 1'000'000) return {};
    tasks.insert(tasks.end(), static_cast<std::size_t>(*nodes), static_cast<int>(*each));
  }
  return tasks;
}

}  // namespace

Slots slurm_slots() {
  const std::string nodes = variable("SLURM_JOB_NODELIST");
  const std::string tasks_per_node = variable("SLURM_TASKS_PER_NODE");
  if (slurm_job().empty() || nodes.empty() || tasks_per_node.empty()) return {};
  const Answer answer = ask({"scontrol", "show", "hostnames", nodes});
  if (answer.code != 0) throw Error(fmt::format("scontrol show hostnames {}: {}", nodes, answer.text));
  const std::vector<int> tasks = tasks_in(tasks_per_node);
  Slots slots;
  std::istringstream names(answer.text);
  for (std::string name; names >> name;) slots.push_back({name, slots.size() < tasks.size() ? tasks[slots.size()] : 0});
  if (slots.empty() || slots.size() != tasks.size()) {
    throw Error(fmt::format("SLURM_TASKS_PER_NODE is `{}`, which does not fit the nodes of the job, {}", tasks_per_node,
                            nodes));
  }
  return slots;
}

std::string slurm_job() {
  return variable("SLURM_JOB_ID");
}

std::optional<double> slurm_job_end() {
  if (slurm_job().empty()) return std::nullopt;
  if (const auto seconds = text::parse_double(variable("SLURM_JOB_END_TIME"))) return seconds;
  try {
    const Answer answer = ask({"scontrol", "show", "job", slurm_job()});
    return answer.code == 0 ? end_time_in(answer.text) : std::nullopt;
  } catch (const SystemError&) {  // there is no scontrol here
    return std::nullopt;
  }
}

void requeue_slurm_job() {
  if (slurm_job().empty()) throw Error("this is no job of Slurm: SLURM_JOB_ID is not set");
  const Answer answer = ask({"scontrol", "requeue", slurm_job()}, kPatienceWithJobs);
  if (answer.code == -SIGTERM) return;  // scontrol is part of the job that Slurm now ends
  if (answer.code != 0) throw Error(fmt::format("scontrol requeue {}: {}", slurm_job(), answer.text));
}

namespace {

// "4711", or "4711;cluster"
bool is_job(const std::string& line) {
  const std::string number = line.substr(0, line.find(';'));
  return text::parse_integer(number).value_or(0) > 0;
}

std::string trimmed(std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

}  // namespace

SubmittedJob submit_slurm_job(const std::filesystem::path& script) {
  const Answer answer = ask({"sbatch", "--parsable", script.string()}, kPatienceWithJobs);
  if (answer.code != 0) throw Error(trimmed(answer.text.empty() ? "sbatch failed without a word" : answer.text));
  SubmittedJob job;
  std::istringstream lines(answer.text);
  for (std::string line; std::getline(lines, line);) (is_job(line) ? job.id : job.messages) += line + "\n";
  job.id = trimmed(job.id);
  job.messages = trimmed(job.messages);
  if (job.id.empty() || job.id.find('\n') != std::string::npos) {
    throw Error("sbatch named no job: " + trimmed(answer.text));
  }
  return job;
}

}  // namespace windrow
