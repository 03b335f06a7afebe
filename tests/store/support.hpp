#pragma once

#include <gmock/gmock.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <system_error>

#include "error_of.hpp"
#include "store/query.hpp"
#include "store/small_file_system.hpp"
#include "windrow/error.hpp"
#include "windrow/store/store.hpp"

namespace windrow::test {

namespace fs = std::filesystem;

/// A directory that is removed at the end.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (fs::temp_directory_path() / "windrow-store-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::system_error(errno, std::generic_category(), name);
    path_ = name;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const fs::path& path() const { return path_; }
  fs::path results() const { return path_ / "results.sqlite"; }

 private:
  fs::path path_;
};

/// Runs `body` in a forked child; `body` writes to the descriptor that it is given, and what it wrote is read here.
class Child {
 public:
  explicit Child(const std::function<void(int)>& body) {
    std::array<int, 2> ends{};
    if (pipe(ends.data()) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
    pid_ = fork();
    if (pid_ == 0) {
      close(ends[0]);
      try {
        body(ends[1]);
      } catch (const std::exception& error) {
        say(ends[1], std::string("exception: ") + error.what());
      }
      _exit(0);
    }
    close(ends[1]);
    from_ = ends[0];
  }
  ~Child() {
    if (pid_ > 0) kill_and_wait();
    close(from_);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  static void say(int to, const std::string& text) {
    if (write(to, text.data(), text.size()) < 0) _exit(1);
  }
  /// All that the child says until it ends.
  std::string listen() {
    std::string text;
    std::array<char, 4096> buffer{};
    for (ssize_t size = 0; (size = read(from_, buffer.data(), buffer.size())) > 0;) {
      text.append(buffer.data(), static_cast<std::size_t>(size));
    }
    return text;
  }
  /// The next line, without its end.
  std::string line() {
    std::string text;
    for (char c = 0; read(from_, &c, 1) == 1 && c != '\n';) text += c;
    return text;
  }
  void kill_and_wait() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

 private:
  pid_t pid_ = 0;
  int from_ = -1;
};

/// Two parameters, one output.
inline StudyIdentity small_study(std::uint64_t points = 10) {
  StudyIdentity study;
  study.name = "rc-filter";
  study.points = points;
  study.parameters = {{"T", "K", "number", "hot"}, {"t", "s", "number", "time"}};
  study.outputs = {{"gain", "dB", "number", ""}};
  study.definition = {{"design.method", "grid"}, {"parameters.T", "linear(1, 2, 5)"}};
  return study;
}

inline Record success(std::uint64_t index, std::vector<Value> parameters, std::vector<Value> outputs) {
  Record record;
  record.index = index;
  record.parameters = std::move(parameters);
  record.outcome = std::move(outputs);
  record.host = "node1";
  return record;
}

inline Record point(std::uint64_t index) {
  return success(index, {static_cast<double>(index), 0.5}, {static_cast<double>(index) * 2.0});
}

inline Record failure(std::uint64_t index, FailureKind kind = FailureKind::crashed) {
  Record record = point(index);
  TaskFailure why;
  why.kind = kind;
  why.message = "went wrong";
  why.code = -11;
  record.outcome = why;
  return record;
}

inline std::vector<std::uint64_t> indices_in(const fs::path& directory) {
  std::vector<std::uint64_t> indices;
  StoreReader(directory).for_each([&](const Record& record) { indices.push_back(record.index); });
  return indices;
}

inline std::string bytes_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

}  // namespace windrow::test
