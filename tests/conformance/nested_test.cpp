// Sweeps inside loops: one directory, one table, and a model that is built once for all cases of a build option.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "conformance/conformance.hpp"
#include "conformance/shared_directory.hpp"
#include "windrow/error.hpp"
#include "windrow/run/build_once.hpp"
#include "windrow/run/sweep.hpp"
#include "windrow/store/export.hpp"

namespace windrow {
namespace {

using test::manager;
using test::SharedDirectory;

constexpr int kCases = 3;

struct Mesh {
  double size;
};

/// Appends a line; short ones are appended whole, whoever does it.
void log_line(const std::filesystem::path& log, const std::string& line) {
  std::ofstream(log, std::ios::app) << line + "\n" << std::flush;
}

std::size_t lines_of(const std::filesystem::path& log) {
  std::ifstream in(log);
  std::size_t lines = 0;
  for (std::string line; std::getline(in, line);) ++lines;
  return lines;
}

/// Of the coarse build one output, of the fine one another two, and another parameter.
SweepResult run_case(const std::filesystem::path& store, const BuildOnce<std::function<Mesh()>>& build, bool fine,
                     int number, int levels) {
  SweepOptions options{.store = store, .loops = {{"build", fine ? "fine" : "coarse"}, {"case", number}}};
  if (!fine) {
    Sweep sweep(grid({linear("x", 0, levels - 1, levels)}), build,
                [number](const Mesh& mesh, const Point& p) { return mesh.size * p["x"] + number; }, {{"drag", "N"}});
    return sweep.run(manager(), options);
  }
  Sweep sweep(grid({values("x", {1, 2}), values("kind", {"a", "b"})}), build,
              [number](const Mesh& mesh, const Point& p) -> std::vector<Value> {
                if (number == 2 && p["x"].integer() == 2) throw Rejected("too fine");
                return {mesh.size + number, p["kind"].text() + "!"};
              },
              {{"lift", "N"}, {"note", "", "string"}});
  return sweep.run(manager(), options);
}

struct Counts {
  std::uint64_t evaluated = 0, failed = 0;
};

/// All of 2 x 3 sweeps.
Counts run_all(const std::filesystem::path& store, const std::filesystem::path& log, int levels = 2) {
  Counts counts;
  for (const bool fine : {false, true}) {
    const BuildOnce build(manager(), std::function<Mesh()>([=] {
                            log_line(log, fine ? "fine" : "coarse");
                            return Mesh{fine ? 0.25 : 1.0};
                          }));
    for (int number = 1; number <= kCases; ++number) {
      const SweepResult result = run_case(store, build, fine, number, levels);
      counts.evaluated += result.evaluated;
      counts.failed += result.failed;
    }
  }
  return counts;
}

std::string table_of(const std::filesystem::path& store) {
  std::ostringstream out;
  export_csv(NestedReader(store), out);
  return out.str();
}

TEST(NestedSweepsTest, are_read_as_one_table_which_is_the_same_on_every_backend) {
  const SharedDirectory directory;
  const Counts counts = run_all(directory / "study", directory / "log");
  EXPECT_EQ(counts.evaluated, 3U * 2U + 3U * 4U);
  EXPECT_EQ(counts.failed, 2U);
  if (!manager().is_root()) return;
  EXPECT_EQ(table_of(directory / "study"),
            "build,case,index,x,kind,drag,lift,note,status\n"
            "coarse,1,0,0,,1,,,ok\ncoarse,1,1,1,,2,,,ok\n"
            "coarse,2,0,0,,2,,,ok\ncoarse,2,1,1,,3,,,ok\n"
            "coarse,3,0,0,,3,,,ok\ncoarse,3,1,1,,4,,,ok\n"
            "fine,1,0,1,a,,1.25,a!,ok\nfine,1,1,1,b,,1.25,b!,ok\nfine,1,2,2,a,,1.25,a!,ok\nfine,1,3,2,b,,1.25,b!,ok\n"
            "fine,2,0,1,a,,2.25,a!,ok\nfine,2,1,1,b,,2.25,b!,ok\n"
            "fine,2,2,2,a,,nan,,rejected\nfine,2,3,2,b,,nan,,rejected\n"
            "fine,3,0,1,a,,3.25,a!,ok\nfine,3,1,1,b,,3.25,b!,ok\nfine,3,2,2,a,,3.25,a!,ok\nfine,3,3,2,b,,3.25,b!,ok\n");
}

TEST(NestedSweepsTest, each_goes_on_by_itself) {
  const SharedDirectory directory;
  run_all(directory / "study", directory / "log");
  EXPECT_EQ(run_all(directory / "study", directory / "log").evaluated, 0U);
  const Counts more = run_all(directory / "study", directory / "log", 3);
  EXPECT_EQ(more.evaluated, 3U) << "a level more in each of three sweeps";
}

TEST(NestedSweepsTest, build_the_model_once_for_all_cases) {
  const SharedDirectory directory;
  run_all(directory / "study", directory / "log");
  manager().sync();
  if (!manager().is_root()) return;
  const std::size_t builds = lines_of(directory / "log");
  const bool forked = manager().forks_workers();
  if (forked) {
    EXPECT_EQ(builds, 2U) << "one for each option, at the root";
  }
  EXPECT_GE(builds, 2U);
  EXPECT_LE(builds, 2U * static_cast<std::size_t>(manager().size()));
}

TEST(NestedSweepsTest, build_the_model_anew_after_a_failed_evaluation) {
  const SharedDirectory directory;
  const auto log = directory / "log";
  const BuildOnce build(manager(), [=] {
    log_line(log, "built");
    return std::string("intact");
  });
  for (int number = 1; number <= 2; ++number) {
    Sweep sweep(grid({linear("x", 0, 9, 10)}), build, [](std::string& model, const Point& p) {
      const std::string was = model;
      if (p["x"].integer() % 2 == 1) {
        model = "broken";
        throw std::runtime_error("diverged");
      }
      if (was != "intact") throw std::runtime_error("a model that a failed evaluation left was used");
      return 1.0;
    });
    const SweepResult result = sweep.run(manager());
    EXPECT_EQ(result.succeeded, 5U);
    EXPECT_EQ(result.failed, 5U);
    if (manager().is_root()) {
      for (const TaskFailure& failure : result.failures) EXPECT_EQ(failure.message, "diverged");
    }
  }
}

TEST(NestedSweepsTest, a_build_that_fails_is_the_failure_of_its_points) {
  const BuildOnce build(manager(), []() -> int { throw std::runtime_error("no such mesh"); });
  Sweep sweep(grid({linear("x", 0, 3, 4)}), build, [](int, const Point&) { return 1.0; });
  try {
    EXPECT_EQ(sweep.run(manager()).succeeded, 0U);
  } catch (const Error&) {  // as a sweep ends whose workers all fail to build
  }
}

TEST(NestedSweepsTest, loops_that_cannot_be_folders_or_columns_are_refused) {
  const SharedDirectory directory;
  Sweep sweep(
      grid({linear("x", 0, 3, 4)}), [] { return 0; }, [](int, const Point&) { return 1.0; });
  const auto refused = [&](const SweepOptions& options) {
    std::string message;
    try {
      sweep.run(manager(), options);
    } catch (const SpecError& error) {
      EXPECT_TRUE(manager().is_root());
      message = error.what();
    } catch (const RootFailed& error) {
      EXPECT_FALSE(manager().is_root());
      message = std::string(error.what()).substr(std::string("the root failed: ").size());
    }
    return message;
  };
  EXPECT_EQ(refused({.loops = {{"case", 1}}}), "a sweep inside loops needs a store");
  EXPECT_EQ(refused({.store = directory / "study", .loops = {{"x", 1}}}),
            "a loop around the sweep has the name of a column of its results, `x`");
  EXPECT_EQ(refused({.store = directory / "study", .loops = {{"case", "../1"}}}).substr(0, 46),
            "a value of the loop `case`, `../1`, holds `/`;");
  if (manager().is_root()) {
    EXPECT_FALSE(std::filesystem::exists(directory / "study"));
  }
}

}  // namespace
}  // namespace windrow
