#include "windrow/arrays/npy.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "error_of.hpp"
#include "windrow/design/parameter.hpp"
#include "windrow/error.hpp"

namespace windrow {
namespace {

namespace fs = std::filesystem;
using test::error_of;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class NpyTest : public testing::Test {
 protected:
  NpyTest() : file_(fs::temp_directory_path() / ("windrow-npy-" + std::to_string(::getpid()) + ".npy")) {}
  ~NpyTest() override { fs::remove(file_); }

  void write(const std::string& bytes) const { std::ofstream(file_, std::ios::binary) << bytes; }

  /// As NumPy writes it, in version 1 of the format.
  void write(const std::string& dictionary, const std::string& data) const {
    std::string header = dictionary + "\n";
    const auto size = static_cast<std::uint16_t>(header.size());
    write(std::string("\x93NUMPY\1\0", 8) + static_cast<char>(size & 0xFF) + static_cast<char>(size >> 8) + header +
          data);
  }
  template <typename T>
  void write(const std::string& type, const std::string& order, const std::string& shape, std::vector<T> data) const {
    write("{'descr': '" + type + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }",
          std::string(reinterpret_cast<const char*>(data.data()), data.size() * sizeof(T)));
  }
  std::string error() const {
    return error_of<SpecError>([this] { npy::read(file_); });
  }

  fs::path file_;
};

std::string with_data(const Array& array) {
  return npy::header_of_doubles(array.shape) +
         std::string(reinterpret_cast<const char*>(array.values.data()), array.values.size() * sizeof(double));
}

TEST_F(NpyTest, the_header_is_the_one_that_numpy_writes) {
  const std::string header = npy::header_of_doubles(std::vector<std::uint64_t>{2, 3});
  EXPECT_EQ(header.size(), 128U);
  EXPECT_EQ(header.substr(0, 10), std::string("\x93NUMPY\1\0\x76\0", 10));
  EXPECT_EQ(header.substr(10, 59), "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }");
  EXPECT_EQ(header.find_first_not_of(' ', 69), 127U);
  EXPECT_EQ(header.back(), '\n');
  EXPECT_THAT(npy::header_of_doubles(std::vector<std::uint64_t>{7}), HasSubstr("'shape': (7,), }"));
  EXPECT_THAT(npy::header_of_doubles({}), HasSubstr("'shape': (), }"));
}

TEST_F(NpyTest, doubles_come_back_bit_for_bit_in_every_shape) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const Array& array : {Array({1.5, -0.0, nan, 1e308, 0x1p-1074, -3.0}, {2, 3}), Array({4.0}, {}), Array(),
                             Array({}, {3, 0}), Array(std::vector<double>(300'000, 0.1))}) {
    write(with_data(array));
    EXPECT_EQ(npy::read(file_), array) << render_shape(array.shape);
  }
}

TEST_F(NpyTest, all_bytes_are_told_in_their_order) {
  const Array array(std::vector<double>(300'000, 0.1));
  write(with_data(array));
  std::string told;
  npy::read(file_, [&](std::span<const std::byte> bytes) {
    told.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  });
  EXPECT_TRUE(told == with_data(array));
}

TEST_F(NpyTest, other_types_are_converted) {
  write<float>("<f4", "False", "(2,)", {0.5F, -2.0F});
  EXPECT_THAT(npy::read(file_).values, ElementsAre(0.5, -2.0));
  write<std::int16_t>("<i2", "False", "(2,)", {-3, 300});
  EXPECT_THAT(npy::read(file_).values, ElementsAre(-3.0, 300.0));
  write<std::uint8_t>(">i4", "False", "(2,)", {0, 0, 1, 0, 255, 255, 255, 255});
  EXPECT_THAT(npy::read(file_).values, ElementsAre(256.0, -1.0));
  write<std::uint8_t>(">f8", "False", "(1,)", {0x40, 0x09, 0, 0, 0, 0, 0, 0});
  EXPECT_THAT(npy::read(file_).values, ElementsAre(3.125));
  write<std::uint8_t>("|b1", "False", "(3,)", {1, 0, 1});
  EXPECT_THAT(npy::read(file_).values, ElementsAre(1.0, 0.0, 1.0));
}

TEST_F(NpyTest, the_first_index_may_run_fastest) {
  // value = 100 i + 10 j + k, of the shape 2 x 3 x 2
  std::vector<double> stored;
  std::vector<double> expected;
  for (int k = 0; k < 2; ++k) {
    for (int j = 0; j < 3; ++j) {
      for (int i = 0; i < 2; ++i) stored.push_back(100 * i + 10 * j + k);
    }
  }
  for (int i = 0; i < 2; ++i) {
    for (int j = 0; j < 3; ++j) {
      for (int k = 0; k < 2; ++k) expected.push_back(100 * i + 10 * j + k);
    }
  }
  write<double>("<f8", "True", "(2, 3, 2)", stored);
  EXPECT_EQ(npy::read(file_), Array(expected, {2, 3, 2}));
}

TEST_F(NpyTest, what_is_no_whole_array_is_named_with_the_reason) {
  EXPECT_THAT(error(), AllOf(HasSubstr(file_.string()), HasSubstr("no such file")));
  write("1 2 3\n");
  EXPECT_THAT(error(), HasSubstr("no array file in the format of NumPy"));
  write<double>("<f8", "False", "(3,)", {1.0, 2.0});
  EXPECT_THAT(error(),
              AllOf(HasSubstr("bytes long, where an array of 3 of the type <f8 takes"), HasSubstr(file_.string())));
  write<double>("<f8", "False", "(1,)", {1.0, 2.0});
  EXPECT_THAT(error(), HasSubstr("bytes long"));
  write<double>("<f8", "False", "(4611686018427387904, 4611686018427387904)", {1.0});
  EXPECT_THAT(error(), HasSubstr("impossibly large"));
  write<double>("<c16", "False", "(1,)", {1.0, 2.0});
  EXPECT_THAT(error(), HasSubstr("<c16, which are no real numbers"));
  EXPECT_EQ(npy::read_header(file_).type, "<c16");  // a fine file all the same
  write<double>("|O", "False", "(1,)", {1.0});
  EXPECT_THAT(error(), HasSubstr("records or objects"));
  write("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,), }", "12345678");
  EXPECT_THAT(error(), HasSubstr("records or objects"));
  std::string ones = "1";
  for (int i = 1; i < 64; ++i) ones += ", 1";
  write<double>("<f8", "False", "(" + ones + ")", {1.0});
  EXPECT_EQ(npy::read(file_).shape.size(), 64u);
  write<double>("<f8", "False", "(" + ones + ", 1)", {1.0});  // more than any array has
  EXPECT_THAT(error(), HasSubstr("a header that makes no sense"));
  write("{'descr': '<f8', 'shape': (1,), }", "12345678");
  EXPECT_THAT(error(), HasSubstr("a header that makes no sense"));
}

TEST_F(NpyTest, a_text_of_rows_is_an_array) {
  write("# x y\n1, 2\n3\t4e3 # last\n\n-5;nan\n");
  const Array array = npy::read_text(file_);
  EXPECT_THAT(array.shape, ElementsAre(3, 2));
  EXPECT_EQ(array.values[3], 4000.0);
  EXPECT_TRUE(std::isnan(array.values[5]));
  write("1\n2\n3\n");
  EXPECT_EQ(npy::read_text(file_), Array({1.0, 2.0, 3.0}));
  write("1 2 3");
  EXPECT_EQ(npy::read_text(file_), Array({1.0, 2.0, 3.0}));
  write("1 2\n3\n");
  EXPECT_THAT(error_of<SpecError>([this] { npy::read_text(file_); }), HasSubstr(":2: this row has 1 numbers"));
  write("1 2\n3 four\n");
  EXPECT_THAT(error_of<SpecError>([this] { npy::read_text(file_); }), HasSubstr(":2: `four` is no number"));
}

TEST(ArrayTest, a_shape_must_hold_the_numbers) {
  EXPECT_EQ(Array({1.0, 2.0}).shape, std::vector<std::uint64_t>{2});
  EXPECT_THROW(Array({1.0, 2.0}, {3}), SpecError);
  EXPECT_THROW(Array({}, {1ULL << 63, 2}), SpecError);
}

TEST(ArrayTest, a_value_may_be_an_array) {
  const Value value = Array({1.0, 2.0}, {2, 1});
  EXPECT_TRUE(value.is_array());
  EXPECT_FALSE(value.is_text());
  EXPECT_EQ(value.render(), "array of 2 x 1");
  EXPECT_EQ(value, Value(Array({1.0, 2.0}, {2, 1})));
  EXPECT_FALSE(value == Value(Array({1.0, 2.0})));
  EXPECT_FALSE(value == 1.0);
  EXPECT_THROW(value.number(), SpecError);
  EXPECT_THROW(Value(1.0).array(), SpecError);
  EXPECT_THROW(values("x", {value}), SpecError);
}

}  // namespace
}  // namespace windrow
