#include "cli/cli_fixture.hpp"
#include "cli/studies.hpp"

namespace windrow::test {
namespace {

class SameResultsMpiTest : public CliTest {
 protected:
  void SetUp() override {
    write("mixed.toml", kMixedStudy);
    write_program("mixed.sh", kMixedProgram);
    write("sampled.toml", kSampledStudy);
  }

  void expect_same_under_mpirun(const std::string& study, int code) {
    EXPECT_EQ(windrow({"run", study, "--dir", "alone", "--workers", "1"}).code, code);
    const std::string alone = exported("alone");
    EXPECT_GT(alone.size(), 1000U);
    for (const int ranks : {1, 2, 5}) {
      const std::string results = "ranks" + std::to_string(ranks);
      const Ended ended = mpirun_windrow(ranks, {"run", study, "--dir", results});
      EXPECT_EQ(ended.code, code) << ended.text();
      EXPECT_NE(ended.err.find(std::to_string(ranks) + (ranks == 1 ? " worker (mpi)" : " workers (mpi)")),
                std::string::npos)
          << ended.text();
      EXPECT_EQ(exported(results), alone);
    }
  }
};

TEST_F(SameResultsMpiTest, failing_points_and_all_types_for_any_number_of_ranks) {
  expect_same_under_mpirun("mixed.toml", 1);
}

TEST_F(SameResultsMpiTest, random_draws_for_any_number_of_ranks) {
  expect_same_under_mpirun("sampled.toml", 0);
}

TEST_F(SameResultsMpiTest, a_root_that_only_coordinates_is_no_worker) {
  EXPECT_EQ(windrow({"run", "mixed.toml", "--dir", "alone"}).code, 1);
  const Ended two = mpirun_windrow(3, {"run", "mixed.toml", "--dir", "two", "--root", "coordinates"});
  EXPECT_EQ(two.code, 1);
  EXPECT_NE(two.err.find("2 workers (mpi)"), std::string::npos) << two.text();
  EXPECT_NE(two.out.find(" on 2 workers."), std::string::npos) << two.text();
  EXPECT_EQ(exported("two"), exported("alone"));
  const Ended one = mpirun_windrow(1, {"run", "mixed.toml", "--dir", "one", "--root", "coordinates"});
  EXPECT_NE(one.out.find(" on 1 worker."), std::string::npos) << one.text();
}

TEST_F(SameResultsMpiTest, what_some_ranks_began_others_continue) {
  EXPECT_EQ(windrow({"run", "mixed.toml", "--dir", "alone"}).code, 1);
  EXPECT_EQ(mpirun_windrow(3, {"run", "mixed.toml", "--dir", "both"}).code, 1);
  const Ended again = windrow({"run", "mixed.toml", "--dir", "both", "--retry-failed"});
  EXPECT_EQ(again.code, 1);
  EXPECT_NE(again.out.find("this run evaluated 24 "), std::string::npos) << again.text();
  EXPECT_EQ(exported("both"), exported("alone"));
}

}  // namespace
}  // namespace windrow::test
