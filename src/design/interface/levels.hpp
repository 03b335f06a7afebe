#pragma once

#include <cstddef>
#include <vector>

#include "windrow/design/parameter.hpp"

namespace windrow::detail {

/// The first `most` different levels of a parameter, as Value::identity_text() tells them apart; none if it has no
/// levels. Of a column of a table that is asked for again it knows them.
std::vector<Value> different_levels(const Parameter& parameter, std::size_t most);

/// False: no value of it, as Value::written(), has this character. True: one may have.
bool may_contain(const Parameter& parameter, char character);

}  // namespace windrow::detail
