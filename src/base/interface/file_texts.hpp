#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>

#include "windrow/error.hpp"

namespace windrow::detail {

/// The texts of files that one rank reads for all. One of these reads and remembers; one that is made of what another
/// remembers opens no file.
class FileTexts {
 public:
  using Texts = std::map<std::string, std::string>;
  FileTexts() = default;
  explicit FileTexts(Texts texts) : texts_(std::move(texts)), reads_(false) {}

  /// Whether files are here to be read, and to be looked for.
  bool reads() const { return reads_; }
  const Texts& all() const { return texts_; }
  void forget(const std::string& name) { texts_.erase(name); }

  /// @param name  what the file is known by on every rank: its path may differ
  /// @param read  gives the text the first time, if files are read here
  std::string text(const std::string& name, const std::function<std::string()>& read) {
    const auto known = texts_.find(name);
    if (known != texts_.end()) return known->second;
    if (!reads_) throw ParallelError("the root has not read this: " + name);
    return texts_[name] = read();
  }

 private:
  Texts texts_;
  bool reads_ = true;
};

}  // namespace windrow::detail
