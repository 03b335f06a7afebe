#pragma once

#include <span>
#include <string>
#include <string_view>

#include "command_tree.hpp"

namespace windrow::app {

/// A page of the manual as it lies in manual/, compiled into the command.
struct ManualPage {
  std::string_view topic;  ///< "run"
  std::string_view
      markdown;  ///< lines `<!-- synopsis -->`, `<!-- options -->`, `<!-- verbs -->` stand for the command's own
};
std::span<const ManualPage> manual_pages();

/// The page with the command's own verbs and options in it.
std::string expanded(const ManualPage& page, const CommandTree& tree);

/// Markdown as a text for terminals: wrapped at `width`, with tables in columns where these fit.
std::string plain_text(const std::string& markdown, std::size_t width = 80);

struct HelpArguments {
  std::string topic;      ///< empty: the list of topics
  bool markdown = false;  ///< the page as Markdown, of which man pages and the HTML manual are made
};
int help(const HelpArguments& arguments, const CommandTree& tree);

/// Writes the completion script of a shell: "bash", "zsh" or "fish".
int completion(const std::string& shell, const CommandTree& tree);

}  // namespace windrow::app
