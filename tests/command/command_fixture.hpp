#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "windrow/command/command.hpp"
#include "windrow/design/design.hpp"
#include "windrow/error.hpp"

namespace windrow {

/// A study's directory that lives as long as a test.
class CommandFixture : public testing::Test {
 protected:
  CommandFixture() {
    std::string name = (std::filesystem::temp_directory_path() / "windrow-command-XXXXXX").string();
    study_ = mkdtemp(name.data());
  }
  ~CommandFixture() override { std::filesystem::remove_all(study_); }

  void write(const std::string& name, const std::string& content) const {
    std::ofstream(study_ / name, std::ios::binary) << content;
  }
  static std::string content_of(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  CommandSpec spec(std::variant<std::vector<std::string>, std::string> run,
                   std::vector<OutputSpec> outputs = {}) const {
    CommandSpec result;
    result.run = std::move(run);
    result.outputs = std::move(outputs);
    result.study_directory = study_;
    result.points_directory = study_ / "points";
    return result;
  }
  static std::vector<std::string> sh(const std::string& text) { return {"sh", "-c", text}; }
  /// A design of one point that holds one value.
  static Design one(const std::string& name, Value value) { return grid({values(name, {std::move(value)})}, 42); }

  static Outcome<std::vector<Value>> evaluate(const Command& command, const Design& design, std::uint64_t index = 0) {
    return command.evaluate(design.point(index), [] { return false; });
  }
  Outcome<std::vector<Value>> evaluate(const CommandSpec& command) const {
    const Design design = one("x", 1.0);
    return evaluate(Command(command, design), design);
  }
  std::filesystem::path point(std::uint64_t index = 0) const { return study_ / "points" / std::to_string(index); }

  /// The message of the SpecError that making a command of `command` throws, or "" if it throws none.
  static std::string complaint(const CommandSpec& command, const Design& design = one("x", 1.0)) {
    try {
      Command made(command, design);
    } catch (const SpecError& error) {
      return error.what();
    }
    return "";
  }

  std::filesystem::path study_;
};

}  // namespace windrow
