#include "torture/evidence.hpp"

#include <fmt/format.h>
#include <signal.h>

#include <charconv>
#include <chrono>

#include "cli/program.hpp"
#include "store/query.hpp"
#include "torture/work.hpp"
#include "windrow/store/store.hpp"

namespace windrow::test {

namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kHangs{10};  // tells what is slow from what never ends

}  // namespace

Outcomes read_store(const fs::path& results, const fs::path& copy, Violations& violations) {
  Outcomes outcomes;
  fs::remove_all(copy);
  fs::create_directories(copy);
  for (const char* name : {"results.sqlite", "results.sqlite-wal", "results.sqlite-journal"}) {
    if (fs::exists(results / name)) fs::copy_file(results / name, copy / name);
  }
  const fs::path file = copy / "results.sqlite";
  if (!fs::exists(file)) return outcomes;
  const std::string integrity = query(file, "PRAGMA integrity_check");
  if (integrity != "ok\n") violations.push_back("the store is damaged: " + integrity);
  if (query(file, "SELECT count(*) FROM sqlite_master") == "0\n") return outcomes;  // killed before it was made
  try {
    StoreReader(copy).for_each([&](const Record& record) {
      Stored stored{record.outcome.ok(), 0.0, {}};
      if (stored.ok) stored.value = record.outcome.value().front().number();
      if (!stored.ok) stored.failure = record.outcome.failure();
      if (!outcomes.emplace(record.index, std::move(stored)).second) {
        violations.push_back(fmt::format("point {} has two outcomes", record.index));
      }
    });
  } catch (const std::exception& error) {
    violations.push_back(std::string("the store cannot be read: ") + error.what());
  }
  return outcomes;
}

std::vector<std::uint64_t> read_log(const fs::path& log) {
  const std::string text = read_file(log);
  std::vector<std::uint64_t> indices;
  for (std::size_t at = 0; at + kLogEntry <= text.size(); at += kLogEntry) {
    std::from_chars(text.data() + at, text.data() + at + kLogEntry - 1, indices.emplace_back());
  }
  return indices;
}

double expect_no_process(const std::string& variable, double limit, Violations& violations) {
  using std::chrono::milliseconds;
  const auto begin = std::chrono::steady_clock::now();
  const auto elapsed = [begin] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  };
  const auto all_gone = [&] { return processes_with(variable).empty(); };
  if (eventually(milliseconds(static_cast<int>(1e3 * limit)), all_gone)) return elapsed();
  const std::vector<Process> left = processes_with(variable);
  const bool gone_later = eventually(kHangs, all_gone);
  for (const Process& process : left) {
    violations.push_back(fmt::format("process {} ({}) was left, {} {:.1f} s", process.pid, process.name,
                                     gone_later ? "for" : "and still is after", elapsed()));
  }
  for (const Process& process : processes_with(variable)) ::kill(process.pid, SIGKILL);
  return elapsed();
}

void expect_no_files(const fs::path& directory, Violations& violations) {
  for (const auto& entry : fs::directory_iterator(directory)) {
    const std::string name = entry.path().filename().string();
    const bool of_open_mpi = name.starts_with("ompi.") || name.starts_with("pmix") || name.starts_with("vader_segment");
    if (!of_open_mpi) violations.push_back(entry.path().string() + " is left");
  }
}

}  // namespace windrow::test
