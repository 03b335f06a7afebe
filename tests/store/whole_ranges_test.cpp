#include <gtest/gtest.h>

#include "store/exported.hpp"

namespace windrow {
namespace {

bool is_whole(const std::string& definition) {
  StudyIdentity identity;
  identity.parameters = {{"x"}};
  identity.definition = {{"parameters.x", definition}};
  return detail::whole_ranges(identity).at(0);
}

TEST(WholeRangesTest, are_told_by_their_definitions) {
  EXPECT_TRUE(is_whole("linear(100, 300, 3)"));
  EXPECT_FALSE(is_whole("linear(0, 1, 3)"));
  EXPECT_TRUE(is_whole("linear(0, 7, step = 2)"));
  EXPECT_FALSE(is_whole("linear(0, 7, step = 0.5)"));
  EXPECT_FALSE(is_whole("linear(0, 7, step = -2)"));  // no such range
  EXPECT_TRUE(is_whole("geometric(1, 100, 3)"));
  EXPECT_FALSE(is_whole("values(1, 2)"));
  EXPECT_FALSE(is_whole("discrete_uniform(low = 1, high = 6)"));
}

}  // namespace
}  // namespace windrow
