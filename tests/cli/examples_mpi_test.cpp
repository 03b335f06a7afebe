#include "cli/examples.hpp"
#include "cli/surroundings.hpp"

namespace windrow::test {
namespace {

class ExamplesMpiTest : public ExampleTest {};

TEST_F(ExamplesMpiTest, the_embedded_solver_prints_the_same_from_three_ranks) {
  expect_same_bytes(start_mpirun(3, {WINDROW_EMBEDDED_SOLVER, "ranks"}));
}

/// Two points of two ranks each at a time.
class LammpsMpiSlowTest : public ExampleTest {
 protected:
  LammpsMpiSlowTest() {
    std::filesystem::copy(std::filesystem::path(WINDROW_EXAMPLES) / "lammps-melt", path("lammps-melt"));
  }
  std::string melted(Program run, const std::string& results) {
    const Ended ended = run.wait(std::chrono::seconds(120));
    EXPECT_EQ(ended.code, 0) << ended.text();
    return exported(results);
  }
};

TEST_F(LammpsMpiSlowTest, pressure_grows_with_temperature_and_density_and_is_the_same_inside_mpirun) {
  const std::string forked =
      melted(start_windrow({"run", "lammps-melt/study.toml", "--workers", "4"}, mpi_environment()),
             "lammps-melt/melt.windrow");
  const auto records = csv_records(forked);
  ASSERT_EQ(records.size(), 13U);  // temperature, then density
  const auto pressure = [&](std::size_t temperature, std::size_t density) {
    return std::stod(records[1 + 3 * temperature + density][4]);
  };
  for (std::size_t t = 0; t < 4; ++t) {
    for (std::size_t d = 0; d < 3; ++d) {
      SCOPED_TRACE("temperature " + std::to_string(t) + ", density " + std::to_string(d));
      if (t > 0) {
        EXPECT_GT(pressure(t, d), pressure(t - 1, d));
      }
      if (d > 0) {
        EXPECT_GT(pressure(t, d), pressure(t, d - 1));
      }
    }
  }
  EXPECT_EQ(melted(start_mpirun(4, {WINDROW_PROGRAM, "run", "lammps-melt/study.toml", "--dir", "ranks"}), "ranks"),
            forked);
}

}  // namespace
}  // namespace windrow::test
