// The process of a ForkSession: builds the model, and forks a child for each evaluation.
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <new>
#include <optional>
#include <string>
#include <utility>

#include "process/fork_wire.hpp"
#include "process/helper_role.hpp"
#include "process/interface/helper_process.hpp"
#include "process/process_child.hpp"
#include "process/result_memory.hpp"
#include "windrow/base/byte_stream.hpp"
#include "windrow/base/exception_text.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

using Clock = std::chrono::steady_clock;
using MaybeDeadline = std::optional<Clock::time_point>;
using std::chrono::nanoseconds;

constexpr std::uint32_t kNext = 1;  // between this process and a child that makes several evaluations

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

// Bytes of private memory that can be written: what RLIMIT_DATA counts.
std::uint64_t data_size() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmData:")) return std::strtoull(line.c_str() + sizeof "VmData:", nullptr, 10) * 1024;
  }
  return 0;
}

ResultMemory* results_of_this_process = nullptr;  // for the handler below, which can be given nothing

void note_failed_allocations(ResultMemory& results) {
  results_of_this_process = &results;
  std::set_new_handler([] {
    results_of_this_process->note_memory_ran_out();
    throw std::bad_alloc();
  });
}

/// While it lives, private memory is limited; what becomes of an evaluation that hit the limit is told without one.
class MemoryLimit {
 public:
  explicit MemoryLimit(std::uint64_t bytes) : limited_(bytes > 0 && ::getrlimit(RLIMIT_DATA, &before_) == 0) {
    if (!limited_) return;
    const rlimit limit{std::min<rlim_t>(bytes, before_.rlim_max), before_.rlim_max};
    ::setrlimit(RLIMIT_DATA, &limit);
  }
  ~MemoryLimit() {
    if (limited_) ::setrlimit(RLIMIT_DATA, &before_);
  }
  MemoryLimit(const MemoryLimit&) = delete;
  MemoryLimit& operator=(const MemoryLimit&) = delete;

 private:
  rlimit before_{};
  bool limited_;
};

class ModelProcess {
 public:
  explicit ModelProcess(OpenedSession session)
      : channel_(std::move(session.socket)),
        owner_(open_process(session.owner)),
        results_(std::move(session.results)),
        pid_(::getpid()) {}

  void serve() {
    if (owner_) {
      channel_.post(kHello, std::as_bytes(std::span(&pid_, 1)));
      try {
        while (auto frame = next(std::nullopt)) handle(*frame);
      } catch (const Error&) {  // the owner has closed its end, or cannot be understood
      }
    }
    end_children();
  }

 private:
  std::optional<Frame> next(MaybeDeadline deadline);
  enum class Event { time_up, child, message, owner_gone };
  Event wait(MaybeDeadline deadline);
  void handle(const Frame& frame);
  void make(const Frame& frame);
  void evaluate(const Frame& frame);
  bool give_to_child(std::span<const std::byte> request);
  void wait_for_child(MaybeDeadline deadline, EndedMessage& ended);
  [[noreturn]] void be_child(ByteChannel more, std::span<const std::byte> request);
  void evaluate_here(std::span<const std::byte> request);
  bool reap_child();
  void end_children();

  ByteChannel channel_;  // to the owner
  Fd owner_;
  ResultMemory results_;
  pid_t pid_;
  MakeHead options_;
  std::uint64_t data_limit_ = 0;
  std::unique_ptr<ForkedModel> model_;

  pid_t child_ = 0;
  Fd child_end_;  // readable when the child has ended
  ExitStatus child_status_ = ExitStatus::running();
  ByteChannel to_child_;    // open if the child makes several evaluations
  std::uint64_t made_ = 0;  // by the child
  std::uint64_t number_ = 0;
  bool stop_ = false;
  bool orphaned_ = false;  // the owner is gone
};

// What happened first; of the child: its end or its answer.
ModelProcess::Event ModelProcess::wait(MaybeDeadline deadline) {
  pollfd entries[] = {{child_end_.get(), POLLIN, 0},
                      {to_child_.descriptor(), POLLIN, 0},
                      {channel_.descriptor(), POLLIN, 0},
                      {owner_.get(), POLLIN, 0}};
  timespec limit{};
  if (deadline) {
    const nanoseconds left = std::max<nanoseconds>(*deadline - Clock::now(), nanoseconds(0));
    limit = {left.count() / 1'000'000'000, left.count() % 1'000'000'000};
  }
  if (::ppoll(entries, 4, deadline ? &limit : nullptr, nullptr) <= 0) return Event::time_up;
  if (entries[3].revents != 0) return Event::owner_gone;
  if (entries[0].revents != 0 || entries[1].revents != 0) return Event::child;
  return Event::message;
}

// The owner's next message; none once the owner is gone.
std::optional<Frame> ModelProcess::next(MaybeDeadline deadline) {
  for (;;) {
    if (auto frame = channel_.try_receive()) return frame;
    switch (wait(deadline)) {
      case Event::owner_gone:
        return std::nullopt;
      case Event::child:  // a child that waits for its next evaluation has ended, or has closed what is not its own
        if (!reap_child()) to_child_.close();
        break;
      default:
        break;
    }
  }
}

void ModelProcess::handle(const Frame& frame) {
  if (frame.tag == kMake) make(frame);
  if (frame.tag == kEvaluate) evaluate(frame);
}

void ModelProcess::make(const Frame& frame) {
  ByteReader in(frame.payload);
  options_ = in.get<MakeHead>();
  try {
    const auto function = reinterpret_cast<MakeForkedModel>(const_cast<void*>(decode_address(options_.function)));
    model_ = function(in.remaining());
  } catch (...) {
    return channel_.send(kMakeFailed, bytes_of(exception_text(std::current_exception())));
  }
  flush_standard_streams();  // or every child would write the text again
  if (options_.memory > 0) data_limit_ = data_size() + options_.memory;
  channel_.send(kMade, {});
}

void ModelProcess::evaluate(const Frame& frame) {
  ByteReader in(frame.payload);
  number_ = in.get<EvaluateHead>().number;
  stop_ = false;
  MaybeDeadline deadline;
  if (options_.timeout >= 0) deadline = Clock::now() + nanoseconds(options_.timeout);
  EndedMessage ended;
  ended.number = number_;
  if (give_to_child(in.remaining())) {
    wait_for_child(deadline, ended);
  } else {
    ended.status = ExitStatus::lost();
    ended.error_number = errno;
  }
  // Nothing outlives its evaluation, except the process that is to make the next one.
  if (!ended.status.is_running()) end_children();
  if (!orphaned_) channel_.send(kEnded, std::as_bytes(std::span(&ended, 1)));
}

// To the one that waits for it, or to a new one.
bool ModelProcess::give_to_child(std::span<const std::byte> request) {
  if (child_ != 0 && made_ < options_.evaluations_per_process) {
    try {
      to_child_.send(kNext, request);
      ++made_;
      return true;
    } catch (const PeerLost&) {  // killed while it waited
    }
  }
  end_children();
  const bool several = options_.evaluations_per_process > 1;
  auto [here, there] = several ? ByteChannel::pair() : std::pair<ByteChannel, ByteChannel>();
  child_ = ::fork();
  if (child_ == 0) {
    here.close();
    be_child(std::move(there), request);
  }
  if (child_ < 0) {
    child_ = 0;
    return false;
  }
  to_child_ = std::move(here);
  made_ = 1;
  child_end_ = open_process(child_);
  if (child_end_) return true;
  const int error = errno;
  end_children();
  errno = error;
  return false;
}

// Until the child has ended, is done and waits for the next evaluation, or is to be ended.
void ModelProcess::wait_for_child(MaybeDeadline deadline, EndedMessage& ended) {
  for (;;) {
    switch (wait(deadline)) {
      case Event::time_up:
        if (!deadline || Clock::now() < *deadline) break;
        ended.status = ExitStatus::timed_out();
        return;
      case Event::child:
        if (reap_child()) {
          ended.status = child_status_;
          return;
        }
        try {
          if (to_child_.is_open() && to_child_.try_receive()) return;
        } catch (const PeerLost&) {  // it closed what is not its own; its end or the time limit is still to come
          to_child_.close();
        }
        break;
      case Event::message:
        try {
          while (auto frame = channel_.try_receive()) {
            if (frame->tag != kStopEvaluation) continue;
            stop_ = stop_ || ByteReader(frame->payload).get<EvaluateHead>().number == number_;
          }
        } catch (const Error&) {
          orphaned_ = true;
        }
        break;
      case Event::owner_gone:
        orphaned_ = true;
        break;
    }
    if (orphaned_ || stop_) {
      ended.stopped = true;
      ended.status = ExitStatus::lost();
      return;
    }
  }
}

void ModelProcess::be_child(ByteChannel more, std::span<const std::byte> request) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != pid_) ::_exit(1);  // it ended before the line above
  ::prctl(PR_SET_NAME, "windrow-eval");
  channel_.close();
  owner_.reset();
  if (data_limit_ > 0) note_failed_allocations(results_);
  try {
    evaluate_here(request);
    for (std::uint64_t made = 1; made < options_.evaluations_per_process; ++made) {
      more.send(kNext, {});
      evaluate_here(more.receive().payload);
    }
  } catch (...) {  // this child's parent is gone
  }
  ::_exit(0);
}

void ModelProcess::evaluate_here(std::span<const std::byte> request) {
  try {
    const Bytes result = [&] {
      const MemoryLimit limit(data_limit_);
      return model_->evaluate(request);
    }();
    flush_standard_streams();
    results_.put(EvaluationState::returned, result);
  } catch (...) {
    const std::string text = exception_text(std::current_exception());
    flush_standard_streams();
    results_.put(EvaluationState::threw, bytes_of(text));
  }
}

// @return whether the child has ended
bool ModelProcess::reap_child() {
  int status = 0;
  if (child_ == 0 || ::waitpid(child_, &status, WNOHANG) != child_) return child_ == 0;
  child_status_ = ExitStatus::from_wait(status);
  child_ = 0;
  child_end_.reset();
  to_child_.close();
  return true;
}

// The child, what it started, and what either left.
void ModelProcess::end_children() {
  kill_strays();
  child_ = 0;
  child_end_.reset();
  to_child_.close();
}

}  // namespace

void serve_model(OpenedSession session) noexcept {
  ::prctl(PR_SET_NAME, kModelName);
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  try {
    ModelProcess(std::move(session)).serve();
  } catch (...) {  // no memory for it: the owner learns of its end
    ::_exit(1);
  }
  ::_exit(0);
}

}  // namespace windrow::detail
