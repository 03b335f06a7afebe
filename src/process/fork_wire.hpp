#pragma once

#include <sys/types.h>

#include <cstdint>

#include "windrow/process/code_address.hpp"
#include "windrow/process/fd.hpp"
#include "windrow/process/fork_server.hpp"

/// What a ForkServer, the processes of its sessions and their owners say to each other.
namespace windrow::detail {

inline constexpr int kKillEndedAgainMs = 5;
inline constexpr int kKillEndedRounds =
    2000;  // a process that hangs in the kernel (a dead file server) cannot be killed

/// To the server, with the session's socket and the file of its ResultMemory: a packet of its own, since several
/// processes may write to one socket.
struct OpenRequest {
  pid_t owner = 0;
};
/// @throws PeerLost if nobody reads at the other end
void send_open(int socket, const OpenRequest& request, const Fd& session, const Fd& results);

struct OpenedSession {
  pid_t owner = 0;
  Fd socket;
  Fd results;
};
/// A packet that is no request gives one without descriptors. @return false at the end of all that can send
bool receive_open(int socket, OpenedSession& opened);

/// Owner to model: make, evaluate, stop. Model to owner: hello (its pid), made, make_failed (a text), ended. Server to
/// owner, once the process of the model and all below it are gone: gone (the status word of wait).
enum SessionTag : std::uint32_t { kHello = 1, kMake, kMade, kMakeFailed, kEvaluate, kStopEvaluation, kEnded, kGone };

/// Content of make: this, then the argument.
struct MakeHead {
  CodeAddress function;
  std::int64_t timeout = -1;  ///< nanoseconds, or none if negative
  std::uint64_t memory = 0;
  std::uint64_t evaluations_per_process = 1;
};

/// Content of evaluate: this, then the request. Of stop: this alone; for another number it comes too late.
struct EvaluateHead {
  std::uint64_t number = 0;
};

enum class EvaluationState : std::uint32_t { unfinished, returned, threw };

struct EndedMessage {
  enum class Why : std::uint32_t { done, process_ended, timed_out, stopped, no_fork };
  std::uint64_t number = 0;
  Why why = Why::done;
  std::int32_t status = 0;  ///< process_ended: the status word of wait; no_fork: errno
};

/// Names (comm) of the server, which a session's process has for its first moments, and of a session's process.
/// Evaluations have another, so that what outlives them can be told from both.
inline constexpr const char* kServerName = "windrow-forks";
inline constexpr const char* kModelName = "windrow-model";

/// The server's life, in the forked child with all signals blocked: until `owner` ends or closes its end of `socket`.
/// That child becomes the server's guardian; the server's process number is the first message.
[[noreturn]] void serve_fork_server(Fd socket, pid_t owner, ForkServerFiles files) noexcept;

/// The life of a session's process, forked by the server.
[[noreturn]] void serve_model(OpenedSession session) noexcept;

}  // namespace windrow::detail
