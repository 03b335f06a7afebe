#pragma once

#include "cli/cli_fixture.hpp"

namespace windrow::test {

class ExampleTest : public CliTest {
 protected:
  /// The embedded solver gives what it gives in one process.
  void expect_same_bytes(Program other) {
    const Ended alone = start({WINDROW_EMBEDDED_SOLVER, "alone"}).wait();
    EXPECT_EQ(alone.code, 0) << alone.text();
    EXPECT_GT(alone.out.size(), 2000U);
    const Ended ended = other.wait();
    EXPECT_EQ(ended.code, 0) << ended.text();
    EXPECT_EQ(ended.out, alone.out);
  }
};

}  // namespace windrow::test
