#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <vector>

#include "content.hpp"
#include "generations.hpp"
#include "readings.hpp"

/// Finds outcomes of earlier forms of a study for the present one.
namespace windrow::detail {

/// A point of the present design and the outcome that is its own.
struct Match {
  std::uint64_t now = 0;
  std::size_t generation = 0;  ///< position among the generations
  std::uint64_t was = 0;       ///< its index there
  bool failed = false;
  bool reads = false;  ///< it stands only once it has been read or judged
};

/// Outcomes by what they compute: 32 bytes for each.
class Outcomes {
 public:
  /// Those of all generations that evaluate as `present` does and have its parameters.
  Outcomes(Connection& connection, const std::vector<Generation>& generations, const StudyIdentity& present);

  /// Calls `on_match` for every point that has one, in index order. Each outcome is given to one point: those with all
  /// outputs before others, a result before a failure, the latest generation first, in the order of their indices. If
  /// `on_match` turns an outcome down (false), the point is offered the next one.
  /// @param on_refused  called for a point whose outcomes were all turned down; may be empty
  void match(const StudyIdentity& present, const PointValues& points, const std::function<bool(const Match&)>& on_match,
             const std::function<void(std::uint64_t)>& on_refused = {});

 private:
  struct Outcome {
    Hash128 key;
    std::uint32_t taken = 0;  ///< of those with this key, in the first of them
    std::uint32_t generation : 30;
    std::uint32_t reads : 1;
    std::uint32_t failed : 1;
    std::uint64_t index = 0;
  };
  void read(Connection& connection, const Generation& generation, std::size_t position, const StudyIdentity& present);

  std::vector<Outcome> outcomes_;
  std::vector<std::vector<std::size_t>> former_integers_;  // by generation: parameters that are numbers now
};

/// What a change of the study will find, as far as that can be told without reading files.
class Foresight {
 public:
  Foresight(Connection& connection, const std::vector<Generation>& generations, const StudyIdentity& present,
            const ReadOutputs& read);

  /// Whether the outcome will stand, and be a failure. None: the point will be evaluated again.
  std::optional<bool> failed(const Match& match, Resumption& found);

 private:
  Connection& connection_;
  const std::vector<Generation>& generations_;
  const StudyIdentity& present_;
  const ReadOutputs& read_;
  std::vector<std::optional<UnreadOutcomes>> unread_;  // by generation
};

/// Whether `present` only adds points: every outcome of the first generation is that of the point at its index still,
/// and no other generation has any for it. Memory is constant.
/// @return how many succeeded and failed, or nothing
std::optional<Resumption> only_adds_points(Connection& connection, const std::vector<Generation>& generations,
                                           const StudyIdentity& present, const PointValues& points);

/// What there is for the study that wrote last, or one that only adds points.
void read_present(Connection& connection, const std::vector<FailureKind>& kinds, Foreseen& foreseen);

/// What there is for `present`, a changed study, changing nothing.
Foreseen find_outcomes(Connection& connection, const StudyIdentity& present, const PointValues& points,
                       const std::vector<FailureKind>& kinds, const ReadOutputs& read);

/// Which points of `present` have an outcome, changing nothing. Without `read`, not those that have to be read or
/// judged again.
KnownOutcomes find_known(Connection& connection, const StudyIdentity& present, const PointValues& points,
                         const ReadOutputs& read);

/// Makes `present` the study of the store: outcomes that it still has get their new indices. In one transaction, so
/// that the store is as before or as after, whatever happens. Then the files of the points follow (PointFiles).
/// @param read  reads outputs that outcomes lack; empty: such outcomes stay where they are
Resumption change_study(Connection& connection, const std::filesystem::path& directory, const StudyIdentity& present,
                        const PointValues& points, const ReadOutputs& read);

/// Removes the outcomes that earlier forms of the study have for these points of the present one.
void forget_earlier(Connection& connection, const StudyIdentity& present, const PointValues& points,
                    const IndexSet& chosen);

/// See StoreReader::origin(). The most similar point is the one with the fewest changes; of several the one whose
/// numbers are relatively nearest, then the first.
PointOrigin origin_of(Connection& connection, const StudyIdentity& present, std::uint64_t index,
                      const PointValues& points, const ReadOutputs& read);

}  // namespace windrow::detail
