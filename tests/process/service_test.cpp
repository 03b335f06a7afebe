#include "windrow/process/service.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "error_of.hpp"
#include "faults/support.hpp"
#include "windrow/base/serialize.hpp"
#include "windrow/process/shared_memory.hpp"

namespace windrow {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::error_of;
using test::is_gone;
using test::within;
using testing::HasSubstr;

void hang() {
  for (;;) ::pause();
}

/// An instrument with every kind of handler.
void instrument(Service::Backend& backend) {
  auto position = std::make_shared<int>(0);
  backend.on<double(int, int)>("divide", [](auto a, auto b) { return static_cast<double>(a) / b; });
  backend.on("move", [position](int by) { return *position += by; });
  backend.on("name", [](const std::string& first, std::string_view last) { return first + " " + std::string(last); });
  backend.on("count", [](const std::map<std::string, std::vector<double>>& samples) { return samples.size(); });
  backend.on("nothing", [] {});
  backend.on("fail", [](const std::string& why) { throw std::out_of_range(why); });
  backend.on("fail oddly", [] { throw 42; });
  backend.on("exit", [](int code) { std::exit(code); });
  backend.on("pid", [] { return static_cast<int>(::getpid()); });
  backend.on("hang", hang);
  backend.on("large", [](std::size_t size) { return std::vector<double>(size, 0.5); });
  backend.on("garbage", [&backend] {
    const std::string text(100, '!');
    [[maybe_unused]] const auto written = ::write(backend.descriptor(), text.data(), text.size());
  });
}

TEST(ServiceTest, gives_what_the_handler_returned) {
  Service service("instrument", instrument);
  EXPECT_DOUBLE_EQ(service.call<double>("divide", 1, 4).get(), 0.25);
  EXPECT_EQ(service.call<std::string>("name", "Ada", std::string("Lovelace")).get(), "Ada Lovelace");
  const std::map<std::string, std::vector<double>> samples{{"a", {1, 2}}, {"b", {}}};
  EXPECT_EQ(service.call<std::size_t>("count", samples).get(), 2U);
  service.call<void>("nothing").get();
  service.call<void>("divide", 1, 2).get();  // whatever it returns
  EXPECT_EQ(service.call<int>("pid").get(), service.pid());
  EXPECT_NE(service.pid(), ::getpid());
}

TEST(ServiceTest, handles_messages_in_order_and_keeps_its_state) {
  Service service("instrument", instrument);
  std::vector<Reply<int>> replies;
  for (int i = 0; i < 1000; ++i) {
    service.post("move", 1);
    replies.push_back(service.call<int>("move", 1));
  }
  EXPECT_GT(service.pending(), 0U);
  EXPECT_EQ(replies.back().get(), 2000);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(replies[static_cast<std::size_t>(i)].get(), 2 * i + 2);
  EXPECT_EQ(service.pending(), 0U);
}

TEST(ServiceTest, large_arguments_and_results_pass_each_other) {
  Service service("instrument", instrument);
  constexpr std::size_t size = 3'000'000;
  const std::map<std::string, std::vector<double>> samples{{"a", std::vector<double>(size)}};
  std::vector<Reply<std::vector<double>>> results;
  for (int i = 0; i < 3; ++i) {
    results.push_back(service.call<std::vector<double>>("large", size));
    service.post("count", samples);
  }
  for (const auto& result : results) EXPECT_EQ(result.get().size(), size);
  EXPECT_EQ(service.call<std::size_t>("count", samples).get(), 1U);
}

TEST(ServiceTest, an_exception_travels_and_the_back_end_lives_on) {
  Service service("instrument", instrument);
  const auto reply = service.call<void>("fail", "no film");
  try {
    reply.get();
    FAIL() << "nothing was thrown";
  } catch (const RemoteError& error) {
    EXPECT_EQ(error.service(), "instrument");
    EXPECT_EQ(error.handler(), "fail");
    EXPECT_EQ(error.type(), "std::out_of_range");
    EXPECT_EQ(error.message(), "no film");
    EXPECT_STREQ(error.what(), "no film (in \"fail\" of service \"instrument\")");
  }
  EXPECT_THROW(reply.get(), RemoteError) << "asked again";
  EXPECT_THROW(service.call<void>("fail oddly").get(), RemoteError);
  EXPECT_EQ(service.call<int>("move", 3).get(), 3);
}

TEST(ServiceTest, wrong_types_are_an_error_that_names_the_handler_and_both_types) {
  Service service("instrument", instrument);
  const auto arguments = error_of<RemoteError>([&] { service.call<double>("divide", 1, 2.5).get(); });
  EXPECT_THAT(arguments, HasSubstr("\"divide\" is double (int, int), but was called with (int, double)"));
  const auto result = error_of<RemoteError>([&] { service.call<float>("divide", 1, 2).get(); });
  EXPECT_THAT(result, HasSubstr("for a float"));
  const auto count = error_of<RemoteError>([&] { service.call<int>("move").get(); });
  EXPECT_THAT(count, HasSubstr("\"move\" is int (int), but was called with ()"));
  const auto text = error_of<RemoteError>([&] { service.call<int>("move", "far").get(); });
  EXPECT_THAT(text, HasSubstr("(std::string)"));
  const auto name = error_of<RemoteError>([&] { service.call<int>("mvoe", 1).get(); });
  EXPECT_THAT(name, HasSubstr("no handler \"mvoe\"; there is: divide, move, name"));
  EXPECT_EQ(service.call<int>("move", 1).get(), 1) << "none of them was carried out";
}

TEST(ServiceTest, a_post_that_fails_is_told) {
  std::vector<std::string> failures;
  Service service("instrument", instrument,
                  {.on_post_failure = [&](const RemoteError& error) { failures.push_back(error.what()); }});
  service.post("fail", "no film");
  service.post("move", 1.5);
  EXPECT_EQ(service.call<int>("move", 1).get(), 1);
  ASSERT_EQ(failures.size(), 2U);
  EXPECT_THAT(failures[0], HasSubstr("no film"));
  EXPECT_THAT(failures[1], HasSubstr("\"move\""));
}

TEST(ServiceTest, a_time_out_leaves_the_reply_to_come) {
  Service service("slow", [](Service::Backend& backend) {
    backend.on("wait", [](int ms) { std::this_thread::sleep_for(milliseconds(ms)); });
  });
  const auto reply = service.call<void>("wait", 100);
  EXPECT_FALSE(reply.wait_for(milliseconds(0)));
  EXPECT_FALSE(reply.wait_for(milliseconds(5)));
  EXPECT_FALSE(reply.is_ready());
  EXPECT_TRUE(reply.wait_for(seconds(20)));
  EXPECT_TRUE(reply.is_ready());
  reply.get();
  EXPECT_THROW(Reply<int>().get(), SpecError);
}

TEST(ServiceTest, its_descriptor_can_be_polled_with_others) {
  Service service("instrument", instrument);
  std::vector<int> results;
  for (int i = 0; i < 3; ++i) {
    service.call<int>("move", 1).then([&](const Reply<int>& reply) { results.push_back(reply.get()); });
  }
  while (results.size() < 3) {
    pollfd entry{service.descriptor(), POLLIN, 0};
    ASSERT_EQ(::poll(&entry, 1, 20'000), 1);
    service.process_replies();
  }
  EXPECT_EQ(results, (std::vector{1, 2, 3}));
  EXPECT_EQ(service.process_replies(), 0U);
  ::kill(service.pid(), SIGKILL);
  pollfd entry{service.descriptor(), POLLIN, 0};
  EXPECT_EQ(::poll(&entry, 1, 20'000), 1) << "the end of the back end";
  service.process_replies();
  EXPECT_EQ(service.descriptor(), -1);
}

TEST(ServiceTest, a_back_end_killed_during_a_call_fails_it_and_all_that_come_after) {
  for (const int number : {SIGKILL, SIGABRT}) {
    Service service("instrument", instrument);
    const auto done = service.call<int>("move", 7);
    const auto hangs = service.call<void>("hang");
    const auto waits = service.call<int>("move", 1);
    EXPECT_TRUE(done.wait_for(seconds(20)));
    std::thread killer([&, pid = service.pid()] {
      std::this_thread::sleep_for(milliseconds(30));
      ::kill(pid, number);
    });
    const auto message = error_of<PeerLost>([&] { hangs.get(); });
    EXPECT_THAT(message, HasSubstr("\"hang\" was not answered"));
    EXPECT_THAT(message, HasSubstr("signal " + std::to_string(number)));
    EXPECT_THROW(waits.get(), PeerLost);
    EXPECT_EQ(done.get(), 7) << "what came before is not lost";
    EXPECT_THROW(service.post("nothing"), PeerLost);
    EXPECT_THROW(service.call<int>("pid"), PeerLost);
    EXPECT_EQ(service.status(), ExitStatus::signalled(number));
    killer.join();
  }
}

// Nobody has looked at the channel since; and a process that the back end started holds a copy of its end.
TEST(ServiceTest, no_message_to_a_dead_back_end_succeeds) {
  Service service("parent", [](Service::Backend& backend) {
    backend.on("spawn", [] {
      const pid_t pid = ::fork();
      if (pid == 0) {
        ::sleep(30);
        ::_exit(0);
      }
      return static_cast<int>(pid);
    });
  });
  const pid_t grandchild = service.call<int>("spawn").get();
  const auto reply = service.call<int>("nothing there");
  reply.wait_for(seconds(20));
  ::kill(service.pid(), SIGKILL);
  ASSERT_TRUE(within(seconds(10), [&] { return is_gone(service.pid()); }));
  EXPECT_THROW(service.post("spawn"), PeerLost);
  EXPECT_THROW(service.call<int>("spawn"), PeerLost);
  ::kill(grandchild, SIGKILL);
}

TEST(ServiceTest, a_handler_that_exits_fails_its_call) {
  Service service("instrument", instrument);
  const auto message = error_of<PeerLost>([&] { service.call<void>("exit", 3).get(); });
  EXPECT_THAT(message, HasSubstr("exit code 3"));
  EXPECT_EQ(service.stop(), ExitStatus::exited(3));
}

TEST(ServiceTest, garbage_from_the_back_end_is_a_lost_back_end) {
  Service service("instrument", instrument);
  const auto message = error_of<PeerLost>([&] { service.call<void>("garbage").get(); });
  EXPECT_THAT(message, HasSubstr("not a message"));
  EXPECT_THROW(service.post("nothing"), PeerLost);
  EXPECT_FALSE(service.is_alive());
}

TEST(ServiceTest, garbage_to_the_back_end_ends_it_and_not_the_front) {
  Service service("instrument", instrument);
  service.call<void>("nothing").get();
  const std::string text(100, '!');
  ASSERT_EQ(::write(service.descriptor(), text.data(), text.size()), 100);
  EXPECT_THROW(service.call<int>("pid").get(), PeerLost);
  EXPECT_EQ(service.status(), ExitStatus::exited(1));
}

TEST(ServiceTest, stop_lets_it_finish_and_answers_what_was_asked_before) {
  Service service("instrument", instrument);
  const auto reply = service.call<int>("move", 5);
  service.request_stop();
  EXPECT_THROW(service.post("nothing"), PeerLost) << "told to stop";
  EXPECT_EQ(service.stop(), ExitStatus::exited(0));
  EXPECT_TRUE(reply.is_ready());
  EXPECT_EQ(reply.get(), 5);
  EXPECT_EQ(service.stop(), ExitStatus::exited(0)) << "again";
  EXPECT_THAT(error_of<PeerLost>([&] { service.call<int>("pid"); }), HasSubstr("was stopped"));
}

TEST(ServiceTest, stop_ends_a_back_end_that_hangs) {
  Service service("instrument", instrument, {.stop_limit = milliseconds(50)});
  const auto reply = service.call<void>("hang");
  EXPECT_EQ(service.stop(), ExitStatus::signalled(SIGKILL));
  EXPECT_THROW(reply.get(), PeerLost);
}

TEST(ServiceTest, the_destructor_fails_what_still_waits) {
  Reply<void> reply;
  pid_t pid = 0;
  {
    Service service("instrument", instrument, {.stop_limit = milliseconds(50)});
    pid = service.pid();
    reply = service.call<void>("hang");
    reply.then([](const Reply<void>&) { throw std::runtime_error("in a callback"); });
  }
  EXPECT_TRUE(is_gone(pid));
  EXPECT_TRUE(reply.is_ready());
  EXPECT_THROW(reply.get(), PeerLost);
}

TEST(ServiceTest, hooks_run_in_the_back_end_before_and_after_its_messages) {
  const Fd file = test::memory_file("notes");
  {
    Service service("hooked",
                    [&](Service::Backend& backend) {
                      const auto note = [&](const std::string& text) {
                        const std::string line = text + (process_name() == "hooked" ? ";" : "?");
                        [[maybe_unused]] const auto written = ::write(file.get(), line.data(), line.size());
                      };
                      backend.after([note] { note("after"); });
                      backend.on("work", [note] { note("work"); });
                      backend.before([note] { note("before"); });
                    },
                    {.inherit = {file.get()}});
    service.call<void>("work").get();
    service.stop();
  }
  EXPECT_EQ(test::content_of(file), "before;work;after;");
}

TEST(ServiceTest, a_hook_that_throws_keeps_the_others_from_nothing) {
  const Fd file = test::memory_file("notes");
  Service service("hooked",
                  [&](Service::Backend& backend) {
                    backend.after([] { throw std::runtime_error("cannot be undone"); });
                    backend.after([&] { EXPECT_EQ(::write(file.get(), "after", 5), 5); });
                  },
                  {.inherit = {file.get()}});
  service.stop();
  EXPECT_EQ(test::content_of(file), "after");
  EXPECT_EQ(service.status(), ExitStatus::exited(1));
}

TEST(ServiceTest, a_back_end_may_end_itself) {
  Service service("brief", [](Service::Backend& backend) {
    backend.on("last", [&backend] {
      backend.stop();
      return 9;
    });
  });
  EXPECT_EQ(service.call<int>("last").get(), 9);
  EXPECT_THROW(service.call<int>("last").get(), PeerLost);
  EXPECT_EQ(service.status(), ExitStatus::exited(0));
}

TEST(ServiceTest, a_back_end_that_cannot_start_says_why) {
  for (const bool in_hook : {false, true}) {
    Service service("camera", [&](Service::Backend& backend) {
      const auto fail = [] { throw std::runtime_error("no device"); };
      if (!in_hook) fail();
      backend.before(fail);
    });
    const auto message = error_of<PeerLost>([&] { service.call<void>("expose").get(); });
    EXPECT_THAT(message, HasSubstr("could not start: no device"));
  }
  Service twice("twice", [](Service::Backend& backend) {
    backend.on("a", [] {});
    backend.on("a", [] {});
  });
  EXPECT_THAT(error_of<PeerLost>([&] { twice.call<void>("a").get(); }), HasSubstr("two handlers \"a\""));
}

TEST(ServiceTest, interrupts_end_it_or_are_left_to_the_front) {
  Service deaf("deaf", instrument, {.ignore_interrupts = true});
  Service hears("hears", instrument);
  deaf.call<void>("nothing").get();
  hears.call<void>("nothing").get();
  ::kill(deaf.pid(), SIGINT);
  ::kill(hears.pid(), SIGINT);
  EXPECT_EQ(deaf.call<int>("move", 1).get(), 1);
  EXPECT_THROW(hears.call<void>("hang").get(), PeerLost);
}

TEST(ServiceTest, ends_with_a_front_killed_by_sigkill) {
  SharedMemory memory(2 * sizeof(pid_t));
  auto* pids = static_cast<volatile pid_t*>(memory.data());
  Process front([&] {
    Service idle("idle", instrument);
    Service busy("busy", instrument);
    idle.call<void>("nothing").get();
    busy.post("hang");
    pids[0] = idle.pid();
    pids[1] = busy.pid();
    hang();
  });
  ASSERT_TRUE(within(seconds(10), [&] { return pids[0] != 0 && pids[1] != 0; }));
  front.kill();
  EXPECT_TRUE(within(seconds(1), [&] { return is_gone(pids[0]) && is_gone(pids[1]); }));
}

TEST(ServiceTest, goes_on_when_the_thread_that_started_it_ends) {
  Service service;
  std::thread([&] { service = Service("instrument", instrument); }).join();
  std::this_thread::sleep_for(milliseconds(50));
  EXPECT_EQ(service.call<int>("move", 2).get(), 2);
}

TEST(ServiceTest, a_copy_in_a_forked_process_is_inert) {
  Service service("instrument", instrument);
  Process heir(
      [moved = &service] {
        Service copy = std::move(*moved);
        try {
          copy.post("exit", 1);
        } catch (const PeerLost&) {
          return 0;
        }
        return 9;
      },
      {.inherit = Inherit::all()});
  EXPECT_EQ(heir.join(), ExitStatus::exited(0));
  EXPECT_EQ(service.call<int>("move", 2).get(), 2);
}

TEST(ServiceTest, an_empty_one_has_no_back_end) {
  Service none;
  EXPECT_THROW(none.post("x"), PeerLost);
  EXPECT_THROW(none.stop(), PeerLost);
  Service moved("instrument", instrument);
  none = std::move(moved);
  EXPECT_EQ(none.call<int>("move", 2).get(), 2);
}

TEST(ServiceTest, an_event_loop_hears_of_replies_and_of_the_end) {
  EventLoop loop;
  Service service("instrument", instrument);
  service.attach(loop);
  const std::map<std::string, std::vector<double>> samples{{"a", std::vector<double>(3'000'000)}};
  std::string seen;
  service.call<std::size_t>("count", samples).then([&](const auto& reply) {  // has no room at once
    seen += std::to_string(reply.get());
    service.call<void>("exit", 4).then([&](const Reply<void>& last) {
      EXPECT_THROW(last.get(), PeerLost);
      seen += "end";
      loop.stop();
    });
  });
  loop.after(seconds(20), [&] {
    ADD_FAILURE();
    loop.stop();
  });
  loop.run();
  EXPECT_EQ(seen, "1end");
}

TEST(ServiceTest, a_callback_may_destroy_its_service) {
  EventLoop loop;
  auto service = std::make_unique<Service>("instrument", instrument);
  service->attach(loop);
  int ended = 0;
  for (int i = 0; i < 2; ++i) {
    service->call<int>("move", 1).then([&](const Reply<int>&) {
      service.reset();
      if (++ended == 2) loop.stop();
    });
  }
  loop.run();
  EXPECT_EQ(service, nullptr);
}

TEST(ServiceTest, a_hundred_services_leave_nothing_behind) {
  const test::Belongings before;
  std::vector<pid_t> pids;
  {
    EventLoop loop;
    std::vector<Service> services;
    for (int i = 0; i < 100; ++i) {
      services.emplace_back("one-of-many", instrument);
      services.back().attach(loop);
      pids.push_back(services.back().pid());
    }
    for (Service& service : services) service.post("move", 1);
    for (std::size_t i = 0; i < 30; ++i) services[i].stop();
    for (std::size_t i = 30; i < 60; ++i) ::kill(services[i].pid(), SIGKILL);
    for (Service& service : services) service.request_stop();
  }
  for (const pid_t pid : pids) EXPECT_TRUE(is_gone(pid));
  EXPECT_EQ(test::Belongings(), before);
}

}  // namespace
}  // namespace windrow
