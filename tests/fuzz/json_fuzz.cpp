// JSON that a program left: what is found in it is what another reader finds there.
// Input: a JSON pointer on the first line, then the text.
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "command/json_scan.hpp"
#include "command/output_value.hpp"
#include "fuzz.hpp"
#include "windrow/base/number.hpp"
#include "windrow/error.hpp"

namespace {

using namespace windrow;
using namespace windrow::fuzz;
using Json = nlohmann::json;

std::optional<Json> parsed(const std::string& text) {
  if (text.find('\0') != std::string::npos) return std::nullopt;  // which is the end for that reader
  Json json = Json::parse(text, nullptr, false);
  return json.is_discarded() ? std::nullopt : std::optional(std::move(json));
}

/// What a pointer leads to; null: nothing.
const Json* at(const Json& json, const std::vector<std::string>& names) {
  const Json* node = &json;
  for (const std::string& name : names) {
    if (node->is_object()) {
      const auto member = node->find(name);
      if (member == node->end()) return nullptr;
      node = &*member;
    } else if (node->is_array()) {
      const auto index = text::parse_whole(name);
      if (!index || *index < 0 || std::to_string(*index) != name) return nullptr;
      if (static_cast<std::size_t>(*index) >= node->size()) return nullptr;
      node = &(*node)[static_cast<std::size_t>(*index)];
    } else {
      return nullptr;
    }
  }
  return node;
}

bool is_same_node(const detail::JsonNode& found, const Json& expected) {
  using Kind = detail::JsonNode::Kind;
  if (expected.is_object()) return found.kind == Kind::object;
  if (expected.is_array()) return found.kind == Kind::list;
  if (expected.is_string()) return found.kind == Kind::text && found.text == expected.get<std::string>();
  if (found.kind != Kind::word) return false;
  if (expected.is_null()) return found.text == "null";
  if (expected.is_boolean()) return found.text == (expected.get<bool>() ? "true" : "false");
  const auto number = text::parse_number(found.text);
  return number && *number == expected.get<double>();
}

std::size_t depth_of(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return c == '[' || c == '{'; }));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  const std::string pointer(input.line());
  const std::string text(input.rest());
  std::vector<std::string> names;
  try {
    names = detail::parse_json_pointer(pointer);
  } catch (const SpecError&) {
    return 0;
  }
  const std::optional<Json> json = parsed(text);
  std::optional<detail::JsonNode> found;
  try {
    std::istringstream in(text);
    found = detail::JsonScan({names}).scan(in).front();
  } catch (const SpecError& error) {
    require(!json || depth_of(text) > 1000, std::string("what is JSON is read: ") + error.what());
    return 0;
  }
  if (found) {
    found->shown();
    for (const std::string& type : detail::names_of_output_types()) {
      if (const auto value = detail::value_of_type(*found, type)) require_reads_back(*value);
    }
  }
  if (!json) return 0;
  const Json* expected = at(*json, names);
  require(found.has_value() == (expected != nullptr), "the pointer leads to something, or to nothing");
  require(!found || is_same_node(*found, *expected), "the pointer leads to the same value");
  return 0;
}
