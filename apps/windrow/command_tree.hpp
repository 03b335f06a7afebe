#pragma once

#include <string>
#include <vector>

namespace windrow::app {

struct OptionInfo {
  std::vector<std::string> names;    ///< "-w", "--workers"; of an argument "STUDY"
  std::string value;                 ///< what follows: "N", "DIR", "FILE"; empty: nothing
  std::string description;           ///< on one line
  std::vector<std::string> choices;  ///< all values there are; empty: any
};

struct VerbInfo {
  std::string name;
  std::string description;
  std::vector<OptionInfo> options;
  std::vector<OptionInfo> arguments;
};

/// The verbs and options that the command has: help pages, man pages and completions are made of it, so that they never
/// disagree with it.
struct CommandTree {
  std::vector<OptionInfo> options;  ///< those before a verb
  std::vector<VerbInfo> verbs;      ///< without hidden ones

  const VerbInfo* find(const std::string& verb) const;
};

}  // namespace windrow::app
