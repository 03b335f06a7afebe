#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "render.hpp"

/// How values become the arguments of a program.
namespace windrow::detail {

/// The words of a text, as a shell has them: blanks and line breaks part them, quotes and backslashes hold them
/// together; nothing else means anything. @throws SpecError for a quote that is not closed
std::vector<std::string> words_of(std::string_view text, const std::string& name);

/// The arguments that `arguments` give: none of one that is made of sections which all are hidden, several of
/// `{{*name}}`.
std::vector<std::string> render_arguments(const std::vector<Template>& arguments, const Bindings& bindings,
                                          const std::vector<std::string>& names);

/// Where `{{*name}}` may stand. @param in_shell  the text is for a shell
/// @throws SpecError
void check_lists(const Template& text, const std::string& origin, bool in_shell);
/// It may stand nowhere in this. @throws SpecError
void refuse_lists(const Template& text, const std::string& origin);

}  // namespace windrow::detail
