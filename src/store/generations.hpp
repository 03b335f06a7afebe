#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sqlite.hpp"
#include "windrow/store/store.hpp"

/// The forms that a study had. The present one has the tables `results`, `evaluations` and `attempts`. Each time it is
/// changed so that points have other indices, the form before becomes generation N: its tables are results_N and so on,
/// its definition and columns are in earlier_definition and earlier_columns. Outcomes that are still of use move to the
/// present tables; a generation without any is removed.
namespace windrow::detail {

/// An output that the study had and has no more, whose values are kept.
struct FormerOutput {
  std::string name;
  std::string type;
  std::string reading;  ///< as its pair in the definition said
  std::string sql_name;
};

struct Generation {
  std::int64_t number = 0;  ///< 0: the present one
  StudyIdentity identity;   ///< of an earlier one: without name, units and descriptions
  std::vector<FormerOutput> former{};

  /// `base`, or the name of the table that took its place: "results_3".
  std::string table(const std::string& base) const;
};

/// The present one first, then the latest to the earliest.
std::vector<Generation> read_generations(Connection& connection);

/// How many outcomes earlier generations have.
std::uint64_t count_earlier(Connection& connection);

/// Makes the present tables an earlier generation, and new ones for `identity`. To be called in a transaction.
/// @param former  outputs that new rows have room for, beside those of `identity`
/// @return the number of that generation
std::int64_t retire_present(Connection& connection, const StudyIdentity& identity,
                            const std::vector<FormerOutput>& former);

/// Removes what there is of an earlier generation. To be called in a transaction.
void drop_generation(Connection& connection, const Generation& generation);

/// Whether the file has tables of earlier forms and attempts: one of version 1 that is only read has not.
bool has_generations(Connection& connection);

}  // namespace windrow::detail
