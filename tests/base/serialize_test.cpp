#include <gtest/gtest.h>

#include "windrow/base/serialize_containers.hpp"

namespace windrow::detail {
namespace {

template <typename T>
void expect_same(const T& value) {
  EXPECT_EQ(from_bytes<T>(to_bytes(value)), value);
}

TEST(SerializeTest, brings_back_numbers_texts_and_vectors) {
  expect_same(0.1);
  expect_same(std::vector<double>{});
  expect_same(std::vector<double>{1, 2, 3});
  expect_same(std::string("a\0b", 3));
  expect_same(std::string());
  expect_same(std::vector<std::string>{"x", "", std::string(100'000, 'y')});
  expect_same(std::vector<bool>{true, false, true});
}

TEST(SerializeTest, brings_back_containers) {
  expect_same(std::map<std::string, std::vector<std::string>>{{"a", {"b", "c"}}, {"", {}}});
  expect_same(std::set<int>{3, 1});
  expect_same(std::pair<int, std::string>(1, "x"));
  expect_same(std::array<double, 3>{1, 2, 3});
  expect_same(std::map<int, std::pair<double, std::string>>{{1, {0.5, "y"}}});
}

TEST(SerializeTest, says_when_bytes_are_something_else) {
  EXPECT_THROW(from_bytes<double>(to_bytes(1)), ParallelError);
  const Bytes bytes = to_bytes(std::string(1000, 'x'));
  EXPECT_THROW(from_bytes<std::string>(std::span(bytes).first(500)), ParallelError);
}

}  // namespace
}  // namespace windrow::detail
