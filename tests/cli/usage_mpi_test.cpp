#include <gmock/gmock.h>

#include "cli/cli_fixture.hpp"
#include "cli/usage.hpp"

namespace windrow::test {
namespace {

class UsageMpiTest : public CliTest {
 protected:
  void expect_told_once(const Arguments& arguments, const std::string& message) {
    const Ended ended = mpirun_windrow(3, arguments);
    EXPECT_EQ(ended.code, 2) << ended.text();
    EXPECT_EQ(times(ended.err + ended.out, message), 1) << ended.text();
    EXPECT_EQ(messages(ended.err), 1) << ended.text();
  }
};

TEST_F(UsageMpiTest, a_message_appears_once) {
  expect_told_once({"rnu"}, "unknown verb `rnu`");
  expect_told_once({"run", "missing.toml"}, "missing.toml: cannot read the study file");
  write("key.toml", "[parameters.x]\nvalues = [1]\n[command]\nrun = \"true\"\ntimout = \"3s\"\n");
  expect_told_once({"run", "key.toml"}, "key.toml:5: unknown key `timout`");
}

TEST_F(UsageMpiTest, results_of_another_study_are_refused_once) {
  write("a.toml", "[parameters.x]\nvalues = [1]\n[command]\nrun = \"true\"\n");
  write("b.toml", "[parameters.x]\nvalues = [2]\n[command]\nrun = \"true\"\n");
  EXPECT_EQ(mpirun_windrow(2, {"run", "a.toml", "--dir", "results"}).code, 0);
  expect_told_once({"run", "b.toml", "--dir", "results"}, "parameters.x: ");
}

// The others start where these files are not.
TEST_F(UsageMpiTest, the_root_alone_opens_the_study) {
  write("deck.mustache", "{{x}}\n");
  write("points.csv", "x\n1\n2\n3\n4\n5\n6\n");
  write("study.toml", R"([design]
method = "table"
file = "points.csv"
[command]
run = "cat deck"
templates = ["deck.mustache"]
[outputs]
y = { stdout = '(.+)' }
)");
  const std::string elsewhere = "[ $OMPI_COMM_WORLD_RANK = 0 ] || { mkdir -p empty; cd empty; }; exec \"$@\"";
  const Ended ended =
      start_mpirun(3, {"sh", "-c", elsewhere, "sh", WINDROW_PROGRAM, "run", "study.toml", "--root", "coordinates"})
          .wait();
  EXPECT_EQ(ended.code, 0) << ended.text();
  EXPECT_EQ(recorded("study.windrow").size(), 6U);
}

}  // namespace
}  // namespace windrow::test
