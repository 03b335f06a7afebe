#include "windrow/base/serialize.hpp"

#include <gtest/gtest.h>

#include <boost/serialization/base_object.hpp>
#include <boost/serialization/nvp.hpp>
#include <boost/serialization/split_member.hpp>
#include <chrono>
#include <complex>
#include <deque>
#include <filesystem>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>

namespace windrow::detail {
namespace {

template <typename T>
T again(const T& value) {
  return from_bytes<T>(to_bytes(value));
}

template <typename T>
void expect_same(const T& value) {
  EXPECT_EQ(again(value), value);
}

enum class Phase : std::uint8_t { solid, liquid };

TEST(SerializeTest, brings_back_numbers_texts_and_vectors) {
  expect_same(0.1);
  expect_same(Phase::liquid);
  expect_same(std::vector<double>{});
  expect_same(std::vector<double>{1, 2, 3});
  expect_same(std::string("a\0b", 3));
  expect_same(std::string());
  expect_same(std::u16string(u"\u00e4"));
  expect_same(std::vector<std::string>{"x", "", std::string(100'000, 'y')});
  expect_same(std::vector<bool>{true, false, true});
  expect_same(std::vector<std::vector<int>>{{1, 2}, {}, {3}});
  expect_same(std::filesystem::path("a/b c"));
}

TEST(SerializeTest, brings_back_containers) {
  expect_same(std::map<std::string, std::vector<std::string>>{{"a", {"b", "c"}}, {"", {}}});
  expect_same(std::multimap<int, int>{{1, 2}, {1, 3}});
  expect_same(std::set<int>{3, 1});
  expect_same(std::unordered_map<std::string, int>{{"a", 1}, {"b", 2}});
  expect_same(std::unordered_set<int>{3, 1});
  expect_same(std::deque<std::string>{"x", "y"});
  expect_same(std::list<double>{1, 2});
  expect_same(std::array<double, 3>{1, 2, 3});
  expect_same(std::array<std::string, 2>{"x", "y"});
  expect_same(std::map<int, std::pair<double, std::string>>{{1, {0.5, "y"}}});
}

TEST(SerializeTest, brings_back_what_may_be_one_thing_or_another) {
  expect_same(std::pair<int, std::string>(1, "x"));
  expect_same(std::tuple<int, std::string, double>(1, "x", 0.5));
  expect_same(std::optional<std::string>("x"));
  expect_same(std::optional<std::string>());
  expect_same(std::optional<std::optional<int>>(std::optional<int>()));
  using Variant = std::variant<std::monostate, int, std::string>;
  expect_same(std::vector<Variant>{{}, 3, "x"});
  EXPECT_EQ(*again(std::make_unique<std::string>("x")), "x");
  EXPECT_EQ(again(std::unique_ptr<int>()), nullptr);
  EXPECT_EQ(*again(std::make_shared<int>(3)), 3);
}

TEST(SerializeTest, brings_back_plain_classes) {
  using namespace std::chrono_literals;
  expect_same(std::complex<double>(1, -2));
  expect_same(std::vector<std::complex<float>>{{1, 2}, {3, 4}});
  expect_same(std::chrono::nanoseconds(17));
  expect_same(std::chrono::sys_days(2026y / 11 / 29));
}

class Metres {  // neither an aggregate nor default-constructible
 public:
  explicit Metres(double value) : value_(value) {}
  friend bool operator==(const Metres&, const Metres&) = default;

 private:
  double value_;
};

struct Mesh {
  std::string name;
  double box[2][3];
  std::vector<std::string> fields{"u"};
  std::optional<Metres> spacing;
  bool operator==(const Mesh&) const = default;
};

struct Attempt {
  Mesh mesh;
  const int steps;
  Metres length;
  std::unique_ptr<double> residual;
};

struct Nothing {
  bool operator==(const Nothing&) const = default;
};

struct Sixteen {
  int a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p;
  bool operator==(const Sixteen&) const = default;
};

TEST(SerializeTest, brings_back_structs_without_a_line_of_code) {
  expect_same(Metres(2.5));
  expect_same(Mesh{"wing", {{1, 2, 3}, {4, 5, 6}}, {"p", "T"}, Metres(0.1)});
  expect_same(std::vector<Mesh>(2));
  expect_same(Nothing());
  expect_same(Sixteen{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16});
}

TEST(SerializeTest, brings_back_what_only_braces_can_make) {
  const Attempt attempt = again(Attempt{{"wing", {}, {}, {}}, 7, Metres(2), std::make_unique<double>(1e-9)});
  EXPECT_EQ(attempt.mesh.name, "wing");
  EXPECT_TRUE(attempt.mesh.fields.empty());
  EXPECT_EQ(attempt.steps, 7);
  EXPECT_EQ(attempt.length, Metres(2));
  EXPECT_EQ(*attempt.residual, 1e-9);
}

struct Shape {
  std::string name;
  template <typename Archive>
  void serialize(Archive& archive, unsigned /*version*/) {
    archive& name;
  }
};

class Circle : public Shape {
 public:
  Circle() = default;
  Circle(std::string its_name, double radius) : Shape{std::move(its_name)}, radius_(radius) {}
  double radius() const { return radius_; }

 private:
  friend class boost::serialization::access;
  template <typename Archive>
  void serialize(Archive& archive, unsigned /*version*/) {
    archive& boost::serialization::base_object<Shape>(*this);
    archive& boost::serialization::make_nvp("radius", radius_);
  }

  double radius_ = 0.0;
};

class Split {
 public:
  int stored = 0;
  int restored = 0;

 private:
  friend class boost::serialization::access;
  template <typename Archive>
  void save(Archive& archive, unsigned /*version*/) const {
    archive << stored;
  }
  template <typename Archive>
  void load(Archive& archive, unsigned /*version*/) {
    archive >> restored;
  }
  BOOST_SERIALIZATION_SPLIT_MEMBER()
};

struct Beside {
  int x = 0;
  int left_out = 0;
};
template <typename Archive>
void serialize(Archive& archive, Beside& object, unsigned /*version*/) {
  archive& object.x;
}

TEST(SerializeTest, calls_serialize_as_boost_does) {
  const auto circles = again(std::vector<Circle>{{"a", 1.5}, {"b", 2.5}});
  ASSERT_EQ(circles.size(), 2U);
  EXPECT_EQ(circles[1].name, "b");
  EXPECT_EQ(circles[1].radius(), 2.5);
  Split split;
  split.stored = 3;
  EXPECT_EQ(again(split).restored, 3);
  const Beside beside = again(Beside{4, 5});
  EXPECT_EQ(beside.x, 4);
  EXPECT_EQ(beside.left_out, 0);
}

TEST(SerializeTest, says_when_bytes_are_something_else) {
  EXPECT_THROW(from_bytes<double>(to_bytes(1)), ParallelError);
  EXPECT_THROW(from_bytes<int>(to_bytes(1.0)), ParallelError);
  const Bytes bytes = to_bytes(std::string(1000, 'x'));
  EXPECT_THROW(from_bytes<std::string>(std::span(bytes).first(500)), ParallelError);
  EXPECT_THROW(from_bytes<std::string>(to_bytes(~std::uint64_t{0})), ParallelError);
  EXPECT_THROW(from_bytes<std::vector<std::string>>(to_bytes(~std::uint64_t{0})), ParallelError);
  EXPECT_EQ(to_bytes(from_bytes<bool>(Bytes{std::byte{2}})), to_bytes(true));  // a truth value, whatever the byte
  EXPECT_THROW((from_bytes<std::variant<int, double>>(to_bytes(std::uint64_t{2}))), ParallelError);
}

}  // namespace
}  // namespace windrow::detail
