// The same under mpirun, which is killed with all of its ranks, or whose ranks are.
#include "cli/clean_fixture.hpp"

namespace windrow::test {
namespace {

using testing::IsEmpty;

class CleanMpiTest : public CleanTest {
 protected:
  Program start_run() { return start_mpirun(2, {WINDROW_PROGRAM, "run", "study.toml", "--root", "coordinates"}); }
};

TEST_F(CleanMpiTest, removes_what_a_killed_run_has_left) {
  Program run = start_run();
  kill_in_the_second_point(run);
  expect_remains();
  const Ended cleaned = windrow({"clean", "study.windrow"});
  EXPECT_EQ(cleaned.code, 0) << cleaned.text();
  expect_clean();
}

TEST_F(CleanMpiTest, the_next_run_removes_it_too) {
  Program run = start_run();
  kill_in_the_second_point(run);
  expect_remains();
  write("go", "");
  EXPECT_EQ(mpirun_windrow(3, {"run", "study.toml"}).code, 0);
  EXPECT_THAT(points(), IsEmpty());
}

}  // namespace
}  // namespace windrow::test
