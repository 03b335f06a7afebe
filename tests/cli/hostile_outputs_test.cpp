#include "cli/hostile_outputs_fixture.hpp"

namespace windrow::test {
namespace {

class HostileOutputsTest : public HostileOutputsFixture {};

TEST_F(HostileOutputsTest, each_is_the_failure_of_its_own_point) {
  const Ended run = windrow({"run", "hostile.toml", "--workers", "2"});
  expect_outcomes(run, "hostile.windrow");
}

TEST_F(HostileOutputsTest, collect_has_the_same_bounds) {
  write_program("leave.sh", "printf '{\"y\": 1}' > out.json\nprintf '{\"z\": 2}' > more.json\n");
  const std::string study =
      "[parameters.case]\nvalues = [1, 2]\n[command]\nrun = [\"./leave.sh\"]\nkeep = \"all\"\n[outputs]\njson = { file "
      "= "
      "\"out.json\", json = \"/y\" }\n";
  write("hostile.toml", study);
  ASSERT_EQ(windrow({"run", "hostile.toml"}).code, 0);
  std::filesystem::resize_file(path("hostile.windrow/points/1/more.json"), std::uintmax_t{1} << 40U);
  write("hostile.toml", study + "more = { file = \"more.json\", json = \"/z\" }\n");
  const Ended collected = windrow({"collect", "hostile.toml"});
  EXPECT_TRUE(collected.in_time);
  EXPECT_THAT(collected.out, testing::HasSubstr("is longer than the 1 GiB that `max_output_size` in [command] allows"));
}

}  // namespace
}  // namespace windrow::test
