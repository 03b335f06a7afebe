// Results that an earlier windrow wrote, in version 2 of the store: read, and continued.
#include <gmock/gmock.h>

#include "cli/cli_fixture.hpp"

namespace windrow::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr const char* kDoubling = R"([study]
name = "doubling"

[parameters.x]
values = [1, 2, 3, 4]

[command]
run = 'test {{x}} = 3 && exit 4; echo y={{x}}5'

[outputs]
y = { stdout = 'y=(\S+)' }
)";

constexpr const char* kReading = R"([study]
name = "reading"

[parameters.x]
values = [1, 2]

[command]
run = ["cat", "in.txt", "{{study.dir}}/data.txt"]
templates = ["in.txt.mustache"]
inputs = ["data.txt"]

[outputs]
y = { stdout = 'y=(\S+)' }
)";

class OldStoreTest : public CliTest {
 protected:
  void bring(const std::string& study) const {
    std::filesystem::create_directory(path(study + ".windrow"));
    const auto data = std::filesystem::path(WINDROW_GOLDEN) / "../../store/data" / ("format2_" + study + ".sqlite");
    std::filesystem::copy_file(data, path(study + ".windrow") / "results.sqlite");
  }
};

TEST_F(OldStoreTest, is_read_by_every_verb_that_reads) {
  bring("doubling");
  EXPECT_EQ(exported("doubling.windrow"), "index,x,y,status\n0,1,15,ok\n1,2,25,ok\n2,3,nan,exited\n3,4,45,ok\n");
  EXPECT_THAT(windrow({"status", "doubling.windrow"}).out, HasSubstr("succeeded  3"));
  EXPECT_THAT(windrow({"explain", "doubling.windrow", "2"}).out, HasSubstr("exit code 4"));
  const Ended timing = windrow({"timing", "doubling.windrow"});
  EXPECT_EQ(timing.code, 0) << timing.text();
  EXPECT_THAT(timing.out, HasSubstr("node1"));
}

TEST_F(OldStoreTest, is_continued_where_nothing_is_known_by_a_hash) {
  bring("doubling");
  write("doubling.toml", kDoubling);
  EXPECT_THAT(windrow({"run", "doubling.toml"}).out, HasSubstr("all 4 points are evaluated already, 1 failed"));
}

TEST_F(OldStoreTest, says_in_one_sentence_why_points_with_templates_and_inputs_are_new) {
  bring("reading");
  write("reading.toml", kReading);
  write("in.txt.mustache", "y={{x}}5\n");
  write("data.txt", "some data\n");
  const std::string said =
      "0 of 2 points are known from earlier runs; what differs: templates and inputs: an earlier windrow knew them by "
      "another hash, so all points are new\n";
  EXPECT_THAT(windrow({"plan", "reading.toml"}).out, HasSubstr(said));
  const Ended run = windrow({"run", "reading.toml"});
  EXPECT_THAT(run.text(), AllOf(HasSubstr(said), HasSubstr("2 of 2 points succeeded; this run evaluated 2")));
  EXPECT_THAT(windrow({"run", "reading.toml"}).out, HasSubstr("Nothing to do: all 2 points are evaluated already."));
}

}  // namespace
}  // namespace windrow::test
