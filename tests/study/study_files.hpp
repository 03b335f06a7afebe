#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "error_of.hpp"
#include "windrow/error.hpp"
#include "windrow/study/study.hpp"

namespace windrow::testing {

namespace fs = std::filesystem;

/// A folder of its own for a test, which is the working directory while it lives: messages then name files without it.
class StudyFolder {
 public:
  StudyFolder() : before_(fs::current_path()) {
    std::string pattern = (fs::temp_directory_path() / "windrow-study-XXXXXX").string();
    if (!mkdtemp(pattern.data())) throw SystemError("mkdtemp", errno);
    path_ = fs::canonical(pattern);
    fs::current_path(path_);
  }
  ~StudyFolder() {
    fs::current_path(before_);
    fs::remove_all(path_);
  }
  StudyFolder(const StudyFolder&) = delete;
  StudyFolder& operator=(const StudyFolder&) = delete;

  const fs::path& path() const { return path_; }

  void write(const fs::path& file, const std::string& text) const {
    if (file.has_parent_path()) fs::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }

  /// Reads `text` as study.toml.
  Study load(const std::string& text) const {
    write("study.toml", text);
    return load_study("study.toml");
  }

  /// The message of the SpecError that `text` as study.toml gives; empty if it gives none.
  std::string error(const std::string& text) const {
    return test::error_of<SpecError>([&] { load(text); });
  }

 private:
  fs::path before_;
  fs::path path_;
};

/// The tables that a study needs besides the one that a test is about.
inline const std::string parameters = "[parameters.x]\nvalues = [1, 2, 3]\n";
inline const std::string command = "[command]\nrun = [\"true\"]\n";

}  // namespace windrow::testing
