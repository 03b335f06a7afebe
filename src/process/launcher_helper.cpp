#include "launcher_helper.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string_view>
#include <vector>

#include "launcher_spawn.hpp"
#include "process/helper_role.hpp"
#include "process/interface/helper_process.hpp"
#include "windrow/base/files.hpp"

namespace windrow::detail {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr nanoseconds background_grace = milliseconds(100);  // for what a program that has ended left running
constexpr nanoseconds orphan_grace = milliseconds(300);      // for a program whose owner has gone

/// Content of a run request, pointing into the received bytes.
struct Run {
  RunHeader header;
  const char* directory = nullptr;
  const char* input = nullptr;
  const char* output = nullptr;
  const char* error = nullptr;
  std::vector<char*> argv;         ///< ends in null
  std::vector<char*> environment;  ///< ends in null
};

bool same_variable(std::string_view a, std::string_view b) {
  return a.substr(0, a.find('=')) == b.substr(0, b.find('='));
}

Run decode(std::string& content, std::vector<std::string>& environment) {
  Run run;
  std::memcpy(&run.header, content.data(), sizeof run.header);
  char* at = content.data() + sizeof run.header;
  const auto next = [&at] {
    char* text = at;
    at += std::strlen(at) + 1;
    return text;
  };
  run.directory = next();
  run.input = next();
  run.output = next();
  run.error = next();
  for (std::uint32_t i = 0; i < run.header.arguments; ++i) run.argv.push_back(next());
  for (std::string& variable : environment) run.environment.push_back(variable.data());
  for (std::uint32_t i = 0; i < run.header.variables; ++i) {
    char* variable = next();
    std::erase_if(run.environment, [variable](const char* other) { return same_variable(other, variable); });
    run.environment.push_back(variable);
  }
  run.argv.push_back(nullptr);
  run.environment.push_back(nullptr);
  return run;
}

/// The one loop that everything waits in: for the owner's requests and its death, signals, children, and deadlines.
class Helper {
 public:
  Helper(int socket, int owner, int signals, std::vector<std::string> environment, std::optional<cpu_set_t> cores)
      : socket_(socket), owner_(owner), signals_(signals), environment_(std::move(environment)), cores_(cores) {}

  void serve() {
    while (!ending_) {
      wait(std::nullopt);
      if (request_ && !ending_) run();
    }
    end_tree(orphan_grace);
  }

 private:
  using Deadline = std::optional<Clock::time_point>;

  void wait(Deadline deadline);
  void read_signals();
  void reap();
  void note_end(pid_t pid, int status);
  void read_request();
  bool receive(void* to, std::size_t size);
  void run();
  bool start(Run& run, Reply& reply);
  void wait_for_program(Deadline deadline, Reply& reply);
  void end_tree(nanoseconds grace);
  static void signal_tree(int number);

  const pid_t self_ = getpid();
  int socket_;
  int owner_;
  int signals_;
  std::vector<std::string> environment_;
  std::optional<cpu_set_t> cores_;  ///< of the owner's launcher, if that binds its processes

  bool ending_ = false;                 ///< the owner has gone, or this process is told to end
  std::optional<std::string> request_;  ///< a run not yet begun
  std::uint64_t run_ = 0;
  bool stop_ = false;
  pid_t program_ = 0;
  std::optional<ExitStatus> status_;  ///< of the program, once it has ended
  Clock::time_point ended_;
  bool has_children_ = false;
};

void Helper::wait(Deadline deadline) {
  pollfd entries[] = {{signals_, POLLIN, 0}, {ending_ ? -1 : socket_, POLLIN, 0}, {ending_ ? -1 : owner_, POLLIN, 0}};
  timespec limit{};
  if (deadline) {
    const nanoseconds left = std::max<nanoseconds>(*deadline - Clock::now(), nanoseconds(0));
    limit.tv_sec = left.count() / 1'000'000'000;
    limit.tv_nsec = left.count() % 1'000'000'000;
  }
  if (ppoll(entries, 3, deadline ? &limit : nullptr, nullptr) <= 0) return;
  if (entries[0].revents != 0) read_signals();
  if (entries[2].revents != 0) ending_ = true;
  if (entries[1].revents != 0 && !ending_) read_request();
}

void Helper::read_signals() {
  signalfd_siginfo info[8];
  const ssize_t size = read(signals_, info, sizeof info);
  for (ssize_t i = 0; i * static_cast<ssize_t>(sizeof info[0]) < size; ++i) {
    if (info[i].ssi_signo == SIGTERM) ending_ = true;
  }
  reap();
}

void Helper::reap() {
  int status = 0;
  pid_t pid = 0;
  while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
    note_end(pid, status);
  }
  has_children_ = pid == 0;
}

void Helper::note_end(pid_t pid, int status) {
  if (pid != program_) return;
  status_ = ExitStatus::from_wait(status);
  ended_ = Clock::now();
}

bool Helper::receive(void* to, std::size_t size) {
  auto* bytes = static_cast<char*>(to);
  while (size > 0) {
    const ssize_t n = recv(socket_, bytes, size, MSG_DONTWAIT);
    if (n > 0) {
      bytes += n;
      size -= static_cast<std::size_t>(n);
    } else if (n < 0 && errno == EAGAIN) {
      pollfd entries[] = {{socket_, POLLIN, 0}, {owner_, POLLIN, 0}};
      if (poll(entries, 2, -1) > 0 && entries[0].revents == 0) return false;
    } else if (n == 0 || errno != EINTR) {
      return false;
    }
  }
  return true;
}

void Helper::read_request() {
  RequestHeader header;
  if (!receive(&header, sizeof header)) {
    ending_ = true;
  } else if (header.type == RequestType::stop) {
    stop_ = stop_ || header.run == run_;
  } else {
    run_ = header.run;
    request_.emplace(header.size, '\0');
    ending_ = !receive(request_->data(), request_->size());
  }
}

void Helper::run() {
  std::string content = std::move(*request_);
  request_.reset();
  stop_ = false;
  Run run = decode(content, environment_);
  Reply reply;
  reply.run = run_;
  const Clock::time_point began = Clock::now();
  if (start(run, reply)) {
    Deadline deadline;
    if (run.header.timeout >= 0) deadline = began + nanoseconds(run.header.timeout);
    wait_for_program(deadline, reply);
    end_tree(status_ ? background_grace : nanoseconds(run.header.grace));
  }
  reply.elapsed = std::chrono::duration<double>((status_ ? ended_ : Clock::now()) - began).count();
  program_ = 0;
  if (!ending_) send(socket_, &reply, sizeof reply, MSG_NOSIGNAL);
}

bool Helper::start(Run& run, Reply& reply) {
  ProgramStart start;
  start.directory = run.directory;
  start.input = run.input;
  start.output = run.output;
  start.error = run.error;
  start.argv = run.argv.data();
  start.environment = run.environment.data();
  start.starter = self_;
  start.cores = run.header.unbound != 0 && cores_ ? &*cores_ : nullptr;
  status_.reset();
  program_ = spawn_program(start);
  if (program_ > 0 && start.failed_step == StartStep::none) {
    has_children_ = true;
    return true;
  }
  reply.step = program_ < 0 ? StartStep::process : start.failed_step;
  reply.error_number = program_ < 0 ? errno : start.error_number;
  reap();
  return false;
}

void Helper::wait_for_program(Deadline deadline, Reply& reply) {
  while (!status_) {
    reply.stopped = stop_ || ending_;
    if (reply.stopped) return;
    reply.status = ExitStatus::timed_out();
    if (deadline && Clock::now() >= *deadline) return;
    wait(deadline);
  }
  reply.status = *status_;
}

/// Ends every process below this one: a polite signal, then one that cannot be refused until none is left. As a
/// subreaper this process is the parent of every orphan below it, whatever session it moved to.
void Helper::end_tree(nanoseconds grace) {
  if (!has_children_) return;
  signal_tree(SIGTERM);
  signal_tree(SIGCONT);  // or one that is stopped would never see the first
  Clock::time_point limit = Clock::now() + (ending_ ? std::min(grace, orphan_grace) : grace);
  bool owner_was_there = !ending_;
  while (has_children_ && Clock::now() < limit) {
    wait(limit);
    if (owner_was_there && ending_) {
      limit = std::min(limit, Clock::now() + orphan_grace);
      owner_was_there = false;
    }
  }
  if (has_children_) has_children_ = !kill_strays({}, [this](pid_t pid, int status) { note_end(pid, status); });
}

void Helper::signal_tree(int number) {
  for (const pid_t pid : descendants()) kill(pid, number);
}

/// The cores that mpirun (or its daemon on this host), the parent of `rank`, may use itself: those of the allocation.
/// None if `rank` was not started by it. @pre `rank` has started this process
std::optional<cpu_set_t> cores_of_launcher(pid_t rank) {
  if (std::getenv("OMPI_COMM_WORLD_RANK") == nullptr) return std::nullopt;
  const std::string text = detail::read_file("/proc/" + std::to_string(rank) + "/status").value_or("");
  const std::size_t at = text.find("\nPPid:");
  if (at == std::string::npos) return std::nullopt;
  const auto launcher = static_cast<pid_t>(std::atol(text.c_str() + at + std::strlen("\nPPid:")));
  cpu_set_t cores;
  CPU_ZERO(&cores);
  if (launcher <= 1 || sched_getaffinity(launcher, sizeof cores, &cores) != 0) return std::nullopt;
  return cores;
}

void do_nothing(int) {}

/// Programs without a file for stdin inherit this one, so that nobody opens it for each.
void read_nothing() {
  const Fd null(open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!null || dup2(null.get(), STDIN_FILENO) < 0) _exit(1);
}

}  // namespace

void serve_launcher(const Fd& socket, const Fd& owner, pid_t owner_pid, const std::string& mark) {
  // A terminal's interrupt, and what a batch system tells a whole job that its time ends by, are for the owner to act
  // on. By a handler, since exec sets that back to the default, but leaves what is ignored ignored.
  for (const int number : {SIGINT, SIGHUP, SIGUSR1}) signal(number, do_nothing);
  read_nothing();
  const Fd signals = watch_signals({SIGTERM, SIGCHLD});
  Helper(socket.get(), owner.get(), signals.get(), program_environment(mark), cores_of_launcher(owner_pid)).serve();
}

}  // namespace windrow::detail
