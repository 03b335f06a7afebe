#pragma once

#include <gmock/gmock.h>

#include "cli/cli_fixture.hpp"

namespace windrow::test {

/// 24 points: all of x = 3 do not converge, each at another step; two others crash; one prints a Python traceback.
class FailureGroupsCliTest : public CliTest {
 protected:
  void SetUp() override {
    write_program("solve.sh", R"(
[ $1 = 3 ] && { echo "no convergence at step $2" >&2; exit 4; }
[ $2 = 1 ] && [ $1 -lt 3 ] && kill -SEGV $$
[ $1$2 = 45 ] && {
  echo "Traceback (most recent call last):" >&2
  echo '  File "model.py", line 9, in <module>' >&2
  echo "ValueError: the mesh is folded" >&2
  for i in 1 2 3 4 5 6; do echo "shutting down $i" >&2; done
  exit 1
}
echo y=$2
)");
    write("groups.toml", R"(
[parameters.x]
values = [1, 2, 3, 4]
unit = "m"
[parameters.step]
values = [1, 2, 3, 4, 5, 6]
[command]
run = ["./solve.sh", "{{x}}", "{{step}}"]
[outputs]
y = { stdout = 'y=(\d+)', type = "integer" }
)");
  }

  static constexpr const char* kSummary =
      "  6 exited with code 4: no convergence at step 1\n"
      "    first at point 12: x = 3 m, step = 1\n"
      "  2 crashed: signal 11 (Segmentation fault)\n"
      "    first at point 0: x = 1 m, step = 1\n"
      "  1 exited with code 1: ValueError: the mesh is folded\n"
      "    point 22: x = 4 m, step = 5\n";
};

}  // namespace windrow::test
