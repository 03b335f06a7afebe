#include "program_files.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "design/interface/levels.hpp"
#include "windrow/design/format.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

namespace fs = std::filesystem;

/// A word of a command line, as far as it is the same at all points.
struct Word {
  std::string text;
  bool begins_command = false;  ///< a program stands here
};

std::string with_study_directory(std::string text, const std::string& directory) {
  for (const std::string_view tag : {"{{{study.dir}}}", "{{&study.dir}}", "{{study.dir}}", "{{ study.dir }}"}) {
    for (std::size_t at = text.find(tag); at != std::string::npos; at = text.find(tag, at + directory.size())) {
      text.replace(at, tag.size(), directory);
    }
  }
  return text;
}

bool is_constant(const std::string& text) {
  return text.find("{{") == std::string::npos;
}

/// Splits a text for the shell roughly: quotes are taken off, words after a redirection are left out, and whatever
/// separates commands begins a new one.
std::vector<Word> words_of_shell(const std::string& text) {
  std::vector<Word> words;
  Word word;
  bool has_word = false;
  bool begins = true;
  bool redirected = false;
  char quote = '\0';
  const auto end_word = [&] {
    if (!has_word) return;
    word.begins_command = begins;
    const bool assigns =
        begins && word.text.find('=') != std::string::npos && word.text.find('/') > word.text.find('=');
    if (!redirected && !assigns) words.push_back(word);
    begins = begins && (redirected || assigns);
    redirected = has_word = false;
    word = {};
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote != '\0') {
      if (c == quote) {
        quote = '\0';
      } else {
        word.text += c;
      }
    } else if (c == '\'' || c == '"') {
      quote = c;
      has_word = true;
    } else if (c == '\\' && i + 1 < text.size()) {
      if (text[++i] != '\n') word.text += text[i];
      has_word = true;
    } else if (text.compare(i, 2, "{{") == 0 && text.find("}}", i) != std::string::npos) {
      std::size_t end = text.find("}}", i) + 2;
      while (end < text.size() && text[end] == '}') ++end;
      word.text += text.substr(i, end - i);
      has_word = true;
      i = end - 1;
    } else if (c == '#' && !has_word) {
      while (i + 1 < text.size() && text[i + 1] != '\n') ++i;
    } else if (std::string_view(";&|()\n`").find(c) != std::string_view::npos) {
      end_word();
      begins = true;
    } else if (c == '>' || c == '<') {
      if (has_word && std::all_of(word.text.begin(), word.text.end(), [](char d) { return d >= '0' && d <= '9'; })) {
        has_word = false;
        word = {};
      }
      end_word();
      redirected = true;
      if (i + 1 < text.size() && (text[i + 1] == '&' || text[i + 1] == c)) ++i;
    } else if (c == ' ' || c == '\t' || c == '\r') {
      end_word();
    } else {
      word.text += c;
      has_word = true;
    }
  }
  end_word();
  return words;
}

bool is_keyword(std::string_view word) {
  static constexpr std::array<std::string_view, 14> keywords = {"if", "then", "else", "elif", "while", "until", "do",
                                                                "{",  "!",    "time", "exec", "fi",    "done",  "}"};
  return std::find(keywords.begin(), keywords.end(), word) != keywords.end();
}

bool is_interpreter(const std::string& program) {
  const std::string name = fs::path(program).filename().string();
  static constexpr std::array<std::string_view, 21> names = {
      "sh",   "bash", "dash",  "ksh", "zsh",  "perl", "ruby",  "Rscript", "julia", "octave", "octave-cli",
      "node", "lua",  "tclsh", "awk", "gawk", "mawk", "guile", "pypy3",   "php",   "gnuplot"};
  return name.starts_with("python") || std::find(names.begin(), names.end(), name) != names.end();
}

bool is_awk(const std::string& program) {
  return fs::path(program).filename().string().ends_with("awk");
}

/// The name in the tag that begins at a position, and where the tag ends; only of one that stands for a value.
struct Tag {
  std::string name;
  std::string format;
  std::size_t end = 0;
};

std::optional<Tag> tag_at(const std::string& text, std::size_t begin) {
  std::size_t end = text.find("}}", begin);
  if (end == std::string::npos) return std::nullopt;
  std::string inner = text.substr(begin + 2, end - begin - 2);
  end += 2;
  if (inner.starts_with('{') && end < text.size() && text[end] == '}') ++end;
  if (inner.starts_with('{') || inner.starts_with('&')) inner.erase(0, 1);
  const std::size_t colon = inner.find(':');
  Tag tag{inner.substr(0, colon), colon == std::string::npos ? "" : inner.substr(colon + 1), end};
  std::erase(tag.name, ' ');
  return tag;
}

/// What a tag shows. @throws Rejected, SpecError where the value does not fit
std::string shown_by(const Tag& tag, const Parameter& parameter, const Value& value) {
  if (!tag.format.empty()) return Format(tag.format).write(value);
  return parameter.format() != nullptr ? parameter.format()->write(value) : value.written();
}

/// The only parameter of which a text has tags.
const Parameter* only_parameter(const std::string& text, const std::vector<Parameter>& parameters) {
  const Parameter* only = nullptr;
  for (std::size_t at = text.find("{{"); at != std::string::npos; at = text.find("{{", at)) {
    const auto tag = tag_at(text, at);
    if (!tag) return nullptr;
    const auto found = std::ranges::find(parameters, tag->name, &Parameter::name);
    if (found == parameters.end() || (only != nullptr && only != &*found)) return nullptr;
    only = &*found;
    at = tag->end;
  }
  return only;
}

std::string with_value(const std::string& text, const Parameter& parameter, const Value& value) {
  std::string result;
  std::size_t done = 0;
  for (std::size_t at = text.find("{{"); at != std::string::npos; at = text.find("{{", done)) {
    const auto tag = tag_at(text, at);
    result += text.substr(done, at - done) + shown_by(*tag, parameter, value);
    done = tag->end;
  }
  return result + text.substr(done);
}

bool is_regular(const fs::path& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

class Finder {
 public:
  /// @param parameters  of which values are to be looked at; others have none
  Finder(const CommandSpec& spec, const std::vector<Parameter>& parameters)
      : spec_(spec), parameters_(parameters), directory_(spec.study_directory) {}

  void find() {
    const bool has_shell = spec_.run.index() == 1;
    std::vector<Word> words;
    if (has_shell) {
      words = words_of_shell(std::get<std::string>(spec_.run));
    } else {
      for (const std::string& argument : std::get<0>(spec_.run)) words.push_back({argument, words.empty()});
    }
    for (Word& word : words) word.text = with_study_directory(std::move(word.text), directory_.string());
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (has_shell && words[i].begins_command && is_keyword(words[i].text) && i + 1 < words.size()) {
        words[i + 1].begins_command = true;
        first_command_ = false;
        continue;
      }
      first_command_ = first_command_ && (i == 0 || !words[i].begins_command);
      look_at(words, i);
    }
  }

  std::vector<ProgramFile> found;
  std::optional<RelativeScript> by_relative_path;
  std::vector<ValueProgram> of_values;
  std::vector<std::string> beyond;  // parameters with more values than are looked at

 private:
  void look_at(const std::vector<Word>& words, std::size_t i) {
    const std::string& text = words[i].text;
    if (text.empty()) return;
    if (!is_constant(text)) return look_at_values(words[i]);
    if (words[i].begins_command && is_interpreter(text)) script_ = is_awk(text) ? Script::after_f : Script::next;
    if (words[i].begins_command && !is_interpreter(text)) script_ = Script::none;
    if (words[i].begins_command) return add(text, /*executable=*/true);
    if (script_ == Script::after_f && text == "-f") {
      script_ = Script::next;
    } else if (script_ == Script::next && text.starts_with('-')) {
      // A program in the arguments, or a module: there is no script.
      if (text == "-c" || text == "-e" || text == "-m" || text == "--eval") script_ = Script::none;
    } else if (script_ == Script::next) {
      script_ = Script::none;
      add(text, /*executable=*/false);
      const bool is_relative = first_command_ && !text.starts_with('/') && program(text, /*executable=*/false);
      if (is_relative) by_relative_path = {i, text};
    } else {
      add_if_inside(text);
    }
  }

  void look_at_values(const Word& word) {
    const Parameter* parameter = only_parameter(word.text, parameters_);
    const bool is_script = !word.begins_command && script_ == Script::next;
    if (parameter == nullptr || !(word.begins_command || is_script || may_be_inside(word.text, *parameter))) return;
    std::vector<Value> values = different_levels(*parameter, kMostProgramValues + 1);
    if (values.size() > kMostProgramValues) {
      values.pop_back();
      if (std::ranges::find(beyond, parameter->name()) == beyond.end()) beyond.push_back(parameter->name());
    }
    const std::size_t before = of_values.size();
    for (const Value& value : values) {
      try {
        const std::string text = with_value(word.text, *parameter, value);
        const bool may_be = word.begins_command || is_script || may_be_inside(text);
        const auto file = may_be ? program(text, !is_script) : std::nullopt;
        if (file) of_values.push_back({parameter->name(), value.identity_text(), *file});
      } catch (const Error&) {  // a value that does not fit its format: the matter of its points
      }
    }
    if (is_script && of_values.size() > before) script_ = Script::none;
  }

  /// Of an argument, which may as well be a file that the program writes: only what can be run.
  void add_if_inside(const std::string& text) {
    if (may_be_inside(text)) add(text, true);
  }
  bool may_be_inside(const std::string& text) const {
    return text.starts_with('/') || (text.find('/') != std::string::npos && spec_.run.index() == 1);
  }

  /// The same of some value of a parameter. Numbers name no program, and to make values of a million cells takes long.
  bool may_be_inside(const std::string& text, const Parameter& parameter) const {
    const bool begins_with_tag = text.starts_with("{{");
    if (spec_.run.index() == 0 && !begins_with_tag) return text[0] == '/';
    const bool is_formatted = parameter.format() != nullptr || text.find(':') != std::string::npos;
    const bool has_slash = text.find('/') != std::string::npos;
    return is_formatted || has_slash || may_contain(parameter, '/');
  }

  void add(const std::string& text, bool executable) {
    auto file = program(text, executable);
    const auto is_it = [&](const ProgramFile& other) { return other.path == file->path; };
    if (file && std::ranges::none_of(found, is_it)) found.push_back(*std::move(file));
  }

  /// The study's own program that a word names.
  std::optional<ProgramFile> program(const std::string& text, bool executable) const {
    const bool by_name = text.find('/') == std::string::npos;
    const fs::path path = (directory_ / text).lexically_normal();
    if (text.starts_with('/') && !is_below(path)) return std::nullopt;
    if (by_name && executable && spec_.run.index() == 0) return std::nullopt;  // is looked for in PATH
    if (!is_regular(path) || (executable && access(path.c_str(), X_OK) != 0)) return std::nullopt;
    return ProgramFile{path.lexically_relative(directory_).string(), path};
  }

  bool is_below(const fs::path& path) const {
    const fs::path relative = path.lexically_relative(directory_);
    return !relative.empty() && *relative.begin() != "..";
  }

  enum class Script { none, next, after_f };

  const CommandSpec& spec_;
  const std::vector<Parameter>& parameters_;
  fs::path directory_;
  Script script_ = Script::none;
  bool first_command_ = true;
};

}  // namespace

std::vector<ProgramFile> program_files(const CommandSpec& spec) {
  const std::vector<Parameter> none;
  Finder finder(spec, none);
  finder.find();
  return std::move(finder.found);
}

std::optional<RelativeScript> relative_script(const CommandSpec& spec) {
  const std::vector<Parameter> none;
  Finder finder(spec, none);
  finder.find();
  return std::move(finder.by_relative_path);
}

std::vector<ValueProgram> programs_of_values(const CommandSpec& spec, const std::vector<Parameter>& parameters,
                                             std::vector<std::string>& beyond) {
  Finder finder(spec, parameters);
  finder.find();
  beyond = std::move(finder.beyond);
  return std::move(finder.of_values);
}

}  // namespace windrow::detail
