#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <string>

#include "conformance/conformance.hpp"

namespace windrow::test {

/// A directory that all ranks know and the root removes.
class SharedDirectory {
 public:
  SharedDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "windrow-conformance-XXXXXX").string();
    if (manager().is_root()) {
      EXPECT_NE(::mkdtemp(name.data()), nullptr);
    }
    path_ = manager().broadcast(name);
  }
  ~SharedDirectory() {
    manager().sync();
    if (manager().is_root()) std::filesystem::remove_all(path_);
  }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

}  // namespace windrow::test
