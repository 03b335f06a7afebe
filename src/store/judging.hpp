#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "windrow/store/store.hpp"

/// Conditions by which an outcome is a result or a failure, where those of two forms of a study differ.
namespace windrow::detail {

/// What a pair "outputs.NAME" says: how the output is read, and what is demanded of its value.
struct Reading {
  std::string how;
  bool optional = false;
  bool finite = false;
};
Reading parse_reading(std::string_view text);

/// The items of a list in a definition: `regex("a", "b"), regex("c", "d")`, `["x < 1", "y > 0"]` or `0, 3`.
std::vector<std::string> items_of(std::string_view list);

/// How outcomes of one form of a study are to be judged in another.
struct ChangedConditions {
  ChangedConditions(const StudyIdentity& stored, const StudyIdentity& present);

  bool same = true;                       ///< nothing has changed
  bool has_texts = false;                 ///< there are conditions on texts
  bool has_values = false;                ///< ... and on values
  bool texts_are_new = false;             ///< of results: those on texts have to be judged
  bool values_are_new = false;            ///< ... and those on values
  bool fewer = false;                     ///< some are gone: what failed may not have to
  bool lost_codes = false;                ///< a code was success of which nobody knows whether a result had it
  std::vector<std::int64_t> new_codes{};  ///< that are success now
};

}  // namespace windrow::detail
