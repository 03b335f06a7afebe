#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "render.hpp"

namespace windrow::detail {

/// A file that a program leaves in its directory, as an output names it: with tags, as "result_{{case}}.json", or as a
/// pattern of the shell (`*`, `?`, `[a-z]`), as "out_*.vtk". What tags stand for is never a pattern, and a file that is
/// called as the pattern is written is that file.
class OutputFile {
 public:
  /// @param names  what tags may name, aligned with Bindings. @throws SpecError for an unknown one
  OutputFile(const std::string& name, const std::vector<std::string>& names);

  /// Whether a tag is of this name, by its position among the names.
  bool names(std::size_t name) const { return name_.names(name); }

  /// The file, which there need not be unless it is a pattern.
  /// @throws MissingOutput if no file is of the pattern, and BadOutput if several are; both list what is there
  std::filesystem::path find(const std::filesystem::path& directory, const Bindings& bindings) const;
  /// All files of the pattern.
  std::vector<std::filesystem::path> find_all(const std::filesystem::path& directory, const Bindings& bindings) const;

 private:
  struct Rendered {
    std::string name;
    std::string pattern;  // the same for glob(3), with what is no pattern escaped; empty: it is none
  };
  Rendered render(const Bindings& bindings) const;

  Template name_;
};

}  // namespace windrow::detail
