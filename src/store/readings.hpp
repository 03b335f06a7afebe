#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "generations.hpp"
#include "windrow/store/store.hpp"

/// Outputs that are read from files: where the rows of one form of a study have those of another.
namespace windrow::detail {

/// What an output is known by, whatever its name: how it is read. Of a study that says nothing of it, name and type.
std::string reading_of(const StudyIdentity& study, const Column& output);

/// The outputs of the present study in the rows of a generation.
class Readings {
 public:
  Readings(const Generation& generation, const StudyIdentity& present);

  /// Whether rows hold the same outputs, read in the same ways, in the same columns.
  bool same() const { return same_; }
  /// The column that has an output of the present study; none: no row has it.
  const std::optional<std::string>& column(std::size_t output) const { return columns_[output]; }
  /// An SQL expression over a row of results: whether the outcome stands only once outputs have been read from files.
  std::string needs_reading() const;
  /// The outputs that a row lacks. @pre the row needs reading
  std::vector<std::size_t> wanted(Connection& connection, const Generation& generation, std::uint64_t index) const;
  /// Names of outputs that no row has.
  std::vector<std::string> missing(const StudyIdentity& present) const;

 private:
  bool same_ = true;
  std::vector<std::optional<std::string>> columns_;
  std::vector<bool> certain_;  // every result has it; else where it is not NULL
};

/// Outputs of the generations that the present study has no more: their values are kept beside the others, in columns
/// f0, f1, ...
std::vector<FormerOutput> former_outputs(const std::vector<Generation>& generations, const StudyIdentity& present);

/// Where a point's program left its files, as long as directories have not followed the points.
std::filesystem::path directory_of_point(const std::filesystem::path& store, bool is_present, std::int64_t generation,
                                         std::uint64_t index);

/// The points with an outcome that are to be evaluated again (@param evaluate  true), or whose files may be of an
/// evaluation that did not end.
void insert_again(Connection& connection, const IndexSet& points, bool evaluate);
IndexSet read_again(Connection& connection, bool evaluate);
bool has_again(Connection& connection);

}  // namespace windrow::detail
