#include "windrow/process/service_pool.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "error_of.hpp"
#include "faults/support.hpp"
#include "process/random_kills.hpp"
#include "windrow/process/shared_array.hpp"
#include "windrow/process/sync.hpp"

namespace windrow {
namespace {

using std::chrono::milliseconds;
using test::error_of;
using test::is_gone;
using test::kLong;
using test::within;
using testing::HasSubstr;

void worker(Service::Backend& backend) {
  backend.on("pid", [] { return static_cast<int>(::getpid()); });
  backend.on("name", [&backend] { return backend.name(); });
  backend.on("square", [](int i) { return i * i; });
  backend.on("fail", [](const std::string& why) { throw std::out_of_range(why); });
  backend.on("die", [] { ::raise(SIGKILL); });
  backend.on("hang", [] {
    for (;;) ::pause();
  });
  backend.on("say", [&backend](int i) { backend.post("said", i); });
  backend.on("exit after it", [&backend] { backend.stop(); });
}

bool all_idle(ServicePool& pool) {
  return within(kLong, [&] {
    pool.process_replies();
    return pool.idle() == pool.size();
  });
}

TEST(ServicePoolTest, answers_every_message) {
  ServicePool pool("worker", 3, worker);
  EXPECT_EQ(pool.size(), 3U);
  EXPECT_EQ(pool.alive(), 3U);
  std::vector<Reply<int>> replies;
  for (int i = 0; i < 1000; ++i) replies.push_back(pool.call<int>("square", i));
  EXPECT_EQ(pool.pending(), 1000U);
  for (int i = 999; i >= 0; --i) EXPECT_EQ(replies[static_cast<std::size_t>(i)].get(), i * i);
  EXPECT_EQ(pool.pending(), 0U);
  EXPECT_EQ(pool.queued(), 0U);
  EXPECT_EQ(pool.respawned(), 0U);
  EXPECT_THROW(pool.call<int>("square", 1.5).get(), RemoteError);
  EXPECT_THROW(pool.call<double>("square", 1).get(), RemoteError);
  EXPECT_EQ(error_of<RemoteError>([&] { pool.call<void>("fail", "no film").get(); }).substr(0, 7), "no film");
  EXPECT_THROW(ServicePool("none", 0, worker), SpecError);
}

TEST(ServicePoolTest, the_next_message_goes_to_the_one_that_has_been_idle_longest) {
  ServicePool pool("worker", 3, worker);
  ASSERT_TRUE(all_idle(pool));
  std::vector<std::string> order;
  for (int i = 0; i < 9; ++i) order.push_back(pool.call<std::string>("name").get());
  EXPECT_EQ(std::set<std::string>(order.begin(), order.end()).size(), 3U);
  for (std::size_t i = 3; i < 9; ++i) EXPECT_EQ(order[i], order[i - 3]) << "in turns";
}

TEST(ServicePoolTest, works_side_by_side_and_hands_out_no_more_than_one_message_each) {
  Barrier both(2);
  ServicePool pool("worker", 2,
                   [&](Service::Backend& backend) { backend.on("meet", [&] { return both.wait_for(kLong); }); });
  std::vector<Reply<bool>> replies;
  for (int i = 0; i < 6; ++i) replies.push_back(pool.call<bool>("meet"));
  for (const auto& reply : replies) EXPECT_TRUE(reply.get());
}

TEST(ServicePoolTest, a_back_end_that_dies_costs_its_message_and_is_replaced) {
  std::vector<std::string> losses;
  ServicePool pool("worker", 2, worker, {.on_loss = [&](const PeerLost& how) { losses.push_back(how.what()); }});
  const auto first = pool.pids();
  std::vector<Reply<int>> others;
  for (int i = 0; i < 10; ++i) others.push_back(pool.call<int>("square", i));
  const auto dies = pool.call<void>("die");
  for (int i = 0; i < 10; ++i) others.push_back(pool.call<int>("square", i));
  EXPECT_THAT(error_of<PeerLost>([&] { dies.get(); }), HasSubstr("\"die\" was not answered"));
  for (std::size_t i = 0; i < 20; ++i) EXPECT_EQ(others[i].get(), static_cast<int>(i % 10 * (i % 10)));
  EXPECT_EQ(pool.alive(), 2U);
  EXPECT_EQ(pool.respawned(), 1U);
  ASSERT_EQ(losses.size(), 1U);
  EXPECT_THAT(losses[0], HasSubstr("signal 9"));
  const auto now = pool.pids();
  EXPECT_EQ(std::count_if(now.begin(), now.end(),
                          [&](pid_t pid) { return std::find(first.begin(), first.end(), pid) == first.end(); }),
            1);
}

TEST(ServicePoolTest, a_message_is_tried_again_if_asked_for) {
  SharedArray<int> attempts({2});
  ServicePool pool("worker", 2,
                   [&](Service::Backend& backend) {
                     backend.on("die twice", [&](int which) {
                       const int before = std::atomic_ref(attempts(which)).fetch_add(1);
                       if (which == 1 || before < 2) ::raise(SIGKILL);
                       return before;
                     });
                   },
                   {.retries = 2});
  const auto bad = pool.call<int>("die twice", 1);
  EXPECT_EQ(pool.call<int>("die twice", 0).get(), 2);
  EXPECT_THROW(bad.get(), PeerLost);
  EXPECT_EQ(attempts(1), 3) << "no more than that";
  EXPECT_EQ(pool.respawned(), 5U);
}

TEST(ServicePoolTest, one_killed_while_idle_is_replaced_and_costs_no_message) {
  ServicePool pool("worker", 2, worker);
  for (int round = 0; round < 5; ++round) {
    ASSERT_TRUE(all_idle(pool));
    const std::vector<pid_t> pids = pool.pids();
    for (const pid_t pid : pids) ::kill(pid, SIGKILL);
    for (const pid_t pid : pids) ASSERT_TRUE(within(kLong, [&] { return is_gone(pid); }));
    for (int i = 0; i < 4; ++i) EXPECT_EQ(pool.call<int>("square", i).get(), i * i) << "none is lost";
    EXPECT_EQ(pool.alive(), 2U);
  }
  EXPECT_EQ(pool.respawned(), 10U) << "more in all than may die in a row without an answer";
}

TEST(ServicePoolTest, a_set_up_that_fails_again_and_again_ends_the_pool_with_words) {
  SharedArray<int> starts({1});
  int losses = 0;
  ServicePool pool("camera", 3,
                   [&](Service::Backend&) {
                     ++std::atomic_ref(starts(0));
                     throw std::runtime_error("no device");
                   },
                   {.respawns = 4, .on_loss = [&](const PeerLost& how) {
                      EXPECT_THAT(how.what(), HasSubstr("could not start: no device"));
                      ++losses;
                    }});
  const auto reply = pool.call<int>("expose");
  EXPECT_THAT(error_of<PeerLost>([&] { reply.get(); }), HasSubstr("all back ends of the pool \"camera\" are gone"));
  EXPECT_EQ(starts(0), 3 + 4);
  EXPECT_EQ(losses, 3 + 4);
  EXPECT_EQ(pool.alive(), 0U);
  EXPECT_EQ(pool.respawned(), 4U);
  EXPECT_THROW(pool.call<int>("expose"), PeerLost);
  EXPECT_THROW(pool.post("expose"), PeerLost);
  EXPECT_EQ(pool.process_replies_for(std::chrono::nanoseconds::max()), 0U) << "nothing to wait for";
}

TEST(ServicePoolTest, back_ends_that_end_before_they_answer_are_not_replaced_for_ever) {
  ServicePool pool("brief", 2, [](Service::Backend& backend) { backend.stop(); }, {.retries = 1000, .respawns = 4});
  EXPECT_THROW(pool.call<int>("square", 3).get(), PeerLost);
  EXPECT_EQ(pool.respawned(), 4U);
}

TEST(ServicePoolTest, what_answers_goes_on_when_others_are_not_replaced_any_more) {
  SharedArray<int> starts({1});
  ServicePool pool("worker", 2,
                   [&](Service::Backend& backend) {
                     if (std::atomic_ref(starts(0)).fetch_add(1) > 0) ::_exit(3);
                     backend.on("square", [](int i) { return i * i; });
                   },
                   {.respawns = 3});
  ASSERT_TRUE(within(kLong, [&] {
    pool.process_replies();
    return pool.alive() == 1;
  }));
  EXPECT_EQ(starts(0), 2 + 3);
  EXPECT_EQ(pool.call<int>("square", 3).get(), 9);
  EXPECT_EQ(pool.size(), 2U);
}

TEST(ServicePoolTest, a_message_that_takes_too_long_costs_its_back_end) {
  for (const bool attached : {false, true}) {
    EventLoop loop;
    ServicePool pool("worker", 2, worker, {.time_limit = milliseconds(50)});
    ASSERT_TRUE(all_idle(pool));
    if (attached) pool.attach(loop);
    const auto hangs = pool.call<void>("hang");
    if (attached) {
      hangs.then([&](const Reply<void>&) { loop.stop(); });
      loop.run();
    }
    EXPECT_THAT(error_of<PeerLost>([&] { hangs.get(); }), HasSubstr("took longer than its time limit"));
    EXPECT_EQ(pool.call<int>("square", 3).get(), 9);
    EXPECT_EQ(pool.respawned(), 1U);
    EXPECT_EQ(pool.alive(), 2U);
  }
}

TEST(ServicePoolTest, one_that_ends_after_its_answer_is_replaced) {
  ServicePool pool("worker", 1, worker, {.respawns = 1});
  for (int i = 0; i < 5; ++i) pool.call<void>("exit after it").get();
  EXPECT_EQ(pool.call<int>("square", 2).get(), 4);
}

TEST(ServicePoolTest, back_ends_post_to_the_pool_whichever_they_are_and_their_successors_too) {
  ServicePool pool("worker", 2, worker);
  std::vector<int> said;
  pool.on("said", [&](int i) {
    said.push_back(i);
    EXPECT_EQ(pool.call<int>("square", i).get(), i * i) << "and may wait for the pool";
  });
  EXPECT_THROW(pool.on("said", [](int) {}), SpecError);
  EXPECT_THROW(pool.call<void>("die").get(), PeerLost);
  EXPECT_THROW(pool.call<void>("die").get(), PeerLost);
  for (int i = 0; i < 20; ++i) pool.post("say", i);
  ASSERT_TRUE(pool.wait_for(kLong));
  while (said.size() < 20) ASSERT_GT(pool.process_replies_for(kLong), 0U);
  std::sort(said.begin(), said.end());
  for (int i = 0; i < 20; ++i) EXPECT_EQ(said[static_cast<std::size_t>(i)], i);
}

TEST(ServicePoolTest, posts_that_fail_are_told) {
  std::vector<std::string> failures;
  ServicePoolOptions options;
  options.service.on_post_failure = [&](const RemoteError& error) { failures.push_back(error.what()); };
  ServicePool pool("worker", 1, worker, options);
  pool.post("fail", "no film");
  pool.post("die");
  pool.post("nobody");
  pool.post("say", 1);  // which nobody hears
  ASSERT_TRUE(pool.wait_for(kLong));
  ASSERT_EQ(failures.size(), 4U);
  EXPECT_THAT(failures[0], HasSubstr("no film"));
  EXPECT_THAT(failures[1], HasSubstr("\"die\" was not answered"));
  EXPECT_THAT(failures[2], HasSubstr("no handler \"nobody\""));
  EXPECT_THAT(failures[3], HasSubstr("the front did not take"));
}

TEST(ServicePoolTest, waits_end_in_time_so_that_the_caller_may_tick) {
  ServicePool pool("worker", 2, worker);
  ASSERT_TRUE(all_idle(pool));
  const auto hangs = pool.call<void>("hang");
  EXPECT_FALSE(hangs.wait_for(milliseconds(5)));
  EXPECT_FALSE(pool.wait_for(milliseconds(5)));
  EXPECT_EQ(pool.process_replies_for(milliseconds(5)), 0U);
  EXPECT_EQ(pool.pending(), 1U);
  EXPECT_EQ(pool.call<int>("square", 3).get(), 9) << "by the other one";
}

TEST(ServicePoolTest, callbacks_may_call_and_wait_and_throw) {
  ServicePool pool("worker", 2, worker);
  int depth = 0;
  int deepest = 0;
  int calls = 0;
  for (int i = 0; i < 50; ++i) {
    pool.call<int>("square", i).then([&](const Reply<int>&) {
      deepest = std::max(deepest, ++depth);
      EXPECT_EQ(pool.call<int>("square", 7).get(), 49);
      --depth;
      ++calls;
      if (calls == 10) throw std::runtime_error("in a callback");
    });
  }
  EXPECT_THROW(while (calls < 50) pool.process_replies_for(kLong), std::runtime_error);
  EXPECT_TRUE(pool.wait_for(kLong));
  EXPECT_EQ(calls, 50);
  EXPECT_EQ(deepest, 1);
}

TEST(ServicePoolTest, an_event_loop_does_it_all) {
  EventLoop loop;
  ServicePool pool("worker", 3, worker, {.retries = 1});
  pool.attach(loop);
  int done = 0;
  int lost = 0;
  int ticks = 0;
  for (int i = 0; i < 200; ++i) {
    const auto count = [&](bool ok) {
      ++(ok ? done : lost);
      if (done + lost == 200) loop.stop();
    };
    if (i % 50 == 7) {
      pool.call<void>("die").then([count](const Reply<void>& reply) {
        EXPECT_THROW(reply.get(), PeerLost);
        count(false);
      });
    } else {
      pool.call<int>("square", i).then([count, i](const Reply<int>& reply) {
        EXPECT_EQ(reply.get(), i * i);
        count(true);
      });
    }
  }
  loop.every(milliseconds(1), [&] { ++ticks; });
  loop.after(kLong, [&] {
    ADD_FAILURE() << done << " " << lost;
    loop.stop();
  });
  loop.run();
  EXPECT_EQ(done, 196);
  EXPECT_EQ(lost, 4);
  EXPECT_EQ(pool.respawned(), 8U);
  EXPECT_GT(ticks, 0);
}

TEST(ServicePoolTest, no_message_is_lost_or_answered_twice_when_back_ends_are_killed_at_random_moments) {
  test::RandomKills kills;
  ServicePool pool("worker", 3, worker, {.retries = 1000, .respawns = 1000});
  constexpr int rounds = test::kRounds / 3;
  std::map<int, int> answers;
  for (int i = 0; i < rounds; ++i) {
    for (int k = 0; k < 10; ++k) {
      pool.call<int>("square", 10 * i + k).then([&answers, n = 10 * i + k](const Reply<int>& reply) {
        EXPECT_EQ(reply.get(), n * n);
        ++answers[n];
      });
    }
    const auto pids = pool.pids();
    ::kill(pids[kills.below(3)], SIGKILL);
    pool.process_replies_for(std::chrono::microseconds(kills.below(500)));
  }
  ASSERT_TRUE(pool.wait_for(std::chrono::seconds(120)));
  EXPECT_EQ(answers.size(), 10U * rounds);
  EXPECT_TRUE(std::all_of(answers.begin(), answers.end(), [](const auto& entry) { return entry.second == 1; }));
  EXPECT_EQ(pool.alive(), 3U);
}

TEST(ServicePoolTest, stop_finishes_what_is_at_hand_and_fails_what_waits) {
  Event begun;
  Event go_on;
  ServicePool pool("worker", 1, [&](Service::Backend& backend) {
    backend.on("work", [&] {
      begun.set();
      return go_on.wait_for(kLong);
    });
  });
  ASSERT_TRUE(all_idle(pool));
  const auto at_hand = pool.call<bool>("work");
  const auto waits = pool.call<bool>("work");
  ASSERT_TRUE(begun.wait_for(kLong));
  pool.request_stop();
  EXPECT_THAT(error_of<PeerLost>([&] { waits.get(); }), HasSubstr("was told to stop"));
  EXPECT_THROW(pool.call<bool>("work"), PeerLost);
  go_on.set();
  pool.stop();
  EXPECT_TRUE(at_hand.is_ready());
  EXPECT_TRUE(at_hand.get());
  EXPECT_EQ(pool.alive(), 0U);
  EXPECT_EQ(pool.respawned(), 0U);
  pool.stop();
}

TEST(ServicePoolTest, stop_ends_those_that_hang_all_at_once) {
  ServicePoolOptions options;
  options.service.stop_limit = milliseconds(50);
  ServicePool pool("worker", 3, worker, options);
  ASSERT_TRUE(all_idle(pool));
  const std::vector<pid_t> pids = pool.pids();
  std::vector<Reply<void>> replies;
  for (int i = 0; i < 5; ++i) replies.push_back(pool.call<void>("hang"));
  replies[0].then([](const Reply<void>&) { throw std::runtime_error("in a callback"); });
  EXPECT_THROW(pool.stop(), std::runtime_error);
  for (const auto& reply : replies) EXPECT_THROW(reply.get(), PeerLost);
  for (const pid_t pid : pids) EXPECT_TRUE(is_gone(pid));
}

TEST(ServicePoolTest, stop_waits_for_all_whatever_a_callback_throws) {
  Event go_on;
  ServicePool pool("worker", 2, [&](Service::Backend& backend) {
    backend.on("quick", [] {});
    backend.on("slow", [&] {
      go_on.wait_for(kLong);
      return 1;
    });
  });
  ASSERT_TRUE(all_idle(pool));
  const auto slow = pool.call<int>("slow");
  pool.call<void>("quick").then([&](const Reply<void>&) {
    go_on.set();
    throw std::runtime_error("in a callback");
  });
  EXPECT_THROW(pool.stop(), std::runtime_error);
  EXPECT_EQ(pool.alive(), 0U);
  EXPECT_TRUE(slow.is_ready());
}

// What waits fails all at once; so does the pool's end, which is nobody's to throw.
TEST(ServicePoolTest, a_callback_that_throws_keeps_the_others_from_nothing) {
  ServicePoolOptions options;
  options.service.stop_limit = milliseconds(50);
  int called = 0;
  const auto count_and_throw = [&called](const Reply<void>&) {
    ++called;
    throw std::runtime_error("in a callback");
  };
  {
    ServicePool pool("worker", 1, worker, options);
    ASSERT_TRUE(all_idle(pool));
    pool.call<void>("hang").then(count_and_throw);
    for (int i = 0; i < 3; ++i) pool.call<void>("hang").then(count_and_throw);
    EXPECT_THROW(
        {
          pool.request_stop();
          pool.process_replies();
        },
        std::runtime_error);
    EXPECT_EQ(called, 3);
  }
  EXPECT_EQ(called, 4);
}

TEST(ServicePoolTest, a_callback_may_destroy_the_pool) {
  auto pool = std::make_unique<ServicePool>("worker", 2, worker);
  int ended = 0;
  std::vector<Reply<int>> replies;
  for (int i = 0; i < 4; ++i) {
    replies.push_back(pool->call<int>("square", i));
    replies.back().then([&](const Reply<int>&) {
      pool.reset();
      ++ended;
    });
  }
  while (pool) pool->process_replies_for(kLong);
  EXPECT_EQ(ended, 4) << "those that wait fail";
}

TEST(ServicePoolTest, ends_with_a_front_killed_by_sigkill) {
  SharedArray<int> pids({3});
  Process front([&] {
    ServicePool pool("worker", 3, worker);
    all_idle(pool);
    const auto all = pool.pids();
    for (int i = 0; i < 3; ++i) std::atomic_ref(pids(i)).store(all[static_cast<std::size_t>(i)]);
    for (;;) ::pause();
  });
  ASSERT_TRUE(within(kLong, [&] { return std::atomic_ref(pids(2)).load() != 0; }));
  front.kill();
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(within(kLong, [&] { return is_gone(pids(i)); }));
}

TEST(ServicePoolTest, leaves_nothing_behind) {
  const test::Belongings before;
  {
    EventLoop loop;
    ServicePool pool("worker", 4, worker, {.time_limit = std::chrono::hours(1)});
    pool.attach(loop);
    for (int i = 0; i < 10; ++i) pool.post(i % 3 == 0 ? "die" : "pid");
    pool.wait_for(kLong);
    ServicePool moved(std::move(pool));
    EXPECT_THROW(pool.call<int>("pid"), PeerLost);
    EXPECT_GT(moved.call<int>("pid").get(), 0);
    moved = ServicePool("other", 1, worker);
    EXPECT_EQ(moved.size(), 1U);
  }
  EXPECT_EQ(test::Belongings(), before);
}

}  // namespace
}  // namespace windrow
