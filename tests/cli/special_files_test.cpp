// What is written to something that is no regular file goes into it.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <thread>

#include "cli/cli_fixture.hpp"

namespace windrow::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::StartsWith;

class SpecialFilesTest : public CliTest {
 protected:
  void SetUp() override {
    write("study.toml",
          "[parameters.x]\nvalues = [1, 2, 3]\n[command]\nrun = [\"echo\", \"{{x}}\"]\n"
          "[outputs]\ny = { stdout = '(\\d+)', type = \"integer\" }\n");
    ASSERT_EQ(windrow({"run", "study.toml", "--quiet"}).code, 0);
    csv_ = exported("study.windrow");
    ASSERT_EQ(csv_, "index,x,y,status\n0,1,1,ok\n1,2,2,ok\n2,3,3,ok\n");
  }

  Ended shell(const std::string& line) {
    return start({"/bin/bash", "-c", "windrow() { " WINDROW_PROGRAM " \"$@\"; }; " + line}).wait();
  }
  std::size_t files() const { return static_cast<std::size_t>(std::distance(fs::directory_iterator(directory()), {})); }

  std::string csv_;
};

TEST_F(SpecialFilesTest, a_device_stays_a_device) {
  const fs::path device = path("null");
  if (::mknod(device.c_str(), S_IFCHR | 0666, makedev(1, 3)) != 0) GTEST_SKIP() << "no right to make a device";
  const std::size_t before = files();
  for (const char* option : {"--csv", "--evaluations"}) windrow({"export", "study.windrow", option, "null"});
  windrow({"timing", "study.windrow", "--trace", "null"});
  EXPECT_TRUE(fs::is_character_file(device));
  EXPECT_EQ(files(), before) << "nothing is written beside a device";
}

TEST_F(SpecialFilesTest, standard_output_has_more_names_than_one) {
  for (const char* name : {"/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"}) {
    const Ended ended = windrow({"export", "study.windrow", "--csv", name});
    EXPECT_EQ(ended.code, 0) << ended.text();
    EXPECT_EQ(ended.out, csv_);
  }
  const Ended trace = windrow({"timing", "study.windrow", "--trace", "/dev/stdout"});
  EXPECT_EQ(trace.out, windrow({"timing", "study.windrow", "--trace", "-"}).out);
  EXPECT_EQ(shell("windrow export study.windrow --csv /dev/stdout | cat").out, csv_);
  EXPECT_EQ(shell("echo first > f; windrow export study.windrow --csv /dev/stdout >> f; cat f").out, "first\n" + csv_);
  const std::size_t before = files();
  EXPECT_EQ(shell("windrow export study.windrow --csv >(cat > g); sleep 0.2; cat g").out, csv_);
  EXPECT_EQ(files(), before + 1);
}

TEST_F(SpecialFilesTest, a_descriptor_that_is_none_is_named) {
  const Ended ended = windrow({"export", "study.windrow", "--csv", "/dev/fd/77"});
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.err, HasSubstr("cannot write /dev/fd/77: Bad file descriptor"));
  for (int fd = 3; fd < 20; ++fd) {  // among them are those of the results, which the program has opened itself
    if (::fcntl(fd, F_GETFD) >= 0) continue;  // the program inherits it
    const Ended own = windrow({"export", "study.windrow", "--csv", "/dev/fd/" + std::to_string(fd)});
    EXPECT_EQ(own.code, 2) << own.text();
  }
  EXPECT_EQ(exported("study.windrow"), csv_);
}

TEST_F(SpecialFilesTest, a_pipe_with_a_name_stays_one) {
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  Program reader = start({"/bin/cat", "pipe"});
  EXPECT_EQ(windrow({"export", "study.windrow", "--csv", "pipe"}).code, 0);
  EXPECT_EQ(reader.wait().out, csv_);
  EXPECT_TRUE(fs::is_fifo(path("pipe")));
}

TEST_F(SpecialFilesTest, a_link_stays_and_leads_to_what_is_written) {
  fs::create_directory(path("below"));
  write("below/real.csv", "old");
  fs::create_symlink("below/real.csv", path("link.csv"));
  fs::create_symlink("below/new.csv", path("dangling.csv"));
  for (const char* name : {"link.csv", "dangling.csv"}) {
    EXPECT_EQ(windrow({"export", "study.windrow", "--csv", name}).code, 0);
    EXPECT_TRUE(fs::is_symlink(path(name)));
    EXPECT_EQ(read_file(path(name)), csv_);
  }
  EXPECT_EQ(read_file(path("below/real.csv")), csv_);
  EXPECT_EQ(read_file(path("below/new.csv")), csv_);
  EXPECT_THAT(read_file(path("link.columns.csv")), StartsWith("name,role,unit"));
}

TEST_F(SpecialFilesTest, a_full_device_is_an_error_that_names_it) {
  for (const char* option : {"--csv", "--evaluations"}) {
    const Ended ended = windrow({"export", "study.windrow", option, "/dev/full"});
    EXPECT_EQ(ended.code, 2) << ended.text();
    EXPECT_THAT(ended.err, HasSubstr("/dev/full: No space left on device"));
  }
  const Ended trace = windrow({"timing", "study.windrow", "--trace", "/dev/full"});
  EXPECT_EQ(trace.code, 2) << trace.text();
  EXPECT_THAT(trace.err, HasSubstr("/dev/full: No space left on device"));
  EXPECT_TRUE(fs::is_character_file("/dev/full"));
}

TEST_F(SpecialFilesTest, a_batch_script_takes_no_place_of_a_device) {
  ASSERT_EQ(::mkfifo(path("other.windrow.fifo").c_str(), 0600), 0);
  write("other.toml", "[parameters.x]\nvalues = [1]\n[command]\nrun = [\"true\"]\n");
  fs::create_directory(path("other.windrow"));
  fs::create_symlink(path("other.windrow.fifo"), path("other.windrow/slurm.sh"));
  const Ended ended = windrow({"submit", "other.toml", "--print", "--time", "1h"});
  EXPECT_EQ(ended.code, 2) << ended.text();
  EXPECT_THAT(ended.err, HasSubstr("slurm.sh by a batch script"));
  EXPECT_TRUE(fs::is_fifo(path("other.windrow.fifo")));
  EXPECT_TRUE(fs::is_symlink(path("other.windrow/slurm.sh")));
}

}  // namespace
}  // namespace windrow::test
