#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "arrays/interface/array_files.hpp"
#include "sqlite.hpp"
#include "windrow/store/store.hpp"

namespace windrow::detail {

/// Takes over what one store has that another has not. The other is attached to the connection for that time.
class MergeRows {
 public:
  /// @param to, from  the stores' directories; nobody else writes either, and both are of the study
  MergeRows(Connection& connection, ArrayFiles& arrays, const StudyIdentity& study, std::filesystem::path to,
            std::filesystem::path from);
  ~MergeRows();
  MergeRows(const MergeRows&) = delete;
  MergeRows& operator=(const MergeRows&) = delete;

  /// In one transaction, with the arrays on the disk before it.
  /// @param problems  gets what could not be taken
  /// @return how many outcomes
  std::uint64_t take(std::vector<std::string>& problems);
  /// The directories of points whose outcomes stand, afterwards. A directory that is there already is replaced.
  /// @param move  they need not stay where they are
  void take_point_files(bool move);

 private:
  void take_arrays(std::vector<std::string>& problems);
  void take_attempts();
  void take_outcomes();
  void take_runs();
  void remove_replaced_files();

  Connection& connection_;
  ArrayFiles& arrays_;
  const StudyIdentity& study_;
  std::filesystem::path to_;
  std::filesystem::path from_;
};

}  // namespace windrow::detail
