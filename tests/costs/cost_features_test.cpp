#include "costs/cost_features.hpp"

#include <gmock/gmock.h>

namespace windrow {
namespace {

using detail::CostFeatures;
using testing::IsEmpty;

TEST(CostFeaturesTest, look_at_drawn_parameters_of_every_kind) {
  const CostFeatures features({Parameter("material", Choice({"a", "b", "c"}, {1, 2, 3})),
                               drawn("load", "normal", {{"mean", 10}, {"sd", 2}}),
                               drawn("size", "log_uniform", {{"low", 1}, {"high", 100}}),
                               Parameter("wind", Samples({1, 2, 2, 3})), integers("n", 1, 3)});
  EXPECT_THAT(features.left_out(), IsEmpty());
  EXPECT_EQ(features.size(), 2U + 2U + 4U + 2U + 2U);
  const std::vector<Value> point = {"b", 10.0, 10.0, 3.0, 2};
  EXPECT_EQ(features.of(point).size(), features.size());
}

}  // namespace
}  // namespace windrow
