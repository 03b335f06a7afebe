#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "cli/program.hpp"

namespace windrow::test {

using Arguments = std::vector<std::string>;
using Environment = std::map<std::string, std::string>;

/// Runs the windrow command in a fresh directory. Every test demands at its end that within a second no process that
/// it started is left, and nothing new of ours in /dev/shm.
class CliTest : public testing::Test {
 protected:
  CliTest();
  ~CliTest() override;
  void TearDown() override;

  const std::filesystem::path& directory() const { return directory_; }
  std::filesystem::path path(const std::string& name) const { return directory_ / name; }
  void write(const std::string& name, const std::string& text) const;
  /// A shell script that can be executed.
  void write_program(const std::string& name, const std::string& text) const;

  /// Starts any program in the directory, marked as this test's.
  Program start(const Arguments& argv, const Environment& environment = {}, int terminal = -1);
  Program start_windrow(const Arguments& arguments, const Environment& environment = {});
  Program start_mpirun(int ranks, const Arguments& argv, const Environment& environment = {});
  Ended windrow(const Arguments& arguments, const Environment& environment = {});
  Ended mpirun_windrow(int ranks, const Arguments& arguments);

  /// `windrow export DIR --csv -`, which must work.
  std::string exported(const std::string& results);
  /// The indices that `windrow export` knows of; none if there are no results at all.
  std::set<std::uint64_t> recorded(const std::string& results);
  /// What programs appended to a file, a number a line, sorted.
  std::vector<std::uint64_t> logged(const std::string& file) const;
  /// Waits until programs have appended so many numbers.
  bool wait_for_log(const std::string& file, std::size_t lines) const;

  std::vector<Process> left_processes() const;
  void expect_nothing_left(std::chrono::milliseconds limit = std::chrono::seconds(1));

 private:
  std::filesystem::path directory_;
  std::filesystem::path outputs_;
  std::set<std::string> shared_memory_;
  int programs_ = 0;
};

/// 0, 1, ..., n - 1
std::vector<std::uint64_t> all_indices(std::uint64_t n);

/// A record for each line, header included.
std::vector<std::vector<std::string>> csv_records(const std::string& text);

}  // namespace windrow::test
