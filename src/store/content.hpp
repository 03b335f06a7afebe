#pragma once

#include <cstdint>
#include <map>
#include <optional>
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
/// Whether it is how the numbers of a range are written: "1" or "1.0". An earlier windrow did not say.
bool is_spelling(const std::string& name);
/// Whether it is a condition by which an outcome is a result or a failure.
bool is_condition(const std::string& name);
/// Whether it is the content of a program.
bool is_program(const std::string& name);
/// The parameter and the value of "command.program_of.solver=fast": the content of programs that the value names.
std::optional<std::pair<std::string, std::string>> value_of_program(const std::string& name);
/// Whether points of equal parameters run the same programs, as far as values of parameters name them. A study that
/// says nothing of a parameter's programs, as an earlier windrow did not, has those of the other.
bool same_value_programs(const StudyIdentity& stored, const StudyIdentity& present);
/// "bin/sim" of "command.program.bin/sim"
std::string program_name(const std::string& name);
/// Whether a definition has such a pair.
bool knows_programs(const StudyIdentity& study);

/// The programs that values of parameters name, by their contents.
class ValuePrograms {
 public:
  /// @param as  whose programs stand for those of a parameter of which `study` says nothing
  ValuePrograms(const StudyIdentity& study, const StudyIdentity& as);
  /// Of one value of a parameter; null: it names none.
  const std::string* find(const std::string& parameter, const Value& value) const;

 private:
  std::map<std::string, std::map<std::string, std::string>> contents_;  // by parameter and value
};

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
  ValuePrograms programs_;
  bool index_matters_;
  std::string common_;
  std::string bytes_;
};

}  // namespace windrow::detail
