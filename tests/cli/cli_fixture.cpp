#include "cli/cli_fixture.hpp"

#include <algorithm>
#include <fstream>
#include <numeric>
#include <sstream>

#include "cli/surroundings.hpp"
#include "windrow/base/csv.hpp"

namespace windrow::test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr const char* kMark = "WINDROW_TEST_MARK";

}  // namespace

CliTest::CliTest()
    : directory_(fresh_directory("windrow-cli-")),
      outputs_(fresh_directory("windrow-cli-")),
      shared_memory_(names_in_shared_memory()) {}

CliTest::~CliTest() {
  std::error_code ignored;
  fs::remove_all(directory_, ignored);
  fs::remove_all(outputs_, ignored);
}

void CliTest::TearDown() {
  expect_nothing_left();
}

void CliTest::write(const std::string& name, const std::string& text) const {
  fs::create_directories(path(name).parent_path());
  std::ofstream(path(name), std::ios::binary) << text;
}

void CliTest::write_program(const std::string& name, const std::string& text) const {
  write(name, "#!/bin/sh\n" + text);
  fs::permissions(path(name), fs::perms::owner_all);
}

Program CliTest::start(const Arguments& argv, const Environment& environment, int terminal) {
  Program::Spec spec;
  spec.argv = argv;
  spec.directory = directory_;
  spec.output = outputs_ / std::to_string(programs_++);
  spec.environment = environment;
  spec.environment[kMark] = directory_.string();
  spec.terminal = terminal;
  return Program(std::move(spec));
}

Program CliTest::start_windrow(const Arguments& arguments, const Environment& environment) {
  Arguments argv = {WINDROW_PROGRAM};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return start(argv, environment);
}

Program CliTest::start_mpirun(int ranks, const Arguments& argv, const Environment& environment) {
  Arguments all = {WINDROW_MPIEXEC, "-n", std::to_string(ranks)};
  all.insert(all.end(), argv.begin(), argv.end());
  Environment both = mpi_environment();
  for (const auto& [name, value] : environment) both[name] = value;
  return start(all, both);
}

Ended CliTest::windrow(const Arguments& arguments, const Environment& environment) {
  return start_windrow(arguments, environment).wait();
}

Ended CliTest::mpirun_windrow(int ranks, const Arguments& arguments) {
  Arguments argv = {WINDROW_PROGRAM};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return start_mpirun(ranks, argv).wait();
}

std::string CliTest::exported(const std::string& results) {
  const Ended ended = windrow({"export", results, "--csv", "-"});
  EXPECT_EQ(ended.code, 0) << ended.text();
  return ended.out;
}

std::set<std::uint64_t> CliTest::recorded(const std::string& results) {
  std::set<std::uint64_t> indices;
  if (!fs::exists(path(results) / "results.sqlite")) return indices;
  const Ended ended = windrow({"export", results, "--csv", "-"});
  if (ended.code != 0) {  // killed before the store was made: no harm, if it says so
    EXPECT_NE(ended.err.find("run the study first"), std::string::npos) << ended.text();
    return indices;
  }
  const auto records = csv_records(ended.out);
  for (std::size_t i = 1; i < records.size(); ++i) indices.insert(std::stoull(records[i].front()));
  return indices;
}

std::vector<std::uint64_t> CliTest::logged(const std::string& file) const {
  std::istringstream words(read_file(path(file)));
  std::vector<std::uint64_t> numbers;
  for (std::uint64_t number = 0; words >> number;) numbers.push_back(number);
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

bool CliTest::wait_for_log(const std::string& file, std::size_t lines) const {
  return eventually(20s, [&] { return logged(file).size() >= lines; });
}

std::vector<Process> CliTest::left_processes() const {
  return processes_with(std::string(kMark) + "=" + directory_.string());
}

void CliTest::expect_nothing_left(std::chrono::milliseconds limit) {
  if (!eventually(limit, [this] { return left_processes().empty(); })) {
    for (const Process& process : left_processes()) {
      ADD_FAILURE() << "process " << process.pid << " (" << process.name << ") is left";
    }
  }
  for (const std::string& name : names_in_shared_memory()) {
    EXPECT_TRUE(shared_memory_.contains(name)) << "/dev/shm/" << name << " is left";
  }
}

std::vector<std::uint64_t> all_indices(std::uint64_t n) {
  std::vector<std::uint64_t> indices(n);
  std::iota(indices.begin(), indices.end(), 0);
  return indices;
}

std::vector<std::vector<std::string>> csv_records(const std::string& text) {
  std::vector<std::vector<std::string>> records;
  std::istringstream in(text);
  csv::Reader reader(in, "the export");
  for (std::vector<std::string> record; reader.next(record);) records.push_back(record);
  return records;
}

}  // namespace windrow::test
