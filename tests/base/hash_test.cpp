#include "windrow/base/hash.hpp"

#include <gtest/gtest.h>

namespace windrow::detail {
namespace {

// What `xxhsum` prints, so that stored hashes mean the same to other programs.
TEST(HashTest, is_that_of_xxhsum) {
  EXPECT_EQ(hash64(""), 0x2d06800538d394c2U);
  EXPECT_EQ(hash128("").text(), "99aa06d3014798d86001c324468d497f");
  EXPECT_EQ(hash128("a").text(), "a96faf705af16834e6c632b61e964e1f");
}

TEST(HashTest, continued_tells_where_one_text_ends) {
  EXPECT_NE(hash64("c", hash64("ab")), hash64("bc", hash64("a")));
}

TEST(HashTest, of_parts_is_that_of_the_whole) {
  const std::string text(100'000, 'x');
  for (const std::size_t part : {1U, 7U, 4096U, 100'000U}) {
    ContentHash parts;
    for (std::size_t at = 0; at < text.size(); at += part) parts.add(std::string_view(text).substr(at, part));
    EXPECT_EQ(parts.value(), hash128(text));
    EXPECT_EQ(parts.size(), text.size());
  }
}

TEST(ChecksumTest, is_that_of_xxhsum) {
  Checksum checksum;
  EXPECT_EQ(checksum.value(), 0xef46db3751d8e999U);
  const std::string text = "abc";
  checksum.add(std::as_bytes(std::span(text)));
  EXPECT_EQ(checksum.value(), 0x44bc2cf5ad770999U);
}

}  // namespace
}  // namespace windrow::detail
