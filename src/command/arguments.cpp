#include "arguments.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "windrow/error.hpp"

namespace windrow::detail {

namespace {

constexpr std::string_view kBlanks = " \t\r\n";

bool is_blank(char c) {
  return kBlanks.find(c) != std::string_view::npos;
}

}  // namespace

std::vector<std::string> words_of(std::string_view text, const std::string& name) {
  std::vector<std::string> words;
  char quote = '\0';
  bool in_word = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote == '\0' && is_blank(c)) {
      in_word = false;
      continue;
    }
    if (!in_word) words.emplace_back();
    in_word = true;
    const bool escapes = c == '\\' && quote != '\'' && i + 1 < text.size() &&
                         (quote == '\0' || std::string_view("$`\"\\\n").find(text[i + 1]) != std::string_view::npos);
    if (escapes) {
      words.back() += text[++i];
    } else if (quote == '\0' && (c == '\'' || c == '"')) {
      quote = c;
    } else if (quote == c && quote != '\0') {
      quote = '\0';
    } else {
      words.back() += c;
    }
  }
  if (quote != '\0') {
    throw SpecError(fmt::format("the value of `{}`, `{}`, is no list of arguments: a quote is not closed", name, text));
  }
  return words;
}

std::vector<std::string> render_arguments(const std::vector<Template>& arguments, const Bindings& bindings,
                                          const std::vector<std::string>& names) {
  std::vector<std::string> argv;
  for (const Template& argument : arguments) {
    if (!argument.has_sections_only() && !argument.has_list()) {
      argv.push_back(argument.render(bindings));
      continue;
    }
    const std::vector<Piece> pieces = argument.pieces(bindings);
    if (pieces.empty()) continue;
    if (pieces.front().list) {
      const std::size_t name = pieces.front().name;
      for (std::string& word : words_of(bindings.texts[name], names[name])) argv.push_back(std::move(word));
    } else {
      argv.push_back(argument.render(bindings));
    }
  }
  return argv;
}

void check_lists(const Template& text, const std::string& origin, bool in_shell) {
  if (!text.has_list() || text.lists_stand_alone(in_shell)) return;
  throw SpecError(fmt::format("{}: `{{{{*name}}}}` stands for several arguments, so it must be {}", origin,
                              in_shell ? "a word of its own, outside quotes" : "an argument of its own"));
}

void refuse_lists(const Template& text, const std::string& origin) {
  if (!text.has_list()) return;
  throw SpecError(fmt::format("{}: `{{{{*name}}}}` stands for several arguments: it can stand in `run` only", origin));
}

}  // namespace windrow::detail
