#include "command/point_directory.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <string>

#include "command_fixture.hpp"
#include "faults/support.hpp"
#include "windrow/process/fd.hpp"

namespace windrow::detail {
namespace {

namespace fs = std::filesystem;

class PointDirectoryTest : public CommandFixture {
 protected:
  PointDirectoryTest() { fs::create_directory(study_ / "points"); }

  static ino_t identity_of(const fs::path& file) {
    struct stat status {};
    return stat(file.c_str(), &status) == 0 ? status.st_ino : 0;
  }
  /// What a program does in a point's directory: says something.
  void print(std::uint64_t index) const {
    std::ofstream(point(index) / "stdout") << "words";
    std::ofstream(point(index) / "stderr");
  }
  /// Runs two points one after another, of which the first does something to its directory.
  /// @return whether the second had the same directory
  bool reused_after(const std::function<void()>& change) {
    PointDirectory directory;
    directory.enter(point(0), files_);
    const Fd held(open(point(0).c_str(), O_PATH | O_CLOEXEC));  // or another could get its number
    const ino_t first = identity_of(point(0));
    print(0);
    change();
    directory.leave(point(0), files_);
    EXPECT_FALSE(fs::exists(point(0)));
    directory.enter(point(1), files_);
    for (const std::string& name : test::entries_of(point(1))) {
      const bool is_stream = name == "stdout" || name == "stderr";
      const auto file = std::ranges::find(files_, name, &TextFile::name);
      EXPECT_TRUE(is_stream || file != files_.end()) << name;
      EXPECT_EQ(content_of(point(1) / name), file != files_.end() ? file->content : "");
    }
    const bool reused = identity_of(point(1)) == first;
    directory.leave(point(1), files_);
    return reused;
  }

  PointDirectory::Files files_ = {{"in", "x is 1"}, {"command", "true\n"}};
};

TEST_F(PointDirectoryTest, a_directory_that_need_not_stay_becomes_the_next_one_with_its_files) {
  PointDirectory directory;
  directory.enter(point(0), files_);
  const ino_t made = identity_of(point(0));
  print(0);
  directory.leave(point(0), files_);
  directory.enter(point(1), {{"in", "y"}, {"command", "a longer one\n"}});
  EXPECT_EQ(identity_of(point(1)), made);
  EXPECT_FALSE(fs::exists(point(0)));
  EXPECT_EQ(test::entries_of(point(1)), (std::vector<std::string>{"command", "in", "stderr", "stdout"}));
  EXPECT_EQ(content_of(point(1) / "in"), "y");
  EXPECT_EQ(content_of(point(1) / "command"), "a longer one\n");
  EXPECT_EQ(content_of(point(1) / "stdout"), "");
  EXPECT_EQ(content_of(point(1) / "stderr"), "");
}

TEST_F(PointDirectoryTest, all_of_many_files_are_looked_at) {
  for (int i = 0; i < 300; ++i) files_.push_back({"a_file_of_a_template_with_number_" + std::to_string(i), "x"});
  EXPECT_TRUE(reused_after([] {}));
  for (int i = 0; i < 300; i += 50) {  // wherever it comes in the directory's order
    const fs::path changed = point(0) / ("a_file_of_a_template_with_number_" + std::to_string(i));
    EXPECT_FALSE(reused_after([&changed] { fs::permissions(changed, fs::perms::owner_all); }));
  }
}

TEST_F(PointDirectoryTest, what_a_program_made_or_changed_is_not_handed_on) {
  EXPECT_TRUE(reused_after([] {}));
  EXPECT_TRUE(reused_after([this] { std::ofstream(point(0) / "in") << "much more than was written there"; }));
  EXPECT_TRUE(reused_after([this] { fs::remove(point(0) / "in"); }));
  EXPECT_FALSE(reused_after([this] { std::ofstream(point(0) / "result") << "1"; }));
  EXPECT_FALSE(reused_after([this] { fs::create_directory(point(0) / "deep"); }));
  EXPECT_FALSE(reused_after([this] { fs::permissions(point(0) / "in", fs::perms::owner_all); }));
  EXPECT_FALSE(reused_after([this] { fs::permissions(point(0) / "stdout", fs::perms::owner_all); }));
  EXPECT_FALSE(reused_after([this] { fs::permissions(point(0), fs::perms::owner_all); }));
}

TEST_F(PointDirectoryTest, a_link_in_place_of_a_file_leads_nowhere) {
  for (const char* name : {"in", "stdout", "stderr"}) {
    write("precious", "text");
    EXPECT_FALSE(reused_after([&] {
      fs::remove(point(0) / name);
      fs::create_symlink(study_ / "precious", point(0) / name);
    })) << name;
    EXPECT_FALSE(reused_after([&] {
      fs::remove(point(0) / name);
      fs::create_hard_link(study_ / "precious", point(0) / name);
    })) << name;
    EXPECT_EQ(content_of(study_ / "precious"), "text") << name;
  }
}

TEST_F(PointDirectoryTest, replaces_what_an_earlier_try_left) {
  fs::create_directories(point(1) / "old");
  std::ofstream(point(2)) << "a file";
  PointDirectory directory;
  for (std::uint64_t i = 0; i < 4; ++i) {
    directory.enter(point(i), files_);
    EXPECT_TRUE(fs::exists(point(i) / "in"));
    EXPECT_FALSE(fs::exists(point(i) / "old"));
    directory.leave(point(i), files_);
  }
}

TEST_F(PointDirectoryTest, nothing_is_ready_after_a_rest_or_the_end) {
  {
    PointDirectory directory;
    directory.enter(point(0), files_);
    directory.leave(point(0), files_);
    EXPECT_FALSE(fs::is_empty(study_ / "points"));
    directory.give_up_prepared();
    EXPECT_TRUE(fs::is_empty(study_ / "points"));
    directory.enter(point(1), files_);
    directory.leave(point(1), files_);
  }
  EXPECT_TRUE(fs::is_empty(study_ / "points"));
}

TEST_F(PointDirectoryTest, what_a_killed_process_put_aside_can_be_tidied_up) {
  const pid_t child = fork();
  if (child == 0) {
    PointDirectory directory;
    directory.enter(point(0), files_);
    directory.leave(point(0), files_);
    kill(getpid(), SIGKILL);
  }
  waitpid(child, nullptr, 0);
  fs::create_directory(point(7));
  std::ofstream(study_ / "points/.removed") << "a";
  EXPECT_EQ(test::entries_of(study_ / "points").size(), 4U);
  PointDirectory::tidy(study_ / "points");
  EXPECT_EQ(test::entries_of(study_ / "points"), std::vector<std::string>{"7"});
  PointDirectory::tidy(study_ / "missing");
}

// A process that is killed while its directory is a point's, too, and a user's names are nobody's business.
TEST_F(PointDirectoryTest, is_tidied_up_by_the_register_alone) {
  const pid_t child = fork();
  if (child == 0) {
    PointDirectory directory;
    directory.enter(point(0), files_);
    directory.leave(point(0), files_);
    directory.enter(point(1), files_);
    kill(getpid(), SIGKILL);
  }
  waitpid(child, nullptr, 0);
  fs::create_directory(study_ / "points/.ready-not-entered");
  EXPECT_EQ(test::entries_of(study_ / "points/.ready").size(), 1U);
  PointDirectory::tidy(study_ / "points");
  const auto left = test::entries_of(study_ / "points");
  EXPECT_EQ(std::set<std::string>(left.begin(), left.end()), std::set<std::string>({"1", ".ready-not-entered"}));
}

TEST_F(PointDirectoryTest, one_that_was_tidied_away_under_a_living_process_is_made_again) {
  PointDirectory directory;
  directory.enter(point(0), files_);
  directory.leave(point(0), files_);
  PointDirectory::tidy(study_ / "points");
  directory.enter(point(1), files_);
  EXPECT_EQ(content_of(point(1) / "in"), "x is 1");
  directory.leave(point(1), files_);
  directory.give_up_prepared();
  EXPECT_TRUE(fs::is_empty(study_ / "points"));
}

TEST_F(PointDirectoryTest, a_directory_that_somebody_has_removed_is_made_again) {
  PointDirectory directory;
  directory.enter(point(0), files_);
  directory.leave(point(0), files_);
  fs::remove_all(study_ / "points");
  directory.enter(point(1), files_);
  EXPECT_EQ(content_of(point(1) / "in"), "x is 1");
}

TEST_F(PointDirectoryTest, a_forked_child_leaves_its_parent_s_alone) {
  PointDirectory directory;
  directory.enter(point(0), files_);
  const ino_t made = identity_of(point(0));
  directory.leave(point(0), files_);
  const pid_t child = fork();
  if (child == 0) {
    directory.enter(point(1), files_);
    const bool apart = identity_of(point(1)) != made;
    directory.leave(point(1), files_);
    directory.give_up_prepared();
    _exit(apart ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  directory.enter(point(2), files_);
  EXPECT_EQ(identity_of(point(2)), made);
}

}  // namespace
}  // namespace windrow::detail
