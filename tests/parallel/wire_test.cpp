#include "parallel/interface/wire.hpp"

#include <gmock/gmock.h>

#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

struct Sent {
  std::uint64_t index;
  double started;
  double elapsed;
  bool failed;
  std::string payload;
};

Bytes written(const std::vector<Sent>& outcomes, std::uint64_t finished = 0) {
  ResultWriter out;
  for (const Sent& o : outcomes) {
    out.add({o.index, o.started, o.elapsed, o.failed, std::as_bytes(std::span(o.payload))});
  }
  const auto message = out.message(finished);
  return {message.begin(), message.end()};
}

void expect_same(const std::vector<Sent>& outcomes) {
  const Bytes message = written(outcomes, 7);
  ResultReader in(message);
  EXPECT_EQ(in.finished(), 7U);
  Result result;
  for (const Sent& expected : outcomes) {
    ASSERT_TRUE(in.next(result));
    EXPECT_EQ(result.index, expected.index);
    EXPECT_EQ(result.failed, expected.failed);
    EXPECT_NEAR(result.started, expected.started, 2e-6);
    EXPECT_NEAR(result.elapsed, expected.elapsed, 1e-6 * expected.elapsed);
    EXPECT_EQ(std::string(reinterpret_cast<const char*>(result.payload.data()), result.payload.size()),
              expected.payload);
  }
  EXPECT_FALSE(in.next(result));
}

TEST(WireTest, outcomes_that_follow_each_other_share_a_head) {
  std::vector<Sent> outcomes;
  for (std::uint64_t i = 0; i < 1000; ++i)
    outcomes.push_back({5 + 3 * i, 1e9 + 0.5 * static_cast<double>(i), 0.5, false, "12345678"});
  expect_same(outcomes);
  EXPECT_LE(written(outcomes).size(), 1000 * 12 + 64 + sizeof(WorkerTimes));
}

TEST(WireTest, whatever_breaks_a_run_begins_another) {
  expect_same({});
  expect_same({{4, 1.0, 0.5, false, "ab"}, {5, 1.5, 0.5, false, "abc"}, {6, 2.0, 0.5, false, ""}});    // size
  expect_same({{4, 1.0, 0.5, false, "ab"}, {5, 1.5, 0.5, true, "cd"}, {6, 2.0, 0.5, false, "ef"}});    // failure
  expect_same({{4, 1.0, 0.5, false, "ab"}, {5, 9.5, 0.5, false, "cd"}, {6, 10.0, 0.5, false, "ef"}});  // time
  expect_same({{4, 1.0, 0.5, false, "ab"}, {6, 1.5, 0.5, false, "cd"}, {7, 2.0, 0.5, false, "ef"}});   // step
  expect_same({{4, 1.0, 0.5, false, "ab"}, {3, 1.5, 0.5, false, "cd"}, {3, 2.0, 0.5, false, "ef"}});   // backwards
}

TEST(WireTest, any_sequence_of_outcomes_comes_back_as_it_was) {
  std::mt19937 random(42);
  for (int round = 0; round < 200; ++round) {
    std::vector<Sent> outcomes;
    std::uint64_t index = random() % 10;
    double time = 1e9;
    for (auto i = random() % 40; i > 0; --i) {
      const double elapsed = 1e-6 * static_cast<double>(random() % 1000);
      outcomes.push_back({index, time, elapsed, random() % 9 == 0, std::string(random() % 2, 'x')});
      index += random() % 4 == 0 ? random() % 7 : 2;
      time += elapsed + (random() % 5 == 0 ? 0.25 : 0.0);
    }
    expect_same(outcomes);
  }
}

TEST(WireTest, outcomes_that_share_a_time_come_back_together_and_one_by_one) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    ResultWriter out;
    std::vector<ResultGroup> groups;
    std::vector<Bytes> payloads;
    std::uint64_t index = 3;
    double time = 1e9;
    for (auto n = random() % 30; n > 0; --n) {
      const std::uint64_t most = 1 + random() % 4, count = 1 + random() % most, step = 1 + random() % 2;
      const std::size_t length = random() % 3;
      const double elapsed = 0.25 * static_cast<double>(random() % 8);
      const Bytes payload(length * count, static_cast<std::byte>(random() % 256));
      const std::span<const std::byte> each = std::span(payload).first(length);
      out.open({index, time, 0.0, false, each}, most, step);
      for (std::uint64_t i = 1; i < count; ++i) ASSERT_TRUE(out.append(each));
      EXPECT_FALSE(out.append(Bytes(4)));
      EXPECT_EQ(out.open_count(), count);
      out.close(elapsed);
      groups.push_back({{index, time, elapsed, false, {}}, count, step});
      payloads.push_back(payload);
      index += count * step + random() % 2;
      time += static_cast<double>(count) * elapsed + (random() % 5 == 0 ? 0.5 : 0.0);
    }
    ResultReader together(out.message(1)), one_by_one(out.message(1));
    ResultGroup group;
    for (std::size_t g = 0; g < groups.size(); ++g) {
      ASSERT_TRUE(together.next(group));
      EXPECT_EQ(group.count, groups[g].count);
      EXPECT_EQ(group.first.index, groups[g].first.index);
      EXPECT_EQ(group.first.elapsed, groups[g].first.elapsed);
      EXPECT_NEAR(group.first.started, groups[g].first.started, 2e-6);
      EXPECT_EQ(Bytes(group.first.payload.begin(), group.first.payload.end()), payloads[g]);
      for (std::uint64_t i = 0; i < group.count; ++i) {
        Result result;
        ASSERT_TRUE(one_by_one.next(result));
        EXPECT_EQ(result.index, groups[g].first.index + i * groups[g].step);
        EXPECT_EQ(result.payload.size(), payloads[g].size() / group.count);
        EXPECT_NEAR(result.started, groups[g].first.started + static_cast<double>(i) * groups[g].first.elapsed, 2e-6);
      }
    }
    EXPECT_FALSE(together.next(group));
  }
}

TEST(WireTest, outcomes_that_share_a_time_take_little_more_than_their_payloads) {
  ResultWriter out;
  const Bytes payload(8);
  for (std::uint64_t i = 0; i < 1000; ++i) {
    out.open({16 * i, 1e9 + 16.0 * static_cast<double>(i), 0.0, false, payload}, 16, 1);
    for (int j = 1; j < 16; ++j) out.append(payload);
    out.close(1.0);
  }
  EXPECT_LE(out.size(), 1000 * (16 * 8 + 4) + 64 + sizeof(WorkerTimes));
}

TEST(WireTest, a_writer_that_was_cleared_starts_anew) {
  ResultWriter out;
  const Bytes payload(3);
  out.add({1, 0.0, 0.0, false, payload});
  EXPECT_FALSE(out.empty());
  out.clear();
  EXPECT_TRUE(out.empty());
  out.add({2, 0.0, 0.0, false, payload});
  ResultReader in(out.message(1));
  Result result;
  EXPECT_TRUE(in.next(result));
  EXPECT_EQ(result.index, 2U);
  EXPECT_FALSE(in.next(result));
}

TEST(WireTest, a_message_that_is_cut_off_anywhere_is_an_error) {
  const Bytes whole = written({{4, 1.0, 0.5, false, "ab"}, {5, 1.5, 0.5, false, "cd"}, {9, 9.0, 0.1, true, "efg"}});
  const auto read = [](std::span<const std::byte> message) {
    ResultReader in(message);
    for (Result result; in.next(result);) {
    }
  };
  EXPECT_NO_THROW(read(whole));
  int complete = 0;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    try {
      read(std::span(whole).first(size));
      ++complete;  // cut between two runs
    } catch (const ParallelError&) {
    }
  }
  EXPECT_EQ(complete, 2);
}

TEST(WireTest, failures_come_back_as_they_were) {
  TaskFailure failure;
  failure.index = 17;
  failure.kind = FailureKind::crashed;
  failure.message = "fell";
  failure.code = -11;
  failure.rank = 3;
  failure.host = "node7";
  failure.attempts = 2;
  failure.elapsed = 1.5;
  ByteWriter out;
  put_failure(out, failure);
  ByteReader in(out.bytes());
  EXPECT_EQ(describe(get_failure(in)), describe(failure));
  EXPECT_TRUE(in.at_end());
}

TEST(WireTest, a_failure_of_no_known_kind_is_refused) {
  for (const int kind : {-1, 7, 1000}) {
    TaskFailure failure;
    failure.kind = static_cast<FailureKind>(kind);
    ByteWriter out;
    put_failure(out, failure);
    ByteReader in(out.bytes());
    EXPECT_THROW(get_failure(in), ParallelError) << kind;
  }
}

}  // namespace
}  // namespace windrow::detail
