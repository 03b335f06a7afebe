#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "windrow/error.hpp"
#include "windrow/process/shared_memory.hpp"

namespace [[gnu::visibility("default")]] windrow {

/// Names one reservation of an event of an EventGroup; to be sent to other processes.
using EventTicket = std::uint64_t;

namespace detail {

struct GroupEventState;

class EventGroupMemory {
 public:
  static std::shared_ptr<EventGroupMemory> make(std::optional<std::string_view> name, std::size_t events);
  static std::shared_ptr<EventGroupMemory> open(const std::string& full_name);
  explicit EventGroupMemory(SharedMemory memory) : memory_(std::move(memory)) {}

  std::size_t size() const;
  std::size_t available() const;
  const std::string& full_name() const { return memory_.full_name(); }

  std::optional<EventTicket> reserve_for(std::chrono::nanoseconds limit, std::uint64_t& mark);
  void release(EventTicket ticket, std::uint64_t mark);
  bool set(EventTicket ticket);
  bool clear(EventTicket ticket);
  bool is_set(EventTicket ticket);
  bool wait_for(EventTicket ticket, std::chrono::nanoseconds limit);

 private:
  std::optional<EventTicket> try_reserve(std::uint64_t mark);
  void take_from_the_dead();
  void invalidate(GroupEventState& event);
  GroupEventState& event(std::size_t index) const;
  GroupEventState& event_of(EventTicket ticket) const;

  SharedMemory memory_;
};

}  // namespace detail

/// An event of an EventGroup that somebody reserved, for him and for all he told the ticket. As Event, but that it
/// ends: once it was given back, or its holder died, nothing of it can be set or waited for, whoever has the event
/// then.
class GroupEvent {
 public:
  EventTicket ticket() const { return ticket_; }

  /// @return false if the event was given back
  bool set() { return group_->set(ticket_); }
  /// @return false if the event was given back
  bool clear() { return group_->clear(ticket_); }
  bool is_set() const { return group_->is_set(ticket_); }
  /// @return whether it was set, if only for a moment that ended while this process was waking up
  /// @throws PeerLost if it was or is given back, or its holder dies
  bool wait_for(std::chrono::nanoseconds limit) { return group_->wait_for(ticket_, limit); }
  /// @throws PeerLost as wait_for()
  void wait() { wait_for(std::chrono::nanoseconds::max()); }

 private:
  friend class EventGroup;
  friend class ReservedEvent;
  GroupEvent(std::shared_ptr<detail::EventGroupMemory> group, EventTicket ticket)
      : group_(std::move(group)), ticket_(ticket) {}

  std::shared_ptr<detail::EventGroupMemory> group_;
  EventTicket ticket_ = 0;
};

/// The holder's: gives the event back at the end. Move-only. Of no use in a forked child, which may use its ticket.
class ReservedEvent : public GroupEvent {
 public:
  ~ReservedEvent() { release(); }
  ReservedEvent(ReservedEvent&& other) noexcept : GroupEvent(other.group_, other.ticket_), mark_(other.mark_) {
    other.mark_ = 0;
  }
  ReservedEvent& operator=(ReservedEvent&& other) noexcept {
    if (this == &other) return *this;
    release();
    group_ = other.group_;
    ticket_ = other.ticket_;
    mark_ = std::exchange(other.mark_, 0);
    return *this;
  }
  /// Gives it back now. Idempotent.
  void release() {
    if (mark_ != 0) group_->release(ticket_, std::exchange(mark_, 0));
  }

 private:
  friend class EventGroup;
  ReservedEvent(std::shared_ptr<detail::EventGroupMemory> group, EventTicket ticket, std::uint64_t mark)
      : GroupEvent(std::move(group), ticket), mark_(mark) {}

  std::uint64_t mark_;  // of this process; 0 once it was given back
};

/// Events in memory that processes share, to be reserved when one is needed: by processes that were started before, and
/// without a new piece of shared memory for each. Anonymous: shared with children forked later. Named: also opened by
/// other processes, see SharedMemory.
///
/// ```cpp
/// windrow::EventGroup events(100);                               // before the back end is forked
/// windrow::ReservedEvent done = events.reserve();                // one that is not set
/// service.post("start", job, done.ticket());                     // the handler: events.event(ticket).set();
/// done.wait_for(1min);
/// ```
/// Who finds none waits for one. Events of a process that died, however, are taken from it as soon as somebody needs
/// one (looked for ten times a second). A process killed at any moment holds up nobody.
class EventGroup {
 public:
  /// @param events  1 to 65536
  /// @throws SpecError for another number, SystemError if there is no memory
  explicit EventGroup(std::size_t events) : group_(detail::EventGroupMemory::make(std::nullopt, events)) {}
  /// Named, owned by this process. Errors as above and in SharedMemory::create.
  static EventGroup create(std::string_view name, std::size_t events) {
    return EventGroup(detail::EventGroupMemory::make(name, events));
  }
  /// The group that another process (or this one) created. @param full_name  as full_name() or shared_name() give it
  /// @throws SpecError if the owner has no such group; PeerLost if it has ended
  static EventGroup open(const std::string& full_name) { return EventGroup(detail::EventGroupMemory::open(full_name)); }

  std::size_t size() const { return group_->size(); }
  /// Events that nobody has reserved; those of the dead are not among them.
  std::size_t available() const { return group_->available(); }
  /// What another process opens it by, or empty for an anonymous group.
  const std::string& full_name() const { return group_->full_name(); }

  /// An event that is not set. Waits until there is one.
  ReservedEvent reserve() { return *reserve_for(std::chrono::nanoseconds::max()); }
  /// @return none if there was none in time
  std::optional<ReservedEvent> reserve_for(std::chrono::nanoseconds limit) {
    std::uint64_t mark = 0;
    const std::optional<EventTicket> ticket = group_->reserve_for(limit, mark);
    if (!ticket) return std::nullopt;
    return ReservedEvent(group_, *ticket, mark);
  }
  std::optional<ReservedEvent> try_reserve() { return reserve_for(std::chrono::nanoseconds(0)); }

  /// The event of a ticket that this or another process reserved from this group.
  /// @throws SpecError if the group has no such event
  GroupEvent event(EventTicket ticket) const;

 private:
  explicit EventGroup(std::shared_ptr<detail::EventGroupMemory> group) : group_(std::move(group)) {}

  std::shared_ptr<detail::EventGroupMemory> group_;
};

}  // namespace windrow
