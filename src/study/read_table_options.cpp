#include <string_view>
#include <utility>

#include "study/study_parts.hpp"

namespace windrow::detail {

namespace {

std::optional<char> read_separator(const TomlTable& design) {
  const auto text = design.text("separator");
  if (!text) return {};
  static constexpr std::pair<std::string_view, char> words[] = {
      {"comma", ','}, {"semicolon", ';'}, {"tab", '\t'}, {"blanks", ' '}};
  for (const auto& [word, separator] : words) {
    if (*text == word) return separator;
  }
  const bool usable = text->size() == 1 && std::string_view("\"\r\n").find(text->front()) == std::string_view::npos &&
                      static_cast<unsigned char>(text->front()) < 0x80;
  if (!usable) {
    design.wrong_value(*design.find("separator"), "one character, or \"comma\", \"semicolon\", \"tab\" or \"blanks\"");
  }
  return text->front();
}

char read_comment(const TomlTable& design) {
  const auto text = design.text("comment");
  if (!text) return TableOptions().comment;
  if (text->size() > 1) design.wrong_value(*design.find("comment"), "one character, or \"\" for none");
  return text->empty() ? '\0' : text->front();
}

/// A list of headers, or parameters with their headers.
void read_columns(const TomlTable& design, TableOptions& options) {
  const TomlTable::Member* member = design.find("columns");
  if (!member) return;
  if (std::holds_alternative<TomlNode::Array>(member->node.value)) {
    options.columns = *design.texts("columns");
    if (options.columns.empty()) design.fail("columns", design.name_of("columns") + " is empty");
    return;
  }
  if (!std::holds_alternative<std::shared_ptr<const TomlTable>>(member->node.value)) {
    design.wrong_type(*member, "a list of headers, or a table such as { k = \"flow rate (m3/s)\" }");
  }
  const TomlTable& names = *design.table("columns");
  for (const auto& name : names.members()) options.names.emplace_back(name.key, *names.text(name.key));
}

}  // namespace

TableOptions read_table_options(const TomlTable& root) {
  const TomlTable& design = *root.table("design");
  TableOptions options;
  options.separator = read_separator(design);
  options.comment = read_comment(design);
  read_columns(design, options);
  options.ignore = design.texts("ignore").value_or(std::vector<std::string>());
  if (const TomlTable* outputs = root.table("outputs")) {
    for (const auto& output : outputs->members()) options.outputs.push_back(output.key);
  }
  return options;
}

}  // namespace windrow::detail
