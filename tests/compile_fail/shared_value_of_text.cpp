// FIRST ERROR: other processes see only the bytes of a value
#include <string>

#include "windrow/process/shared_value.hpp"

windrow::SharedValue<std::string> shared;
