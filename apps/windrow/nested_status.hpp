#pragma once

#include <filesystem>

namespace windrow::app {

/// How far the sweeps below a directory are, a line each. @return the exit code
int nested_status(const std::filesystem::path& directory, bool json);

}  // namespace windrow::app
