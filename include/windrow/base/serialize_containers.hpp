#pragma once

// What results, messages and broadcasts may be made of beside strings and vectors. Include it where such a type is
// sent.
#include <boost/serialization/array.hpp>
#include <boost/serialization/map.hpp>
#include <boost/serialization/optional.hpp>
#include <boost/serialization/set.hpp>
#include <boost/serialization/utility.hpp>
#include <boost/serialization/variant.hpp>

#include "windrow/base/serialize.hpp"
