#pragma once

#include <cstddef>
#include <istream>
#include <optional>
#include <string>
#include <vector>

namespace windrow::detail {

/// What a JSON pointer (RFC 6901) leads to.
struct JsonNode {
  enum class Kind { text, word, list, object };
  Kind kind = Kind::word;
  /// Of a text its characters, without quotes and escapes; of a word (a number, true, false, null, NaN) as it is
  /// spelled.
  std::string text;

  /// As it may stand in a message.
  std::string shown() const;
};

/// The names and indices of a JSON pointer. @throws SpecError
std::vector<std::string> parse_json_pointer(const std::string& pointer);

/// Finds places in a JSON text, in one pass and without keeping more of it than what is found. Numbers may be spelled
/// as text::parse_number() knows them, NaN and Infinity included, which Python writes.
class JsonScan {
 public:
  /// @param pointers  as parse_json_pointer() gives them
  explicit JsonScan(std::vector<std::vector<std::string>> pointers) : pointers_(std::move(pointers)) {}

  /// @return for each pointer what is there, or nothing
  /// @throws SpecError  for what is no JSON: what, and on which line
  std::vector<std::optional<JsonNode>> scan(std::istream& in);

 private:
  class Reader;
  std::vector<std::vector<std::string>> pointers_;
};

}  // namespace windrow::detail
