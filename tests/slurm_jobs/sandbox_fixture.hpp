#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/cli_fixture.hpp"

namespace windrow::test {

/// A cluster of four nodes with four cores each, which lives as long as the tests of this program; every test is
/// skipped where there cannot be one. windrow and Slurm's commands find it.
class SandboxTest : public CliTest {
 protected:
  static void SetUpTestSuite();
  static void TearDownTestSuite();
  void SetUp() override;
  void TearDown() override;

  Ended slurm(const Arguments& argv);
  Ended windrow_here(const Arguments& arguments);
  /// `windrow submit ...`, which must work. @return the job's number
  std::string submit(const Arguments& arguments);
  /// What squeue says of the job ("RUNNING None"); empty when it has ended. An array has a line for each job.
  std::string queue(const std::string& job);
  bool wait_for_end(const std::string& job, std::chrono::seconds limit = std::chrono::seconds(60));
  /// A field of `scontrol show job`: "Restarts"
  std::string field(const std::string& job, const std::string& name);
  /// What the job printed.
  std::string output(const std::string& results, const std::string& job) const;

 private:
  struct Sandbox;
  static std::unique_ptr<Sandbox> sandbox_;
  static std::string reason_;  // why there is none
};

}  // namespace windrow::test
