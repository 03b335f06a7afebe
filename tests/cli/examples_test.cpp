// The examples compute what theory says.
#include "cli/examples.hpp"

#include <cmath>
#include <numbers>

namespace windrow::test {
namespace {

class ExamplesTest : public ExampleTest {};

TEST_F(ExamplesTest, the_rc_filter_has_the_cut_off_of_theory_at_every_point) {
  std::filesystem::copy(std::filesystem::path(WINDROW_EXAMPLES) / "ngspice-rc", path("ngspice-rc"));
  const Ended run = windrow({"run", "ngspice-rc/study.toml"});
  ASSERT_EQ(run.code, 0) << run.text();
  const auto records = csv_records(exported("ngspice-rc/rc-filter.windrow"));
  ASSERT_EQ(records.size(), 501U);
  for (std::size_t i = 1; i < records.size(); ++i) {
    const double theory = 1.0 / (2.0 * std::numbers::pi * std::stod(records[i][1]) * std::stod(records[i][2]));
    EXPECT_NEAR(std::stod(records[i][3]), theory, 0.01 * theory) << "point " << records[i][0];
  }
}

/// Temperature in the middle of a rod of length 1 and diffusivity 1, 1 at the start and 0 at both ends.
double middle_at(double time) {
  double sum = 0.0;
  for (int k = 0; k < 50; ++k) {
    const double n = 2.0 * k + 1.0;
    sum += (k % 2 == 0 ? 1.0 : -1.0) / n * std::exp(-n * n * std::numbers::pi * std::numbers::pi * time);
  }
  return 4.0 / std::numbers::pi * sum;
}

double half_life_of_theory() {
  double early = 0.01, late = 1.0;
  for (int i = 0; i < 100; ++i) {
    const double time = 0.5 * (early + late);
    (middle_at(time) > 0.5 ? early : late) = time;
  }
  return early;
}

TEST_F(ExamplesTest, the_embedded_solver_has_the_half_life_of_theory_at_every_point) {
  const Ended run = start({WINDROW_EMBEDDED_SOLVER, "heat.windrow"}).wait();
  ASSERT_EQ(run.code, 0) << run.text();
  const auto records = csv_records(run.out);
  ASSERT_EQ(records.size(), 121U);
  const double unit = half_life_of_theory();
  for (std::size_t i = 1; i < records.size(); ++i) {
    const double conductivity = std::stod(records[i][1]), length = std::stod(records[i][2]);
    const double theory = unit * length * length / conductivity;
    EXPECT_NEAR(std::stod(records[i][3]), theory, 0.01 * theory) << "point " << records[i][0];
  }
}

TEST_F(ExamplesTest, the_embedded_solver_prints_the_same_from_forked_processes) {
  expect_same_bytes(start({WINDROW_EMBEDDED_SOLVER, "forked"}, {{"WINDROW_WORKERS", "4"}}));
}

TEST_F(ExamplesTest, the_command_reads_the_results_of_the_embedded_solver) {
  const Ended run = start({WINDROW_EMBEDDED_SOLVER}).wait();
  EXPECT_EQ(exported("heat.windrow"), run.out);
  EXPECT_NE(windrow({"explain", "heat.windrow", "0"}).out.find("half_life = "), std::string::npos);
}

}  // namespace
}  // namespace windrow::test
