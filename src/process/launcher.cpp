#include "windrow/process/launcher.hpp"

#include <dirent.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string_view>
#include <thread>
#include <utility>

#include "launcher_helper.hpp"
#include "process/helper_role.hpp"
#include "windrow/base/files.hpp"
#include "windrow/error.hpp"

namespace windrow {

using detail::Reply;
using detail::RequestHeader;
using detail::RequestType;
using detail::RunHeader;
using detail::StartStep;

namespace {

constexpr int stop_poll_ms = 50;

std::string new_mark() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  const std::string mark = fmt::format("{}.{:x}.{:x}", getpid(), now.tv_sec, now.tv_nsec);
  const char* outer = std::getenv(detail::launcher_variable);
  return outer == nullptr ? mark : fmt::format("{}:{}", outer, mark);
}

template <typename T>
void append(std::string& to, const T& object) {
  to.append(reinterpret_cast<const char*>(&object), sizeof object);
}

void append_text(std::string& to, const std::string& text, const char* what) {
  if (text.find('\0') != std::string::npos) {
    throw SpecError(fmt::format("{} holds a null character, which no program can be given: `{}`", what, text.c_str()));
  }
  to.append(text.c_str(), text.size() + 1);
}

std::string encode(const ProgramSpec& spec, std::uint64_t run) {
  if (spec.argv.empty() || spec.argv.front().empty()) throw SpecError("no program to run: its name is empty");
  RunHeader header;
  header.timeout = spec.timeout ? std::max<std::int64_t>(spec.timeout->count(), 0) : -1;
  header.grace = std::max<std::int64_t>(spec.grace.count(), 0);
  header.arguments = static_cast<std::uint32_t>(spec.argv.size());
  header.variables = static_cast<std::uint32_t>(spec.environment.size());
  header.unbound = spec.unbound ? 1 : 0;
  std::string content;
  append(content, header);
  append_text(content, std::filesystem::absolute(spec.directory.empty() ? "." : spec.directory).string(),
              "the directory");
  append_text(content, spec.stdin_file.string(), "the name of the file for stdin");
  append_text(content, spec.stdout_file.string(), "the name of the file for stdout");
  append_text(content, spec.stderr_file.string(), "the name of the file for stderr");
  for (const std::string& argument : spec.argv) append_text(content, argument, "an argument");
  for (const std::string& variable : spec.environment) append_text(content, variable, "an environment variable");

  std::string request;
  append(request, RequestHeader{RequestType::run, 0, run, content.size()});
  return request + content;
}

/// Whether everything was written; false if the peer is gone.
bool send_all(int socket, const std::string& bytes) {
  for (std::size_t sent = 0; sent < bytes.size();) {
    const ssize_t n = send(socket, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (n >= 0) {
      sent += static_cast<std::size_t>(n);
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

/// Whether a reply was read; false if the peer is gone.
bool receive_reply(int socket, Reply& reply) {
  auto* bytes = reinterpret_cast<char*>(&reply);
  for (std::size_t got = 0; got < sizeof reply;) {
    const ssize_t n = recv(socket, bytes + got, sizeof reply - got, 0);
    if (n == 0 || (n < 0 && errno != EINTR)) return false;
    if (n > 0) got += static_cast<std::size_t>(n);
  }
  return true;
}

bool is_readable(int socket, int timeout_ms) {
  pollfd entry{socket, POLLIN, 0};
  return poll(&entry, 1, timeout_ms) > 0;
}

bool carries_mark(pid_t pid, const std::string& mark) {
  const std::string environment = detail::read_file(fmt::format("/proc/{}/environ", pid)).value_or("");
  const std::string variable = fmt::format("{}={}", detail::launcher_variable, mark);
  for (std::size_t at = environment.find(variable); at != std::string::npos; at = environment.find(variable, at + 1)) {
    const std::size_t end = at + variable.size();
    const bool begins = at == 0 || environment[at - 1] == '\0';
    if (begins && (end == environment.size() || environment[end] == '\0' || environment[end] == ':')) return true;
  }
  return false;
}

/// Kills every process that carries the mark; false if there was none.
bool kill_marked_once(const std::string& mark) {
  bool found = false;
  DIR* directory = opendir("/proc");
  if (directory == nullptr) return false;
  while (const dirent* entry = readdir(directory)) {
    const pid_t pid = static_cast<pid_t>(std::atol(entry->d_name));
    if (pid <= 1 || pid == getpid() || !carries_mark(pid, mark)) continue;
    kill(pid, SIGKILL);
    found = true;
  }
  closedir(directory);
  return found;
}

/// Ends what a killed helper left behind: its programs' children now belong to init, only their environment tells them.
void kill_marked(const std::string& mark) {
  for (int round = 0; round < 200 && kill_marked_once(mark); ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

std::string start_failure(const ProgramSpec& spec, const Reply& reply) {
  const char* reason = std::strerror(reply.error_number);
  const std::string& program = spec.argv.front();
  switch (reply.step) {
    case StartStep::directory:
      return fmt::format("cannot run `{}` in {}: {}", program, spec.directory.string(), reason);
    case StartStep::standard_input:
      return fmt::format("cannot read stdin of `{}` from {}: {}", program, spec.stdin_file.string(), reason);
    case StartStep::standard_output:
      return fmt::format("cannot write stdout of `{}` to {}: {}", program, spec.stdout_file.string(), reason);
    case StartStep::standard_error:
      return fmt::format("cannot write stderr of `{}` to {}: {}", program, spec.stderr_file.string(), reason);
    default:
      return fmt::format("cannot start `{}`: {}", program, reason);
  }
}

ProgramEnd to_end(const ProgramSpec& spec, const Reply& reply) {
  if (reply.stopped) throw Interrupted();
  if (reply.error_number == 0) return {reply.status, 0, {}, reply.elapsed};
  const int shell_code = reply.error_number == ENOENT ? 127 : 126;
  return {ExitStatus::exited(shell_code), reply.error_number, start_failure(spec, reply), reply.elapsed};
}

}  // namespace

Launcher::Launcher() = default;
Launcher::~Launcher() = default;
Launcher::Launcher(Launcher&& other) noexcept = default;
Launcher& Launcher::operator=(Launcher&& other) noexcept = default;

pid_t Launcher::helper() const {
  return helper_ && helper_->is_own() ? helper_->pid() : 0;
}

void Launcher::start() {
  if (helper() != 0) return;
  mark_ = new_mark();
  const auto serve = [owner = getpid(), this](const Fd& socket, const Fd& owner_end) {
    detail::serve_launcher(socket, owner_end, owner, mark_);
  };
  helper_ = std::make_unique<detail::HelperProcess>(
      detail::HelperRole{.what = "the launcher", .name = "windrow-launch", .socket_type = SOCK_STREAM, .serve = serve});
}

ProgramEnd Launcher::run(const ProgramSpec& spec, const std::function<bool()>& stop_requested) {
  const std::string request = encode(spec, run_ + 1);
  start();
  ++run_;
  send_run(request);
  return wait_for_end(spec, stop_requested);
}

void Launcher::send_run(const std::string& request) {
  if (send_all(helper_->socket(), request)) return;  // if not, it has died in the meantime
  helper_.reset();
  kill_marked(mark_);
  start();
  if (!send_all(helper_->socket(), request)) {
    helper_.reset();
    throw PeerLost("the launcher of programs cannot be reached");
  }
}

ProgramEnd Launcher::wait_for_end(const ProgramSpec& spec, const std::function<bool()>& stop_requested) {
  bool stopping = false;
  std::exception_ptr thrown;
  while (!is_readable(helper_->socket(), stop_requested && !stopping ? stop_poll_ms : -1)) {
    if (!stop_requested || stopping) continue;
    try {
      stopping = stop_requested();
    } catch (...) {
      stopping = true;
      thrown = std::current_exception();
    }
    if (!stopping) continue;
    std::string request;
    append(request, RequestHeader{RequestType::stop, 0, run_, 0});
    send_all(helper_->socket(), request);
  }
  Reply reply;
  if (!receive_reply(helper_->socket(), reply)) fail_lost(spec.argv.front());
  if (thrown) std::rethrow_exception(thrown);
  return to_end(spec, reply);
}

void Launcher::fail_lost(const std::string& program) {
  helper_.reset();
  kill_marked(mark_);
  throw PeerLost(fmt::format("the launcher of `{}` was killed while the program ran", program));
}

}  // namespace windrow
