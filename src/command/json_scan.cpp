#include "json_scan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <string_view>
#include <utility>

#include "excerpt.hpp"
#include "windrow/base/number.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

constexpr std::size_t kDeepest = 2000;        // levels of lists and objects
constexpr std::size_t kLongestWord = 10'000;  // bytes; a number may have many digits
constexpr std::size_t kShownOfText = 100;     // bytes
constexpr int kEnd = -1;

std::string unescaped(std::string name, const std::string& pointer) {
  for (std::size_t at = 0; (at = name.find('~', at)) != std::string::npos; ++at) {
    const char code = at + 1 < name.size() ? name[at + 1] : ' ';
    if (code != '0' && code != '1') {
      throw SpecError(
          fmt::format("{} is no JSON pointer: a `~` in a name is written ~0, a `/` ~1", in_quotes(pointer)));
    }
    name.replace(at, 2, code == '0' ? "~" : "/");
  }
  return name;
}

void append_utf8(std::string& text, std::uint32_t code) {
  const auto byte = [](std::uint32_t bits) { return static_cast<char>(bits); };
  if (code < 0x80) {
    text += byte(code);
  } else if (code < 0x800) {
    text += {byte(0xC0U | code >> 6U), byte(0x80U | (code & 0x3FU))};
  } else if (code < 0x10000) {
    text += {byte(0xE0U | code >> 12U), byte(0x80U | (code >> 6U & 0x3FU)), byte(0x80U | (code & 0x3FU))};
  } else {
    text += {byte(0xF0U | code >> 18U), byte(0x80U | (code >> 12U & 0x3FU)), byte(0x80U | (code >> 6U & 0x3FU)),
             byte(0x80U | (code & 0x3FU))};
  }
}

}  // namespace

std::string JsonNode::shown() const {
  if (kind == Kind::list) return "a list";
  if (kind == Kind::object) return "an object";
  const std::string start = made_visible(text.substr(0, kShownOfText));
  return kind == Kind::text ? in_quotes(start) : start;
}

std::vector<std::string> parse_json_pointer(const std::string& pointer) {
  std::vector<std::string> names;
  if (pointer.empty()) return names;
  if (pointer.front() != '/') {
    throw SpecError(
        fmt::format("{} is no JSON pointer: it is a list of names and indices, each after a slash, such as "
                    "\"/results/0/mass\"",
                    in_quotes(pointer)));
  }
  for (std::size_t at = 0; at != std::string::npos;) {
    const std::size_t end = pointer.find('/', at + 1);
    names.push_back(unescaped(pointer.substr(at + 1, end == std::string::npos ? end : end - at - 1), pointer));
    at = end;
  }
  return names;
}

/// Reads one text. Where it is among lists and objects, it knows by how many names of each pointer lead there.
class JsonScan::Reader {
 public:
  Reader(std::istream& in, const std::vector<std::vector<std::string>>& pointers)
      : in_(in), pointers_(pointers), found_(pointers.size()) {}

  std::vector<std::optional<JsonNode>> read() {
    skip_byte_order_mark();
    std::vector<std::size_t> all(pointers_.size());
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
    skip_blanks();
    read_value(0, all);
    skip_blanks();
    if (peek() != kEnd) fail("there is more behind its end");
    return std::move(found_);
  }

 private:
  using Leading = std::vector<std::size_t>;  // which pointers lead to the value that is read

  int peek() {
    if (at_ < size_) return static_cast<unsigned char>(buffer_[at_]);
    in_.read(buffer_.data(), static_cast<std::streamsize>(buffer_.size()));
    size_ = static_cast<std::size_t>(in_.gcount());
    at_ = 0;
    return size_ == 0 ? kEnd : static_cast<unsigned char>(buffer_[0]);
  }
  int get() {
    const int c = peek();
    if (c == kEnd) return c;
    ++at_;
    if (c == '\n') ++line_;
    return c;
  }
  [[noreturn]] void fail(const std::string& what) const { throw SpecError(fmt::format("line {}: {}", line_, what)); }
  [[noreturn]] void fail_at(std::string_view expected) {
    const int c = peek();
    if (c == kEnd) fail(fmt::format("it ends where there should be {}", expected));
    const char letter = static_cast<char>(c);
    fail(fmt::format("there is `{}` where there should be {}", made_visible({&letter, 1}), expected));
  }

  void skip_byte_order_mark() {
    if (peek() != 0xEF) return;
    for (const int byte : {0xEF, 0xBB, 0xBF}) {
      if (get() != byte) fail("it does not begin with a value");
    }
  }
  void skip_blanks() {
    for (int c = peek(); c == ' ' || c == '\t' || c == '\n' || c == '\r'; c = peek()) get();
  }

  void read_value(std::size_t depth, const Leading& leading) {
    if (depth > kDeepest) fail(fmt::format("lists and objects are nested more than {} deep", kDeepest));
    const int c = peek();
    // Of members of one name the last counts, whatever an earlier one had below it.
    for (const std::size_t pointer : leading) found_[pointer].reset();
    const bool is_wanted = std::any_of(leading.begin(), leading.end(),
                                       [&](std::size_t pointer) { return pointers_[pointer].size() == depth; });
    JsonNode node;
    if (c == '{') {
      node.kind = JsonNode::Kind::object;
      read_object(depth, leading);
    } else if (c == '[') {
      node.kind = JsonNode::Kind::list;
      read_list(depth, leading);
    } else if (c == '"') {
      node.kind = JsonNode::Kind::text;
      read_text(is_wanted ? &node.text : nullptr);
    } else {
      read_word(node.text);
    }
    if (!is_wanted) return;
    for (const std::size_t pointer : leading) {
      if (pointers_[pointer].size() == depth) found_[pointer] = node;
    }
  }

  Leading further(const Leading& leading, std::size_t depth, const std::string& name) const {
    Leading result;
    for (const std::size_t pointer : leading) {
      if (pointers_[pointer].size() > depth && pointers_[pointer][depth] == name) result.push_back(pointer);
    }
    return result;
  }

  void read_object(std::size_t depth, const Leading& leading) {
    get();
    skip_blanks();
    if (peek() == '}') return static_cast<void>(get());
    while (true) {
      if (peek() != '"') fail_at("a name in double quotes");
      std::string name;
      read_text(leading.empty() ? nullptr : &name);
      skip_blanks();
      if (peek() != ':') fail_at("a colon");
      get();
      skip_blanks();
      read_value(depth + 1, further(leading, depth, name));
      if (!goes_on('}')) return;
    }
  }

  void read_list(std::size_t depth, const Leading& leading) {
    get();
    skip_blanks();
    if (peek() == ']') return static_cast<void>(get());
    for (std::uint64_t index = 0;; ++index) {
      read_value(depth + 1, leading.empty() ? leading : further(leading, depth, std::to_string(index)));
      if (!goes_on(']')) return;
    }
  }

  /// Behind a member of a list or an object.
  bool goes_on(char closing) {
    skip_blanks();
    if (peek() == closing) return static_cast<void>(get()), false;
    if (peek() != ',') fail_at(fmt::format("a comma or `{}`", closing));
    get();
    skip_blanks();
    return true;
  }

  /// @param text  null: it is passed over
  void read_text(std::string* text) {
    get();
    while (true) {
      const int c = peek();
      if (c == kEnd || c < 0x20) fail_at("the end of a text");
      get();
      if (c == '"') return;
      if (c == '\\') {
        read_escape(text);
      } else if (text != nullptr) {
        *text += static_cast<char>(c);
      }
    }
  }

  void read_escape(std::string* text) {
    static constexpr std::string_view codes = "\"\\/bfnrt";
    static constexpr std::string_view characters = "\"\\/\b\f\n\r\t";
    const int code = peek();
    if (code == 'u') {
      get();
      const std::uint32_t character = read_character();
      if (text != nullptr) append_utf8(*text, character);
      return;
    }
    const std::size_t known = code == kEnd ? std::string_view::npos : codes.find(static_cast<char>(code));
    if (known == std::string_view::npos) fail_at("a character that may follow a backslash");
    get();
    if (text != nullptr) *text += characters[known];
  }

  std::uint32_t read_hexadecimal() {
    std::array<char, 4> digits{};
    for (char& digit : digits) digit = static_cast<char>(get());
    std::uint32_t code = 0;
    const auto end = std::from_chars(digits.data(), digits.data() + digits.size(), code, 16).ptr;
    if (end != digits.data() + digits.size()) fail("\\u is not followed by four hexadecimal digits");
    return code;
  }

  /// Of "\uXXXX", of which there may be two for one character. A half alone becomes U+FFFD.
  std::uint32_t read_character() {
    constexpr std::uint32_t replacement = 0xFFFD;
    const std::uint32_t first = read_hexadecimal();
    if (first < 0xD800 || first > 0xDFFF) return first;
    if (first > 0xDBFF || peek() != '\\') return replacement;
    get();
    if (peek() != 'u') fail_at("the second half of a character");
    get();
    const std::uint32_t second = read_hexadecimal();
    if (second < 0xDC00 || second > 0xDFFF) return replacement;
    return 0x10000 + ((first - 0xD800) << 10U) + (second - 0xDC00);
  }

  void read_word(std::string& word) {
    const auto belongs = [](int c) {
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '+' || c == '-' ||
             c == '.' || c == '_';
    };
    while (belongs(peek()) && word.size() < kLongestWord) word += static_cast<char>(get());
    if (word.empty()) fail_at("a value");
    const bool is_value = word == "null" || word == "true" || word == "false" || word.size() == kLongestWord ||
                          text::parse_number(word) || is_spelled_as_number(word);
    if (!is_value) fail(fmt::format("`{}` is no value", word.substr(0, kShownOfText)));
  }

  /// Of a number too large for a double.
  static bool is_spelled_as_number(std::string_view word) {
    return word.find_first_not_of("+-.0123456789eE") == std::string_view::npos &&
           word.find_first_of("0123456789") != std::string_view::npos;
  }

  std::istream& in_;
  const std::vector<std::vector<std::string>>& pointers_;
  std::vector<std::optional<JsonNode>> found_;
  std::vector<char> buffer_ = std::vector<char>(std::size_t{1} << 16U);
  std::size_t at_ = 0;
  std::size_t size_ = 0;
  std::uint64_t line_ = 1;
};

std::vector<std::optional<JsonNode>> JsonScan::scan(std::istream& in) {
  return Reader(in, pointers_).read();
}

}  // namespace windrow::detail
