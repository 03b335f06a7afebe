#include "elapsed.hpp"

#include <cmath>

#include "row_hash.hpp"
#include "sums.hpp"

namespace windrow::detail {
namespace {

std::int64_t checksum_of(Connection& connection, const Total& evaluations, const ElapsedSum& sum) {
  RowHash hash(salt_of(connection, "evaluations"));
  hash.add(evaluations.count);
  hash.add(static_cast<std::int64_t>(evaluations.sum));
  hash.add(sum.whole_seconds());
  hash.add(sum.nanoseconds());
  return hash.value();
}

}  // namespace

void ElapsedSum::change(double elapsed, std::int64_t sign) {
  constexpr double most = 1e9;
  constexpr std::int64_t second = 1'000'000'000;
  if (!(std::abs(elapsed) < most)) return;
  const double whole = std::floor(elapsed);
  seconds_ += sign * static_cast<std::int64_t>(whole);
  nanoseconds_ += sign * std::llround((elapsed - whole) * 1e9);
  for (; nanoseconds_ < 0; nanoseconds_ += second) --seconds_;
  for (; nanoseconds_ >= second; nanoseconds_ -= second) ++seconds_;
}

std::optional<ElapsedSum> read_elapsed(Connection& connection, const Total& evaluations) {
  if (!connection.has_table("elapsed")) return std::nullopt;
  std::optional<ElapsedSum> found;
  connection.for_each_row(
      "SELECT seconds, nanoseconds, checksum FROM elapsed WHERE count = ? AND sum = ?",
      [&](const Statement& row) {
        const ElapsedSum sum(row.integer(0), row.integer(1));
        if (checksum_of(connection, evaluations, sum) == row.integer(2)) found = sum;
      },
      evaluations.count, evaluations.sum);
  return found;
}

void write_elapsed(Connection& connection, const Total& evaluations, const ElapsedSum& sum) {
  connection.execute(
      "CREATE TABLE IF NOT EXISTS elapsed(count INTEGER NOT NULL, sum INTEGER NOT NULL, seconds INTEGER NOT NULL, "
      "nanoseconds INTEGER NOT NULL, checksum INTEGER NOT NULL)");
  connection.run("REPLACE INTO elapsed(rowid, count, sum, seconds, nanoseconds, checksum) VALUES(1, ?, ?, ?, ?, ?)",
                 evaluations.count, evaluations.sum, sum.whole_seconds(), sum.nanoseconds(),
                 checksum_of(connection, evaluations, sum));
}

void require_elapsed(Connection& connection) {
  const Total evaluations = read_total(connection, "evaluations");
  if (!read_elapsed(connection, evaluations)) renew_total(connection, "evaluations");
}

}  // namespace windrow::detail
