#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace windrow::test {

/// How a program ended, and what it printed.
struct Ended {
  int code = -1;        ///< exit code, or -1 if a signal ended it
  int signal = 0;       ///< that signal, or 0
  bool in_time = true;  ///< false: it was killed because it took too long
  std::string out;
  std::string err;

  /// For messages of assertions.
  std::string text() const;
};

/// A program that runs in a process group of its own, as a shell starts it; its output goes to files. Dies with the
/// test.
class Program {
 public:
  struct Spec {
    std::vector<std::string> argv;
    std::filesystem::path directory;                   ///< working directory
    std::filesystem::path output;                      ///< prefix of the files that stdout and stderr go to
    std::map<std::string, std::string> environment{};  ///< in addition to the test's
    int terminal = -1;                                 ///< becomes the controlling terminal and stdin, stdout, stderr
  };
  explicit Program(Spec spec);
  ~Program();
  Program(Program&& other) noexcept;
  Program& operator=(Program&&) = delete;

  pid_t pid() const { return pid_; }
  bool is_running();
  void signal(int number) const;
  /// What a terminal does on Ctrl-C: to all processes of the group.
  void signal_group(int number) const;
  std::string err() const;
  /// Waits for the end; after `limit` the program is killed. May be called once.
  Ended wait(std::chrono::seconds limit = std::chrono::seconds(50));

 private:
  bool reap(int options);

  Spec spec_;
  pid_t pid_ = -1;
  int status_ = 0;
  bool ended_ = false;
};

/// A process as /proc shows it.
struct Process {
  pid_t pid;
  std::string name;
  std::string environment;                      ///< "A=1\0B=2\0"
  bool has(const std::string& variable) const;  ///< "A=1"
};

/// The living processes whose environment holds `variable` ("NAME=text"), this one aside.
std::vector<Process> processes_with(const std::string& variable);

std::string read_file(const std::filesystem::path& file);

/// Asks until the answer is yes, for at most `limit`. @return the last answer
template <typename Question>
bool eventually(std::chrono::milliseconds limit, Question question);

void pause_for(std::chrono::milliseconds time);

template <typename Question>
bool eventually(std::chrono::milliseconds limit, Question question) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (std::chrono::steady_clock::now() < end) {
    if (question()) return true;
    pause_for(std::chrono::milliseconds(5));
  }
  return question();
}

}  // namespace windrow::test
