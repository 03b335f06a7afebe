#include "windrow/base/files.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

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

TEST_F(FilesTest, say_why_they_cannot_be_written) {
  EXPECT_THROW(NewFile(directory_ / "none" / "file"), SystemError);
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
