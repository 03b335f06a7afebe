#pragma once

#include <gmock/gmock.h>

#include "cli/cli_fixture.hpp"
#include "cli/usage.hpp"

namespace windrow::test {

/// A study of three points, and what `windrow submit` makes of it.
class SubmitCliTest : public CliTest {
 protected:
  void SetUp() override {
    write("study.toml", "[parameters.x]\nvalues = [1, 2, 3]\n[command]\nrun = \"true\"\ngrace = \"5s\"\n");
  }

  Environment sbatch(const std::string& text) {
    write_program("bin/sbatch", text);
    return {{"PATH", path("bin").string() + ":" + std::getenv("PATH")}};
  }

  Ended submit(const Arguments& more, const Environment& environment = {}) {
    Arguments arguments = {"submit", "study.toml"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return windrow(arguments, environment);
  }

  /// The script for these options, which must be in order.
  std::string script(Arguments options) {
    options.insert(options.begin(), "--print");
    const Ended ended = submit(options);
    EXPECT_EQ(ended.code, 0) << ended.text();
    return read_file(path("study.windrow/slurm.sh"));
  }

  void expect_refused(const Arguments& options, const std::string& message) {
    const Ended ended = submit(options);
    EXPECT_EQ(ended.code, 2) << ended.text();
    EXPECT_EQ(messages(ended.err), 1) << ended.err;
    EXPECT_THAT(ended.err, testing::HasSubstr(message));
    EXPECT_FALSE(std::filesystem::exists(path("study.windrow")));
  }
};

}  // namespace windrow::test
