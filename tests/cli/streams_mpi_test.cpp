#include "cli/streams_fixture.hpp"

namespace windrow::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class StreamsMpiTest : public StreamsFixture {
 protected:
  Ended mpirun(const std::string& before, const std::string& after) {
    return start_mpirun(2, {"/bin/bash", "-c", before + " exec " WINDROW_PROGRAM " run study.toml --again " + after})
        .wait();
  }
};

TEST_F(StreamsMpiTest, ranks_whose_streams_are_closed_do_all_the_same) {
  EXPECT_EQ(mpirun("", "<&- 2>&-").code, 0);
  const std::string table = exported("study.windrow");
  EXPECT_EQ(mpirun("", "--quiet <&- >&- 2>&-").code, 0);
  EXPECT_EQ(exported("study.windrow"), table);
  EXPECT_EQ(mpirun("", "<&- >&- 2>&-").code, 2) << "the summary is lost";
  EXPECT_EQ(exported("study.windrow"), table);
  const Ended full = mpirun("", ">/dev/full");
  EXPECT_EQ(full.code, 2) << full.text();
  EXPECT_THAT(full.err, HasSubstr("windrow: cannot write to standard output: No space left on device"));
}

TEST_F(StreamsMpiTest, a_limit_of_the_size_of_files_ends_all_ranks_as_a_full_disk_does) {
  write_program("say.sh", "printf 'y=%s%s\\n' $(head -c 1000000 /dev/zero | tr '\\0' x) $1\n");
  write("study.toml",
        "[parameters.x]\nvalues = { linear = { from = 1, to = 80, points = 80 } }\n[command]\nrun = [\"./say.sh\", "
        "\"{{x}}\"]\n"
        "[outputs]\ny = { stdout = 'y=(.*)', type = \"string\" }\n");
  const Ended stopped = mpirun("ulimit -f 40000;", "");  // MPI has files of its own
  EXPECT_EQ(stopped.code, 2) << stopped.text();
  EXPECT_THAT(stopped.err, AllOf(HasSubstr("study.windrow/results.sqlite: "), HasSubstr("`ulimit -f`")));
  const Ended again = mpirun_windrow(2, {"run", "study.toml"});
  EXPECT_EQ(again.code, 0) << again.text();
  EXPECT_THAT(again.out, HasSubstr("80 of 80 points succeeded"));
}

}  // namespace
}  // namespace windrow::test
