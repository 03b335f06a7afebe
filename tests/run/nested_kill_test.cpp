// Sweeps inside loops whose process is killed: what was recorded stands, in whichever of the sweeps it was.
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <functional>
#include <set>
#include <sstream>
#include <string>

#include "windrow/parallel/fork_manager.hpp"
#include "windrow/run/build_once.hpp"
#include "windrow/run/sweep.hpp"
#include "windrow/store/export.hpp"

namespace windrow {
namespace {

constexpr std::uint64_t kPoints = 12;  // of each sweep
constexpr std::size_t kSweeps = 6;

class NestedKillTest : public testing::Test {
 protected:
  NestedKillTest() {
    std::string name = (std::filesystem::temp_directory_path() / "windrow-nested-XXXXXX").string();
    directory_ = mkdtemp(name.data());
  }
  ~NestedKillTest() override { std::filesystem::remove_all(directory_); }

  /// 2 x 3 sweeps; each evaluation says "build/case/index" to `told`.
  static void run_all(const std::filesystem::path& store, int told) {
    ForkManager manager(2);
    for (const std::string build_option : {"coarse", "fine"}) {
      const BuildOnce build(manager, [=] { return build_option.size(); });
      for (int number = 1; number <= 3; ++number) {
        Sweep sweep(grid({linear("x", 0, kPoints - 1, kPoints)}), build, [=](std::size_t& model, const Point& p) {
          const std::string line = build_option + "/" + std::to_string(number) + "/" + p["x"].render() + "\n";
          if (told >= 0 && ::write(told, line.data(), line.size()) < 0) ::_exit(1);
          ::usleep(1000);
          return static_cast<double>(model) * p["x"];
        });
        sweep.run(manager, {.store = store, .loops = {{"build", build_option}, {"case", number}}});
      }
    }
  }

  static std::string table_of(const std::filesystem::path& store) {
    std::ostringstream out;
    export_csv(NestedReader(store), out);
    return out.str();
  }

  static std::multiset<std::string> recorded(const std::filesystem::path& store) {
    std::multiset<std::string> lines;
    if (find_nested_stores(store).empty()) return lines;
    NestedReader(store).for_each([&](const NestedRow& row) {
      lines.insert(row.loops[0]->render() + "/" + row.loops[1]->render() + "/" + row.parameters[0]->render());
    });
    return lines;
  }

  /// What is said, a line each, until `lines` were heard or nobody is left who could say more.
  static std::multiset<std::string> listen(int from, std::size_t lines) {
    std::multiset<std::string> heard;
    std::string line;
    for (char c = 0; heard.size() < lines && ::read(from, &c, 1) == 1;) {
      if (c != '\n') {
        line += c;
      } else {
        heard.insert(std::exchange(line, {}));
      }
    }
    return heard;
  }

  std::filesystem::path directory_;
};

/// The process and all its workers die at once: they have the pipe's end, so that its end is theirs.
TEST_F(NestedKillTest, a_second_run_evaluates_what_was_not_recorded_and_nothing_else) {
  run_all(directory_ / "reference", -1);
  const std::string reference = table_of(directory_ / "reference");
  for (const std::size_t lines : {3U, 14U, 30U, 55U, 70U}) {
    SCOPED_TRACE(lines);
    const std::filesystem::path store = directory_ / std::to_string(lines);
    std::array<int, 2> first{}, second{};
    ASSERT_EQ(::pipe(first.data()), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      ::close(first[0]);
      run_all(store, first[1]);
      ::_exit(0);
    }
    ::close(first[1]);
    EXPECT_EQ(listen(first[0], lines).size(), lines);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    listen(first[0], kSweeps * kPoints);  // until the workers are gone
    ::close(first[0]);

    std::multiset<std::string> all = recorded(store);
    EXPECT_LT(all.size(), kSweeps * kPoints);
    ASSERT_EQ(::pipe(second.data()), 0);
    run_all(store, second[1]);
    ::close(second[1]);
    all.merge(listen(second[0], 2 * kSweeps * kPoints));
    ::close(second[0]);
    EXPECT_EQ(all.size(), kSweeps * kPoints);
    EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), kSweeps * kPoints) << "none twice";
    EXPECT_EQ(table_of(store), reference);
  }
}

}  // namespace
}  // namespace windrow
