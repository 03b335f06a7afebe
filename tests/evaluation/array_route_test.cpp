#include "evaluation/interface/array_route.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <utility>
#include <vector>

#include "store/support.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

namespace fs = std::filesystem;
using testing::SizeIs;

/// Hands pieces to the root's side at once, as from a worker.
class FakeContext : public WorkerContext {
 public:
  FakeContext(ArrayPieces& root, int worker) : root_(root), worker_(worker) {}
  bool stop_requested() override { return false; }
  void send_piece(std::span<const std::byte> piece) override {
    sizes.push_back(piece.size());
    root_.take(worker_, piece);
  }
  std::vector<std::size_t> sizes;

 private:
  ArrayPieces& root_;
  int worker_;
};

class ArrayRouteTest : public testing::Test {
 protected:
  ArrayRoute route(const std::string& token_of_root, bool by_messages = false) const {
    return {outputs_, {directory_.path().string(), token_of_root, by_messages}, false};
  }
  void write_token(const std::string& token) const { std::ofstream(directory_.path() / "token") << token; }
  static Evaluated result(double first) {
    return {1, {Array({first, 2.0}), Array(std::vector<double>(400'000, first))}};
  }
  static void expect_result(const Evaluated& evaluated, double first) {
    ASSERT_THAT(evaluated.arrays, SizeIs(2));
    EXPECT_EQ(evaluated.arrays[0].read(), Array({first, 2.0}));
    EXPECT_TRUE(evaluated.arrays[1].read() == Array(std::vector<double>(400'000, first)));
  }

  test::TemporaryDirectory directory_;
  std::vector<Column> outputs_ = {{"a", "", "array", ""}, {"b", "", "array", ""}};
  ArrayPieces pieces_{directory_.path()};
  FakeContext context_{pieces_, 1};
};

TEST_F(ArrayRouteTest, who_sees_the_token_writes_the_file) {
  write_token("yes");
  Evaluated evaluated = result(1.0);
  EXPECT_FALSE(route("yes").send(evaluated, context_).has_value());
  EXPECT_THAT(context_.sizes, SizeIs(0));
  pieces_.claim(1, evaluated.arrays);
  expect_result(evaluated, 1.0);
}

TEST_F(ArrayRouteTest, who_sees_no_token_or_another_one_sends_pieces_of_a_bounded_size) {
  for (const char* token : {"", "another"}) {
    write_token(token);
    context_.sizes.clear();
    Evaluated evaluated = result(1.0);
    EXPECT_FALSE(route("yes").send(evaluated, context_).has_value());
    ASSERT_THAT(context_.sizes, SizeIs(7)) << "a part and the end of one, four parts and the end of the other";
    EXPECT_LE(*std::max_element(context_.sizes.begin(), context_.sizes.end()), (std::size_t{1} << 20U) + 16);
    pieces_.claim(1, evaluated.arrays);
    expect_result(evaluated, 1.0);
  }
}

TEST_F(ArrayRouteTest, arrays_of_several_outcomes_and_workers_do_not_mix) {
  write_token("");
  FakeContext other(pieces_, 2);
  Evaluated first = result(1.0);
  Evaluated abandoned = result(2.0);
  Evaluated third = result(3.0);
  Evaluated elsewhere = result(4.0);
  const ArrayRoute by_messages = route("yes");
  for (auto [evaluated, context] : {std::pair(&first, &context_), std::pair(&elsewhere, &other),
                                    std::pair(&abandoned, &context_), std::pair(&third, &context_)}) {
    EXPECT_FALSE(by_messages.send(*evaluated, *context).has_value());
  }
  pieces_.claim(1, first.arrays);
  pieces_.claim(1, third.arrays);
  pieces_.claim(2, elsewhere.arrays);
  expect_result(first, 1.0);
  expect_result(third, 3.0);
  expect_result(elsewhere, 4.0);
  EXPECT_THROW(pieces_.claim(1, abandoned.arrays), ParallelError);
}

TEST_F(ArrayRouteTest, what_cannot_be_written_is_told_in_the_result) {
  write_token("yes");
  const ArrayRoute direct = route("yes");
  fs::remove_all(directory_.path());
  Evaluated evaluated = result(1.0);
  EXPECT_FALSE(direct.send(evaluated, context_).has_value());
  EXPECT_THAT(decode(encode(evaluated)).store_error, testing::HasSubstr(directory_.path().string()));
}

TEST_F(ArrayRouteTest, without_a_store_arrays_stay_in_the_result) {
  Evaluated evaluated = result(1.0);
  const ArrayRoute none(outputs_, {}, false);
  EXPECT_FALSE(none.is_needed());
  EXPECT_FALSE(none.send(evaluated, context_).has_value());
  EXPECT_EQ(decode(encode(evaluated)).outputs, evaluated.outputs);
}

}  // namespace
}  // namespace windrow::detail
