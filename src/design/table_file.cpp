#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <optional>
#include <system_error>
#include <utility>

#include "design/table_text.hpp"
#include "windrow/base/files.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

/// A file of a known size, at once; none if that is not its size, or it is no file proper.
std::optional<TextMemory> read_sized(const std::string& path, const MakeMemory& make) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return {};
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  std::ifstream in(path, std::ios::binary);
  if (error || size == 0 || !in) return {};
  TextMemory memory = make(static_cast<std::size_t>(size));
  in.read(memory.bytes.data(), static_cast<std::streamsize>(size));
  const bool is_whole =
      static_cast<std::uintmax_t>(in.gcount()) == size && in.peek() == std::ifstream::traits_type::eof();
  if (!is_whole) return {};
  memory.bytes = memory.bytes.first(static_cast<std::size_t>(size));
  return memory;
}

/// A pipe, or a file that changes its size.
TextMemory read_growing(const std::string& path, const MakeMemory& make) {
  const std::optional<std::string> text = read_file(path);
  if (!text) throw SpecError("cannot open `" + path + "`: " + std::generic_category().message(errno));
  TextMemory memory = make(text->size());
  memory.bytes = memory.bytes.first(text->size());
  std::ranges::copy(*text, memory.bytes.begin());
  return memory;
}

}  // namespace

TextMemory own_memory(std::size_t bytes) {
  const auto memory = std::make_shared_for_overwrite<char[]>(bytes);
  return {memory, {memory.get(), bytes}};
}

TableText read_table_text(const std::string& path, const MakeMemory& make) {
  std::optional<TextMemory> bytes = read_sized(path, make);
  if (!bytes) bytes = read_growing(path, make);
  return as_text(*std::move(bytes), path, make);
}

}  // namespace windrow::detail
