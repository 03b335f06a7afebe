#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

/// Rows in a damaged file of SQLite, read without it, from each page by itself: neither the trees that hold them nor
/// the file's head need be whole. What is found is right only if its checksum says so.
/// Source: the file format, https://www.sqlite.org/fileformat2.html
namespace windrow::detail {

/// A value as SQLite stores it.
struct RawValue {
  enum class Type { null, integer, real, text, blob };
  Type type = Type::null;
  std::int64_t integer = 0;
  double real = 0.0;
  std::string_view bytes = {};
};

struct RawRow {
  bool has_rowid = false;  ///< false: of a table WITHOUT ROWID, or of an index
  std::int64_t rowid = 0;
  std::vector<RawValue> values;  ///< valid during the visit
};

class Ruins {
 public:
  /// @param file  nobody changes it meanwhile
  /// @throws StoreError if the file cannot be read
  explicit Ruins(const std::filesystem::path& file);
  ~Ruins();
  Ruins(const Ruins&) = delete;
  Ruins& operator=(const Ruins&) = delete;

  /// Visits the rows of pages that are in order. `visit` says whether it knows the row; a page that has others than it
  /// knows is searched at every byte when `search` is called.
  void for_each(const std::function<bool(const RawRow&)>& visit);
  /// Visits whatever can be read as a row, at every byte of the other pages.
  void search(const std::function<void(const RawRow&)>& visit) const;

 private:
  std::uint64_t pages() const;
  std::string_view page(std::uint64_t number) const;  // from 1; the last one may be cut off
  bool visit_page(std::uint64_t number, const std::function<bool(const RawRow&)>& visit) const;
  bool read_cell(std::string_view page, std::size_t at, bool with_rowid, RawRow& row, std::string& payload) const;
  bool add_overflow(std::uint64_t next, std::uint64_t size, std::string& payload) const;

  std::string_view file_;
  std::size_t page_size_ = 4096;
  std::vector<std::uint64_t> damaged_;
};

}  // namespace windrow::detail
