#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "windrow/command/command.hpp"

namespace windrow::detail {

/// An output that is not there or is not what it should be; the message says where it was looked for.
class BadOutput : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Finds one output in the files of a point's directory.
class Extractor {
 public:
  /// @throws SpecError for a file name, a type, a regular expression or a JSON pointer that is invalid
  explicit Extractor(const OutputSpec& spec);
  ~Extractor();
  Extractor(Extractor&&) noexcept;

  /// @throws BadOutput
  Value extract(const std::filesystem::path& directory) const;
  /// For an array in NumPy's format: its file, which has been looked at, but not read. Else nothing.
  /// @throws BadOutput
  std::optional<std::filesystem::path> array_file(const std::filesystem::path& directory) const;
  /// Canonical text of where the output comes from and of its type.
  std::string definition() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// `text` as a value of the type, or none. Numbers may have a Fortran exponent (1.0D+03).
/// @param type  "number", "integer", "boolean" or "string"
std::optional<Value> value_of_type(std::string_view text, const std::string& type);

}  // namespace windrow::detail
