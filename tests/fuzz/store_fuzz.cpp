// Damaged results files: what is read of them is what was written, and what is recovered of them is sound.
// Input: what is done to the file of a good store, one change after another.
#include <fmt/format.h>
#include <sqlite3.h>

#include <array>
#include <limits>
#include <map>

#include "fuzz.hpp"
#include "windrow/error.hpp"
#include "windrow/store/check.hpp"
#include "windrow/store/store.hpp"

namespace {

using namespace windrow;
using namespace windrow::fuzz;
namespace fs = std::filesystem;

constexpr std::uint64_t kPoints = 40;
constexpr std::size_t kPage = 4096;
constexpr int kMostChanges = 8;
constexpr const char* kFile = "results.sqlite";

StudyIdentity study_of(std::uint64_t points, const std::string& range) {
  StudyIdentity study;
  study.name = "fuzzed";
  study.points = points;
  study.parameters = {{"T", "K", "number", "hot"}, {"case", "", "string", ""}};
  study.outputs = {{"gain", "dB", "number", ""}, {"note", "", "string", ""}, {"good", "", "boolean", ""}};
  study.definition = {{"design.method", "grid"}, {"parameters.T", range}, {"command.run", "[\"sim\"]"}};
  return study;
}

std::vector<Value> point_at(std::uint64_t index) {
  return {static_cast<double>(index) / 7.0, fmt::format("case {}", index % 5)};
}

/// Every tenth fails, and one has a text that is longer than a page.
Record record_of(std::uint64_t index) {
  const double x = static_cast<double>(index);
  Record record;
  record.index = index;
  record.parameters = point_at(index);
  record.host = "node1";
  record.started = 1.5e9 + x;
  record.elapsed = 0.25;
  if (index % 10 == 3) {
    TaskFailure failure;
    failure.kind = FailureKind::crashed;
    failure.message = "went wrong";
    failure.code = -11;
    record.outcome = failure;
  } else {
    const double gain = index == 5 ? std::numeric_limits<double>::quiet_NaN() : 2.0 * x;
    record.outcome = std::vector<Value>{gain, std::string(index == 7 ? 6000 : 20, static_cast<char>('a' + index % 26)),
                                        index % 2 == 0};
  }
  return record;
}

/// A store of a study that has been changed: the outcomes of two points are kept of its earlier form.
void make_store(const fs::path& directory) {
  {
    Store store(directory, study_of(kPoints + 2, "earlier"), {{"command", "a test"}});
    for (std::uint64_t i = 0; i < kPoints + 2; ++i) store.record(record_of(i));
    TaskFailure failure;
    failure.index = 4;
    failure.message = "tried again";
    store.record_attempt({failure, 1.4e9});
  }
  Store store(directory, study_of(kPoints, "present"), {{"command", "a test"}}, Journal::rollback, point_at);
  TimeAccount account;
  store.record_account(account);
}

std::string text_of(const Record& record) {
  std::string text =
      fmt::format("{} {} {} {} {}", record.index, record.host, record.attempts, record.started, record.elapsed);
  for (const Value& value : record.parameters) text += " " + value.render();
  if (!record.outcome.ok()) return text + " " + describe(record.outcome.failure());
  for (const Value& value : record.outcome.value()) text += " " + value.render();
  return text;
}

using Outcomes = std::map<std::uint64_t, std::string>;

std::string bytes_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

/// The good store, which is made once.
struct Good {
  Folder folder;
  std::string bytes;
  Outcomes outcomes;

  Good() {
    const fs::path directory = folder.path() / "good";
    make_store(directory);
    bytes = bytes_of(directory / kFile);
    StoreReader(directory).for_each([this](const Record& record) { outcomes[record.index] = text_of(record); });
    require(outcomes.size() == kPoints && check_store(directory).sound(), "the good store is good");
  }
};

void execute(const fs::path& file, const std::string& sql) {
  sqlite3* database = nullptr;
  if (sqlite3_open(file.c_str(), &database) == SQLITE_OK) {
    sqlite3_exec(database, "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF", nullptr, nullptr, nullptr);
    sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr);
  }
  sqlite3_close(database);
}

std::string literal_of(Input& input) {
  switch (input.byte() % 6) {
    case 0:
      return "NULL";
    case 1:
      return std::to_string(static_cast<std::int8_t>(input.byte()));
    case 2:
      return std::to_string(static_cast<std::int64_t>(std::uint64_t{input.number()} << 31U));
    case 3:
      return fmt::format("{}.5e{}", input.byte(), static_cast<std::int8_t>(input.byte()));
    case 4:
      return "x'" + fmt::format("{:08x}", input.number()) + "'";
    default:
      return "'ok'";
  }
}

constexpr std::array kTables = {
    "study",      "definition", "columns",  "results",     "evaluations",        "attempts",
    "runs",       "provenance", "accounts", "generations", "results_1",          "evaluations_1",
    "attempts_1", "totals",     "spare",    "again",       "earlier_definition", "earlier_columns"};
constexpr std::array kColumns = {
    "\"index\"", "status",  "p0",       "p1",    "o0",      "o1",      "o2",     "checksum", "rank",       "host",
    "attempts",  "started", "elapsed",  "code",  "message", "attempt", "points", "name",     "text",       "position",
    "role",      "type",    "sql_name", "count", "sum",     "salt",    "run",    "worker",   "generation", "id"};

/// A part of the file is written over.
void overwrite(std::string& bytes, Input& input) {
  if (bytes.empty()) return;
  const std::size_t at = input.number() % bytes.size();
  const std::string_view content = input.take(input.byte() % 32);
  bytes.replace(at, std::min(content.size(), bytes.size() - at), content.substr(0, bytes.size() - at));
}

void change_pages(std::string& bytes, Input& input) {
  const std::size_t pages = bytes.size() / kPage;
  if (pages == 0) return;
  const std::uint8_t kind = input.byte();
  const std::size_t to = input.byte() % pages;
  const std::size_t from = input.byte() % pages;
  const std::string page = bytes.substr(from * kPage, kPage);
  if (kind % 3 == 0) return static_cast<void>(bytes.replace(to * kPage, kPage, std::string(kPage, '\0')));
  if (kind % 3 == 1) bytes.replace(from * kPage, kPage, bytes.substr(to * kPage, kPage));
  bytes.replace(to * kPage, kPage, page);
}

/// A row is changed or removed by SQL, as by somebody who knows no checksums.
void change_row(const fs::path& file, Input& input) {
  const std::string table = kTables[input.byte() % kTables.size()];
  const std::string column = kColumns[input.byte() % kColumns.size()];
  const std::uint8_t row = input.byte();
  const std::string where = fmt::format(" WHERE rowid = {} OR \"index\" = {}", row, row);
  const std::string plainly = fmt::format(" WHERE rowid = {}", row);
  if (input.byte() % 4 == 0) {
    execute(file, "DELETE FROM " + table + plainly);
    execute(file, "DELETE FROM " + table + where);
    return;
  }
  const std::string set = fmt::format("UPDATE {} SET {} = {}", table, column, literal_of(input));
  execute(file, set + plainly);
  execute(file, set + where);
}

void change_schema(const fs::path& file, Input& input) {
  const std::string table = kTables[input.byte() % kTables.size()];
  switch (input.byte() % 3) {
    case 0:
      return table == "totals" ? void() : execute(file, "DROP TABLE " + table);
    case 1:
      return execute(file, "ALTER TABLE " + table + " ADD COLUMN more");
    default:
      return execute(file, fmt::format("ALTER TABLE {} RENAME TO moved", table));
  }
}

void doctor(const fs::path& file, std::string bytes, Input& input) {
  const auto write = [&] { std::ofstream(file, std::ios::binary) << bytes; };
  write();
  for (int i = 0; i < kMostChanges && !input.at_end(); ++i) {
    switch (input.byte() % 5) {
      case 0:
        overwrite(bytes, input);
        break;
      case 1:
        bytes.resize(bytes.empty() ? 0 : input.number() % bytes.size());
        break;
      case 2:
        change_pages(bytes, input);
        break;
      case 3:
        change_row(file, input);
        bytes = bytes_of(file);
        continue;
      default:
        change_schema(file, input);
        bytes = bytes_of(file);
        continue;
    }
    write();
  }
}

template <typename Read>
bool tolerate(Read&& read) {
  try {
    read();
    return true;
  } catch (const StoreError&) {
    return false;
  }
}

void require_known(const Record& record, const Outcomes& outcomes) {
  const auto known = outcomes.find(record.index);
  require(known != outcomes.end() && known->second == text_of(record), "an outcome is the one that was written");
}

void read_all(const fs::path& directory, const Outcomes& outcomes) {
  std::optional<StoreReader> reader;
  if (!tolerate([&] { reader.emplace(directory); })) return;
  tolerate([&] { reader->status(); });
  tolerate([&] { reader->runs(); });
  tolerate([&] { reader->run_times(); });
  tolerate([&] { reader->outcomes(); });
  tolerate([&] { reader->again(); });
  tolerate([&] { reader->failures(3); });
  tolerate([&] { reader->failure_groups(true); });
  tolerate([&] { reader->for_each([&](const Record& record) { require_known(record, outcomes); }); });
  tolerate([&] { reader->for_each_time([](const PointTime&) {}); });
  tolerate([&] { reader->for_each_evaluation(0.0, 2e9, [](const EvaluationTime&) {}); });
  tolerate([&] { reader->preview(study_of(kPoints, "changed"), point_at); });
  for (const std::uint64_t index : {0, 3, 4, 7, 39}) {
    tolerate([&] {
      if (const auto record = reader->find(index)) require_known(*record, outcomes);
    });
    tolerate([&] { reader->attempts(index); });
  }
}

void recover(const fs::path& directory, const Outcomes& outcomes) {
  Recovery recovery;
  if (!tolerate([&] { recovery = recover_store(directory); })) return;
  const StoreCheck after = check_store(directory);
  require(after.sound(), "a store that was recovered is sound");
  std::uint64_t count = 0;
  StoreReader(directory).for_each([&](const Record& record) {
    require_known(record, outcomes);
    ++count;
  });
  require(count == after.outcomes, "all outcomes of a store that was recovered are read");
  Store(directory, study_of(kPoints, "present"), {}, Journal::rollback, point_at).succeeded();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Good good;
  const fs::path directory = good.folder.path() / "doctored";
  fs::remove_all(directory);
  fs::create_directory(directory);
  Input input(data, size);
  doctor(directory / kFile, good.bytes, input);
  read_all(directory, good.outcomes);
  StoreCheck check;
  if (tolerate([&] { check = check_store(directory); }) && check.sound()) {
    require(check.outcomes == good.outcomes.size(), "a store that is sound has all outcomes");
  }
  recover(directory, good.outcomes);
  return 0;
}
