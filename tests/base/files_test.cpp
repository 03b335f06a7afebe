#include "windrow/base/files.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <fstream>
#include <thread>
#include <vector>

#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

namespace fs = std::filesystem;

class FilesTest : public testing::Test {
 protected:
  FilesTest() : directory_(fs::temp_directory_path() / ("windrow-files-" + std::to_string(::getpid()))) {
    fs::create_directory(directory_);
  }
  ~FilesTest() override { fs::remove_all(directory_); }
  std::ptrdiff_t count() const { return std::distance(fs::directory_iterator(directory_), {}); }

  fs::path directory_;
  fs::path file_ = directory_ / "file";
};

TEST_F(FilesTest, are_read_whole) {
  const std::string text = "a\0b\n" + std::string(200'000, 'x');
  NewFile file(file_);
  file.stream() << text;
  file.take_name();
  EXPECT_EQ(read_file(file_), text);
  EXPECT_NE(read_file("/proc/self/status")->find("Pid:"), std::string::npos);
}

TEST_F(FilesTest, that_cannot_be_read_are_none) {
  EXPECT_EQ(read_file(file_), std::nullopt);
  EXPECT_EQ(errno, ENOENT);
  EXPECT_EQ(read_file(directory_), std::nullopt);
}

TEST_F(FilesTest, have_their_name_only_when_they_are_whole) {
  {
    NewFile file(file_);
    file.stream() << "old";
    file.take_name(true);
  }
  {
    NewFile given_up(file_);
    given_up.stream() << "new";
    given_up.finish();
    EXPECT_EQ(read_file(file_), "old");
  }
  EXPECT_EQ(read_file(file_), "old");
  EXPECT_EQ(count(), 1);
}

TEST_F(FilesTest, may_be_written_by_several_at_once) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this, i] {
      for (int round = 0; round < 50; ++round) {
        NewFile file(file_);
        file.stream() << std::string(10'000, static_cast<char>('a' + i));
        file.take_name();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::string text = read_file(file_).value();
  EXPECT_EQ(text, std::string(10'000, text.front()));
  EXPECT_EQ(count(), 1);
}

/// Writes to a path as all of windrow does.
void write_to(const fs::path& path, const std::string& text) {
  NewFile file(path);
  file.stream() << text;
  file.take_name();
}

TEST_F(FilesTest, follow_links_and_leave_them) {
  fs::create_directory(directory_ / "below");
  write_to(directory_ / "below" / "real", "old");
  fs::create_symlink("below/real", directory_ / "inner");
  fs::create_symlink(directory_ / "inner", directory_ / "outer");
  write_to(directory_ / "outer", "new");
  EXPECT_TRUE(fs::is_symlink(directory_ / "outer"));
  EXPECT_TRUE(fs::is_symlink(directory_ / "inner"));
  EXPECT_EQ(read_file(directory_ / "below" / "real"), "new");

  fs::create_symlink("below/made", directory_ / "dangling");
  write_to(directory_ / "dangling", "made");
  EXPECT_EQ(read_file(directory_ / "below" / "made"), "made");
  EXPECT_EQ(std::distance(fs::directory_iterator(directory_ / "below"), {}), 2);

  fs::create_symlink("circle", directory_ / "circle");
  EXPECT_THROW(write_to(directory_ / "circle", ""), SystemError);
}

TEST_F(FilesTest, that_are_devices_stay_devices) {
  const fs::path device = directory_ / "device";
  if (::mknod(device.c_str(), S_IFCHR | 0666, makedev(1, 3)) != 0) GTEST_SKIP() << "no right to make a device";
  fs::create_symlink(device, directory_ / "link");
  // A file system may forbid to open devices (nodev); then it is said, and the device is left all the same.
  const std::ofstream opened(device);
  for (const char* name : {"device", "link"}) {
    if (opened) {
      write_to(directory_ / name, "text");
    } else {
      EXPECT_THROW(write_to(directory_ / name, "text"), SystemError);
    }
  }
  EXPECT_TRUE(fs::is_character_file(device));
  EXPECT_EQ(count(), 2);
}

TEST_F(FilesTest, that_are_full_are_named_by_their_own_name) {
  try {
    write_to("/dev/full", "text");
    FAIL() << "nothing was thrown";
  } catch (const SystemError& error) {
    EXPECT_STREQ(error.what(), "cannot write all of /dev/full: No space left on device");
  }
  EXPECT_TRUE(fs::is_character_file("/dev/full"));
}

TEST_F(FilesTest, that_are_pipes_get_all_that_is_written) {
  ASSERT_EQ(::mkfifo(file_.c_str(), 0600), 0);
  const std::string text(1'000'000, 'x');
  std::string got;
  std::thread reader([&] { got = read_file(file_).value(); });
  write_to(file_, text);
  reader.join();
  EXPECT_EQ(got, text);
  EXPECT_TRUE(fs::is_fifo(file_));
}

TEST_F(FilesTest, that_are_descriptors_go_on_where_these_are) {
  const int fd = ::open(file_.c_str(), O_WRONLY | O_CREAT, 0600);
  ASSERT_GE(fd, 0);
  ASSERT_EQ(::write(fd, "first ", 6), 6);
  write_to("/dev/fd/" + std::to_string(fd), "second ");
  fs::create_symlink("/proc/self/fd/" + std::to_string(fd), directory_ / "link");
  write_to(directory_ / "link", "third");
  EXPECT_EQ(read_file(file_), "first second third");
  ::close(fd);
  EXPECT_THROW(write_to("/dev/fd/" + std::to_string(fd), "x"), SystemError);

  const int own = ::open(file_.c_str(), O_WRONLY | O_CLOEXEC);
  EXPECT_THROW(write_to("/dev/fd/" + std::to_string(own), "x"), SystemError) << "it was not given to us";
  ::close(own);
  EXPECT_EQ(read_file(file_), "first second third");

  EXPECT_TRUE(write_target("/dev/stdout").is_standard_output());
  EXPECT_TRUE(write_target("/dev/fd/1").is_standard_output());
  EXPECT_FALSE(write_target("/dev/fd/2").is_standard_output());
  EXPECT_FALSE(write_target(file_).is_standard_output());
}

TEST_F(FilesTest, say_why_they_cannot_be_written) {
  EXPECT_THROW(NewFile(directory_ / "none" / "file"), SystemError);
  EXPECT_THROW(NewFile(directory_ / ""), SystemError);
  EXPECT_THROW(NewFile(file_, directory_), SystemError);
  const fs::path full = directory_ / "full";  // a link: whatever is written beside is removed in the end
  fs::create_symlink("/dev/full", full);
  {
    NewFile file(file_, full);
    file.stream() << "text";
    EXPECT_THROW(file.finish(), SystemError);
  }
  EXPECT_TRUE(fs::is_character_file("/dev/full"));
}

}  // namespace
}  // namespace windrow::detail
