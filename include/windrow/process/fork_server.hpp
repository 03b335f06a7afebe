#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "windrow/process/byte_channel.hpp"
#include "windrow/process/exit_status.hpp"

namespace [[gnu::visibility("default")]] windrow {

namespace detail {
class HelperProcess;
class ResultMemory;
}

/// What a ForkSession evaluates with: built once in a process of its own, then copied by fork for each evaluation.
class ForkedModel {
 public:
  virtual ~ForkedModel() = default;
  virtual Bytes evaluate(std::span<const std::byte> request) = 0;
};

/// Builds a model from bytes, in a process that was forked early: it has the program's code, and global variables as
/// they were then.
using MakeForkedModel = std::unique_ptr<ForkedModel> (*)(std::span<const std::byte> argument);

struct ForkLimits {
  std::optional<std::chrono::nanoseconds> timeout = {};  ///< of one evaluation
  /// Bytes that an evaluation may allocate beside what the model holds; 0: no limit. Counted is private memory that can
  /// be written (RLIMIT_DATA), stacks of threads included. Each process that an evaluation starts has the same limit.
  std::uint64_t memory = 0;
  /// How many evaluations a forked process may make, one after another, before the next one is forked. >= 1
  std::uint64_t evaluations_per_process = 1;
};

/// How an evaluation ended.
struct EvaluationEnd {
  std::optional<Bytes> result = {};  ///< what evaluate() returned
  bool threw = false;                ///< `message` is what it threw
  /// Else how its process ended before evaluate() returned: exited, signalled, timed out; or lost, since the process
  /// that it was forked from has ended, or cannot fork: `message` says which.
  ExitStatus status = ExitStatus::lost();
  std::string message = {};
  bool memory_ran_out = false;  ///< an allocation failed while a memory limit was in force
};

/// A model in a process of its own, and its evaluations, each in a child of that. An evaluation that crashes, exits,
/// hangs or takes too much memory harms none but itself. Whatever it started is ended with it, wherever that has moved.
///
/// Move-only. Not for use by several threads at once. The processes end with this object and with the process that
/// opened it, however that ends (within 1 s).
class ForkSession {
 public:
  ForkSession();
  ~ForkSession();
  ForkSession(ForkSession&&) noexcept;
  ForkSession& operator=(ForkSession&&) noexcept;

  /// Whether evaluations are possible: not after one was `lost` because the model's process has ended.
  bool is_open() const { return channel_.is_open(); }
  /// The process that holds the model, or 0.
  pid_t model_process() const { return is_open() ? model_process_ : 0; }

  /// @param stop_requested  polled every 50 ms; when it returns true (or throws) the evaluation is ended. May be empty
  /// @throws Interrupted  once everything that it started has ended, if asked to stop
  /// @throws PeerLost     if the session is not open
  EvaluationEnd evaluate(std::span<const std::byte> request, const std::function<bool()>& stop_requested = {});

 private:
  friend class ForkServer;
  void expect_hello();
  void build(MakeForkedModel make, std::span<const std::byte> argument, const ForkLimits& limits);
  EvaluationEnd wait_for_end(const std::function<bool()>& stop_requested);
  EvaluationEnd to_end(const Frame& frame);
  std::string describe_loss(const Frame& frame) const;
  void close();

  ByteChannel channel_;
  std::unique_ptr<detail::ResultMemory> results_;
  pid_t model_process_ = 0;
  pid_t owner_ = 0;
  std::uint64_t evaluation_ = 0;
};

/// What of the process that starts it a ForkServer keeps open, from descriptor 3 up.
enum class ForkServerFiles { none, all };

/// A small process that forks processes for models. Started early, before MPI_Init and before this process grows, it
/// makes forks that are cheap and hold none of MPI's state, however large this process becomes.
///
/// Sessions may be opened by the process that started it and by children forked from that later. When one of them ends,
/// its sessions end; when the one that started it ends, or this object does, everything below the server ends. The
/// server's own death harms no open session; a guardian above it then ends what evaluations leave. Move-only; the copy
/// that a forked child inherits ends nothing.
class ForkServer {
 public:
  /// @throws SystemError if there is no room for another process
  explicit ForkServer(ForkServerFiles files = ForkServerFiles::none);
  ~ForkServer();
  ForkServer(ForkServer&& other) noexcept;
  ForkServer& operator=(ForkServer&& other) noexcept;

  pid_t pid() const;
  bool is_alive() const;

  /// Builds a model in a new process, and waits for that.
  /// @throws PeerLost     if the server has ended
  /// @throws Error        if building threw, or ended its process; the message says how
  /// @throws SystemError  if there is no room for it
  ForkSession open(MakeForkedModel make, std::span<const std::byte> argument, const ForkLimits& limits = {}) const;

 private:
  std::unique_ptr<detail::HelperProcess> helper_;
};

}  // namespace windrow
