#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "error_of.hpp"
#include "faults/support.hpp"
#include "windrow/base/serialize.hpp"
#include "windrow/process/service.hpp"
#include "windrow/process/shared_memory.hpp"

/// What back ends do by themselves: they post to the front, and wait for descriptors and times.
namespace windrow {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::error_of;
using test::is_gone;
using test::within;
using testing::HasSubstr;

/// A back end that posts when asked to, and counts what it was told.
void speaker(Service::Backend& backend) {
  auto told = std::make_shared<int>(0);
  backend.on("say", [&backend](int number) { backend.post("said", number, std::to_string(number)); });
  backend.on("say many", [&backend](int count, std::size_t size) {
    for (int i = 0; i < count; ++i) backend.post("frame", i, std::vector<double>(size, i));
    return count;
  });
  backend.on("tell", [told](const std::vector<double>&) { ++*told; });
  backend.on("told", [told] { return *told; });
  backend.on("say and exit", [&backend](int code) {
    for (int i = 0; i < 10; ++i) backend.post("said", i, std::string());
    ::_exit(code);
  });
  backend.on("say and stop", [&backend](std::size_t size) {
    backend.post("frame", 1, std::vector<double>(size));
    backend.stop();
  });
  backend.on("pid", [] { return static_cast<int>(::getpid()); });
}

TEST(ServicePostTest, what_the_back_end_posts_arrives_in_order_with_its_replies) {
  Service service("speaker", speaker);
  std::string seen;
  service.on("said", [&](int number, const std::string& text) {
    EXPECT_EQ(std::to_string(number), text);
    seen += text;
  });
  service.call<void>("say", 1).then([&](const Reply<void>&) { seen += "r"; });
  service.post("say", 2);
  service.call<int>("pid").then([&](const Reply<int>&) { seen += "p"; });
  const auto last = service.call<void>("say", 3);
  last.get();
  EXPECT_EQ(seen, "1r2p3");
}

TEST(ServicePostTest, a_handler_takes_exactly_what_its_type_says_and_what_nobody_takes_is_told) {
  std::vector<std::string> failures;
  Service service("speaker", speaker,
                  {.on_post_failure = [&](const RemoteError& error) { failures.push_back(error.what()); }});
  service.call<void>("say", 1).get();
  service.on("other", [](double) {});
  service.call<void>("say", 1).get();
  service.on("said", [](int, double) { ADD_FAILURE(); });
  service.call<void>("say", 1).get();
  ASSERT_EQ(failures.size(), 3U);
  EXPECT_THAT(failures[0], HasSubstr("the front did not take"));
  EXPECT_THAT(failures[0], HasSubstr("no handler \"said\"; there is: none"));
  EXPECT_THAT(failures[1], HasSubstr("there is: other"));
  EXPECT_THAT(failures[2], HasSubstr("\"said\" is void (int, double), but was called with (int, std::string)"));
  EXPECT_THAT(failures[2], HasSubstr("of service \"speaker\""));
  EXPECT_THAT(error_of<SpecError>([&] { service.on("said", [] {}); }), HasSubstr("two handlers \"said\""));
  EXPECT_THROW(Service().on("said", [] {}), PeerLost);
}

TEST(ServicePostTest, what_was_posted_during_set_up_waits_for_its_handler) {
  Service service("early", [](Service::Backend& backend) {
    backend.post("hello", std::string("from set-up"));
    backend.before([&backend] { backend.post("hello", std::string("from a hook")); });
    backend.after([&backend] { backend.post("hello", std::string("at the end")); });
  });
  std::vector<std::string> seen;
  service.on("hello", [&](const std::string& text) { seen.push_back(text); });
  EXPECT_EQ(service.stop(), ExitStatus::exited(0));
  EXPECT_THAT(seen, testing::ElementsAre("from set-up", "from a hook", "at the end"));
}

TEST(ServicePostTest, its_descriptor_is_readable_then) {
  Service service("ticks", [](Service::Backend& backend) {
    backend.loop().after(milliseconds(10), [&backend] { backend.post("tick"); });
  });
  int ticks = 0;
  service.on("tick", [&] { ++ticks; });
  pollfd entry{service.descriptor(), POLLIN, 0};
  ASSERT_EQ(::poll(&entry, 1, 20'000), 1);
  while (ticks == 0) service.process_replies();
  EXPECT_EQ(ticks, 1);
  EXPECT_EQ(service.process_replies_for(milliseconds(5)), 0U);
}

TEST(ServicePostTest, waits_at_most_as_long_as_asked_and_no_longer_than_the_back_end_lives) {
  Service service("speaker", speaker);
  int said = 0;
  service.on("said", [&](int, const std::string&) { ++said; });
  service.post("say", 7);
  EXPECT_EQ(service.process_replies_for(seconds(20)), 1U);
  EXPECT_EQ(said, 1);
  service.post("say and exit", 3);
  while (said < 11) ASSERT_GT(service.process_replies_for(seconds(20)), 0U) << "what it sent before it ended";
  while (service.descriptor() != -1) service.process_replies_for(std::chrono::nanoseconds::max());
  EXPECT_EQ(service.process_replies_for(std::chrono::nanoseconds::max()), 0U) << "nothing can come any more";
  EXPECT_EQ(service.status(), ExitStatus::exited(3));
}

TEST(ServicePostTest, what_waits_for_room_is_delivered_when_the_back_end_ends_by_itself) {
  Service service("speaker", speaker);
  std::size_t size = 0;
  service.on("frame", [&](int, const std::vector<double>& frame) { size = frame.size(); });
  service.post("say and stop", std::size_t{3'000'000});
  while (service.descriptor() != -1) service.process_replies_for(seconds(20));
  EXPECT_EQ(size, 3'000'000U);
  EXPECT_EQ(service.status(), ExitStatus::exited(0));
}

// Both ends send much more than a socket holds before either reads.
TEST(ServicePostTest, both_ends_may_send_much_at_once) {
  constexpr int rounds = 5;
  constexpr int frames = 20;
  constexpr std::size_t size = 100'000;  // 800 KB
  Service service("speaker", speaker);
  int received = 0;
  service.on("frame", [&](int number, const std::vector<double>& frame) {
    EXPECT_EQ(number, received++ % frames);
    EXPECT_EQ(frame, std::vector<double>(size, number));
  });
  for (int round = 0; round < rounds; ++round) {
    service.post("say many", frames, size);
    for (int i = 0; i < frames; ++i) service.post("tell", std::vector<double>(size));
  }
  EXPECT_EQ(service.call<int>("told").get(), rounds * frames);
  EXPECT_EQ(received, rounds * frames);
}

// The front asks and does not read: the back end must not answer ahead without limit.
TEST(ServicePostTest, results_that_nobody_reads_do_not_pile_up_in_the_back_end) {
  SharedMemory memory(sizeof(int));
  auto* handled = static_cast<volatile int*>(memory.data());
  Service service("large", [&](Service::Backend& backend) {
    backend.on("large", [&](std::size_t size) {
      *handled = *handled + 1;
      return std::vector<double>(size);
    });
  });
  constexpr std::size_t size = 400'000;  // 3.2 MB
  std::vector<Reply<std::vector<double>>> replies;
  for (int i = 0; i < 20; ++i) replies.push_back(service.call<std::vector<double>>("large", size));
  ASSERT_TRUE(within(seconds(20), [&] { return *handled >= 1; }));
  std::this_thread::sleep_for(milliseconds(50));
  EXPECT_EQ(*handled, 1);
  for (const auto& reply : replies) EXPECT_EQ(reply.get().size(), size);
  EXPECT_EQ(*handled, 20);
}

TEST(ServicePostTest, the_back_end_knows_what_waits_and_may_wait_for_it) {
  Service service("speaker", [](Service::Backend& backend) {
    backend.on("say", [&backend](std::size_t size) {
      backend.post("frame", std::vector<double>(size));
      const std::size_t waiting = backend.unsent();
      backend.flush();
      backend.post("waited", waiting, backend.unsent());
    });
  });
  std::size_t before = 0;
  std::size_t after = 1;
  service.on("frame", [](const std::vector<double>&) {});
  service.on("waited", [&](std::size_t waiting, std::size_t left) {
    before = waiting;
    after = left;
  });
  service.call<void>("say", std::size_t{3'000'000}).get();
  EXPECT_GT(before, 0U);
  EXPECT_EQ(after, 0U);
}

TEST(ServicePostTest, a_handler_that_waits_for_a_reply_keeps_the_order) {
  Service service("speaker", speaker);
  std::vector<int> seen;
  int depth = 0;
  int deepest = 0;
  service.on("frame", [&](int number, const std::vector<double>&) {
    deepest = std::max(deepest, ++depth);
    EXPECT_EQ(service.call<int>("pid").get(), service.pid());
    seen.push_back(number);
    --depth;
  });
  service.call<int>("say many", 500, std::size_t{1}).get();
  while (seen.size() < 500) ASSERT_GT(service.process_replies_for(seconds(20)), 0U);
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
  EXPECT_EQ(deepest, 1);
}

TEST(ServicePostTest, what_a_handler_throws_leaves_the_wait_and_loses_nothing) {
  Service service("speaker", speaker);
  int seen = 0;
  service.on("said", [&](int number, const std::string&) {
    ++seen;
    if (number == 1) throw std::runtime_error("cannot take 1");
  });
  for (int i = 0; i < 3; ++i) service.post("say", i);
  const auto reply = service.call<int>("pid");
  int errors = 0;
  while (!reply.is_ready()) {
    try {
      service.process_replies_for(seconds(20));
    } catch (const std::runtime_error&) {
      ++errors;
    }
  }
  EXPECT_EQ(errors, 1);
  EXPECT_EQ(seen, 3);
}

TEST(ServicePostTest, the_destructor_delivers_nothing) {
  const auto told = std::make_shared<bool>(false);
  {
    Service service("speaker", speaker);
    service.on("said", [told](int, const std::string&) { *told = true; });
    service.call<int>("pid").get();
    service.post("say", 1);
  }
  EXPECT_FALSE(*told);
}

TEST(ServicePostTest, a_handler_may_destroy_its_service) {
  auto service = std::make_unique<Service>("speaker", speaker);
  int seen = 0;
  service->on("frame", [&](int, const std::vector<double>&) {
    ++seen;
    service.reset();
  });
  service->post("say many", 5, std::size_t{1});
  while (service) service->process_replies_for(seconds(20));
  EXPECT_EQ(seen, 1) << "the handlers went with it";
}

TEST(ServicePostTest, an_event_loop_delivers_them_from_a_back_end_that_never_pauses) {
  EventLoop loop;
  Service service("speaker", [](Service::Backend& backend) {
    auto number = std::make_shared<int>(0);
    backend.loop().every(std::chrono::microseconds(1), [&backend, number] {
      for (int i = 0; i < 100 && backend.unsent() < 100'000; ++i) backend.post("said", ++*number);
    });
  });
  int last = 0;
  service.on("said", [&](int number) {
    EXPECT_EQ(number, last + 1);
    last = number;
  });
  service.attach(loop);
  int rounds = 0;
  loop.every(milliseconds(1), [&] {  // has its turn all the same
    if (++rounds >= 20 && last > 5000) loop.stop();
  });
  loop.after(seconds(20), [&] {
    ADD_FAILURE() << last;
    loop.stop();
  });
  loop.run();
}

TEST(ServiceLoopTest, the_back_end_watches_other_descriptors_between_messages) {
  auto [here, there] = ByteChannel::pair();
  Service service("device",
                  [device = there.descriptor()](Service::Backend& backend) {
                    auto total = std::make_shared<std::size_t>(0);
                    backend.loop().watch(device, Events::readable, [&backend, device, total](Events) {
                      char text[64];
                      const ssize_t count = ::read(device, text, sizeof text);
                      if (count <= 0) {
                        backend.loop().unwatch(device);
                        backend.post("device gone");
                      } else {
                        *total += static_cast<std::size_t>(count);
                        backend.post("device", std::string(text, static_cast<std::size_t>(count)));
                      }
                    });
                    backend.on("total", [total] { return *total; });
                    backend.on("ignore", [&backend, device] { backend.loop().unwatch(device); });
                  },
                  {.inherit = {there.descriptor()}});
  there.close();
  std::string seen;
  service.on("device", [&](const std::string& text) { seen += text; });
  service.on("device gone", [&] { seen += "."; });
  ASSERT_EQ(::write(here.descriptor(), "abc", 3), 3);
  while (seen.empty()) ASSERT_GT(service.process_replies_for(seconds(20)), 0U);
  EXPECT_EQ(seen, "abc");
  EXPECT_EQ(service.call<std::size_t>("total").get(), 3U) << "and answers calls";
  service.call<void>("ignore").get();
  ASSERT_EQ(::write(here.descriptor(), "def", 3), 3);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(service.call<std::size_t>("total").get(), 3U) << "not watched any more";
}

TEST(ServiceLoopTest, messages_do_not_keep_other_things_from_their_turn) {
  Service service("busy", [](Service::Backend& backend) {
    auto ticks = std::make_shared<int>(0);
    backend.loop().every(milliseconds(1), [ticks] { ++*ticks; });
    backend.on("work", [] { std::this_thread::sleep_for(milliseconds(1)); });
    backend.on("ticks", [ticks] { return *ticks; });
  });
  for (int i = 0; i < 50; ++i) service.post("work");  // all of them wait before the first is handled
  EXPECT_GT(service.call<int>("ticks").get(), 5);
}

TEST(ServiceLoopTest, a_callback_that_throws_is_told_and_the_back_end_lives_on) {
  std::vector<std::string> failures;
  Service service("fails",
                  [](Service::Backend& backend) {
                    backend.loop().after(milliseconds(0), [] { throw std::out_of_range("no reading"); });
                    backend.on("nothing", [] {});
                  },
                  {.on_post_failure = [&](const RemoteError& error) { failures.push_back(error.what()); }});
  while (failures.empty()) {
    service.process_replies_for(milliseconds(100));
    ASSERT_TRUE(service.is_alive());
  }
  EXPECT_EQ(failures.front(), "no reading (in \"the event loop\" of service \"fails\")");
  service.call<void>("nothing").get();
}

TEST(ServiceLoopTest, a_callback_may_end_the_back_end) {
  Service service("brief", [](Service::Backend& backend) {
    backend.loop().after(milliseconds(5), [&backend] {
      backend.post("bye");
      backend.stop();
    });
  });
  int byes = 0;
  service.on("bye", [&] { ++byes; });
  while (service.descriptor() != -1) service.process_replies_for(seconds(20));
  EXPECT_EQ(byes, 1);
  EXPECT_EQ(service.status(), ExitStatus::exited(0));
}

TEST(ServiceLoopTest, ends_with_its_front_whatever_it_waits_for) {
  SharedMemory memory(sizeof(pid_t));
  auto* pid = static_cast<volatile pid_t*>(memory.data());
  Process front([&] {
    Service service("ticks", [](Service::Backend& backend) {
      backend.loop().every(milliseconds(1), [&backend] { backend.post("tick", std::vector<double>(100'000)); });
      backend.on("nothing", [] {});
    });
    service.call<void>("nothing").get();
    *pid = service.pid();
    for (;;) ::pause();  // reads nothing
  });
  ASSERT_TRUE(within(seconds(10), [&] { return *pid != 0; }));
  front.kill();
  EXPECT_TRUE(within(seconds(10), [&] { return is_gone(*pid); }));
}

}  // namespace
}  // namespace windrow
