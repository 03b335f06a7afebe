#include "row_options.hpp"

#include <sstream>
#include <string_view>
#include <vector>

namespace windrow::app {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

/// Without blanks around it.
std::string trimmed(const std::string& text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(kBlanks) + 1 - first);
}

/// What stands between the commas.
std::vector<std::string> listed_names(const std::string& list) {
  std::vector<std::string> names;
  std::istringstream parts(list);
  for (std::string part; std::getline(parts, part, ',');) names.push_back(trimmed(part));
  return names;
}

CLI::Validator is_said() {
  const auto check = [](const std::string& word) {
    return trimmed(word).empty() ? std::string("the text is empty") : std::string();
  };
  return {check, ""};
}

}  // namespace

void add_row_selection(CLI::App* verb, RowSelection& selection) {
  verb->add_option_function<std::string>(
          "--columns", [&selection](const std::string& list) { selection.columns = listed_names(list); },
          "these columns alone, in this order: index,x,status")
      ->option_text("NAMES")
      ->check(is_said());
  verb->add_option("--where", selection.where,
                   "the points at which an expression of any columns holds, as\n"
                   "\"drag > 2 && status == 'ok'\"; where a value of it is missing, it does not")
      ->option_text("EXPRESSION")
      ->check(is_said());
  verb->add_option("--sort", selection.sort, "by the values of a column, missing ones last; -NAME: the largest first")
      ->option_text("NAME")
      ->check(is_said());
}

}  // namespace windrow::app
