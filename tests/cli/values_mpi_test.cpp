// Values and seeds are the same on any number of ranks.
#include <gmock/gmock.h>

#include "cli/cli_fixture.hpp"

namespace windrow::test {
namespace {

using testing::HasSubstr;

class ValuesMpiTest : public CliTest {};

TEST_F(ValuesMpiTest, values_formats_and_seeds_of_replicates_for_any_number_of_ranks) {
  write("t.csv", "code,version,x,n\n0012,1.10,1.0,18446744073709551615\n0107,1.2,12345.5,7\n");
  write("study.toml", R"(
[study]
seed = 11
[design]
method = "table"
file = "t.csv"
replicates = 3
[parameters.x]
format = "%8.3f"
[command]
run = "echo {{code}} {{version}} {{x}} {{n}} {{replicate:%02d}} {{point.seed}} {{point.seed31}}"
[outputs]
said = { stdout = '(.+)', type = "string" }
)");
  EXPECT_EQ(windrow({"run", "study.toml", "--dir", "alone", "--workers", "1"}).code, 1);
  const std::string alone = exported("alone");
  EXPECT_THAT(alone, HasSubstr("0012 1.10    1.000 18446744073709551615 02 "));
  EXPECT_THAT(alone, HasSubstr("rejected"));
  for (const int ranks : {2, 3}) {
    const std::string results = "ranks" + std::to_string(ranks);
    EXPECT_EQ(mpirun_windrow(ranks, {"run", "study.toml", "--dir", results}).code, 1);
    EXPECT_EQ(exported(results), alone);
  }
}

}  // namespace
}  // namespace windrow::test
