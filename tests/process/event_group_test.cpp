#include "windrow/process/event_group.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <string>
#include <vector>

#include "faults/support.hpp"
#include "process/random_kills.hpp"
#include "windrow/process/channel.hpp"
#include "windrow/process/process.hpp"
#include "windrow/process/service.hpp"
#include "windrow/process/shared_array.hpp"
#include "windrow/process/sync.hpp"

namespace windrow {
namespace {

using std::chrono::milliseconds;
using test::kLong;
using test::RandomKills;

TEST(EventGroupTest, each_event_has_one_holder_and_comes_unset) {
  EventGroup group(3);
  EXPECT_EQ(group.size(), 3U);
  std::vector<ReservedEvent> events;
  std::set<EventTicket> tickets;
  for (int i = 0; i < 3; ++i) {
    events.push_back(group.reserve());
    tickets.insert(events.back().ticket());
    EXPECT_FALSE(events.back().is_set());
  }
  EXPECT_EQ(tickets.size(), 3U);
  EXPECT_EQ(group.available(), 0U);
  events[1].set();
  EXPECT_FALSE(events[0].is_set());
  EXPECT_TRUE(events[1].is_set());
  EXPECT_TRUE(events[1].wait_for(milliseconds(0)));
  EXPECT_FALSE(events[2].wait_for(milliseconds(5)));
  EXPECT_TRUE(events[1].clear());
  EXPECT_TRUE(events[1].clear());
  EXPECT_FALSE(events[1].is_set());
  EXPECT_TRUE(events[1].set());
  EXPECT_TRUE(events[1].set());
  events.clear();
  EXPECT_EQ(group.available(), 3U);
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(group.reserve().is_set()) << "set by the one before";
  EXPECT_THROW(EventGroup(0), SpecError);
  EXPECT_THROW(EventGroup(65537), SpecError);
}

TEST(EventGroupTest, another_process_sets_what_it_was_told_the_ticket_of) {
  EventGroup group(10);
  Service service("works", [&](Service::Backend& backend) {
    backend.on("work", [&](int, EventTicket done) { return group.event(done).set(); });
  });
  for (int i = 0; i < 50; ++i) {
    ReservedEvent done = group.reserve();
    service.post("work", i, done.ticket());
    ASSERT_TRUE(done.wait_for(kLong));
  }
  EXPECT_EQ(group.available(), 10U);
}

TEST(EventGroupTest, who_finds_none_waits_for_one) {
  EventGroup group(1);
  EXPECT_EQ(group.try_reserve()->ticket() & 0xffffffffU, 0U);
  ReservedEvent event = group.reserve();
  EXPECT_FALSE(group.try_reserve().has_value());
  EXPECT_FALSE(group.reserve_for(milliseconds(20)).has_value());
  Event waits;
  Process child = test::forked("waits", [&] {
    waits.set();
    return group.reserve_for(kLong) ? 0 : 1;
  });
  ASSERT_TRUE(waits.wait_for(kLong));
  event.release();
  event.release();
  EXPECT_EQ(child.join(), ExitStatus::exited(0));
  EXPECT_TRUE(group.try_reserve().has_value());
}

TEST(EventGroupTest, a_ticket_is_of_no_use_for_the_next_reservation) {
  EventGroup group(1);
  auto first = std::make_optional(group.reserve());
  GroupEvent old = group.event(first->ticket());
  EXPECT_TRUE(old.set());
  first.reset();
  EXPECT_FALSE(old.set());
  EXPECT_FALSE(old.is_set());
  ReservedEvent second = group.reserve();
  EXPECT_FALSE(old.set());
  EXPECT_FALSE(old.clear());
  EXPECT_FALSE(second.is_set());
  EXPECT_THROW(old.wait_for(milliseconds(0)), PeerLost);
  EXPECT_THROW(group.event(1), SpecError);
  second.set();
  EXPECT_FALSE(old.is_set());
}

TEST(EventGroupTest, a_wait_ends_when_the_event_is_given_back_or_its_holder_dies) {
  EventGroup group(2);
  SharedArray<EventTicket> ticket({1});
  for (const bool dies : {false, true}) {
    Event reserved;
    Event waits;
    Process holder = test::forked("holds", [&]() -> int {
      ReservedEvent event = group.reserve();
      std::atomic_ref(ticket(0)).store(event.ticket());
      reserved.set();
      waits.wait();
      if (!dies) event.release();
      for (;;) ::pause();
    });
    ASSERT_TRUE(reserved.wait_for(kLong));
    Process waiter = test::forked("waits", [&] {
      GroupEvent event = group.event(ticket(0));
      event.wait_for(milliseconds(1));
      waits.set();
      try {
        event.wait();
      } catch (const PeerLost&) {
        return 0;
      }
      return 1;
    });
    ASSERT_TRUE(waits.wait_for(kLong));
    if (dies) holder.signal(SIGKILL);
    ASSERT_TRUE(waiter.join_for(kLong));
    EXPECT_EQ(waiter.status(), ExitStatus::exited(0));
  }
}

TEST(EventGroupTest, events_of_the_dead_are_given_to_others) {
  EventGroup group(4);
  ReservedEvent own = group.reserve();
  Event reserved;
  Process holder = test::forked("dies", [&]() -> int {
    const auto a = group.reserve();
    auto b = group.reserve();
    const auto c = group.reserve();
    b.set();
    reserved.set();
    for (;;) ::pause();
  });
  ASSERT_TRUE(reserved.wait_for(kLong));
  EXPECT_FALSE(group.try_reserve().has_value());
  holder.signal(SIGKILL);  // a zombie until it is joined, which counts as dead
  std::vector<ReservedEvent> events;
  for (int i = 0; i < 3; ++i) {
    auto event = group.reserve_for(kLong);
    ASSERT_TRUE(event.has_value());
    EXPECT_FALSE(event->is_set());
    events.push_back(*std::move(event));
  }
  EXPECT_FALSE(group.try_reserve().has_value()) << "this process lives";
}

TEST(EventGroupTest, works_on_when_holders_are_killed_at_random_moments) {
  RandomKills kills;
  EventGroup group(3);
  const auto use = [&] {
    ReservedEvent first = group.reserve();
    const auto second = group.try_reserve();
    first.set();
    first.wait_for(milliseconds(1));
  };
  for (int round = 0; round < test::kRounds / 3; ++round) {
    Process one = test::again_and_again(use);
    Process two = test::again_and_again(use);
    kills.kill_soon(one);
    {
      auto event = group.reserve_for(kLong);
      ASSERT_TRUE(event.has_value()) << "round " << round;
      ASSERT_FALSE(event->is_set());
      ASSERT_TRUE(event->set());
      ASSERT_TRUE(event->wait_for(milliseconds(0)));
    }
    kills.kill_soon(two);
  }
  std::vector<ReservedEvent> all;
  for (int i = 0; i < 3; ++i) {
    auto event = group.reserve_for(kLong);
    ASSERT_TRUE(event.has_value()) << "none is lost";
    all.push_back(*std::move(event));
  }
}

TEST(EventGroupTest, a_copy_in_a_forked_process_gives_nothing_back) {
  EventGroup group(1);
  auto event = std::make_optional(group.reserve());
  Process child = test::forked("copy", [&] {
    event.reset();
    return group.available() == 0 ? 0 : 1;
  });
  EXPECT_EQ(child.join(), ExitStatus::exited(0));
  EXPECT_FALSE(group.try_reserve().has_value());
  ReservedEvent moved = std::move(*event);
  event.reset();
  EXPECT_FALSE(group.try_reserve().has_value());
  moved.release();
  EXPECT_TRUE(group.try_reserve().has_value());
}

TEST(EventGroupTest, another_process_finds_it_by_its_name) {
  auto [here, there] = Channel<std::string, EventTicket>::pair();
  Process child(
      [end = std::move(there)]() mutable {
        auto group = EventGroup::open(end.receive());
        ReservedEvent event = group.reserve();
        end.send(event.ticket());
        return event.wait_for(kLong) ? 0 : 1;
      },
      {.daemon = true, .inherit = {there.descriptor()}});
  auto group = EventGroup::create("events", 5);
  here.send(group.full_name());
  EXPECT_TRUE(group.event(here.receive()).set());
  EXPECT_EQ(child.join(), ExitStatus::exited(0));
  const auto array = SharedArray<int>::create("array", {100});
  EXPECT_THROW(EventGroup::open(array.full_name()), SpecError);
}

TEST(EventGroupTest, a_wait_sleeps_and_does_not_poll) {
  EventGroup group(1);
  ReservedEvent event = group.reserve();
  const long sleeps = test::sleeps_during([&] {
    EXPECT_FALSE(event.wait_for(milliseconds(200)));
    EXPECT_FALSE(group.reserve_for(milliseconds(200)).has_value());
  });
  EXPECT_GE(sleeps, 2);
  EXPECT_LE(sleeps, 100) << "in 0.4 s";
}

TEST(EventGroupTest, leaves_nothing_behind) {
  const test::Belongings before;
  {
    EventGroup group(100);
    auto named = EventGroup::create("events", 100);
    const auto event = named.reserve();
  }
  EXPECT_EQ(test::Belongings(), before);
}

}  // namespace
}  // namespace windrow
