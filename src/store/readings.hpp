#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "generations.hpp"
#include "judging.hpp"
#include "windrow/store/store.hpp"

/// Outputs that are read from files: where the rows of one form of a study have those of another.
namespace windrow::detail {

/// What an output is known by, whatever its name: how it is read. Of a study that says nothing of it, name and type.
Reading reading_of(const StudyIdentity& study, const Column& output);

/// The outputs and the conditions of the present study, for the rows of a generation.
class Readings {
 public:
  Readings(const Generation& generation, const StudyIdentity& present);

  /// Whether rows hold the same outputs, read and judged in the same ways, in the same columns.
  bool same() const { return same_; }
  /// The column that has an output of the present study; none: no row has it.
  const std::optional<std::string>& column(std::size_t output) const { return columns_[output]; }
  /// An SQL expression over a row `r` of results: whether the outcome stands only once it has been read or judged.
  std::string needs_reading() const;
  /// Names of outputs that no row has.
  std::vector<std::string> missing(const StudyIdentity& present) const;

 private:
  friend class UnreadOutcomes;

  /// The same over results: whether one of them lacks an output.
  std::string lacks_output() const;

  std::string evaluations_;  // the generation's table
  bool same_ = true;
  bool same_outputs_ = true;  // all but conditions
  bool judges_results_ = false;
  ChangedConditions conditions_;
  std::vector<std::optional<std::string>> columns_;
  std::vector<bool> certain_;  // every result has it; else where it is not NULL
};

/// Those outcomes of a generation that stand only once they have been read or judged.
class UnreadOutcomes {
 public:
  /// @param is_present  it is of the form that the study has (had until now), whose files have not followed yet
  UnreadOutcomes(Connection& connection, const Generation& generation, bool is_present, const StudyIdentity& present);

  /// What is known of one. None: nobody can tell whether it stands.
  std::optional<UnreadOutcome> find(std::uint64_t now, std::uint64_t was);

 private:
  std::optional<Value> known(std::size_t output, bool failed, std::uint64_t was) const;

  std::filesystem::path store_;
  std::string earlier_;  // what follows "points" and "arrays" in the names of its directories
  const StudyIdentity& present_;
  Readings readings_;
  Statement select_;
};

/// Where one can be read from.
ReadFrom source_of(const std::optional<UnreadOutcome>& outcome, const ReadOutputs& read);
/// The outputs that it lacks, by their positions.
std::vector<std::size_t> unknown_outputs(const UnreadOutcome& outcome);

/// Outputs of the generations that the present study has no more: their values are kept beside the others, in columns
/// f0, f1, ...
std::vector<FormerOutput> former_outputs(const std::vector<Generation>& generations, const StudyIdentity& present);

/// The points with an outcome that are to be evaluated again (@param evaluate  true), or whose files may be of an
/// evaluation that did not end.
void insert_again(Connection& connection, const IndexSet& points, bool evaluate);
IndexSet read_again(Connection& connection, bool evaluate);
bool has_again(Connection& connection);

}  // namespace windrow::detail
