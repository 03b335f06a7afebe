#include "parallel/interface/local_worker.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>

#include "parallel/worker_loop.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {

static constexpr std::uint32_t kFailed = ~std::uint32_t{0};  // no JobTag

LocalWorker::Mailbox::Mailbox() : event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!event) throw SystemError("cannot create an eventfd", errno);
}

void LocalWorker::Mailbox::put(Frame frame) {
  const std::lock_guard lock(mutex);
  frames.push_back(std::move(frame));
  ::eventfd_write(event.get(), 1);
}

std::optional<Frame> LocalWorker::Mailbox::try_take() {
  const std::lock_guard lock(mutex);
  if (frames.empty()) return std::nullopt;
  Frame frame = std::move(frames.front());
  frames.pop_front();
  if (frames.empty()) {
    eventfd_t count = 0;
    ::eventfd_read(event.get(), &count);
  }
  return frame;
}

class LocalWorker::Link : public RootLink {
 public:
  explicit Link(LocalWorker& owner) : owner_(owner) {}  // no mark: whatever ends this process ends the root

  Frame receive() override {
    for (;;) {
      if (auto frame = try_receive()) return *std::move(frame);
      pollfd entry{owner_.to_worker_.event.get(), POLLIN, 0};
      ::poll(&entry, 1, -1);
    }
  }
  std::optional<Frame> try_receive() override { return owner_.to_worker_.try_take(); }
  void send(JobTag tag, std::span<const std::byte> payload) override {
    owner_.to_root_.put(Frame{tag, Bytes(payload.begin(), payload.end())});
  }
  bool is_thread_safe() const override { return true; }

 private:
  LocalWorker& owner_;
};

LocalWorker::LocalWorker(Evaluation& evaluation, int worker, const std::string& host)
    : thread_([this, &evaluation, worker, host] {
        try {
          Link link(*this);
          WorkerLoop(link, evaluation, worker, host).run();
        } catch (...) {  // of an observer, or for want of memory: for the root's thread to throw
          error_ = std::current_exception();
          to_root_.put(Frame{kFailed, {}});
        }
      }) {}

LocalWorker::~LocalWorker() {
  send(kEnd, {});
}

void LocalWorker::send(JobTag tag, std::span<const std::byte> payload) {
  to_worker_.put(Frame{tag, Bytes(payload.begin(), payload.end())});
}

std::optional<Frame> LocalWorker::try_receive() {
  if (!failed_) {
    auto frame = to_root_.try_take();
    failed_ = frame && frame->tag == kFailed;
    if (!failed_) return frame;
  }
  std::rethrow_exception(error_);
}

}  // namespace windrow::detail
