// Each event is a word with the number of its reservation, above a count of its changes that is odd while it is set; so
// one atomic step both looks whether a ticket is still good and changes the event.
#include "windrow/process/event_group.hpp"

#include <unistd.h>

#include <algorithm>
#include <bit>
#include <new>
#include <string>

#include "process/futex.hpp"
#include "process/process_identity.hpp"

namespace windrow {
namespace detail {

using std::chrono::nanoseconds;

struct GroupEventState {
  std::uint64_t word;    // reservation << 32 | changes
  std::uint64_t holder;  // mark of its process, 0 for none
};

namespace {

struct EventGroupHeader {
  std::uint64_t magic;
  std::uint64_t size;
  std::uint32_t returns;  // events given back, for those who wait for one
  std::uint32_t waiters;  // at least as many as there are: one that was killed stays counted
};

constexpr std::uint64_t kEventGroupMagic = 0x31737472766577;  // "wevrts1"
constexpr std::size_t kEventsBegin = 64;
constexpr std::size_t kMostEvents = 65536;
constexpr std::chrono::milliseconds kBetweenLooks{100};  // at whether those who are waited for live
static_assert(sizeof(EventGroupHeader) <= kEventsBegin);

EventGroupHeader& header_of(const SharedMemory& memory) {
  return *static_cast<EventGroupHeader*>(memory.data());
}

// A ticket: reservation << 32 | index of the event.
std::uint32_t reservation_of(std::uint64_t word_or_ticket) {
  return static_cast<std::uint32_t>(word_or_ticket >> 32);
}

EventTicket ticket_of(std::uint64_t word, std::size_t index) {
  return (word >> 32 << 32) | index;
}

// The half that changes with every step, for waiting.
const std::uint32_t& changes_of(const std::uint64_t& word) {
  static_assert(std::endian::native == std::endian::little);
  return reinterpret_cast<const std::uint32_t&>(word);
}

// The next reservation, not set; those who wait see the change.
std::uint64_t next_reservation(std::uint64_t word) {
  const std::uint32_t changes = (static_cast<std::uint32_t>(word) + 2) & ~1U;
  return (std::uint64_t{reservation_of(word) + 1U} << 32) | changes;
}

}  // namespace

std::shared_ptr<EventGroupMemory> EventGroupMemory::make(std::optional<std::string_view> name, std::size_t events) {
  if (events == 0 || events > kMostEvents) {
    throw SpecError("a group has 1 to 65536 events, not " + std::to_string(events));
  }
  const std::size_t bytes = kEventsBegin + events * sizeof(GroupEventState);
  const auto prepare = [&](void* memory) { new (memory) EventGroupHeader{kEventGroupMagic, events, 0, 0}; };
  if (name) return std::make_shared<EventGroupMemory>(SharedMemory::create(*name, bytes, prepare));
  SharedMemory memory(bytes);
  prepare(memory.data());
  return std::make_shared<EventGroupMemory>(std::move(memory));
}

std::shared_ptr<EventGroupMemory> EventGroupMemory::open(const std::string& full_name) {
  SharedMemory memory = SharedMemory::open(full_name);
  const bool fits = memory.size() >= kEventsBegin && header_of(memory).magic == kEventGroupMagic &&
                    (memory.size() - kEventsBegin) / sizeof(GroupEventState) == header_of(memory).size;
  if (!fits) throw SpecError("the shared memory " + full_name + " does not hold a group of events");
  return std::make_shared<EventGroupMemory>(std::move(memory));
}

std::size_t EventGroupMemory::size() const {
  return static_cast<std::size_t>(header_of(memory_).size);
}

GroupEventState& EventGroupMemory::event(std::size_t index) const {
  auto* first = static_cast<std::byte*>(memory_.data()) + kEventsBegin;
  return reinterpret_cast<GroupEventState*>(first)[index];
}

GroupEventState& EventGroupMemory::event_of(EventTicket ticket) const {
  const auto index = static_cast<std::uint32_t>(ticket);
  if (index >= size()) throw SpecError("no such event in a group of " + std::to_string(size()));
  return event(index);
}

std::size_t EventGroupMemory::available() const {
  std::size_t count = 0;
  for (std::size_t i = 0; i < size(); ++i) count += atomic(event(i).holder).load() == 0 ? 1 : 0;
  return count;
}

std::optional<EventTicket> EventGroupMemory::reserve_for(nanoseconds limit, std::uint64_t& mark) {
  const Deadline deadline = deadline_in(limit);
  EventGroupHeader& header = header_of(memory_);
  mark = own_identity();
  Deadline looked{};
  for (;;) {
    const std::uint32_t seen = atomic(header.returns).load();
    if (const auto ticket = try_reserve(mark)) return ticket;
    const Deadline now = std::chrono::steady_clock::now();
    if (now - looked >= kBetweenLooks) {
      looked = now;
      take_from_the_dead();
      if (const auto ticket = try_reserve(mark)) return ticket;
    }
    if (is_past(deadline)) return std::nullopt;
    ++atomic(header.waiters);
    futex_wait(header.returns, seen, deadline);
    --atomic(header.waiters);
  }
}

std::optional<EventTicket> EventGroupMemory::try_reserve(std::uint64_t mark) {
  for (std::size_t i = 0; i < size(); ++i) {
    GroupEventState& candidate = event(i);
    ProcessIdentity nobody = 0;
    if (atomic(candidate.holder).load() != 0 || !atomic(candidate.holder).compare_exchange_strong(nobody, mark))
      continue;
    invalidate(candidate);  // of one who died tickets may be about
    return ticket_of(atomic(candidate.word).load(), i);
  }
  return std::nullopt;
}

void EventGroupMemory::take_from_the_dead() {
  ProcessIdentity alive = 0;  // most events have the same few holders
  for (std::size_t i = 0; i < size(); ++i) {
    ProcessIdentity holder = atomic(event(i).holder).load();
    if (holder == 0 || holder == alive) continue;
    if (is_running(holder)) {
      alive = holder;
    } else {
      atomic(event(i).holder).compare_exchange_strong(holder, 0);
    }
  }
}

void EventGroupMemory::invalidate(GroupEventState& which) {
  std::uint64_t seen = atomic(which.word).load();
  while (!atomic(which.word).compare_exchange_weak(seen, next_reservation(seen))) continue;
  futex_wake_all(changes_of(which.word));
}

void EventGroupMemory::release(EventTicket ticket, std::uint64_t mark) {
  if (pid_of(mark) != ::getpid()) return;  // a copy in a forked process gives nothing back
  GroupEventState& which = event_of(ticket);
  if (reservation_of(atomic(which.word).load()) != reservation_of(ticket)) return;
  invalidate(which);
  if (!atomic(which.holder).compare_exchange_strong(mark, 0)) return;
  EventGroupHeader& header = header_of(memory_);
  ++atomic(header.returns);
  if (atomic(header.waiters).load() != 0) futex_wake(header.returns, 1);
}

bool EventGroupMemory::set(EventTicket ticket) {
  GroupEventState& which = event_of(ticket);
  std::uint64_t seen = atomic(which.word).load();
  for (;;) {
    if (reservation_of(seen) != reservation_of(ticket)) return false;
    if (seen % 2 == 1) return true;
    if (atomic(which.word).compare_exchange_weak(seen, seen + 1)) break;
  }
  futex_wake_all(changes_of(which.word));
  return true;
}

bool EventGroupMemory::clear(EventTicket ticket) {
  GroupEventState& which = event_of(ticket);
  std::uint64_t seen = atomic(which.word).load();
  for (;;) {
    if (reservation_of(seen) != reservation_of(ticket)) return false;
    if (seen % 2 == 0) return true;
    const std::uint64_t cleared = (seen >> 32 << 32) | static_cast<std::uint32_t>(seen + 1);
    if (atomic(which.word).compare_exchange_weak(seen, cleared)) return true;
  }
}

bool EventGroupMemory::is_set(EventTicket ticket) {
  const std::uint64_t seen = atomic(event_of(ticket).word).load();
  return seen % 2 == 1 && reservation_of(seen) == reservation_of(ticket);
}

bool EventGroupMemory::wait_for(EventTicket ticket, nanoseconds limit) {
  GroupEventState& which = event_of(ticket);
  const Deadline deadline = deadline_in(limit);
  const std::uint64_t before = atomic(which.word).load();
  Deadline looked = std::chrono::steady_clock::now();
  for (std::uint64_t seen = before;; seen = atomic(which.word).load()) {
    if (reservation_of(seen) != reservation_of(ticket)) {
      throw PeerLost("an event was waited for that its holder gave back, or whose holder died");
    }
    if (seen % 2 == 1 || seen != before) return true;  // the first change from "not set" was set()
    const Deadline now = std::chrono::steady_clock::now();
    if (now - looked >= kBetweenLooks) {
      looked = now;
      const ProcessIdentity holder = atomic(which.holder).load();
      const bool is_lost = holder == 0 || !is_running(holder);  // 0: taken from the dead already
      if (is_lost && atomic(which.word).load() == before) {
        throw PeerLost("an event is waited for whose holder died");
      }
    }
    if (is_past(deadline)) return false;
    futex_wait(changes_of(which.word), static_cast<std::uint32_t>(seen), deadline);
  }
}

}  // namespace detail

GroupEvent EventGroup::event(EventTicket ticket) const {
  if (static_cast<std::uint32_t>(ticket) >= size()) {
    throw SpecError("no such event in a group of " + std::to_string(size()));
  }
  return GroupEvent(group_, ticket);
}

}  // namespace windrow
