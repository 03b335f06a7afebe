#pragma once

#include <cstdint>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "parallel/interface/workers.hpp"
#include "windrow/parallel/job.hpp"
#include "windrow/process/fd.hpp"

namespace [[gnu::visibility("default")]] windrow {
namespace detail {

/// The root's own worker, on a thread beside the coordinator: however long one of its evaluations takes, the other
/// workers get their next points at once, and MPI stays on the main thread.
class LocalWorker {
 public:
  LocalWorker(Evaluation& evaluation, int worker, const std::string& host);
  ~LocalWorker();
  LocalWorker(const LocalWorker&) = delete;
  LocalWorker& operator=(const LocalWorker&) = delete;

  void send(JobTag tag, std::span<const std::byte> payload);
  /// @throws whatever ended the worker, from then on at every call
  std::optional<Frame> try_receive();
  /// Readable while a message to the root waits; for poll.
  int descriptor() const { return to_root_.event.get(); }

 private:
  struct Mailbox {
    Mailbox();
    void put(Frame frame);
    std::optional<Frame> try_take();

    std::mutex mutex;
    std::deque<Frame> frames;
    Fd event;  // an eventfd, readable while frames is not empty
  };
  class Link;

  Mailbox to_worker_;
  Mailbox to_root_;
  std::exception_ptr error_;  // written before kFailed is sent, read after it has arrived
  bool failed_ = false;
  std::jthread thread_;
};

}  // namespace detail
}  // namespace windrow
