#pragma once

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>

#include "cli/table_fixture.hpp"

namespace windrow::test {

/// A study of a table of many rows.
class LargeTableFixture : public TableFixture {
 protected:
  static constexpr int kRows = 400'000;

  /// @return the size of its file in kilobytes
  long write_rows(int rows) {
    std::mt19937_64 random(3);
    std::string content = "i,x,y,name\n";
    for (int row = 0; row < rows; ++row) {
      content += std::to_string(row) + ",0." + std::to_string(random() % 100'000'000) + ",1.50e-" +
                 std::to_string(random() % 300) + ",sample " + std::to_string(random() % 1000) + "\n";
    }
    write("t.csv", content);
    return static_cast<long>(content.size() / 1024);
  }

  /// Runs windrow, which must work. @return the most memory that it, or what it waited for, had, in kilobytes
  long peak_of(const Arguments& arguments) const {
    const pid_t child = ::fork();
    if (child == 0) {
      std::vector<std::string> all = {WINDROW_PROGRAM};
      all.insert(all.end(), arguments.begin(), arguments.end());
      std::vector<char*> argv;
      for (std::string& argument : all) argv.push_back(argument.data());
      argv.push_back(nullptr);
      const int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC);
      for (const int stream : {0, 1, 2}) ::dup2(nowhere, stream);
      if (::chdir(directory().c_str()) == 0) ::execv(argv[0], argv.data());
      ::_exit(127);
    }
    int status = -1;
    rusage usage{};
    EXPECT_EQ(::wait4(child, &status, 0, &usage), child);
    EXPECT_EQ(status, 0) << arguments.front();
    return usage.ru_maxrss;
  }
};

}  // namespace windrow::test
