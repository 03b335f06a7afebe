#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bad_output.hpp"
#include "render.hpp"
#include "windrow/command/command.hpp"

namespace windrow::detail {

/// Reads what a program left in the directory of a point: its outputs, and whether it says that it has done its work.
/// Each file is read in one pass, whatever the number of outputs in it; of texts, in memory that does not grow with
/// them.
class Extraction {
 public:
  using KeepFile = std::function<Value(const std::filesystem::path&)>;

  /// @param names  what tags in names of files may name, aligned with Bindings
  /// @throws SpecError  for a file, a type, a regular expression, a JSON pointer or a condition that is invalid; it
  /// names
  ///                    the output
  Extraction(const CommandSpec& spec, const Design& design, const std::vector<std::string>& names);
  ~Extraction();
  Extraction(Extraction&&) noexcept;

  /// Whether a name of a file has the tag `name` (a position among the names), or a condition names it.
  bool uses(std::size_t name, std::string_view text) const;
  /// Whether a condition names this output or parameter.
  bool judges(std::string_view name) const;

  /// @param keep_file  as for Command::evaluate()
  /// @param known      what is known already: is judged, but not read. Null: nothing
  /// @throws FailedCheck if the program says that it failed, or a condition does not hold; BadOutput for the first
  ///         output that is not as it should be
  std::vector<Value> extract(const std::filesystem::path& directory, const Point& point, const Bindings& bindings,
                             const KeepFile& keep_file, const EvaluatedPoint* known = nullptr) const;

  /// By what extract() can tell the outcome of a point that was evaluated before.
  KnownBy reads_from(const EvaluatedPoint& evaluated, const Bindings& bindings) const;

  struct Impl;

 private:
  std::unique_ptr<const Impl> impl_;
};

}  // namespace windrow::detail
