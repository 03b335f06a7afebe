#include "cli/outputs_fixture.hpp"

namespace windrow::test {
namespace {

class OutputsMpiTest : public OutputsFixture {};

TEST_F(OutputsMpiTest, are_the_same_for_any_number_of_ranks) {
  for (const int ranks : {1, 3}) {
    const std::string results = "ranks" + std::to_string(ranks);
    const Ended ended = mpirun_windrow(ranks, {"run", "outputs.toml", "--dir", results});
    EXPECT_EQ(ended.code, 1) << ended.text();
    EXPECT_EQ(exported(results), kOutputsTable);
  }
}

}  // namespace
}  // namespace windrow::test
