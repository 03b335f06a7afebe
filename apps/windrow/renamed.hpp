#pragma once

#include <string>

#include "windrow/run/sweep.hpp"
#include "windrow/study/study.hpp"

namespace windrow::app {

/// A study without results may be one whose file was renamed. @return which results beside its file are of its points,
/// and how to use them: "9 of 12 points ... are in old.windrow"; empty if there are none
std::string results_of_other_name(const Study& study, const Sweep& sweep);

}  // namespace windrow::app
