// A new file of what is right in a damaged one.
#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <fstream>
#include <optional>
#include <set>
#include <span>
#include <system_error>

#include "base/interface/leftover_names.hpp"
#include "generations.hpp"
#include "open_study.hpp"
#include "points_view.hpp"
#include "row_hash.hpp"
#include "rows.hpp"
#include "ruins.hpp"
#include "schema.hpp"
#include "sqlite.hpp"
#include "store/interface/writer_lock.hpp"
#include "sums.hpp"
#include "verify.hpp"
#include "windrow/base/hash.hpp"
#include "windrow/error.hpp"
#include "windrow/store/check.hpp"

namespace windrow {
namespace {

namespace fs = std::filesystem;
using namespace detail;

fs::path beside(const fs::path& file, std::string_view ending) {
  return file.string() + std::string(ending);
}

bool is_there(const fs::path& file) {
  std::error_code ignored;
  return fs::exists(file, ignored);
}

void remove_copy(const fs::path& file) {
  std::error_code ignored;
  fs::remove(file, ignored);
  for (const std::string_view ending : journal_endings) fs::remove(beside(file, ending), ignored);
}

/// A copy of a file, and of what is in its journal, that may be changed: SQLite moves the journal into it, if it can.
class Copy {
 public:
  explicit Copy(const fs::path& file) : file_(beside(file, damaged_copy)) {
    remove_copy(file_);
    try {
      fs::copy_file(file, file_);
      for (const char* ending : {"-wal", "-journal"}) {
        if (is_there(beside(file, ending))) fs::copy_file(beside(file, ending), beside(file_, ending));
      }
    } catch (const fs::filesystem_error& error) {
      remove_copy(file_);
      throw StoreError(
          fmt::format("{}: cannot be copied: {}; nothing has been changed", file.string(), error.code().message()));
    }
    if (take_journal()) return;
    was_mended_ = true;
    mend_head();
    take_journal();  // if it fails again, the rows are read as they lie there
  }
  ~Copy() { remove_copy(file_); }
  Copy(const Copy&) = delete;
  Copy& operator=(const Copy&) = delete;
  const fs::path& file() const { return file_; }
  /// Whether its head is another one than the file's.
  bool was_mended() const { return was_mended_; }

 private:
  bool take_journal() const try {
    Connection connection(file_, Connection::Mode::write);
    connection.integer("SELECT count(*) FROM sqlite_schema");
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)");
    return true;
  } catch (const StoreError&) {
    return false;
  }
  /// The first bytes are the same in every file that windrow makes.
  void mend_head() const {
    constexpr char head[] = "SQLite format 3\0\x10\0\1\1\0\x40\x20\x20";
    std::fstream(file_, std::ios::in | std::ios::out | std::ios::binary).write(head, sizeof head - 1);
  }

  fs::path file_;
  bool was_mended_ = false;
};

/// A table of the new file that rows are looked for.
struct Target {
  std::string name;
  std::int64_t salt = 0;
  std::size_t columns = 0;  // without the checksum
  bool has_rowid = true;
  std::vector<std::size_t> reals;  // SQLite stores 2.0 as 2 in columns of this type
  std::string insert;
};

Target target_of(Connection& connection, const std::string& table, const std::string& base) {
  Target target{table, salt_of(connection, table), 0, base != "attempts", {}, {}};
  std::string values;
  connection.for_each_row(
      "SELECT name, type FROM pragma_table_info(?) ORDER BY cid",
      [&](const Statement& row) {
        values += values.empty() ? "?" : ", ?";
        if (row.text(0) == "checksum") return;
        if (row.text(1) == "REAL") target.reals.push_back(target.columns);
        ++target.columns;
      },
      std::string_view(table));
  target.insert = fmt::format("INSERT OR IGNORE INTO {} VALUES({})", table, values);
  return target;
}

/// As SQL would give the values back.
void complete(RawRow& row, const Target& target) {
  if (target.has_rowid) row.values[0] = {RawValue::Type::integer, row.rowid, 0.0, {}};
  for (const std::size_t column : target.reals) {
    RawValue& value = row.values[column];
    if (value.type == RawValue::Type::integer)
      value = {RawValue::Type::real, 0, static_cast<double>(value.integer), {}};
  }
}

void add(RowHash& hash, const RawValue& value) {
  switch (value.type) {
    case RawValue::Type::null:
      return hash.add_null();
    case RawValue::Type::integer:
      return hash.add(value.integer);
    case RawValue::Type::real:
      return hash.add(value.real);
    case RawValue::Type::text:
      return hash.add_text(value.bytes);
    case RawValue::Type::blob:
      return hash.add_blob(value.bytes);
  }
}

void bind(Statement& statement, int parameter, const RawValue& value) {
  switch (value.type) {
    case RawValue::Type::null:
      statement.bind_null(parameter);
      return;
    case RawValue::Type::integer:
      statement.bind(parameter, value.integer);
      return;
    case RawValue::Type::real:
      statement.bind(parameter, value.real);
      return;
    case RawValue::Type::text:
      statement.bind(parameter, value.bytes.data() != nullptr ? value.bytes : std::string_view(""));
      return;
    case RawValue::Type::blob:
      statement.bind_blob(parameter, value.bytes);
      return;
  }
}

/// Takes rows into the new file that fit their checksums.
class Salvage {
 public:
  explicit Salvage(Connection& connection) : connection_(connection) {
    for (const Generation& generation : read_generations(connection)) {
      create_data_tables(connection, generation);
      for (const char* base : {"results", "evaluations", "attempts"}) {
        targets_.push_back(target_of(connection, generation.table(base), base));
      }
    }
    for (const Target& target : targets_) inserts_.emplace_back(connection, target.insert);
  }

  /// @param searched  from a page that is not in order: what is known from another one goes before
  /// @return whether it is a row of a table
  bool take(const RawRow& found, bool searched) {
    for (std::size_t i = 0; i < targets_.size(); ++i) {
      const Target& target = targets_[i];
      if (found.has_rowid != target.has_rowid || found.values.size() != target.columns + 1) continue;
      RawRow row = found;
      complete(row, target);
      if (!fits(row, target)) continue;
      insert(i, row, searched);
      return true;
    }
    return false;
  }

  /// Rows of which there are several that fit are not known.
  void finish() {
    for (const auto& [table, key] : contradictory_) {
      connection_.run(fmt::format("DELETE FROM {} WHERE \"index\" = ?", targets_[table].name), key);
    }
    for (const Generation& generation : read_generations(connection_)) {
      const std::string results = generation.table("results"), evaluations = generation.table("evaluations");
      connection_.execute(
          fmt::format("DELETE FROM {0} WHERE \"index\" NOT IN (SELECT \"index\" FROM {1});"
                      "DELETE FROM {1} WHERE \"index\" NOT IN (SELECT \"index\" FROM {0})",
                      results, evaluations));
    }
    renew_totals(connection_);
  }

 private:
  bool fits(const RawRow& row, const Target& target) {
    hash_.restart(target.salt);
    for (std::size_t i = 0; i < target.columns; ++i) add(hash_, row.values[i]);
    const RawValue& checksum = row.values.back();
    return checksum.type == RawValue::Type::integer && checksum.integer == hash_.value() && row.values[0].integer >= 0;
  }

  void insert(std::size_t table, const RawRow& row, bool searched) {
    Statement& insert = inserts_[table];
    for (std::size_t i = 0; i < row.values.size(); ++i) bind(insert, static_cast<int>(i) + 1, row.values[i]);
    insert.run();
    const Key key{table, row.values[0].integer};
    if (connection_.changes() > 0) {
      if (searched) searched_.insert(key);
      return;
    }
    if (!targets_[table].has_rowid || (searched && !searched_.contains(key))) return;
    const std::int64_t there = connection_.integer(
        fmt::format("SELECT checksum FROM {} WHERE \"index\" = {}", targets_[table].name, key.second));
    if (there != row.values.back().integer) contradictory_.insert(key);
  }

  using Key = std::pair<std::size_t, std::int64_t>;
  Connection& connection_;
  std::vector<Target> targets_;
  std::deque<Statement> inserts_;
  std::set<Key> searched_, contradictory_;
  RowHash hash_{0};
};

/// What the damaged file says of its study: the latest that fits its checksum.
class Spare {
 public:
  bool look(const RawRow& row) {
    const bool may_be = row.has_rowid && row.values.size() == 3 && row.values[1].type == RawValue::Type::integer &&
                        row.values[2].type == RawValue::Type::blob && row.rowid > last_ &&
                        row.values[2].bytes.starts_with(spare_begin) &&
                        spare_checksum(row.values[2].bytes) == row.values[1].integer;
    if (!may_be) return false;
    last_ = row.rowid;
    text_ = row.values[2].bytes;
    return true;
  }
  const std::string& text() const { return text_; }

 private:
  std::int64_t last_ = 0;
  std::string text_;
};

/// The first copy, if the second one is lost.
std::string layout_by_sqlite(const fs::path& image) {
  try {
    Connection connection(image, Connection::Mode::read);
    const std::string text = pack_layout(connection);
    const auto checksum = static_cast<std::uint64_t>(spare_checksum(text));
    return read_total(connection, layout_total).sum == checksum ? text : std::string();
  } catch (const StoreError&) {
    return {};
  }
}

std::string find_spare(const fs::path& image) {
  Ruins ruins(image);
  Spare spare;
  ruins.for_each([&](const RawRow& row) { return spare.look(row); });
  if (spare.text().empty()) {
    ruins.search([&](const RawRow& row) { spare.look(row); });
  }
  return spare.text().empty() ? layout_by_sqlite(image) : spare.text();
}

/// Rows of a table that has no checksums, as far as SQLite can read them.
void copy_table(const fs::path& image, Connection& to, const std::string& table, const char* lost,
                std::vector<std::string>& notes) {
  try {
    Connection from(image, Connection::Mode::read);
    if (!is_as_made(from, table)) {
      if (from.has_table(table) || to.has_table(table)) notes.emplace_back(lost);
      return;
    }
    const std::string sql = from.text(fmt::format("SELECT sql FROM sqlite_schema WHERE name = '{}'", table));
    if (!to.has_table(table)) to.execute(sql);
    Statement rows(from, "SELECT * FROM " + table);
    std::string values = "?";
    for (int i = 1; i < rows.columns(); ++i) values += ", ?";
    Statement insert(to, fmt::format("INSERT OR IGNORE INTO {} VALUES({})", table, values));
    while (rows.step()) {
      for (int i = 0; i < rows.columns(); ++i) rows.copy_to(insert, i);
      insert.run();
    }
  } catch (const SqliteError&) {
    notes.emplace_back(lost);
  }
}

/// What is said of runs whose numbers are lost: a later run may get them.
void forget_strays(Connection& connection, std::vector<std::string>& notes) {
  for (const char* table : {"provenance", "accounts"}) {
    if (!connection.has_table(table)) continue;
    connection.execute(fmt::format("DELETE FROM {} WHERE run NOT IN (SELECT run FROM runs)", table));
    if (connection.changes() > 0)
      notes.push_back(fmt::format("what `{}` said of runs that are not known any more", table));
  }
}

void fill(Connection& connection, const fs::path& image, const std::string& spare, Recovery& done) {
  create_empty_tables(connection);
  if (!unpack_layout(connection, spare)) {
    throw StoreError(fmt::format("{}: what it says of the study cannot be read", image.string()));
  }
  mark_file(connection);  // only then its earlier forms are looked for
  Salvage salvage(connection);
  Ruins ruins(image);
  ruins.for_each([&](const RawRow& row) {
    const bool of_index = !row.has_rowid && row.values.size() == 2;  // that of the failures is made anew
    return of_index || salvage.take(row, /*searched=*/false);
  });
  ruins.search([&](const RawRow& row) { salvage.take(row, /*searched=*/true); });
  salvage.finish();
  copy_table(image, connection, "runs", "when runs began", done.notes);
  copy_table(image, connection, "provenance", "what runs said of themselves", done.notes);
  copy_table(image, connection, "accounts", "where the time of runs went", done.notes);
  copy_table(image, connection, "again", "which points were still to be evaluated again (`--again`)", done.notes);
  copy_table(image, connection, "moves", "directories of points that had to follow a change of the study", done.notes);
  forget_strays(connection, done.notes);
  renew_points_view(connection, read_identity(connection));
  renew_spare(connection);
  done.points = static_cast<std::uint64_t>(connection.integer("SELECT points FROM study"));
  done.outcomes = static_cast<std::uint64_t>(connection.integer("SELECT count(*) FROM results"));
  done.earlier = count_earlier(connection);
}

fs::path free_name(const fs::path& file) {
  for (int i = 1;; ++i) {
    const fs::path name = beside(file, i == 1 ? ".damaged" : fmt::format(".damaged-{}", i));
    if (!is_there(name)) return name;
  }
}

/// The damaged file stays under its name until the new one takes it.
void replace(const fs::path& file, const fs::path& by, const fs::path& kept) {
  std::error_code error;
  fs::create_hard_link(file, kept, error);
  if (error) fs::copy_file(file, kept, error);
  for (const char* ending : {"-wal", "-journal"}) {
    if (!error && is_there(beside(file, ending))) fs::rename(beside(file, ending), beside(kept, ending), error);
  }
  std::error_code ignored;
  fs::remove(beside(file, "-shm"), ignored);
  if (!error) fs::rename(by, file, error);
  if (!error) return;
  throw StoreError(
      fmt::format("{}: the new file `{}` cannot take its place: {}", file.string(), by.string(), error.message()));
}

fs::path existing(const fs::path& directory) {
  const fs::path file = fs::absolute(directory) / results_file;
  if (is_there(file)) return file;
  throw StoreError(fmt::format("{}: there are no results here: {} does not exist", directory.string(), file.string()));
}

/// By SQLite, where it can read the file. @return nothing if it cannot
std::optional<Soundness> look_at(const fs::path& file) {
  try {
    Connection connection(file, Connection::Mode::read);
    if (inspect(connection) == Content::nothing) return std::nullopt;
    return verify(connection);
  } catch (const SqliteError& error) {
    if (!error.is_damage()) throw;
    return std::nullopt;
  }
}

std::string problem_of(const ArrayFile& array) {
  std::ifstream in(array.file, std::ios::binary);
  if (!in) return fmt::format("{}: there is no such file, or it cannot be read", array.file.string());
  Checksum checksum;
  std::uint64_t size = 0;
  std::vector<char> part(1U << 16U);
  while (in.read(part.data(), static_cast<std::streamsize>(part.size())) || in.gcount() > 0) {
    const auto bytes = std::as_bytes(std::span(part)).first(static_cast<std::size_t>(in.gcount()));
    checksum.add(bytes);
    size += bytes.size();
  }
  if (size != array.size) {
    return fmt::format("{}: it is {} bytes long instead of {}", array.file.string(), size, array.size);
  }
  return checksum.value() == array.checksum
             ? std::string()
             : fmt::format("{}: its contents are not those that were stored", array.file.string());
}

[[noreturn]] void throw_unknown(const fs::path& file, bool is_older) {
  throw StoreError(fmt::format(
      "{}: {}", file.string(),
      is_older ? "an older windrow wrote it, without the checksums that tell which rows are right; `sqlite3 FILE "
                 ".recover` reads what can be read"
               : "nothing in it says what study it is of; it is left as it is: move it away and run again"));
}

}  // namespace

Recovery recover_store(const fs::path& directory) {
  const fs::path file = existing(directory);
  const WriterLock lock(file.parent_path());
  Recovery done;
  std::optional<Soundness> before;
  const Copy image(file);
  try {
    before = look_at(image.file());
  } catch (const StoreError&) {  // not one of windrow, as it looks: its rows will tell
  }
  if (before && !before->has_sums && before->sound()) throw_unknown(file, true);
  if (before && before->sound() && !image.was_mended()) {
    done.was_sound = true;
    return done;
  }
  const std::string spare = find_spare(image.file());
  if (spare.empty()) throw_unknown(file, before && !before->has_sums);
  const fs::path fresh = beside(file, recovered_part);
  remove_copy(fresh);
  try {
    Connection connection(fresh, Connection::Mode::write);
    Transaction transaction(connection, "BEGIN IMMEDIATE");
    fill(connection, image.file(), spare, done);
    transaction.commit();
  } catch (...) {
    remove_copy(fresh);
    throw;
  }
  done.damaged = free_name(file);
  replace(file, fresh, done.damaged);
  return done;
}

StoreCheck check_store(const fs::path& directory) {
  StoreCheck check;
  const fs::path file = existing(directory);
  const std::optional<Soundness> found = look_at(file);
  if (!found) {
    check.problems.emplace_back("SQLite cannot read it");
    return check;
  }
  check.has_checksums = found->has_sums;
  check.damaged = found->points;
  check.problems = found->structure;
  if (found->index) check.problems.emplace_back("the index of failures is damaged");
  if (found->attempts + found->earlier > 0) {
    check.problems.push_back(fmt::format("{} rows of attempts and earlier forms of the study are damaged",
                                         found->attempts + found->earlier));
  }
  if (!found->structure.empty()) return check;
  const StoreReader reader(directory);
  check.points = reader.identity().points;
  check.outcomes = reader.outcomes() - std::min(reader.outcomes(), check.damaged.size());
  if (names_of_arrays(reader.identity()).empty()) return check;
  for (std::uint64_t i = 0; i < check.points; ++i) {
    if (check.damaged.contains(i)) continue;
    const std::optional<Record> record = reader.find(i);
    if (!record) continue;
    for (const ArrayFile& array : record->arrays) {
      if (std::string problem = problem_of(array); !problem.empty()) check.arrays.push_back(std::move(problem));
    }
  }
  return check;
}

}  // namespace windrow
