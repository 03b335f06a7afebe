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
#include "process/interface/helper_process.hpp"
#include "windrow/base/files.hpp"
#include "windrow/error.hpp"

namespace windrow {

using detail::Reply;
using detail::ReplyKind;
using detail::RequestHeader;
using detail::RequestType;
using detail::RunHeader;
using detail::StartStep;

namespace {

constexpr int stop_poll_ms = 50;
constexpr int helper_patience_ms = 10000;
constexpr int start_attempts = 3;

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

bool receive_helper(int socket, pid_t& helper) {
  ssize_t n = 0;
  while ((n = recv(socket, &helper, sizeof helper, MSG_WAITALL)) < 0 && errno == EINTR) {
  }
  return n == sizeof helper;
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
    case StartStep::standard_output:
      return fmt::format("cannot write stdout of `{}` to {}: {}", program, spec.stdout_file.string(), reason);
    case StartStep::standard_error:
      return fmt::format("cannot write stderr of `{}` to {}: {}", program, spec.stderr_file.string(), reason);
    default:
      return fmt::format("cannot start `{}`: {}", program, reason);
  }
}

ProgramEnd to_end(const ProgramSpec& spec, const Reply& reply) {
  ProgramEnd end;
  end.code = reply.code;
  end.elapsed = reply.elapsed;
  switch (reply.kind) {
    case ReplyKind::exited:
      end.kind = ProgramEnd::Kind::exited;
      break;
    case ReplyKind::signalled:
      end.kind = ProgramEnd::Kind::signalled;
      break;
    case ReplyKind::timed_out:
      end.kind = ProgramEnd::Kind::timed_out;
      break;
    case ReplyKind::not_started:
      end.kind = ProgramEnd::Kind::not_started;
      end.error_number = reply.error_number;
      end.message = start_failure(spec, reply);
      break;
    case ReplyKind::stopped:
      throw Interrupted();
  }
  return end;
}

}  // namespace

Launcher::~Launcher() {
  end();
}

Launcher::Launcher(Launcher&& other) noexcept
    : socket_(std::move(other.socket_)),
      helper_(std::exchange(other.helper_, 0)),
      guardian_(std::exchange(other.guardian_, 0)),
      owner_(std::exchange(other.owner_, 0)),
      mark_(std::move(other.mark_)),
      run_(other.run_) {}

Launcher& Launcher::operator=(Launcher&& other) noexcept {
  if (this != &other) {
    end();
    socket_ = std::move(other.socket_);
    helper_ = std::exchange(other.helper_, 0);
    guardian_ = std::exchange(other.guardian_, 0);
    owner_ = std::exchange(other.owner_, 0);
    mark_ = std::move(other.mark_);
    run_ = other.run_;
  }
  return *this;
}

pid_t Launcher::helper() const {
  return owner_ == getpid() ? helper_ : 0;
}

void Launcher::start() {
  for (int attempt = 1; helper() == 0; ++attempt) {  // one may be killed before it says who it is
    if (!try_to_start() && attempt == start_attempts) throw SystemError("cannot start the launcher", EAGAIN);
  }
}

bool Launcher::try_to_start() {
  forget();
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    throw SystemError("cannot make a socket for the launcher", errno);
  }
  Fd ours(ends[0]);
  Fd theirs(ends[1]);
  const std::string mark = new_mark();
  const pid_t owner = getpid();
  const detail::SignalsBlocked blocked;
  const pid_t pid = fork();
  if (pid < 0) throw SystemError("cannot start the launcher", errno);
  if (pid == 0) detail::serve_launcher(theirs.get(), owner, mark);
  theirs.reset();
  pid_t helper = 0;
  if (!receive_helper(ours.get(), helper)) {
    waitpid(pid, nullptr, 0);
    return false;
  }
  socket_ = std::move(ours);
  helper_ = helper;
  guardian_ = pid;
  owner_ = owner;
  mark_ = mark;
  return true;
}

ProgramEnd Launcher::run(const ProgramSpec& spec, const std::function<bool()>& stop_requested) {
  const std::string request = encode(spec, run_ + 1);
  start();
  ++run_;
  send_run(request);
  return wait_for_end(spec, stop_requested);
}

void Launcher::send_run(const std::string& request) {
  // The helper says nothing between runs: readable means that it has died in the meantime.
  if (!is_readable(socket_.get(), 0) && send_all(socket_.get(), request)) return;
  end();
  kill_marked(mark_);
  start();
  if (!send_all(socket_.get(), request)) {
    end();
    throw PeerLost("the launcher of programs cannot be reached");
  }
}

ProgramEnd Launcher::wait_for_end(const ProgramSpec& spec, const std::function<bool()>& stop_requested) {
  bool stopping = false;
  std::exception_ptr thrown;
  while (!is_readable(socket_.get(), stop_requested && !stopping ? stop_poll_ms : -1)) {
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
    send_all(socket_.get(), request);
  }
  Reply reply;
  if (!receive_reply(socket_.get(), reply)) fail_lost(spec.argv.front());
  if (thrown) std::rethrow_exception(thrown);
  return to_end(spec, reply);
}

void Launcher::fail_lost(const std::string& program) {
  const std::string mark = mark_;
  end();
  kill_marked(mark);
  throw PeerLost(fmt::format("the launcher of `{}` was killed while the program ran", program));
}

void Launcher::forget() {
  socket_.reset();
  helper_ = 0;
  guardian_ = 0;
  owner_ = 0;
}

void Launcher::end() {
  if (helper() != 0) {
    const Fd process = detail::open_process(helper_);
    shutdown(socket_.get(), SHUT_RDWR);  // unlike close(), it also reaches past the copies that forked children hold
    while (waitpid(guardian_, nullptr, 0) < 0 && errno == EINTR) {
    }
    if (process) is_readable(process.get(), helper_patience_ms);  // the guardian may have been killed
  }
  forget();
}

}  // namespace windrow
