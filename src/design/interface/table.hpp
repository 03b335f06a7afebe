#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "windrow/design/table.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {

/// What TableOptions ask for is not in the table.
class BadTableOption : public SpecError {
 public:
  /// @param option  "columns" or "ignore"
  BadTableOption(std::string option, const std::string& message) : SpecError(message), option_(std::move(option)) {}
  const std::string& option() const { return option_; }

 private:
  std::string option_;
};

/// Memory that can be written, and who holds it.
struct TextMemory {
  std::shared_ptr<void> owner{};
  std::span<char> bytes{};
};

/// Memory of this process, not initialized.
TextMemory own_memory(std::size_t bytes);
/// Makes memory for a text, of which not all need be used.
using MakeMemory = std::function<TextMemory(std::size_t bytes)>;

/// The text of a table's file: UTF-8, with lines that end in "\n" or "\r\n", without a mark at its beginning.
struct TableText {
  std::shared_ptr<const void> owner{};  ///< of the memory in which it lies
  std::string_view text{};
  std::optional<char>
      separator{};  ///< that a line "sep=;" says, as spreadsheets write it, of which an empty one remains
  std::vector<std::string> notes{};  ///< what was converted, as Design::notes()
};

/// Reads the file once, into memory that `make` makes of its size; a text that is converted is made beside it.
/// @throws SpecError that names `path`, for what cannot be read, is neither UTF-8, UTF-16 nor Latin-1, or has a null
/// byte
TableText read_table_text(const std::string& path, const MakeMemory& make = own_memory);

/// A table (windrow/design/table.hpp) of such a text, which it keeps; messages name it `path`.
/// @throws BadTableOption, SpecError
Design table(const TableText& text, const std::string& path, const TableOptions& options,
             const std::vector<Parameter>& annotations, std::uint64_t seed);

}  // namespace windrow::detail
