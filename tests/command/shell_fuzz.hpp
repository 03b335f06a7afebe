#pragma once

#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "command/program_check.hpp"
#include "command/shell.hpp"
#include "command/shell_grammar.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"

/// What windrow makes of random texts, in the shells that are here.
namespace windrow::shell_fuzz {

/// A shell that is here.
struct Shell {
  std::string name;
  std::vector<std::string> argv;
};

inline const std::vector<std::string> kShells = {"dash", "bash", "bash as sh", "busybox", "mksh", "zsh", "zsh as sh"};

/// One of kShells. @param directory  where a link named `sh` may be made
/// @return nothing if it is not here
inline std::optional<Shell> find_shell(const std::string& name, const std::filesystem::path& directory) {
  const std::string program = detail::find_in_path(name.substr(0, name.find(' ')));
  if (program.empty()) return {};
  if (name == "busybox") return Shell{name, {program, "sh"}};
  if (name.find(' ') == std::string::npos) return Shell{name, {program}};
  const auto link = directory / name / "sh";
  std::filesystem::create_directories(link.parent_path());
  std::filesystem::create_symlink(program, link);
  return Shell{name, {link.string()}};
}

/// What windrow makes of it. @throws SpecError if it refuses it
inline std::string made(const Case& fuzzed) {
  std::vector<detail::Piece> pieces;
  for (std::size_t at = 0; at < fuzzed.text.size();) {
    const std::size_t tag = std::min(fuzzed.text.find("{{", at), fuzzed.text.size());
    if (tag > at) pieces.push_back({detail::Piece::literal, fuzzed.text.substr(at, tag - at)});
    if (tag == fuzzed.text.size()) break;
    const std::size_t name = fuzzed.text[tag + 2] == 'v' ? 0 : 1;
    pieces.push_back({name, fuzzed.values.at(name)});
    at = tag + std::string_view("{{v}}").size();
  }
  return detail::shell_text(pieces, {"v", "w"});
}

/// The same; nothing if it is refused.
inline std::optional<std::string> rendered(const Case& fuzzed) {
  try {
    return made(fuzzed);
  } catch (const SpecError&) {
    return {};
  }
}

/// Runs texts in shells and says which made the file. They write to files of any name, so root does not run them: its
/// shells are nobody's.
class Runner {
 public:
  /// @param directory  to run in; the file that values make is `mark` in it
  explicit Runner(std::filesystem::path directory) : directory_(std::move(directory)) {
    std::filesystem::create_directories(work());
    for (const auto& path : {directory_.parent_path(), directory_}) {
      std::filesystem::permissions(path, std::filesystem::perms::others_exec, std::filesystem::perm_options::add);
    }
  }
  std::filesystem::path mark() const { return directory_ / "m"; }

  /// @return the texts that made the file
  std::vector<std::size_t> culprits(const Shell& shell, const std::vector<std::string>& texts) {
    if (!run(shell, texts) && reached_end_) return {};
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      if (run(shell, {texts[i]})) found.push_back(i);
      if (!reached_end_) unfinished_.push_back(shell.name + ": " + texts[i]);
    }
    return found;
  }
  /// What each text prints.
  std::vector<std::string> outputs(const Shell& shell, const std::vector<std::string>& texts) {
    run(shell, texts);
    std::vector<std::string> printed;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      std::ifstream in(work() / "outputs" / std::to_string(i), std::ios::binary);
      printed.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    }
    return printed;
  }
  /// Texts, by themselves, at which the shell that runs them ended or took too long.
  const std::vector<std::string>& unfinished() const { return unfinished_; }

 private:
  std::filesystem::path work() const { return directory_ / "d"; }

  /// Each in a subshell of one process. @return whether the file was made
  bool run(const Shell& shell, const std::vector<std::string>& texts) {
    std::filesystem::remove_all(work());
    std::filesystem::create_directories(work() / "outputs");
    std::filesystem::remove(mark());
    const auto script = directory_ / "script";
    const auto end = directory_ / "end";
    std::filesystem::remove(end);
    {
      std::ofstream out(script, std::ios::binary);
      out << "x=ab; y=; a=1; f() { :; }\n";
      for (std::size_t i = 0; i < texts.size(); ++i) {
        out << "(eval " << text::in_single_quotes(texts[i]) << ") </dev/null >" << (work() / "outputs").string() << "/"
            << i << "\n";
      }
      out << ">" << end.string() << "\nexit 0\n";
    }
    std::vector<std::string> argv = {"timeout", "-k", "1", "10"};
    if (geteuid() == 0) {
      for (const auto& path : {directory_, work(), work() / "outputs"}) give_away(path);
      const std::string nobody = std::to_string(kNobody);
      argv.insert(argv.begin(), {"setpriv", "--reuid=" + nobody, "--regid=" + nobody, "--clear-groups"});
    }
    argv.insert(argv.end(), shell.argv.begin(), shell.argv.end());
    argv.push_back(script.string());
    spawn(argv);
    reached_end_ = std::filesystem::exists(end);
    return std::filesystem::exists(mark());
  }

  static void give_away(const std::filesystem::path& path) {
    if (chown(path.c_str(), kNobody, kNobody) != 0) throw SystemError("cannot give away " + path.string(), errno);
  }

  void spawn(std::vector<std::string>& arguments) const {
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addchdir_np(&actions, work().c_str());
    pid_t child = 0;
    std::string path = "PATH=/usr/bin:/bin";
    std::string locale = "LC_ALL=C.UTF-8";
    std::string home = "HOME=" + work().string();
    std::array<char*, 4> environment = {path.data(), locale.data(), home.data(), nullptr};
    const int error = posix_spawnp(&child, argv.front(), &actions, nullptr, argv.data(), environment.data());
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) throw SystemError("cannot start a shell", error);
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
  }

  static constexpr unsigned kNobody = 65534;

  std::filesystem::path directory_;
  bool reached_end_ = false;
  std::vector<std::string> unfinished_;
};

}  // namespace windrow::shell_fuzz
