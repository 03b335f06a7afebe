#pragma once

#include <gmock/gmock.h>

#include <string>

#include "cli/cli_fixture.hpp"

namespace windrow::test {

/// Standard streams that are closed, full, or that nobody reads.
class StreamsFixture : public CliTest {
 protected:
  void SetUp() override {
    write("study.toml",
          "[parameters.x]\nvalues = [1, 2, 3]\n[command]\nrun = [\"echo\", \"{{x}}\"]\n"
          "[outputs]\ny = { stdout = '(\\d+)', type = \"integer\" }\n");
  }

  /// A line of bash in which `windrow` is the command.
  Ended shell(const std::string& line, const Environment& environment = {}) {
    return start({"/bin/bash", "-c", "windrow() { " WINDROW_PROGRAM " \"$@\"; }; " + line}, environment).wait();
  }
};

}  // namespace windrow::test
