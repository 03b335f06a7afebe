#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "windrow/store/store.hpp"

namespace [[gnu::visibility("default")]] windrow {

/// What another store gave.
struct Taken {
  std::uint64_t outcomes = 0;         ///< that are new here, or took the place of a failure
  std::vector<std::string> problems;  ///< what could not be taken, and what to do: arrays that are missing or torn, ...
  bool removed = false;               ///< the other store is gone: all of it is here
  std::optional<Resumption> found{};  ///< if it held an earlier form of the study, and was brought to the present one
};

/// Joins stores of one study into one: outcomes with their evaluations, attempts, arrays and kept directories, and the
/// provenance of the runs.
///
/// A result is never replaced, a failure by a result or by a later failure; a failure that does not stand becomes an
/// attempt. To take the same store again changes nothing. Each store is taken in one transaction: a process that is
/// killed leaves what was there before, or all of it. Memory does not grow with the number of points. Arrays are
/// linked where both stores are on one file system, else copied.
/// For one thread at a time. It has the writer's lock of the store for as long as it lives.
class StoreMerge {
 public:
  /// Opens the store in `directory`, or makes it.
  /// @param points  as for Store: with it, a store of an earlier form of the study is brought to the present one
  /// @param read    as for Store: reads outputs that outcomes lack, here and in stores that are taken
  /// @throws StoreError as Store does
  StoreMerge(const std::filesystem::path& directory, const StudyIdentity& study, const PointValues& points = {},
             const ReadOutputs& read = {});
  ~StoreMerge();
  StoreMerge(StoreMerge&&) noexcept;
  StoreMerge& operator=(StoreMerge&&) noexcept;

  /// What was found if the store held an earlier form of the study.
  const std::optional<Resumption>& resumption() const;

  enum class Then { keep, remove };
  /// Takes all that the store in `from` has. If it differs from the study in how outputs are read, it is brought to
  /// the study's form first: with `points` and `read`, outputs that it lacks come from files that were kept. Programs
  /// whose content it does not know count as those of the study.
  /// @param then  whether to remove it once all of it is here and on the disk. What is left of one that a kill removed
  ///              halfway has another name, `from` + ".merged", and goes with the next call
  /// @throws StoreError if it is damaged, is being written, or holds another form of the study (it is said in what it
  ///         differs); nothing has changed then
  Taken take(const std::filesystem::path& from, Then then);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace windrow
