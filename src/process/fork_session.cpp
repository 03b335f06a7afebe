#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <optional>
#include <string_view>
#include <utility>

#include "process/fork_wire.hpp"
#include "process/result_memory.hpp"
#include "windrow/base/byte_stream.hpp"
#include "windrow/error.hpp"
#include "windrow/process/exit_status.hpp"
#include "windrow/process/fork_server.hpp"

namespace windrow {

using namespace detail;

namespace {

constexpr auto kStopPoll = std::chrono::milliseconds(50);
constexpr auto kEndPatience = std::chrono::seconds(2);

template <typename T>
T content_of(const Frame& frame) {
  return ByteReader(frame.payload).get<T>();
}

template <typename Head>
Bytes with_head(const Head& head, std::span<const std::byte> rest) {
  ByteWriter out;
  out.put(head);
  out.put_bytes(rest);
  return out.take();
}

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

ForkSession::ForkSession() = default;

ForkSession::~ForkSession() {
  close();
}

ForkSession::ForkSession(ForkSession&& other) noexcept = default;

ForkSession& ForkSession::operator=(ForkSession&& other) noexcept {
  if (this == &other) return *this;
  close();
  channel_ = std::move(other.channel_);
  results_ = std::move(other.results_);
  model_process_ = other.model_process_;
  owner_ = other.owner_;
  evaluation_ = other.evaluation_;
  return *this;
}

// Waits until the model's process and everything below it are gone, so that nothing of it is met later.
void ForkSession::close() {
  if (!channel_.is_open()) return;
  if (owner_ == ::getpid()) {
    ::shutdown(channel_.descriptor(), SHUT_WR);
    try {
      const auto deadline = std::chrono::steady_clock::now() + kEndPatience;
      while (channel_.receive(deadline - std::chrono::steady_clock::now())) {
      }
    } catch (const Error&) {  // its end
    }
  }
  channel_.close();
}

void ForkSession::expect_hello() {
  try {
    model_process_ = content_of<pid_t>(channel_.receive());
  } catch (const PeerLost&) {
    channel_.close();
    throw PeerLost("the fork server ended before it forked a process");
  }
}

void ForkSession::build(MakeForkedModel make, std::span<const std::byte> argument, const ForkLimits& limits) {
  MakeHead head;
  head.function = encode_address(reinterpret_cast<const void*>(make));
  if (limits.timeout) head.timeout = std::max<std::int64_t>(limits.timeout->count(), 0);
  head.memory = limits.memory;
  head.evaluations_per_process = limits.evaluations_per_process;
  Frame answer{kGone, {}};
  try {
    channel_.send(kMake, with_head(head, argument));
    answer = channel_.receive();
  } catch (const PeerLost&) {  // the server as well
  }
  if (answer.tag == kMade) return;
  if (answer.tag == kMakeFailed) throw Error(text_of(answer.payload));
  channel_.close();
  throw Error(answer.payload.empty() ? "the process that built the model was lost, and the fork server with it"
                                     : "the process that built the model ended by " +
                                           ExitStatus::from_wait(content_of<int>(answer)).describe());
}

EvaluationEnd ForkSession::evaluate(std::span<const std::byte> request, const std::function<bool()>& stop_requested) {
  if (!is_open()) throw PeerLost("the process that evaluations are forked from has ended");
  results_->clear();
  ++evaluation_;
  try {
    channel_.send(kEvaluate, with_head(EvaluateHead{evaluation_}, request));
  } catch (const PeerLost&) {  // met again below, after what the server says of it
  }
  return wait_for_end(stop_requested);
}

EvaluationEnd ForkSession::wait_for_end(const std::function<bool()>& stop_requested) {
  const auto poll = stop_requested ? std::chrono::nanoseconds(kStopPoll) : std::chrono::nanoseconds::max();
  bool stopping = false;
  std::exception_ptr thrown;
  std::optional<Frame> frame;
  try {
    while (!(frame = channel_.receive(stopping ? std::chrono::nanoseconds::max() : poll))) {
      try {
        stopping = stop_requested();
      } catch (...) {
        stopping = true;
        thrown = std::current_exception();
      }
      if (stopping) channel_.send(kStopEvaluation, with_head(EvaluateHead{evaluation_}, {}));
    }
  } catch (const PeerLost&) {  // the server as well, or it would have told
    frame = Frame{kGone, {}};
  }
  if (thrown) std::rethrow_exception(thrown);
  return to_end(*frame);
}

EvaluationEnd ForkSession::to_end(const Frame& frame) {
  EvaluationEnd end;
  if (frame.tag != kEnded) {
    end.message = describe_loss(frame);
    channel_.close();
    return end;
  }
  const auto ended = content_of<EndedMessage>(frame);
  end.memory_ran_out = results_->memory_ran_out();
  const EvaluationState state = results_->state();
  if (state != EvaluationState::unfinished) {  // whatever became of its process afterwards
    end.threw = state == EvaluationState::threw;
    end.result = results_->take();
    if (end.threw) end.message = text_of(*std::exchange(end.result, std::nullopt));
    return end;
  }
  if (ended.stopped) throw Interrupted();
  end.status = ended.status;
  if (ended.error_number != 0) {
    end.message = fmt::format("cannot fork a process for an evaluation: {}", std::strerror(ended.error_number));
  }
  return end;
}

std::string ForkSession::describe_loss(const Frame& frame) const {
  const std::string how =
      frame.payload.empty() ? "was lost" : "ended by " + ExitStatus::from_wait(content_of<int>(frame)).describe();
  return fmt::format("the process that evaluations are forked from (pid {}) {} meanwhile", model_process_, how);
}

}  // namespace windrow
