#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "windrow/base/hash.hpp"
#include "windrow/store/store.hpp"

/// What identifies a point, whatever its index: see StudyIdentity.
namespace windrow::detail {

/// What of a study is the same at all its points, sorted by name: two studies evaluate alike if these are equal.
/// @param as  the study whose view counts of whether seed, outputs and their order matter. If `study` says nothing of
///            programs' contents, as an earlier windrow did not, those of `as` stand for them
std::vector<std::pair<std::string, std::string>> evaluation_of(const StudyIdentity& study, const StudyIdentity& as);

/// Whether a pair of a definition says how an output is read.
bool is_reading(const std::string& name);
/// Whether it is the content of a program.
bool is_program(const std::string& name);
/// "bin/sim" of "command.program.bin/sim"
std::string program_name(const std::string& name);
/// Whether a definition has such a pair.
bool knows_programs(const StudyIdentity& study);

/// Hashes points of a study, in a buffer that is kept from one to the next.
class PointHash {
 public:
  PointHash(const StudyIdentity& study, const StudyIdentity& as);
  /// @pre a value for each parameter of the study
  Hash128 operator()(std::uint64_t index, const std::vector<Value>& values);

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
