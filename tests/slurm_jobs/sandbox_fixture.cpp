#include "slurm_jobs/sandbox_fixture.hpp"

#include <signal.h>

#include <regex>
#include <sstream>

#include "cli/surroundings.hpp"

namespace windrow::test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr int kCannot = 77;  // the script's word for "not on this machine"

Program start_sandbox(const fs::path& directory) {
  Program::Spec spec;
  spec.argv = {WINDROW_SLURM_SANDBOX,           "run", "--directory", (directory / "sandbox").string(), "sh", "-c",
               "env; echo; exec sleep infinity"};
  spec.directory = directory;
  spec.output = directory / "run";
  return Program(std::move(spec));
}

}  // namespace

struct SandboxTest::Sandbox {
  fs::path directory = fresh_directory("windrow-slurm-");
  Program program = start_sandbox(directory);
  Environment environment = {};

  ~Sandbox() {
    program.signal_group(SIGTERM);
    program.wait();
    fs::remove_all(directory);
  }

  /// @return whether it is up; if it cannot be, `reason` says why
  bool wait_until_up(std::string& reason) {
    const auto said = [this] { return read_file(directory / "run.out"); };
    eventually(60s, [&] { return said().ends_with("\n\n") || !program.is_running(); });
    if (!program.is_running()) {
      const Ended ended = program.wait();
      if (ended.code != kCannot) throw std::runtime_error("the sandbox did not come up: " + ended.text());
      reason = ended.err;
      return false;
    }
    std::istringstream lines(said());
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("SLURM_CONF=") || line.starts_with("OMPI_")) {
        environment[line.substr(0, line.find('='))] = line.substr(line.find('=') + 1);
      }
    }
    return true;
  }
};

std::unique_ptr<SandboxTest::Sandbox> SandboxTest::sandbox_;
std::string SandboxTest::reason_;

void SandboxTest::SetUpTestSuite() {
  if (sandbox_ || !reason_.empty()) return;
  sandbox_ = std::make_unique<Sandbox>();
  if (!sandbox_->wait_until_up(reason_)) sandbox_.reset();
}

void SandboxTest::TearDownTestSuite() {
  sandbox_.reset();
}

void SandboxTest::SetUp() {
  if (!sandbox_) GTEST_SKIP() << reason_;
}

void SandboxTest::TearDown() {
  if (sandbox_) slurm({"scancel", "--signal=KILL", "--full", "--user=root"});  // what a test that failed has left
  CliTest::TearDown();
}

Ended SandboxTest::slurm(const Arguments& argv) {
  return start(argv, sandbox_->environment).wait();
}

Ended SandboxTest::windrow_here(const Arguments& arguments) {
  return windrow(arguments, sandbox_->environment);
}

std::string SandboxTest::submit(const Arguments& arguments) {
  Arguments all = {"submit"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  const Ended ended = windrow_here(all);
  EXPECT_EQ(ended.code, 0) << ended.text();
  std::smatch job;
  EXPECT_TRUE(std::regex_search(ended.out, job, std::regex(R"(Submitted as job (\d+)\.)"))) << ended.text();
  return job.empty() ? "0" : job[1].str();
}

std::string SandboxTest::queue(const std::string& job) {
  std::string text = slurm({"squeue", "--noheader", "--format=%T %r", "--job", job}).out;
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

bool SandboxTest::wait_for_end(const std::string& job, std::chrono::seconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!queue(job).empty()) {
    if (std::chrono::steady_clock::now() > end) return false;
    pause_for(100ms);
  }
  return true;
}

std::string SandboxTest::field(const std::string& job, const std::string& name) {
  const std::string text = slurm({"scontrol", "show", "job", job}).out;
  std::smatch value;
  return std::regex_search(text, value, std::regex("\\b" + name + "=(\\S*)")) ? value[1].str() : "no " + name;
}

std::string SandboxTest::output(const std::string& results, const std::string& job) const {
  return read_file(path(results) / ("slurm-" + job + ".out"));
}

}  // namespace windrow::test
