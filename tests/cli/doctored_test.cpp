// Results and live.json that somebody has filled with what a terminal obeys: no verb lets it through, and JSON stays
// JSON.
#include <gmock/gmock.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/cli_fixture.hpp"
#include "windrow/base/text.hpp"

namespace windrow::test {
namespace {

namespace fs = std::filesystem;

/// Escape sequences, controls of both kinds, directions of writing, line ends, a NUL and bytes that are not UTF-8.
const std::string kHostile = std::string(
                                 "a\x1b]0;title\x07\x1b[2J\r\n\tb\x7f\x08\xc2\x9b"
                                 "31m\xe2\x80\xae\xe2\x81\xa6\xe2\x80\xa8") +
                             std::string("\0c\xff\xc3", 4);

/// What is called in these results, as {"explain", "1"}: the directory comes behind the verb.
const std::vector<Arguments> kPlain = {{"status"},
                                       {"watch", "--once"},
                                       {"explain", "0"},
                                       {"explain", "1"},
                                       {"failures"},
                                       {"failures", "--all"},
                                       {"timing"},
                                       {"timing", "--compare"},
                                       {"timing", "--format", "tsv"},
                                       {"timing", "--compare", "--format", "tsv"},
                                       {"show", "--sort", "-said"}};
const std::vector<Arguments> kJson = {
    {"status", "--json"}, {"explain", "0", "--json"},        {"explain", "1", "--json"}, {"failures", "--json"},
    {"timing", "--json"}, {"timing", "--compare", "--json"}, {"timing", "--trace", "-"}};
const std::vector<Arguments> kTables = {
    {"export", "--csv", "-"}, {"export", "--evaluations", "-"}, {"export", "--jsonl", "-"}};

class DoctoredTest : public CliTest {
 protected:
  void SetUp() override {
    write("study.toml", R"(
[parameters.x]
values = ["a", "b", "c", "d"]
unit = "m"
description = "a length"
[command]
run = "echo said={{x}}; test {{x}} = a || { echo error: {{x}} >&2; exit 3; }"
keep = "all"
[outputs]
said = { stdout = 'said=(.*)', type = "string", unit = "words" }
[run]
retries = 1
)");
    ASSERT_EQ(windrow({"run", "study.toml", "--quiet"}).code, 1);
    fs::rename(path("study.windrow"), path("right"));
    fs::remove(path("study.toml"));
  }

  /// A fresh copy of the results, called "study.windrow".
  void restore() const {
    fs::remove_all(path("study.windrow"));
    fs::copy(path("right"), path("study.windrow"), fs::copy_options::recursive);
  }

  Ended in_results(const Arguments& words) {
    Arguments arguments = {words.front(), "study.windrow"};
    arguments.insert(arguments.end(), words.begin() + 1, words.end());
    return windrow(arguments);
  }

  static std::string name_of(const Arguments& words) {
    std::string name;
    for (const std::string& word : words) name += word + " ";
    return name;
  }

  /// Each verb says something, or why not, and nothing is obeyed.
  void expect_safe(const std::string& what) {
    const auto expect_ended = [&](const Ended& ended, const std::string& verb) {
      EXPECT_TRUE(ended.in_time) << verb << what;
      EXPECT_TRUE(ended.code >= 0 && ended.code <= 2) << verb << what << "\n" << ended.text();
      EXPECT_EQ(text::visible(ended.err, "\n\t"), ended.err) << verb << what;
    };
    for (const Arguments& verb : kPlain) {
      const Ended ended = in_results(verb);
      expect_ended(ended, name_of(verb));
      EXPECT_EQ(text::visible(ended.out, "\n\t"), ended.out) << name_of(verb) << what;
    }
    for (const Arguments& verb : kJson) {
      const Ended ended = in_results(verb);
      expect_ended(ended, name_of(verb));
      EXPECT_EQ(text::visible(ended.out, "\n"), ended.out) << name_of(verb) << what;
      EXPECT_TRUE(ended.code == 2 || nlohmann::json::accept(ended.out)) << name_of(verb) << what << "\n" << ended.out;
    }
    for (const Arguments& verb : kTables) {  // in which a line end is data, in a cell in quotes
      const Ended ended = in_results(verb);
      expect_ended(ended, name_of(verb));
      EXPECT_EQ(text::visible(ended.out, "\n\r\t"), ended.out) << name_of(verb) << what;
    }
  }

  void write_live(const std::string& text) const {
    std::ofstream(path("study.windrow/live.json"), std::ios::binary) << text;
  }

  static nlohmann::ordered_json right_live() {
    const double now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
    return {{"study", "study"},     {"shard", ""},
            {"host", "another"},    {"process", 7},
            {"written", now},       {"revision", 3},
            {"points", 4},          {"done", 2},
            {"failed", 1},          {"evaluated", 2},
            {"elapsed", 1.5},       {"finished", false},
            {"stopping", false},    {"stopped", ""},
            {"hosts", {"another"}}, {"workers", {{0, 0, 1, 1, 0.5}, {1, 0, 1, nullptr, 0.0}}}};
  }
};

/// The results file of a study, to be changed by force.
class Doctor {
 public:
  struct Place {
    std::string table, column;
  };

  /// The file becomes one without checksums, as an earlier windrow wrote it: what was changed by force would be told.
  explicit Doctor(const fs::path& file) {
    EXPECT_EQ(sqlite3_open(file.c_str(), &database_), SQLITE_OK);
    std::vector<std::string> tables;
    for_each(
        "SELECT m.name, c.name FROM sqlite_schema m, pragma_table_info(m.name) c WHERE m.type = 'table' AND "
        "c.name = 'checksum' AND m.name <> 'spare'",
        [&](const std::string& table, const std::string&) { tables.push_back(table); });
    for (const std::string& table : tables) execute("ALTER TABLE \"" + table + "\" DROP COLUMN checksum");
    execute("DROP TABLE totals");
    execute("DROP TABLE spare");
    execute("PRAGMA user_version = 4");
  }
  ~Doctor() { sqlite3_close(database_); }
  Doctor(const Doctor&) = delete;
  Doctor& operator=(const Doctor&) = delete;

  /// All columns that hold texts; those of values have no type.
  std::vector<Place> places() {
    std::vector<Place> found;
    for_each(
        "SELECT m.name, c.name FROM sqlite_schema m, pragma_table_info(m.name) c WHERE m.type = 'table' AND "
        "m.name NOT LIKE 'sqlite_%' AND c.type IN ('TEXT', '')",
        [&](const std::string& table, const std::string& column) {
          found.push_back({table, column});
        });
    return found;
  }

  void fill(const Place& place, const std::string& text) {
    const std::string sql = "UPDATE OR IGNORE \"" + place.table + "\" SET \"" + place.column + "\" = ?";
    sqlite3_stmt* statement = nullptr;
    ASSERT_EQ(sqlite3_prepare_v2(database_, sql.c_str(), -1, &statement, nullptr), SQLITE_OK) << sql;
    sqlite3_bind_text(statement, 1, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
    EXPECT_EQ(sqlite3_step(statement), SQLITE_DONE) << sql << ": " << sqlite3_errmsg(database_);
    sqlite3_finalize(statement);
  }

 private:
  void execute(const std::string& sql) {
    EXPECT_EQ(sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sql;
  }

  template <typename Visit>
  void for_each(const char* sql, Visit visit) {
    sqlite3_stmt* statement = nullptr;
    ASSERT_EQ(sqlite3_prepare_v2(database_, sql, -1, &statement, nullptr), SQLITE_OK) << sqlite3_errmsg(database_);
    const auto text = [&](int column) {
      return std::string(reinterpret_cast<const char*>(sqlite3_column_text(statement, column)));
    };
    while (sqlite3_step(statement) == SQLITE_ROW) visit(text(0), text(1));
    sqlite3_finalize(statement);
  }

  sqlite3* database_ = nullptr;
};

/// What the results are read by: with these changed, most verbs only say that the file is damaged.
bool has_meaning(const Doctor::Place& place) {
  const std::string& name = place.column;
  return name == "role" || name == "type" || name == "sql_name" || name == "status" || name == "reading" ||
         (place.table == "provenance" && name == "name");
}

TEST_F(DoctoredTest, all_free_texts_of_the_results_at_once) {
  restore();
  std::size_t filled = 0;
  {
    Doctor doctor(path("study.windrow/results.sqlite"));
    for (const Doctor::Place& place : doctor.places()) {
      if (has_meaning(place)) continue;
      doctor.fill(place, kHostile);
      ++filled;
    }
  }
  EXPECT_GT(filled, 10U);
  expect_safe("");
  EXPECT_EQ(in_results({"status"}).code, 0);
  EXPECT_THAT(in_results({"explain", "1"}).out, testing::HasSubstr("\\x1b[2J"));
}

TEST_F(DoctoredTest, texts_of_live_json) {
  restore();
  auto live = right_live();
  const std::string text =
      "a\x1b]0;title\x07\x1b[2J\r\n\tb\x7f\x08\xc2\x9b"
      "31m\xe2\x80\xae";
  for (const char* name : {"study", "shard", "host", "stopped"}) live[name] = text;
  live["hosts"][0] = text;
  for (const bool finished : {false, true}) {
    live["finished"] = finished;
    write_live(live.dump());
    expect_safe(finished ? " (ended)" : " (running)");
  }
}

TEST_F(DoctoredTest, a_live_json_that_no_run_wrote_neither_stops_a_verb_nor_keeps_it_waiting) {
  restore();
  std::vector<std::string> texts = {"",
                                    "{",
                                    "null",
                                    "[]",
                                    "7",
                                    "\"\"",
                                    std::string(1'000'000, '['),
                                    std::string(1'000'000, '{'),
                                    std::string(500'000, '[') + std::string(500'000, ']')};
  const nlohmann::ordered_json right = right_live();
  for (const auto& [name, value] : right.items()) {
    for (const char* wrong : {"-1", "1e300", "null", "[[0,0,0,0,1e300]]"}) {
      auto live = right;
      live[name] = nlohmann::ordered_json::parse(wrong);
      if (name != "shard") texts.push_back(live.dump());
    }
  }
  for (const std::string& text : texts) {
    write_live(text);
    for (const Arguments& verb : {Arguments{"status", "--json"}, Arguments{"watch", "--once"}}) {
      const Ended ended = in_results(verb);
      EXPECT_EQ(ended.code, 0) << text.substr(0, 400) << ended.text();
    }
  }
}

TEST_F(DoctoredTest, a_live_json_without_an_end_or_that_is_no_file) {
  restore();
  const fs::path file = path("study.windrow/live.json");
  const auto expect_shown = [&](const std::string& what) {
    for (const Arguments& verb : {Arguments{"status"}, Arguments{"status", "--json"}, Arguments{"watch", "--once"},
                                  Arguments{"explain", "1"}}) {
      const Ended ended = in_results(verb);
      EXPECT_EQ(ended.code, 0) << what << ended.text();
    }
    fs::remove_all(file);
  };
  fs::resize_file(file, std::uintmax_t{1} << 40U);
  expect_shown("sparse");
  ASSERT_EQ(::mkfifo(file.c_str(), 0600), 0);
  expect_shown("a FIFO");
  fs::create_symlink("/dev/zero", file);
  expect_shown("a device");
  fs::create_directory(file);
  expect_shown("a directory");
}

class DoctoredSlowTest : public DoctoredTest {};

TEST_F(DoctoredSlowTest, each_text_column_of_the_results) {
  restore();
  const std::vector<Doctor::Place> places = Doctor(path("study.windrow/results.sqlite")).places();
  ASSERT_GT(places.size(), 20U);
  for (const Doctor::Place& place : places) {
    restore();
    Doctor(path("study.windrow/results.sqlite")).fill(place, kHostile);
    expect_safe("with " + place.table + "." + place.column);
  }
}

}  // namespace
}  // namespace windrow::test
