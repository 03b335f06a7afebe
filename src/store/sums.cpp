#include "sums.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <random>

#include "row_hash.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

// In this order; those that a file need not have are left out if they are not there.
constexpr std::array layout_tables = {
    "study", "definition", "columns", "generations", "earlier_definition", "earlier_columns", "former_outputs"};

std::string quoted(const std::string& name) {
  return fmt::format("\"{}\"", name);
}

/// All but the checksum, as the table has them.
std::vector<std::string> columns_of(Connection& connection, const std::string& table) {
  std::vector<std::string> columns;
  connection.for_each_row(
      "SELECT name FROM pragma_table_info(?) WHERE name <> 'checksum' ORDER BY cid",
      [&](const Statement& row) { columns.push_back(row.text(0)); }, std::string_view(table));
  return columns;
}

void pack_number(std::string& text, std::uint64_t number) {
  for (int i = 0; i < 8; ++i) text += static_cast<char>(number >> (8 * i) & 0xffU);
}

void pack_value(std::string& text, const Statement& row, int column) {
  const bool is_integer = row.type(column) == Statement::Type::integer;
  text += is_integer ? 'i' : 't';
  if (is_integer) return pack_number(text, row.count(column));
  const std::string value = row.text(column);
  pack_number(text, value.size());
  text += value;
}

void pack_table(std::string& text, Connection& connection, const std::string& table, const std::string& select) {
  Statement rows(connection, select);
  while (rows.step()) {
    text += 'R';
    pack_number(text, table.size());
    text += table;
    const int columns = rows.columns();
    pack_number(text, static_cast<std::uint64_t>(columns));
    for (int i = 0; i < columns; ++i) pack_value(text, rows, i);
  }
}

/// Takes apart what pack_table() has made. After what it cannot read it is `bad`, and gives nothing more.
class Unpacked {
 public:
  explicit Unpacked(std::string_view text) : rest_(text) {}

  bool at_end() const { return rest_.empty(); }
  bool bad() const { return bad_; }
  char letter() {
    const std::string_view one = bytes(1);
    return one.empty() ? '\0' : one[0];
  }
  std::uint64_t number() {
    std::uint64_t number = 0;
    const std::string_view eight = bytes(8);
    for (std::size_t i = 0; i < eight.size(); ++i) {
      number |= static_cast<std::uint64_t>(static_cast<unsigned char>(eight[i])) << (8 * i);
    }
    return number;
  }
  std::string_view text() { return bytes(number()); }

 private:
  std::string_view bytes(std::uint64_t count) {
    if (count > rest_.size()) bad_ = true;
    if (bad_) return {};
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }

  std::string_view rest_;
  bool bad_ = false;
};

bool unpack_row(Connection& connection, Unpacked& from) {
  if (from.letter() != 'R') return false;
  const std::string table(from.text());
  const std::uint64_t columns = from.number();
  if (from.bad() || columns == 0 || columns > 20) return false;
  std::string sql =
      fmt::format("INSERT INTO {}{} VALUES(?", quoted(table), table == "totals" ? "(\"table\", salt)" : "");
  for (std::uint64_t i = 1; i < columns; ++i) sql += ", ?";
  Statement insert(connection, sql + ")");
  for (int i = 1; i <= static_cast<int>(columns); ++i) {
    const char type = from.letter();
    if (type == 'i') {
      insert.bind(i, static_cast<std::int64_t>(from.number()));
    } else {
      insert.bind(i, from.text());
    }
    if (from.bad()) return false;
  }
  insert.run();
  return true;
}

}  // namespace

bool has_sums(Connection& connection) {
  return connection.integer("PRAGMA user_version") >= first_version_with_sums;
}

Total read_total(Connection& connection, const std::string& table) {
  std::optional<Total> total;
  connection.for_each_row(
      "SELECT count, sum FROM totals WHERE \"table\" = ?",
      [&](const Statement& row) {
        total = {row.integer(0), row.count(1)};
      },
      std::string_view(table));
  if (!total) throw_incomplete(connection.file(), "totals");
  return *total;
}

void write_total(Connection& connection, const std::string& table, const Total& total) {
  connection.run("UPDATE totals SET count = ?, sum = ? WHERE \"table\" = ?", total.count, total.sum,
                 std::string_view(table));
}

void add_total(Connection& connection, const std::string& table) {
  std::random_device random;
  const std::uint64_t salt = (static_cast<std::uint64_t>(random()) << 32U) | random();
  connection.run("INSERT INTO totals VALUES(?, ?, 0, 0)", std::string_view(table), salt);
}

void add_other_totals(Connection& connection) {
  connection.run("INSERT INTO totals VALUES(?, 0, 0, 0), (?, 0, 0, 0)", std::string_view(failures_total),
                 std::string_view(layout_total));
}

std::int64_t salt_of(Connection& connection, const std::string& table) {
  return connection.integer(fmt::format("SELECT salt FROM totals WHERE \"table\" = '{}'", table));
}

std::string sum_sql(Connection& connection, const std::string& table, const std::string& alias) {
  std::string sum = std::to_string(salt_of(connection, table));
  const std::vector<std::string> columns = columns_of(connection, table);
  constexpr std::size_t at_once = RowHash::most_values - 1;
  for (std::size_t first = 0; first < columns.size(); first += at_once) {
    std::string call = "windrow_sum(" + sum;
    for (std::size_t i = first; i < std::min(columns.size(), first + at_once); ++i) {
      call += fmt::format(", {}.{}", alias, quoted(columns[i]));
    }
    sum = call + ")";
  }
  return sum;
}

std::string intact_sql(Connection& connection, const std::string& table, const std::string& alias) {
  if (!has_sums(connection)) return "1";
  return fmt::format("({} IS {}.checksum)", sum_sql(connection, table, alias), alias);
}

std::vector<std::string> former_columns(Connection& connection, const std::string& table) {
  std::vector<std::string> columns = columns_of(connection, table);
  std::erase_if(columns, [](const std::string& name) { return !name.starts_with('f'); });
  return columns;
}

void seal(Connection& connection, const std::string& table, const std::string& condition) {
  connection.execute(fmt::format("UPDATE {} AS t SET checksum = {} WHERE t.checksum IS NULL AND ({})", table,
                                 sum_sql(connection, table, "t"), condition));
}

void renew_total(Connection& connection, const std::string& table) {
  const bool is_results = table == "results", is_evaluations = table == "evaluations";
  Total total, failures;
  ElapsedSum elapsed;
  const char* also = is_results ? ", status <> 'ok'" : is_evaluations ? ", elapsed" : "";
  connection.for_each_row(fmt::format("SELECT checksum{} FROM {}", also, table), [&](const Statement& row) {
    total.add(row.integer(0));
    if (is_results && row.integer(1) != 0) failures.add(row.integer(0));
    if (is_evaluations) elapsed.add(row.real(1));
  });
  write_total(connection, table, total);
  if (is_results) write_total(connection, failures_total, failures);
  if (is_evaluations) write_elapsed(connection, total, elapsed);
}

void renew_totals(Connection& connection) {
  std::vector<std::string> tables;
  connection.for_each_row("SELECT \"table\" FROM totals", [&](const Statement& row) { tables.push_back(row.text(0)); });
  for (const std::string& table : tables) {
    if (table != failures_total && table != layout_total) renew_total(connection, table);
  }
}

std::string pack_layout(Connection& connection) {
  std::string text(spare_begin);
  for (const std::string table : layout_tables) {
    if (connection.has_table(table))
      pack_table(text, connection, table, fmt::format("SELECT * FROM {} ORDER BY 1, 2", table));
  }
  pack_table(text, connection, "totals", "SELECT \"table\", salt FROM totals ORDER BY 1");
  return text;
}

bool unpack_layout(Connection& connection, std::string_view text) {
  if (!text.starts_with(spare_begin)) return false;
  Unpacked from(text.substr(spare_begin.size()));
  while (!from.at_end()) {
    if (!unpack_row(connection, from)) return false;
  }
  return true;
}

std::int64_t spare_checksum(std::string_view text) {
  return static_cast<std::int64_t>(hash64(text));
}

void renew_spare(Connection& connection) {
  const std::string text = pack_layout(connection);
  if (problem_of_layout(connection).empty()) return;
  // A number that rises tells the latest, should an earlier one be found in the ruins of the file.
  Statement insert(connection, "INSERT INTO spare SELECT coalesce(max(id), 0) + 1, ?, ? FROM spare");
  insert.bind(1, spare_checksum(text)).bind_blob(2, text);
  insert.run();
  write_total(connection, layout_total, {0, static_cast<std::uint64_t>(spare_checksum(text))});
  connection.execute("DELETE FROM spare WHERE id < (SELECT max(id) FROM spare)");
}

std::string problem_of_layout(Connection& connection) {
  std::string spare;
  std::int64_t checksum = 0;
  connection.for_each_row("SELECT text, checksum FROM spare ORDER BY id", [&](const Statement& row) {
    spare = row.text(0);
    checksum = row.integer(1);
  });
  if (spare.empty() || spare_checksum(spare) != checksum)
    return "the second copy of what it says of the study is damaged";
  if (pack_layout(connection) != spare ||
      read_total(connection, layout_total).sum != static_cast<std::uint64_t>(checksum))
    return "what it says of the study is damaged";
  return {};
}

std::string how_to_recover(const std::filesystem::path& file) {
  return fmt::format("`windrow recover {}` keeps every outcome that is right", file.parent_path().string());
}

void throw_damaged_row(const std::filesystem::path& file, std::uint64_t index) {
  throw StoreError(fmt::format(
      "{}: the row of point {} is damaged: its values do not fit their checksum; `windrow run` names all such "
      "points and evaluates them again",
      file.string(), index));
}

void throw_damaged_rows(const std::filesystem::path& file) {
  throw StoreError(
      fmt::format("{}: rows of the file are damaged: their values do not fit their checksums; `windrow check {}` names "
                  "them, `windrow run` evaluates their points again",
                  file.string(), file.parent_path().string()));
}

void throw_incomplete(const std::filesystem::path& file, const std::string& table) {
  throw StoreError(
      fmt::format("{}: the file is damaged: rows of `{}` are missing or doubled, or not in their order; {}",
                  file.string(), table, how_to_recover(file)));
}

RowSums::RowSums(Connection& connection)
    : connection_(connection),
      results_(read_total(connection, "results")),
      failures_(read_total(connection, failures_total)),
      evaluations_(read_total(connection, "evaluations")),
      attempts_(read_total(connection, "attempts")),
      elapsed_(read_elapsed(connection, evaluations_).value_or(ElapsedSum())) {
  const auto close = [&](const char* table, const char* returned) {
    return fmt::format(
        "UPDATE {} AS t SET checksum = {} WHERE t.\"index\" = ? AND t.checksum IS NULL RETURNING checksum, {}", table,
        sum_sql(connection, table, "t"), returned);
  };
  close_results_ = close("results", "status <> 'ok'");
  close_evaluations_ = close("evaluations", "elapsed");
  close_attempts_ = close("attempts", "0");
}

void RowSums::add(std::int64_t results, bool failed, std::int64_t evaluations, double elapsed) {
  results_.add(results);
  if (failed) failures_.add(results);
  evaluations_.add(evaluations);
  elapsed_.add(elapsed);
  changed_ = true;
}

void RowSums::forget(std::uint64_t index) {
  changed_ = true;
  connection_.for_each_row(
      "SELECT checksum, status <> 'ok' FROM results WHERE \"index\" = ?",
      [&](const Statement& row) {
        results_.remove(row.integer(0));
        if (row.integer(1) != 0) failures_.remove(row.integer(0));
      },
      index);
  connection_.for_each_row(
      "SELECT checksum, elapsed FROM evaluations WHERE \"index\" = ?",
      [&](const Statement& row) {
        evaluations_.remove(row.integer(0));
        elapsed_.remove(row.real(1));
      },
      index);
}

void RowSums::remove(std::uint64_t index) {
  forget(index);
  connection_.run("DELETE FROM results WHERE \"index\" = ?", index);
  connection_.run("DELETE FROM evaluations WHERE \"index\" = ?", index);
}

void RowSums::open(std::uint64_t index) {
  forget(index);
  connection_.run("UPDATE results SET checksum = NULL WHERE \"index\" = ?", index);
  connection_.run("UPDATE evaluations SET checksum = NULL WHERE \"index\" = ?", index);
}

void RowSums::close(std::uint64_t index) {
  changed_ = true;
  connection_.for_each_row(
      close_results_,
      [&](const Statement& row) {
        results_.add(row.integer(0));
        if (row.integer(1) != 0) failures_.add(row.integer(0));
      },
      index);
  connection_.for_each_row(
      close_evaluations_,
      [&](const Statement& row) {
        evaluations_.add(row.integer(0));
        elapsed_.add(row.real(1));
      },
      index);
}

void RowSums::close_attempts(std::uint64_t index) {
  changed_ = true;
  connection_.for_each_row(
      close_attempts_, [&](const Statement& row) { attempts_.add(row.integer(0)); }, index);
}

void RowSums::write() {
  if (!changed_) return;
  changed_ = false;
  write_total(connection_, "results", results_);
  write_total(connection_, failures_total, failures_);
  write_total(connection_, "evaluations", evaluations_);
  write_total(connection_, "attempts", attempts_);
  write_elapsed(connection_, evaluations_, elapsed_);
}

}  // namespace windrow::detail
