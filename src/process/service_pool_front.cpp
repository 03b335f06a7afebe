#include "process/service_pool_front.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>

#include "windrow/process/log.hpp"

namespace windrow::detail {

using std::chrono::nanoseconds;

ServicePoolFront::ServicePoolFront(std::string name, std::size_t size, std::function<void(Service::Backend&)> setup,
                                   ServicePoolOptions options)
    : name_(std::move(name)),
      setup_(std::move(setup)),
      options_(std::move(options)),
      members_(size),
      owner_(::getpid()) {
  if (size == 0) throw SpecError(fmt::format("the pool of services \"{}\" is to have no back end", name_));
}

void ServicePoolFront::start_all() {
  for (std::size_t i = 0; i < members_.size(); ++i) start(i);
}

bool ServicePoolFront::is_foreign() const {
  return owner_ != ::getpid();
}

// What fronts report is called with everything else of this pool.
ServiceOptions ServicePoolFront::member_options() {
  ServiceOptions options = options_.service;
  if (options.on_post_failure) {
    options.on_post_failure = [weak = weak_from_this(), report = options_.service.on_post_failure](const auto& error) {
      const auto pool = weak.lock();
      if (pool) pool->due_.add([report, error] { report(error); });
    };
  }
  return options;
}

void ServicePoolFront::start(std::size_t i) {
  Member member;
  member.front = std::make_shared<ServiceFront>(fmt::format("{}-{}", name_, i), setup_, member_options());
  for (const auto& [name, handler] : handlers_.entries()) member.front->add(name, handler);
  attach_member(member);
  members_[i] = std::move(member);
}

// The same types; when called it keeps what was sent for later.
ServiceHandler ServicePoolFront::deferred(ServiceHandler handler) {
  handler.invoke = [weak = weak_from_this(), invoke = std::move(handler.invoke)](std::span<const std::byte> packed) {
    if (const auto pool = weak.lock()) {
      ++pool->taken_;
      pool->due_.add([p = pool.get(), invoke, content = Bytes(packed.begin(), packed.end())] {
        if (!p->closed_) invoke(content);
      });
    }
    return Bytes{};
  };
  return handler;
}

void ServicePoolFront::add(std::string name, ServiceHandler handler) {
  const ServiceHandler& later = handlers_.add(name, deferred(std::move(handler)), name_);
  for (const Member& member : members_) {
    if (member.front) member.front->add(name, later);
  }
}

std::size_t ServicePoolFront::alive() const {
  const auto lives = [](const Member& member) { return member.front && !member.front->lost(); };
  return static_cast<std::size_t>(std::count_if(members_.begin(), members_.end(), lives));
}

std::size_t ServicePoolFront::pending() const {
  const auto works = [](const Member& member) { return member.job.has_value(); };
  return jobs_.size() + static_cast<std::size_t>(std::count_if(members_.begin(), members_.end(), works));
}

std::vector<pid_t> ServicePoolFront::pids() const {
  std::vector<pid_t> pids;
  for (const Member& member : members_) {
    if (member.front && !member.front->lost()) pids.push_back(member.front->process().pid());
  }
  return pids;
}

std::shared_ptr<ReplyState> ServicePoolFront::call(PoolJob job) {
  if (is_foreign()) throw PeerLost(fmt::format("the pool of services \"{}\" belongs to another process", name_));
  if (stopping_) throw PeerLost(fmt::format("the pool of services \"{}\" was told to stop", name_));
  if (!broken_.empty()) throw PeerLost(broken_);
  auto reply = std::make_shared<ReplyState>();
  reply->source = weak_from_this();
  reply->handler = job.handler;
  job.reply = reply;
  jobs_.push_back(std::move(job));
  dispatch();
  return reply;
}

// To the longest idle. @return whether one of them turned out to be dead
bool ServicePoolFront::dispatch() {
  while (!jobs_.empty() && !idle_.empty()) {
    Member& member = members_[idle_.front()];
    idle_.pop_front();
    PoolJob job = std::move(jobs_.front());
    jobs_.pop_front();
    auto answer = std::make_shared<ReplyState>();
    answer->source = member.front;
    answer->handler = job.handler;
    try {
      member.front->send(job.handler, *job.arguments, *job.result, job.packed, answer);
    } catch (const PeerLost&) {
      jobs_.push_front(std::move(job));
      return true;
    }
    ++job.attempts;
    member.job = std::move(job);
    member.answer = std::move(answer);
    member.due = deadline_in(options_.time_limit);
  }
  return false;
}

std::size_t ServicePoolFront::process_replies() {
  if (is_foreign()) return 0;
  const auto self = shared_from_this();      // a callback may destroy the pool
  if (due_.is_running()) return take_all();  // what is due is called by who called this
  const std::size_t count = take_all();
  due_.run();
  return count;
}

std::size_t ServicePoolFront::take_all() {
  const std::size_t before = taken_;
  kill_overdue();
  for (std::size_t i = 0; i < members_.size(); ++i) {
    const auto front = members_[i].front;
    if (front) front->process_replies();
  }
  do {
    settle();
  } while (dispatch());
  return taken_ - before;
}

void ServicePoolFront::settle() {
  for (std::size_t i = 0; i < members_.size(); ++i) settle(i);
  if (!stopping_ && broken_.empty() && alive() == 0) {
    broken_ = fmt::format("all back ends of the pool \"{}\" are gone, and too many have died to start more", name_);
    log::error("{}", broken_);
    fail_all(broken_);
  }
}

void ServicePoolFront::settle(std::size_t i) {
  Member& member = members_[i];
  if (!member.front) return;
  if (!member.was_ready && member.front->is_ready()) {
    member.was_ready = true;
    idle_.push_back(i);
  }
  bool worked = member.overdue;
  if (member.job && member.answer->done) {
    worked = answered(member) || worked;
    if (!member.overdue) idle_.push_back(i);
  }
  if (member.front->lost()) replace(i, worked);
}

// The front has an answer, or has lost its back end. @return whether that back end has begun with the message
bool ServicePoolFront::answered(Member& member) {
  PoolJob job = *std::exchange(member.job, std::nullopt);
  const auto answer = std::exchange(member.answer, nullptr);
  member.due = kForever;
  try {
    if (answer->error) std::rethrow_exception(answer->error);
  } catch (const PeerLost& lost) {
    const bool was_begun = !member.front->is_ending();
    if (!was_begun) --job.attempts;
    if (!stopping_ && job.attempts <= options_.retries) {
      jobs_.push_front(std::move(job));
      return was_begun;
    }
    const std::string what =
        member.overdue ? fmt::format("it took longer than its time limit; {}", lost.what()) : lost.what();
    finish(std::move(job), std::make_exception_ptr(PeerLost(what)));
    return true;
  } catch (...) {  // told below
  }
  unanswered_respawns_ = 0;
  finish(std::move(job), answer->error, std::move(answer->content));
  return true;
}

void ServicePoolFront::finish(PoolJob job, std::exception_ptr error, Bytes content) {
  ++taken_;
  if (!job.wants_reply && error) report(job, error);
  ReplyState& reply = *job.reply;
  reply.content = std::move(content);
  reply.error = error;
  reply.done = true;
  for (auto& callback : std::exchange(reply.callbacks, {})) due_.add(std::move(callback));
}

// Of a post: nobody has its reply.
void ServicePoolFront::report(const PoolJob& job, std::exception_ptr error) {
  const auto tell = [this](const RemoteError& failure) {
    if (!options_.service.on_post_failure) return log::warn("a posted message failed: {}", failure.what());
    due_.add([report = options_.service.on_post_failure, failure] { report(failure); });
  };
  try {
    std::rethrow_exception(error);
  } catch (const RemoteError& failure) {
    tell(failure);
  } catch (const PeerLost& lost) {
    tell(RemoteError(name_, job.handler, "windrow::PeerLost", lost.what()));
  }
}

void ServicePoolFront::replace(std::size_t i, bool had_job) {
  std::erase(idle_, i);
  if (stopping_) return;
  const PeerLost how(*members_[i].front->lost());
  if (options_.on_loss) due_.add([report = options_.on_loss, how] { report(how); });
  for (bool counts = !had_job;; counts = true) {
    if (counts && unanswered_respawns_ >= options_.respawns) return give_up(i);
    if (counts) ++unanswered_respawns_;
    try {
      start(i);
      ++respawned_;
      return;
    } catch (const SystemError& error) {
      log::warn("a back end of the pool \"{}\" cannot be started: {}", name_, error.what());
    }
  }
}

void ServicePoolFront::give_up(std::size_t i) {
  log::error(
      "a back end of the pool \"{}\" is not replaced: {} died one after another without a message at hand; {} are left",
      name_, options_.respawns + 1, alive());
  members_[i] = Member{};
}

void ServicePoolFront::kill_overdue() {
  for (Member& member : members_) {
    if (!member.job || member.overdue || !is_past(member.due)) continue;
    member.overdue = true;
    member.front->process().kill();  // its end is seen like any other
  }
}

void ServicePoolFront::fail_all(const std::string& why) {
  for (PoolJob& job : std::exchange(jobs_, {})) {
    const auto error = std::make_exception_ptr(PeerLost(fmt::format("\"{}\" was not answered: {}", job.handler, why)));
    finish(std::move(job), error);
  }
}

Deadline ServicePoolFront::next_due() const {
  Deadline next = kForever;
  for (const Member& member : members_) {
    if (member.job && !member.overdue) next = std::min(next, member.due);
  }
  return next;
}

std::size_t ServicePoolFront::wait(nanoseconds limit) {
  std::vector<pollfd> entries;
  for (const Member& member : members_) {
    if (!member.front || member.front->lost()) continue;
    const auto events = static_cast<short>(POLLIN | (includes(member.front->wanted(), Events::writable) ? POLLOUT : 0));
    entries.push_back({member.front->descriptor(), events, 0});
    entries.push_back({member.front->process().descriptor(), POLLIN, 0});
  }
  if (entries.empty()) return process_replies();
  const nanoseconds left = std::min<nanoseconds>(limit, next_due() - std::chrono::steady_clock::now());
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(left).count();
  ::poll(entries.data(), entries.size(), static_cast<int>(std::clamp<long long>(ms, 0, 60'000)));
  return process_replies();
}

std::size_t ServicePoolFront::process_replies_for(nanoseconds limit) {
  const auto self = shared_from_this();
  const Deadline deadline = deadline_in(limit);
  std::size_t count = process_replies();
  while (count == 0 && alive() > 0 && !is_foreign() && !is_past(deadline)) {
    count = wait(deadline - std::chrono::steady_clock::now());
  }
  return count;
}

bool ServicePoolFront::wait_for(nanoseconds limit) {
  const auto self = shared_from_this();
  const Deadline deadline = deadline_in(limit);
  process_replies();
  while (pending() > 0 && !is_foreign() && !is_past(deadline)) wait(deadline - std::chrono::steady_clock::now());
  return pending() == 0;
}

void ServicePoolFront::attach_member(Member& member) {
  if (loop_ == nullptr || !member.front) return;
  member.front->attach(*loop_, [weak = weak_from_this()] {
    if (const auto pool = weak.lock()) pool->process_replies();
  });
}

void ServicePoolFront::attach(EventLoop& loop) {
  detach();
  loop_ = &loop;
  for (Member& member : members_) attach_member(member);
  if (options_.time_limit == nanoseconds::max()) return;
  const auto period =
      std::clamp<nanoseconds>(options_.time_limit / 4, std::chrono::milliseconds(1), std::chrono::seconds(1));
  tick_ = loop.every(period, [weak = weak_from_this()] {
    if (const auto pool = weak.lock()) pool->process_replies();
  });
}

void ServicePoolFront::detach() {
  if (loop_ == nullptr || is_foreign()) return;
  for (Member& member : members_) {
    if (member.front) member.front->detach();
  }
  loop_->cancel(tick_);
  loop_ = nullptr;
}

void ServicePoolFront::request_stop() {
  if (stopping_ || is_foreign()) return;
  stopping_ = true;
  for (Member& member : members_) {
    if (member.front) member.front->request_stop();
  }
  fail_all(fmt::format("the pool of services \"{}\" was told to stop", name_));
}

void ServicePoolFront::stop() {
  if (is_foreign()) return;
  const auto self = shared_from_this();
  request_stop();
  std::exception_ptr first;
  const auto step = [&](nanoseconds limit) {
    try {
      wait(limit);
    } catch (...) {  // of a callback: not before all have ended
      if (!first) first = std::current_exception();
    }
  };
  const Deadline deadline = deadline_in(options_.service.stop_limit);
  step(nanoseconds(0));
  while (alive() > 0 && !is_past(deadline)) step(deadline - std::chrono::steady_clock::now());
  for (Member& member : members_) {
    if (member.front && !member.front->lost()) member.front->process().kill();
  }
  while (alive() > 0) step(std::chrono::seconds(1));
  if (first) std::rethrow_exception(first);
}

}  // namespace windrow::detail
