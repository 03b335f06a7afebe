#include "windrow/process/channel.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "faults/support.hpp"
#include "windrow/base/serialize.hpp"
#include "windrow/process/process.hpp"
#include "windrow/process/shared_memory.hpp"

namespace windrow {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Sample {
  std::string name;
  std::vector<double> values;
  template <typename Archive>
  void serialize(Archive& archive, unsigned) {
    archive& name& values;
  }
  bool operator==(const Sample&) const = default;
};

TEST(ChannelTest, carries_values_of_every_kind_both_ways) {
  auto [here, there] = Channel<Sample, std::map<std::string, int>>::pair();
  here.send({"a", {1.5, -2}});
  EXPECT_EQ(there.receive(), (Sample{"a", {1.5, -2}}));
  there.send({{"b", 2}});
  EXPECT_EQ(here.receive(), (std::map<std::string, int>{{"b", 2}}));
  auto [numbers, peer] = Channel<std::vector<double>>::pair();
  for (const std::size_t size : {0U, 1U, 10'000U}) {
    numbers.send(std::vector<double>(size, 0.25));
    EXPECT_EQ(peer.receive(), std::vector<double>(size, 0.25));
  }
}

TEST(ChannelTest, talks_with_a_process_that_was_handed_its_end) {
  auto [here, there] = Channel<int, std::string>::pair();
  Process process(
      [&end = there] {
        while (const int value = end.receive()) end.send(std::to_string(value));
      },
      {.inherit = {there.descriptor()}});
  there.close();
  for (const int value : {7, -3, 100}) {
    here.send(value);
    EXPECT_EQ(here.receive(), std::to_string(value));
  }
  here.send(0);
  EXPECT_EQ(process.join(), ExitStatus::exited(0));
}

TEST(ChannelTest, an_end_that_a_process_was_not_handed_says_how_to_hand_it_over) {
  const auto run = test::run_apart([] {
    auto [here, there] = Channel<int>::pair();
    Process process([&end = there] { end.send(1); }, {.name = "talks"});
    EXPECT_EQ(process.join(), ExitStatus::exited(1));
    Process second([&end = there] { end.receive(); }, {.name = "listens"});
    EXPECT_EQ(second.join(), ExitStatus::exited(1));
    Process third([&end = there] { Process([&end] { end.send(2); }, {.inherit = {end.descriptor()}}).join(); },
                  {.inherit = {there.descriptor()}});
    EXPECT_EQ(here.receive(), 2) << "handed on by a process that was handed it";
    return testing::Test::HasFailure() ? 1 : 0;
  });
  EXPECT_EQ(run.status, ExitStatus::exited(0));
  const std::string why =
      ": this process closed its copy of the channel when it started: name the channel's descriptor() in "
      "ProcessOptions::inherit\n";
  EXPECT_EQ(run.err, "talks" + why + "listens" + why);
}

TEST(ChannelTest, a_time_out_gives_nothing_and_the_value_can_still_be_taken) {
  auto [here, there] = Channel<int>::pair();
  EXPECT_EQ(here.receive_for(milliseconds(5)), std::nullopt);
  EXPECT_EQ(here.try_receive(), std::nullopt);
  there.send(4);
  EXPECT_EQ(here.receive_for(seconds(10)), 4);
}

TEST(ChannelTest, its_descriptor_is_readable_when_a_value_arrives_and_when_the_peer_goes) {
  auto [here, there] = Channel<int>::pair();
  pollfd entry{here.descriptor(), POLLIN, 0};
  EXPECT_EQ(::poll(&entry, 1, 5), 0);
  there.send(4);
  EXPECT_EQ(::poll(&entry, 1, 10'000), 1);
  EXPECT_EQ(here.receive(), 4);
  EXPECT_EQ(::poll(&entry, 1, 5), 0);
  there.close();
  EXPECT_EQ(::poll(&entry, 1, 10'000), 1);
}

TEST(ChannelTest, a_closed_end_is_closed_for_both) {
  auto [here, there] = Channel<int>::pair();
  there.send(1);
  there.close();
  EXPECT_EQ(here.receive(), 1) << "what was sent before is not lost";
  EXPECT_THROW(here.receive(), ChannelClosed);
  EXPECT_THROW(here.send(1), ChannelClosed);
  EXPECT_THROW(there.send(1), ChannelClosed);
  EXPECT_THROW(there.receive(), ChannelClosed);
}

TEST(ChannelTest, a_peer_killed_while_we_wait_is_closed) {
  auto [here, there] = Channel<int>::pair();
  Process process(
      [&end = there] {
        end.send(::getpid());
        for (;;) ::pause();
      },
      {.inherit = {there.descriptor()}});
  there.close();
  EXPECT_EQ(here.receive(), process.pid());
  std::thread killer([&] {
    std::this_thread::sleep_for(milliseconds(30));
    process.kill();
  });
  EXPECT_THROW(here.receive(), ChannelClosed);
  killer.join();
}

TEST(ChannelTest, a_front_killed_by_sigkill_is_closed_for_a_process_that_was_handed_only_its_end) {
  SharedMemory memory(sizeof(int));
  auto* seen = static_cast<volatile int*>(memory.data());
  auto [to_reader, reader] = Channel<int>::pair();
  Process watcher(
      [&, &end = reader] {
        try {
          end.receive();
        } catch (const ChannelClosed&) {
          *seen = 1;
        }
      },
      {.inherit = {reader.descriptor()}});
  reader.close();
  Process front(
      [] {
        for (;;) ::pause();
      },
      {.inherit = {to_reader.descriptor()}});
  to_reader.close();
  front.kill();
  EXPECT_TRUE(test::within(seconds(10), [&] { return *seen == 1; }));
}

TEST(ChannelTest, a_value_of_another_type_is_an_error_that_names_the_type) {
  auto [bytes_here, bytes_there] = ByteChannel::pair();
  Channel<std::vector<double>> here(std::move(bytes_here));
  Channel<std::vector<float>> there(std::move(bytes_there));
  there.send({1, 2});
  try {
    here.receive();
    FAIL() << "floats were taken for doubles";
  } catch (const PeerLost&) {
    FAIL() << "the peer is there";
  } catch (const ParallelError& error) {
    EXPECT_NE(std::string(error.what()).find("std::vector<double>"), std::string::npos) << error.what();
  }
}

/// What cannot be loaded, for its own reasons.
struct Unreadable {
  template <typename Archive>
  void serialize(Archive&, unsigned) {
    if (Archive::is_loading::value) throw std::length_error("too long");
  }
};

TEST(ChannelTest, what_loading_throws_is_an_error_that_names_the_type_and_the_next_value_can_be_read) {
  auto [bytes_here, bytes_there] = ByteChannel::pair();
  Channel<Unreadable> here(std::move(bytes_here));
  Channel<Unreadable> there(std::move(bytes_there));
  for (int i = 0; i < 2; ++i) {
    there.send({});
    try {
      here.receive();
      ADD_FAILURE() << "nothing was thrown";
    } catch (const ParallelError& error) {
      EXPECT_NE(std::string(error.what()).find("Unreadable"), std::string::npos) << error.what();
    }
  }
}

TEST(ChannelTest, garbage_is_an_error_and_not_a_value) {
  for (const std::string& garbage : {std::string("HTTP/1.1 400 Bad Request\r\n\r\n"), std::string(64, '\0')}) {
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    Channel<std::string> channel{ByteChannel(Fd(ends[0]))};
    const Fd other(ends[1]);
    ASSERT_EQ(::write(other.get(), garbage.data(), garbage.size()), static_cast<ssize_t>(garbage.size()));
    try {
      channel.receive();
      FAIL() << "garbage was taken for a text";
    } catch (const PeerLost&) {
      FAIL() << "the peer is there";
    } catch (const ParallelError&) {
    }
  }
}

TEST(ChannelTest, content_that_is_cut_short_or_lies_about_its_length_is_an_error) {
  const std::uint64_t type = detail::type_fingerprint<std::string>();
  Bytes whole = detail::to_bytes(std::string(100, 'x'));
  Bytes huge = whole;
  std::fill(huge.begin(), huge.begin() + 8, std::byte{0x7f});
  for (const Bytes& payload : {Bytes(whole.begin(), whole.begin() + 20), huge, Bytes{}}) {
    auto [raw, bytes] = ByteChannel::pair();
    Channel<std::string> channel(std::move(bytes));
    detail::send_typed(raw, type, payload);
    EXPECT_THROW(channel.receive(), ParallelError);
  }
}

long peak_kilobytes() {
  const std::string status = test::content_of("/proc/self/status");
  return std::stol(status.substr(status.find("VmHWM:") + 6));
}

// 1.1 GiB at the sender, 2.2 GiB at the receiver, which a machine with less than 4 GiB to spare is not asked for.
TEST(ChannelTest, a_value_of_more_than_1_gib_arrives_without_copies_on_the_way) {
  const auto spare = ::sysconf(_SC_AVPHYS_PAGES) / 1024 * ::sysconf(_SC_PAGESIZE);  // KiB
  if (spare < 4L * 1024 * 1024) GTEST_SKIP() << "needs 4 GiB of free memory";
  constexpr std::size_t count = 147'000'000;  // 1.1 GiB
  constexpr auto size = static_cast<long>(count * sizeof(double) / 1024);
  auto [here, there] = Channel<std::vector<double>, long>::pair();
  Process receiver(
      [&end = there] {
        const std::vector<double> values = end.receive();
        const bool same =
            values.size() == count && values.front() == 1 && values[count / 2] == 0.5 && values.back() == 2;
        end.send(same ? peak_kilobytes() : -1);
      },
      {.inherit = {there.descriptor()}});
  there.close();
  Process sender(
      [&end = here] {
        std::vector<double> values(count, 0.5);
        values.front() = 1;
        values.back() = 2;
        end.send(values);
        const long receivers_peak = end.receive();
        if (receivers_peak < 0) return 1;
        if (peak_kilobytes() > size + size / 4) return 2;
        return receivers_peak > 2 * size + size / 4 ? 3 : 0;  // the bytes received and the vector made of them
      },
      {.inherit = {here.descriptor()}});
  here.close();
  ASSERT_TRUE(sender.join_for(seconds(50)));
  EXPECT_EQ(sender.status(), ExitStatus::exited(0));
}

}  // namespace
}  // namespace windrow
