// Templates: a text without tags is rendered as it is, and values read back from what is rendered.
// Input: three lines with the values of `a`, `b` and `point.index`, then the template.
#include "command/arguments.hpp"
#include "command/render.hpp"
#include "command/shell.hpp"
#include "fuzz.hpp"
#include "windrow/error.hpp"

namespace {

using namespace windrow;
using namespace windrow::fuzz;
using detail::Bindings;
using detail::Template;

const std::vector<std::string> kNames = {"a", "b", "point.index"};

std::string rendered(const std::string& text, const Bindings& bindings) {
  return Template(text, "file", true, kNames).render(bindings);
}

void require_unchanged(const std::string& text, const Bindings& bindings) {
  constexpr const char* delimiter = "\x02%";
  if (text.find(delimiter) != std::string::npos) return;
  // Not alone on its line, as which it would take the line with it.
  const std::string all = std::string("X{{=") + delimiter + " %\x03=}}" + text;
  require(rendered(all, bindings) == "X" + text, "a text without tags is rendered as it is");
}

void check_template(const std::string& text, const Bindings& bindings, bool is_file) {
  const Template parsed(text, "file", is_file, kNames);
  std::string all;
  const auto pieces = parsed.pieces(bindings);
  for (const detail::Piece& piece : pieces) {
    require(piece.name == detail::Piece::literal || parsed.names(piece.name), "a piece is of a name of the template");
    all += piece.text;
  }
  require(all == parsed.render(bindings), "the pieces are the text");
  const Bindings others({Value(1), Value("other"), Value("9")});
  if (parsed.is_constant()) require(all == parsed.render(others), "a constant text is the same at every point");
  if (text.find("{{") == std::string::npos) require(all == text, "a text without tags is rendered as it is");
  require_unchanged(all, bindings);
  parsed.has_sections_only();
  if (parsed.has_list()) parsed.lists_stand_alone(true);
  parsed.formats(0);
}

void check_shell(const std::string& text, const Bindings& bindings) {
  const Template parsed(text, "run", false, kNames);
  detail::check_lists(parsed, "run", true);
  detail::shell_text(parsed.pieces(bindings), kNames);
}

void check_arguments(const std::string& text, const Bindings& bindings) {
  std::vector<Template> arguments;
  arguments.emplace_back(text, "run[0]", false, kNames);
  detail::check_lists(arguments.front(), "run[0]", false);
  const auto words = detail::render_arguments(arguments, bindings, kNames);
  if (!arguments.front().has_list()) require(words.size() <= 1, "an argument without a list is one, or none");
}

void check_value(const std::string& name, const Value& value, const Bindings& bindings) {
  const std::string text = rendered("{{" + name + "}}", bindings);
  require(text == value.written(), "a tag is replaced by its value");
  if (!value.is_text()) require(parse_value(text) == value, "a value reads back from what is rendered");
}

template <typename Check>
void tolerate(Check&& check) {
  try {
    check();
  } catch (const SpecError&) {
  } catch (const Rejected&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  const Value a = parse_value(input.line());
  const Value b = parse_value(input.line());
  const Bindings bindings({a, b, Value(std::string(input.line()))});
  const std::string text(input.rest());
  check_value("a", a, bindings);
  check_value("b", b, bindings);
  tolerate([&] { check_template(text, bindings, true); });
  tolerate([&] { check_template(text, bindings, false); });
  tolerate([&] { check_shell(text, bindings); });
  tolerate([&] { check_arguments(text, bindings); });
  return 0;
}
