#pragma once

#include "cli/cli_fixture.hpp"
#include "store/query.hpp"

namespace windrow::test {

/// A study of 40 points with results that are damaged afterwards.
class CheckTest : public CliTest {
 protected:
  static constexpr const char* kResults = "study.windrow";

  void SetUp() override {
    write_program("sim", "echo $1 >> \"$(dirname \"$0\")/log\"; echo y=$(($1 * 7))\n");
    write("study.toml", R"(
[parameters.x]
values = { linear = { from = 0, to = 39, points = 40 } }
[command]
run = ["./sim", "{{x}}"]
[outputs]
y = { stdout = 'y=(\S+)' }
)");
  }
  std::filesystem::path file() const { return path(std::string(kResults) + "/results.sqlite"); }
  /// Runs the study. @return what is exported then
  std::string finished() {
    const Ended run = windrow({"run", "study.toml"});
    EXPECT_EQ(run.code, 0) << run.text();
    std::filesystem::remove(path("log"));
    return exported(kResults);
  }
  /// Another value for point 17.
  void damage_row() const { ASSERT_EQ(query(file(), "UPDATE results SET o0 = 120 WHERE \"index\" = 17"), ""); }
};

}  // namespace windrow::test
