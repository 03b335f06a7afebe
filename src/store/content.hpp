#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "windrow/store/store.hpp"

/// What identifies a point, whatever its index: see StudyIdentity.
namespace windrow::detail {

/// XXH3 with 128 bits. Equal keys of different points are not expected: among 10^9 points the probability of one such
/// pair is below 10^-20. Kept nowhere, so that another hash can take its place.
struct ContentKey {
  std::uint64_t first = 0;
  std::uint64_t second = 0;
  friend auto operator<=>(const ContentKey&, const ContentKey&) = default;
};

/// What of a study is the same at all its points, sorted by name: two studies evaluate alike if these are equal.
/// @param as  the study whose view counts of whether seed and order of outputs matter
std::vector<std::pair<std::string, std::string>> evaluation_of(const StudyIdentity& study, const StudyIdentity& as);

/// Hashes points of a study, in a buffer that is kept from one to the next.
class PointHash {
 public:
  PointHash(const StudyIdentity& study, const StudyIdentity& as);
  /// @pre a value for each parameter of the study
  ContentKey operator()(std::uint64_t index, const std::vector<Value>& values);

 private:
  struct Named {
    std::string name;
    std::size_t position;
  };
  std::vector<Named> parameters_;  // sorted by name
  bool index_matters_;
  std::string common_;
  std::string bytes_;
};

}  // namespace windrow::detail
