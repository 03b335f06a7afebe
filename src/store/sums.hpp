#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "elapsed.hpp"
#include "sqlite.hpp"

/// Checksums that tell whether a file is as windrow wrote it, since version 5 of its format. Every row of results,
/// evaluations and attempts, of earlier forms of the study, too, has one. What tells missing and doubled rows, the
/// table `totals`, has how many rows there are of each table, and the sum of their checksums. What is said of the study
/// as a whole is kept a second time, as one text in the table `spare`.
namespace windrow::detail {

/// Files of this version and later have checksums.
inline constexpr std::int64_t first_version_with_sums = 5;

bool has_sums(Connection& connection);

/// How many rows, and the sum of their checksums modulo 2^64.
struct Total {
  std::int64_t count = 0;
  std::uint64_t sum = 0;

  void add(std::int64_t checksum) {
    ++count;
    sum += static_cast<std::uint64_t>(checksum);
  }
  void remove(std::int64_t checksum) {
    --count;
    sum -= static_cast<std::uint64_t>(checksum);
  }
  bool operator==(const Total&) const = default;
};

/// Those rows of `results` that failed, which their index has; it has a total of its own.
inline constexpr const char* failures_total = "failures";

/// The checksum of what the file says of the study; it has no count.
inline constexpr const char* layout_total = "layout";

/// @param table  results, evaluations, attempts, or what these have become ("results_3"); or failures_total
/// @pre the file has sums
Total read_total(Connection& connection, const std::string& table);
void write_total(Connection& connection, const std::string& table, const Total& total);
/// Makes the totals of a new table, with a salt that no other has.
void add_total(Connection& connection, const std::string& table);
/// Those of the failures and the layout, of a new file.
void add_other_totals(Connection& connection);
std::int64_t salt_of(Connection& connection, const std::string& table);

/// The checksum of a row, in SQL. @param alias  of the table there
std::string sum_sql(Connection& connection, const std::string& table, const std::string& alias);
/// Whether a row is as it was written, in SQL; "1" if the file has no sums.
std::string intact_sql(Connection& connection, const std::string& table, const std::string& alias);
/// Names of columns f0, f1, ... of results: values of outputs that the study has no more.
std::vector<std::string> former_columns(Connection& connection, const std::string& table);

/// Gives those rows a checksum that have none.
void seal(Connection& connection, const std::string& table, const std::string& condition = "1");
/// Counts all rows anew. @param table  as for read_total; "results" renews the failures', too
void renew_total(Connection& connection, const std::string& table);
/// The same for all tables.
void renew_totals(Connection& connection);

/// Makes the second copy of what is said of the study, if it is not there as it is now.
void renew_spare(Connection& connection);
/// What is wrong with either copy; empty: nothing.
std::string problem_of_layout(Connection& connection);

/// A row that is not as it was written.
[[noreturn]] void throw_damaged_row(const std::filesystem::path& file, std::uint64_t index);
[[noreturn]] void throw_damaged_rows(const std::filesystem::path& file);
/// Rows that are missing or doubled.
[[noreturn]] void throw_incomplete(const std::filesystem::path& file, const std::string& table);
/// "windrow recover DIR keeps all that is right": for errors that say that a file is damaged.
std::string how_to_recover(const std::filesystem::path& file);

/// Keeps the totals of the present tables, and how long evaluations took in all (elapsed.hpp), while single rows are
/// changed. To be written with the group that changes them.
class RowSums {
 public:
  explicit RowSums(Connection& connection);

  /// A new outcome with these checksums, which took so many seconds.
  void add(std::int64_t results, bool failed, std::int64_t evaluations, double elapsed);
  /// Removes the rows of a point's outcome.
  void remove(std::uint64_t index);
  /// The rows of a point's outcome are about to be changed, and have been changed or made.
  void open(std::uint64_t index);
  void close(std::uint64_t index);
  /// Attempts were added to a point.
  void close_attempts(std::uint64_t index);
  void write();

 private:
  void forget(std::uint64_t index);

  Connection& connection_;
  Total results_, failures_, evaluations_, attempts_;
  ElapsedSum elapsed_;
  bool changed_ = false;
  std::string close_results_, close_evaluations_, close_attempts_;
};

/// The rows of small tables as one text, which can be read back.
std::string pack_layout(Connection& connection);
/// Puts them into tables that are empty. @return false if the text is not one of pack_layout
bool unpack_layout(Connection& connection, std::string_view text);

/// What a row of `spare` is known by.
inline constexpr std::string_view spare_begin = "windrow spare 1\n";
std::int64_t spare_checksum(std::string_view text);

}  // namespace windrow::detail
