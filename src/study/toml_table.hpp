#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "windrow/error.hpp"

namespace windrow::detail {

class TomlTable;

/// A value of a TOML file and the line it stands on.
struct TomlNode {
  struct Time {};  ///< dates and times: TOML has them, a study does not
  using Array = std::vector<TomlNode>;
  std::size_t line = 1;
  std::variant<Time, bool, std::int64_t, double, std::string, Array, std::shared_ptr<const TomlTable>> value;

  /// "a boolean", "an integer", "a table", ...
  std::string kind() const;
  /// A plain value as it may stand in a message: `"abc"`, `-3`; the kind of all others.
  std::string shown() const;
};

/// A table of a TOML file, checked as it is read: every getter throws a SpecError that names file, line, key and table,
/// "study.toml:7: `timeout` in [command] must be a duration such as "30s", not a boolean".
/// Members keep the order of the file.
class TomlTable {
 public:
  struct Member {
    std::string key;
    std::size_t line;  ///< of the key
    TomlNode node;
  };

  /// @param file  what messages call the file
  /// @throws SpecError with file and line for text that is not TOML
  static TomlTable parse(std::string_view source, const std::string& file);

  TomlTable(std::string file, std::string path, std::size_t line, std::vector<Member> members);

  const std::vector<Member>& members() const { return members_; }
  /// Key path from the root, "" for the root itself: "parameters.length.values".
  const std::string& path() const { return path_; }
  /// What messages call the file.
  const std::string& file() const { return file_; }
  bool has(std::string_view key) const { return find(key) != nullptr; }
  const Member* find(std::string_view key) const;
  /// @throws SpecError if it is missing
  const Member& required(std::string_view key) const;

  /// @throws SpecError for the first key that is not one of `keys`, with the nearest of them
  void allow_only(std::initializer_list<std::string_view> keys) const;
  void allow_only(const std::vector<std::string>& keys) const;

  /// None (or a null pointer) if there is no such key. @throws SpecError if its value is something else
  const TomlTable* table(std::string_view key) const;
  std::optional<std::string> text(std::string_view key) const;
  std::optional<double> number(std::string_view key) const;
  std::optional<bool> boolean(std::string_view key) const;
  /// A number without fraction is an integer too: 1e6.
  std::optional<std::int64_t> integer(std::string_view key, std::int64_t least,
                                      std::int64_t most = std::numeric_limits<std::int64_t>::max()) const;
  std::optional<std::vector<std::string>> texts(std::string_view key) const;
  std::optional<bool> truth(std::string_view key) const;
  /// A text such as "30s" or a number of seconds.
  std::optional<std::chrono::nanoseconds> duration(std::string_view key) const;
  /// One of a few words.
  std::optional<std::string> choice(std::string_view key, std::initializer_list<std::string_view> valid) const;

  /// @throws SpecError always: at the line of the key, or of the table if it does not have the key
  [[noreturn]] void fail(std::string_view key, const std::string& message) const;
  /// @throws SpecError always: "`key` in [table] must be `expected`, not a boolean"
  [[noreturn]] void wrong_type(const Member& member, std::string_view expected) const;
  /// @throws SpecError always: "`key` in [table] must be `expected`, not -3"
  [[noreturn]] void wrong_value(const Member& member, std::string_view expected) const;

  /// "`key` in [table]"
  std::string name_of(std::string_view key) const;
  /// "file:line: " of the key, or of the table if it does not have the key
  std::string where(std::string_view key) const;

  /// Calls `make`; a SpecError that leaves it gets where(key) in front.
  template <typename Make>
  auto locate(std::string_view key, Make&& make) const {
    try {
      return std::forward<Make>(make)();
    } catch (const SpecError& error) {
      throw SpecError(where(key) + error.what());
    }
  }

 private:
  template <typename T>
  const T* get(std::string_view key, std::string_view expected) const;

  std::string file_;
  std::string path_;
  std::size_t line_;
  std::vector<Member> members_;
};

}  // namespace windrow::detail
