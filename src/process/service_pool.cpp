#include "windrow/process/service_pool.hpp"

#include "process/service_pool_front.hpp"

namespace windrow {

ServicePool::ServicePool(std::string name, std::size_t size, std::function<void(Service::Backend&)> setup,
                         ServicePoolOptions options)
    : front_(std::make_shared<detail::ServicePoolFront>(std::move(name), size, std::move(setup), std::move(options))) {
  front_->start_all();
}

ServicePool::~ServicePool() {
  if (!front_) return;
  front_->close();
  try {
    front_->stop();
  } catch (...) {  // of a callback; all back ends have ended before it is thrown
  }
  front_->detach();
}

ServicePool& ServicePool::operator=(ServicePool&& other) noexcept {
  const ServicePool before(std::move(*this));  // stopped here
  front_ = std::move(other.front_);
  return *this;
}

detail::ServicePoolFront& ServicePool::front() const {
  if (!front_) throw PeerLost("this ServicePool has no back ends");
  return *front_;
}

std::shared_ptr<detail::ReplyState> ServicePool::call_bytes(std::string_view handler, const std::type_info& arguments,
                                                            const std::type_info& result, Bytes packed,
                                                            bool wants_reply) {
  detail::PoolJob job;
  job.handler = handler;
  job.arguments = &arguments;
  job.result = &result;
  job.packed = std::move(packed);
  job.wants_reply = wants_reply;
  return front().call(std::move(job));
}

void ServicePool::add(std::string name, detail::ServiceHandler handler) {
  front().add(std::move(name), std::move(handler));
}
std::size_t ServicePool::size() const {
  return front().size();
}
std::size_t ServicePool::alive() const {
  return front().alive();
}
std::size_t ServicePool::idle() const {
  return front().idle();
}
std::size_t ServicePool::pending() const {
  return front().pending();
}
std::size_t ServicePool::queued() const {
  return front().queued();
}
std::size_t ServicePool::respawned() const {
  return front().respawned();
}
std::vector<pid_t> ServicePool::pids() const {
  return front().pids();
}
std::size_t ServicePool::process_replies() {
  return front().process_replies();
}
std::size_t ServicePool::process_replies_for(std::chrono::nanoseconds limit) {
  return front().process_replies_for(limit);
}
bool ServicePool::wait_for(std::chrono::nanoseconds limit) {
  return front().wait_for(limit);
}
void ServicePool::attach(EventLoop& loop) {
  front().attach(loop);
}
void ServicePool::detach() {
  front().detach();
}
void ServicePool::request_stop() {
  front().request_stop();
}
void ServicePool::stop() {
  front().stop();
}

}  // namespace windrow
