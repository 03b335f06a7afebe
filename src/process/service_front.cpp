#include "process/service_front.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "process/futex.hpp"
#include "process/service_wire.hpp"
#include "windrow/process/log.hpp"

namespace windrow::detail {

using Clock = std::chrono::steady_clock;

namespace {

// What is taken in one go, so that a back end that never pauses leaves time for everything else.
constexpr int kFramesAtOnce = 256;
constexpr std::size_t kBytesAtOnce = std::size_t{4} << 20;

}  // namespace

ServiceFront::ServiceFront(std::string name, const std::function<void(Service::Backend&)>& setup,
                           ServiceOptions options)
    : name_(std::move(name)), options_(std::move(options)), owner_(::getpid()) {
  auto [here, there] = ByteChannel::pair();
  std::vector<int> kept = options_.inherit.descriptors();
  kept.push_back(there.descriptor());
  const Inherit inherit = options_.inherit.is_all() ? Inherit::all() : Inherit(std::move(kept));
  process_ = Process(
      [&, &here_end = here, &there_end = there] {
        if (inherit.is_all()) here_end.close();  // or the back end would not see that the front closed it
        return Service::Backend(name_, std::move(there_end)).run(setup);
      },
      {.name = name_, .daemon = true, .inherit = inherit, .ignore_interrupts = options_.ignore_interrupts});
  channel_ = std::move(here);
}

bool ServiceFront::is_foreign() const {
  return owner_ != ::getpid();
}

void ServiceFront::add(std::string name, ServiceHandler handler) {
  handlers_.add(std::move(name), std::move(handler), name_);
}

void ServiceFront::send(std::string_view handler, const std::type_info& arguments, const std::type_info& result,
                        const Bytes& packed, std::shared_ptr<ReplyState> state) {
  if (is_foreign()) throw PeerLost(fmt::format("service \"{}\" belongs to another process", name_));
  // A message to a socket that some descendant of a dead back end still holds would seem to succeed.
  if (!lost_ && !process_.is_alive()) process_replies();
  if (lost_) throw PeerLost(*lost_);
  if (stopping_) throw PeerLost(fmt::format("service \"{}\" was told to stop", name_));
  const std::uint64_t id = next_id_++;
  try {
    channel_.post(state ? kCall : kPost, encode_call(id, handler, arguments, result, packed));
  } catch (const PeerLost&) {
    process_replies();
    throw PeerLost(lost_.value_or(fmt::format("the back end of service \"{}\" is gone", name_)));
  }
  if (state) pending_.emplace(id, std::move(state));
  update_watch();
}

std::size_t ServiceFront::process_replies() {
  const auto self = shared_from_this();  // a callback may destroy the Service
  const std::size_t count = take_all();
  update_watch();
  due_.run();
  return count;
}

std::size_t ServiceFront::process_replies_for(std::chrono::nanoseconds limit) {
  const auto self = shared_from_this();
  const Deadline deadline = deadline_in(limit);
  std::size_t count = process_replies();
  while (count == 0 && !lost_ && !is_foreign() && !is_past(deadline)) count = wait(deadline - Clock::now());
  return count;
}

// What has arrived, and the end of the back end if that is there. Callbacks are for later: they may call anything here.
std::size_t ServiceFront::take_all() {
  if (lost_ || is_foreign()) return 0;
  std::size_t count = 0;
  try {
    const bool ended = !process_.is_alive();  // before looking: what it sent last must still be read
    try {
      channel_.flush();
    } catch (const PeerLost&) {  // seen below, after what it sent before
    }
    std::size_t bytes = 0;
    // What the channel has read already must be taken: its descriptor does not show that.
    for (int i = 0; ended || (i < kFramesAtOnce && bytes < kBytesAtOnce) || channel_.has_received(); ++i) {
      auto frame = channel_.try_receive();
      if (!frame) break;
      bytes += frame->payload.size();
      count += take(*std::move(frame)) ? 1 : 0;
    }
    if (ended) count += lose(describe_end());
  } catch (const PeerLost&) {
    count += lose(describe_end());
  } catch (const ParallelError&) {
    process_.kill();
    count +=
        lose(fmt::format("the back end of service \"{}\" (pid {}) sent something that is not a message, and was "
                         "killed",
                         name_, process_.pid()));
  }
  return count;
}

// @return whether it is a reply or a message of the back end
bool ServiceFront::take(Frame frame) {
  switch (frame.tag) {
    case kReady:
      ready_ = true;
      return false;
    case kEnding:
      ending_ = true;
      return false;
    case kStartError:
      start_failure_ = decode_failure(frame.payload).message;
      return false;
    case kPostError: {
      const ServiceFailure failure = decode_failure(frame.payload);
      const RemoteError error(name_, failure.handler, failure.type, failure.message);
      due_.add([this, error] { report(error); });
      return false;
    }
    case kPost:
      decode_call(frame);  // throws if it is none
      due_.add([this, message = std::move(frame)] { deliver(message); });
      return true;
    case kValue:
    case kError:
      take_reply(frame);
      return true;
    default:
      throw ParallelError("a service received a message that is no reply");
  }
}

void ServiceFront::report(const RemoteError& error) const {
  if (options_.on_post_failure) {
    options_.on_post_failure(error);
  } else {
    log::warn("a posted message failed: {}", error.what());
  }
}

// To the front's handler.
void ServiceFront::deliver(const Frame& frame) {
  if (closed_) return;
  const ServiceCall call = decode_call(frame);
  const ServiceHandler* handler = nullptr;
  try {
    handler = &handlers_.find(call);
  } catch (const SpecError& error) {
    report(RemoteError(name_, std::string(call.handler), "windrow::SpecError",
                       fmt::format("the front did not take what the back end posted: {}", error.what())));
    return;
  }
  handler->invoke(call.packed);
}

void ServiceFront::take_reply(const Frame& frame) {
  ByteReader in(frame.payload);
  const auto id = in.get<std::uint64_t>();
  const auto found = pending_.find(id);
  if (found == pending_.end()) throw ParallelError("a service received a reply that nobody waits for");
  const auto state = found->second;
  if (frame.tag == kValue) {
    state->content.assign(in.remaining().begin(), in.remaining().end());
  } else {
    const ServiceFailure failure = decode_failure(frame.payload);
    state->error = std::make_exception_ptr(RemoteError(name_, failure.handler, failure.type, failure.message));
  }
  pending_.erase(found);
  finish(*state);
}

void ServiceFront::finish(ReplyState& state) {
  state.done = true;
  for (auto& callback : std::exchange(state.callbacks, {})) due_.add(std::move(callback));
}

std::string ServiceFront::describe_end() {
  if (!process_.join_for(std::chrono::seconds(1))) {  // it closed its channel and lives on
    process_.kill();
    process_.join();
  }
  if (!start_failure_.empty()) return fmt::format("service \"{}\" could not start: {}", name_, start_failure_);
  if (stopping_ && process_.status().has_exited()) return fmt::format("service \"{}\" was stopped", name_);
  return fmt::format("the back end of service \"{}\" (pid {}) ended by {}", name_, process_.pid(),
                     process_.status().describe());
}

std::size_t ServiceFront::lose(const std::string& how) {
  lost_ = how;
  detach();
  channel_.close();
  process_.join();
  if (!stopping_) log::warn("{}", how);
  const auto waiting = std::exchange(pending_, {});
  for (const auto& [id, state] : waiting) {
    state->error = std::make_exception_ptr(PeerLost(fmt::format("\"{}\" was not answered: {}", state->handler, how)));
    finish(*state);
  }
  return waiting.size();
}

std::size_t ServiceFront::wait(std::chrono::nanoseconds limit) {
  pollfd entries[] = {{channel_.descriptor(), static_cast<short>(POLLIN | (channel_.has_unsent() ? POLLOUT : 0)), 0},
                      {process_.descriptor(), POLLIN, 0}};
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(limit).count();
  ::poll(entries, 2, static_cast<int>(std::clamp<long long>(ms, 0, 60'000)));
  return process_replies();
}

void ServiceFront::attach(EventLoop& loop, std::function<void()> callback) {
  detach();
  if (lost_) return;
  loop_ = &loop;
  on_event_ = callback ? std::move(callback) : [weak = weak_from_this()] {
    if (const auto front = weak.lock()) front->process_replies();
  };
  exit_watch_ = loop.on_exit(process_, on_event_);
  update_watch();
}

void ServiceFront::detach() {
  if (loop_ == nullptr || is_foreign()) return;
  loop_->unwatch(channel_.descriptor());
  loop_->cancel(exit_watch_);
  loop_ = nullptr;
  watched_ = Events::none;
}

// Room to write is waited for only while there is something to write, or the loop would never sleep.
void ServiceFront::update_watch() {
  if (loop_ == nullptr) return;
  if (wanted() == watched_) return;
  watched_ = wanted();
  loop_->watch(channel_.descriptor(), watched_, [callback = on_event_](Events) { callback(); });
}

void ServiceFront::request_stop() {
  if (stopping_ || lost_ || is_foreign()) return;
  stopping_ = true;
  try {
    channel_.post(kStop, {});
    update_watch();
  } catch (const PeerLost&) {  // it has ended already: seen by whoever waits for it
  }
}

void ServiceFront::stop() {
  if (lost_ || is_foreign()) return;
  const auto self = shared_from_this();
  request_stop();
  const auto deadline = Clock::now() + options_.stop_limit;
  while (!lost_ && Clock::now() < deadline) wait(deadline - Clock::now());
  kill();
}

void ServiceFront::kill() {
  if (lost_ || is_foreign()) return;
  stopping_ = true;
  process_.kill();
  process_.join();
  process_replies();
}

}  // namespace windrow::detail
