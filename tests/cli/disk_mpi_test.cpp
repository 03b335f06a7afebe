#include "cli/disk_fixture.hpp"

namespace windrow::test {
namespace {

class DiskMpiTest : public DiskTest {};

TEST_F(DiskMpiTest, a_full_disk_ends_all_ranks_and_the_same_command_continues_once_there_is_room) {
  const Arguments arguments = {"run", "bulky.toml", "--dir", "disk/results"};
  const Ended full = mpirun_windrow(3, arguments);
  const std::size_t first = full.err.find("windrow: ");
  ASSERT_NE(first, std::string::npos) << full.text();
  EXPECT_EQ(full.err.find("windrow: ", first + 1), std::string::npos) << "told once";
  expect_continued(full, [&] { return mpirun_windrow(3, arguments); });
}

}  // namespace
}  // namespace windrow::test
