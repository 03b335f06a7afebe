#include "windrow/process/service.hpp"

#include <fmt/format.h>

#include "process/futex.hpp"
#include "process/service_front.hpp"

namespace windrow {

RemoteError::RemoteError(std::string service, std::string handler, std::string type, std::string message)
    : Error(fmt::format("{} (in \"{}\" of service \"{}\")", message, handler, service)),
      service_(std::move(service)),
      handler_(std::move(handler)),
      type_(std::move(type)),
      message_(std::move(message)) {}

namespace detail {

bool wait_for_reply(ReplyState& state, std::chrono::nanoseconds limit) {
  const Deadline deadline = deadline_in(limit);
  for (;;) {
    const auto source = state.source.lock();
    if (state.done) return true;
    if (!source) return false;  // cannot be: it answers its calls before it goes
    const auto left = deadline - std::chrono::steady_clock::now();
    source->wait(std::max<std::chrono::nanoseconds>(left, left.zero()));
    if (!state.done && left <= left.zero()) return false;
  }
}

const Bytes& reply_content(ReplyState& state) {
  wait_for_reply(state, std::chrono::nanoseconds::max());
  if (state.error) std::rethrow_exception(state.error);
  return state.content;
}

void when_done(ReplyState& state, std::function<void()> callback) {
  if (state.done) {
    callback();
  } else {
    state.callbacks.push_back(std::move(callback));
  }
}

}  // namespace detail

Service::Service(std::string name, const std::function<void(Backend&)>& setup, ServiceOptions options)
    : front_(std::make_shared<detail::ServiceFront>(std::move(name), setup, std::move(options))) {}

Service::~Service() {
  if (!front_) return;
  front_->close();
  try {
    front_->stop();
  } catch (...) {  // of a callback; the back end is ended below all the same
  }
  try {
    front_->kill();
  } catch (...) {
  }
  front_->detach();
}

Service& Service::operator=(Service&& other) noexcept {
  const Service before(std::move(*this));  // stopped here
  front_ = std::move(other.front_);
  return *this;
}

detail::ServiceFront& Service::front() const {
  if (!front_) throw PeerLost("this Service has no back end");
  return *front_;
}

std::shared_ptr<detail::ReplyState> Service::call_bytes(std::string_view handler, const std::type_info& arguments,
                                                        const std::type_info& result, const Bytes& packed) {
  auto state = std::make_shared<detail::ReplyState>();
  state->source = front_;
  state->handler = handler;
  front().send(handler, arguments, result, packed, state);
  return state;
}

void Service::post_bytes(std::string_view handler, const std::type_info& arguments, const Bytes& packed) {
  front().send(handler, arguments, typeid(void), packed, nullptr);
}

const std::string& Service::name() const {
  return front().name();
}
pid_t Service::pid() const {
  return front().process().pid();
}
ExitStatus Service::status() const {
  return front().process().status();
}
std::size_t Service::pending() const {
  return front().pending();
}
int Service::descriptor() const {
  return front().descriptor();
}
std::size_t Service::process_replies() {
  return front().process_replies();
}
std::size_t Service::process_replies_for(std::chrono::nanoseconds limit) {
  return front().process_replies_for(limit);
}
void Service::add(std::string name, detail::ServiceHandler handler) {
  front().add(std::move(name), std::move(handler));
}
void Service::attach(EventLoop& loop) {
  front().attach(loop);
}
void Service::detach() {
  front().detach();
}
void Service::request_stop() {
  front().request_stop();
}
ExitStatus Service::stop() {
  const auto front = front_;
  this->front().stop();
  return front->process().status();
}
void Service::kill() {
  front().kill();
}

}  // namespace windrow
