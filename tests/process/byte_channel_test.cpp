#include "windrow/process/byte_channel.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "faults/support.hpp"
#include "windrow/error.hpp"
#include "windrow/process/process.hpp"

namespace windrow {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Bytes pattern(std::size_t size, unsigned seed) {
  Bytes bytes(size);
  unsigned state = seed * 2654435761U + 1;
  for (std::byte& byte : bytes) {
    state = state * 1664525U + 1013904223U;
    byte = static_cast<std::byte>(state >> 24);
  }
  return bytes;
}

Bytes number(std::uint32_t value) {
  Bytes bytes(sizeof value);
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

/// A channel whose other end is a bare socket, for what no ByteChannel would send.
std::pair<ByteChannel, Fd> channel_and_socket() {
  int ends[2];
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  return {ByteChannel(Fd(ends[0])), Fd(ends[1])};
}

void write_all(const Fd& socket, const std::string& text) {
  ASSERT_EQ(::write(socket.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
}

std::string header(std::uint32_t tag, std::uint64_t length) {
  std::string text(16, '\0');
  const std::uint32_t magic = 0x77726f77;
  std::memcpy(text.data(), &magic, 4);
  std::memcpy(text.data() + 4, &tag, 4);
  std::memcpy(text.data() + 8, &length, 8);
  return text;
}

TEST(ByteChannelTest, carries_tag_and_content_both_ways) {
  auto [a, b] = ByteChannel::pair();
  for (const std::size_t size : {0U, 1U, 15U, 16U, 17U, 65535U, 65536U, 100000U}) {
    a.send(7, pattern(size, 1));
    b.send(0xffffffffU, pattern(size, 2));
    const Frame at_b = b.receive();
    EXPECT_EQ(at_b.tag, 7U);
    EXPECT_EQ(at_b.payload, pattern(size, 1));
    const Frame at_a = a.receive();
    EXPECT_EQ(at_a.tag, 0xffffffffU);
    EXPECT_EQ(at_a.payload, pattern(size, 2));
  }
}

// Far more than the kernel holds: each end can only go on because the other takes what arrives while it sends.
TEST(ByteChannelTest, both_ends_send_large_messages_at_the_same_time) {
  constexpr std::size_t size = 110'000'000;
  auto [here, there] = ByteChannel::pair();
  Process child = test::forked("echo", [&, &here_end = here, &there_end = there] {
    here_end.close();
    there_end.send(1, {});
    there_end.send(2, pattern(size, 2));
    const bool same = there_end.receive().payload == pattern(size, 1);
    there_end.send(3, {});
    return same ? 0 : 9;
  });
  there.close();
  here.send(1, pattern(size, 1));
  EXPECT_EQ(here.receive().payload, Bytes{});
  EXPECT_TRUE(here.receive().payload == pattern(size, 2));
  EXPECT_EQ(here.receive().tag, 3U);
  EXPECT_EQ(child.join(), ExitStatus::exited(0));
}

TEST(ByteChannelTest, many_small_messages_arrive_in_order) {
  constexpr std::uint32_t count = 200'000;
  auto [here, there] = ByteChannel::pair();
  Process child = test::forked("count", [&, &here_end = here, &there_end = there] {
    here_end.close();
    for (std::uint32_t i = 0; i < count; ++i) there_end.send(i, number(i * 3));
    return 0;
  });
  there.close();
  std::uint32_t wrong = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    const Frame frame = here.receive();
    wrong += frame.tag == i && frame.payload == number(i * 3) ? 0 : 1;
  }
  EXPECT_EQ(wrong, 0U);
  EXPECT_THROW(here.receive(), PeerLost);
}

TEST(ByteChannelTest, posting_takes_what_has_no_room_and_flush_writes_it_later) {
  auto [a, b] = ByteChannel::pair();
  const Bytes large = pattern(5'000'000, 3);
  a.post(1, large);
  a.post(2, {});
  EXPECT_TRUE(a.has_unsent());
  std::vector<Frame> frames;
  while (frames.size() < 2) {
    if (auto frame = b.try_receive()) frames.push_back(*std::move(frame));
    a.flush();
  }
  EXPECT_FALSE(a.has_unsent());
  EXPECT_TRUE(frames[0].payload == large);
  EXPECT_EQ(frames[1].tag, 2U);
}

// Nobody calls flush here: waiting for an answer must let the question out.
TEST(ByteChannelTest, receiving_sends_what_was_posted) {
  auto [here, there] = ByteChannel::pair();
  Process child = test::forked("answer", [&, &here_end = here, &there_end = there] {
    here_end.close();
    const Frame question = there_end.receive();
    there_end.send(question.tag + 1, {});
    return 0;
  });
  there.close();
  here.post(1, pattern(5'000'000, 4));
  EXPECT_EQ(here.receive().tag, 2U);
}

TEST(ByteChannelTest, what_a_killed_peer_sent_is_received_before_its_loss) {
  auto [here, there] = ByteChannel::pair();
  Process child = test::forked("dies", [&, &here_end = here, &there_end = there]() -> int {
    here_end.close();
    for (std::uint32_t i = 0; i < 100; ++i) there_end.send(i, pattern(100, i));
    ::raise(SIGKILL);
    return 0;
  });
  there.close();
  child.join();
  for (std::uint32_t i = 0; i < 100; ++i) EXPECT_EQ(here.receive().payload, pattern(100, i));
  EXPECT_THROW(here.receive(), PeerLost);
  EXPECT_THROW(here.try_receive(), PeerLost);
  EXPECT_THROW(here.send(1, {}), PeerLost);
}

// A peer that closes with something unread resets the connection; still nothing of its own is lost.
TEST(ByteChannelTest, what_was_sent_is_received_although_our_own_message_was_never_read) {
  auto [a, b] = ByteChannel::pair();
  a.send(1, pattern(1000, 1));
  b.send(2, pattern(1000, 2));
  b.close();
  EXPECT_THROW(a.send(3, {}), PeerLost);
  EXPECT_EQ(a.receive().payload, pattern(1000, 2));
  EXPECT_THROW(a.receive(), PeerLost);
}

// While this end waits with a message that has no room, the peer answers and dies, without reading.
TEST(ByteChannelTest, the_last_message_of_a_peer_is_received_although_ours_has_no_room) {
  const Bytes large(1'000'000);
  for (int round = 0; round < 50; ++round) {
    auto [here, there] = ByteChannel::pair();
    Process child = test::forked("dies", [&, &here_end = here, &there_end = there]() -> int {
      here_end.close();
      pollfd sent{there_end.descriptor(), POLLIN, 0};
      ::poll(&sent, 1, -1);
      there_end.send(5, pattern(10, 5));
      ::raise(SIGKILL);
      return 0;
    });
    there.close();
    here.post(1, large);
    EXPECT_EQ(here.receive().tag, 5U);
    EXPECT_THROW(here.receive(), PeerLost);
  }
}

TEST(ByteChannelTest, a_peer_killed_while_we_send_is_lost) {
  auto [here, there] = ByteChannel::pair();
  Process child = test::forked("dies", [&, &here_end = here, &there_end = there]() -> int {
    here_end.close();
    there_end.receive(milliseconds(50));  // takes a part
    ::raise(SIGKILL);
    return 0;
  });
  there.close();
  EXPECT_THROW(here.send(1, Bytes(200'000'000)), PeerLost);
}

TEST(ByteChannelTest, a_peer_killed_within_a_message_is_lost) {
  auto [here, there] = ByteChannel::pair();
  Process child = test::forked("dies", [&, &here_end = here, &there_end = there]() -> int {
    here_end.close();
    there_end.send(1, pattern(10, 1));
    there_end.post(2, Bytes(10'000'000));
    ::raise(SIGKILL);
    return 0;
  });
  there.close();
  EXPECT_EQ(here.receive().payload, pattern(10, 1));
  EXPECT_THROW(here.receive(), PeerLost);
}

TEST(ByteChannelTest, a_closed_end_counts_as_lost) {
  ByteChannel closed;
  EXPECT_FALSE(closed.is_open());
  EXPECT_THROW(closed.send(1, {}), PeerLost);
  EXPECT_THROW(closed.receive(), PeerLost);
  EXPECT_THROW(closed.try_receive(), PeerLost);
}

TEST(ByteChannelTest, garbage_is_an_error_and_not_a_message) {
  auto [channel, socket] = channel_and_socket();
  write_all(socket, "HTTP/1.1 400 Bad Request\r\n\r\n");
  try {
    channel.receive();
    FAIL() << "no error";
  } catch (const PeerLost&) {
    FAIL() << "the peer is not gone";
  } catch (const ParallelError&) {
  }
}

TEST(ByteChannelTest, garbage_after_a_message_leaves_the_message_whole) {
  auto [channel, socket] = channel_and_socket();
  write_all(socket, header(4, 3) + "abc" + "no header is like this one");
  EXPECT_EQ(channel.receive().tag, 4U);
  EXPECT_THROW(channel.receive(), ParallelError);
}

TEST(ByteChannelTest, half_a_message_and_then_silence_is_a_time_out) {
  auto [channel, socket] = channel_and_socket();
  EXPECT_EQ(channel.receive(milliseconds(5)), std::nullopt);
  write_all(socket, header(4, 3).substr(0, 10));
  EXPECT_EQ(channel.receive(milliseconds(5)), std::nullopt);
  write_all(socket, header(4, 3).substr(10) + "ab");
  EXPECT_EQ(channel.receive(milliseconds(5)), std::nullopt);
  EXPECT_EQ(channel.try_receive(), std::nullopt);
  write_all(socket, "c");
  EXPECT_EQ(channel.receive(seconds(10)).value().payload.size(), 3U);
}

TEST(ByteChannelTest, half_a_message_and_then_the_end_is_a_lost_peer) {
  auto [channel, socket] = channel_and_socket();
  write_all(socket, header(4, 3) + "ab");
  socket.reset();
  EXPECT_THROW(channel.receive(), PeerLost);
}

TEST(ByteChannelTest, a_length_beyond_all_memory_takes_no_memory) {
  auto [channel, socket] = channel_and_socket();
  write_all(socket, header(4, ~std::uint64_t{0}) + "ab");
  EXPECT_EQ(channel.receive(milliseconds(5)), std::nullopt);
  socket.reset();
  EXPECT_THROW(channel.receive(), PeerLost);
}

TEST(ByteChannelTest, the_longest_limit_waits) {
  auto [a, b] = ByteChannel::pair();
  Process child = test::forked("late", [&b_end = b] {
    std::this_thread::sleep_for(milliseconds(30));
    b_end.send(1, {});
    return 0;
  });
  EXPECT_TRUE(a.receive(std::chrono::nanoseconds::max()).has_value());
}

TEST(ByteChannelTest, a_program_that_is_executed_inherits_neither_end) {
  auto [a, b] = ByteChannel::pair();
  EXPECT_EQ(::fcntl(a.descriptor(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
  const std::string listed = "test ! -e /proc/self/fd/" + std::to_string(a.descriptor()) +
                             " && test ! -e /proc/self/fd/" + std::to_string(b.descriptor());
  Process child =
      test::forked("exec", [&]() -> int { return ::execl("/bin/sh", "sh", "-c", listed.c_str(), nullptr); });
  EXPECT_EQ(child.join(), ExitStatus::exited(0));
}

TEST(ByteChannelTest, a_lost_peer_raises_no_signal) {
  EXPECT_EQ(test::run_apart([] {
              ::signal(SIGPIPE, SIG_DFL);
              auto [a, b] = ByteChannel::pair();
              b.close();
              try {
                a.send(1, {});
              } catch (const PeerLost&) {
                return 0;
              }
              return 1;
            }).status,
            ExitStatus::exited(0));
}

}  // namespace
}  // namespace windrow
