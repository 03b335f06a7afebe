#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "evaluator.hpp"
#include "windrow/parallel/job.hpp"
#include "windrow/store/store.hpp"

namespace windrow::detail {

/// What the root says of where arrays may be written: all empty if there is no store.
struct ArrayOffer {
  std::string directory;
  std::string token;  ///< what a file there says, for others to know it by
  bool by_messages = false;

  template <typename Archive>
  void serialize(Archive& archive, unsigned) {
    archive& directory& token& by_messages;
  }
};

/// @throws StoreError if the token cannot be written
ArrayOffer offer_arrays(const Store& store, bool by_messages);

/// How the arrays of a sweep get from one rank to the root: written where the root will find them; else, where the rank
/// does not see that directory, in messages ahead of the outcome; without a store, within the outcome.
class ArrayRoute {
 public:
  /// @param outputs  of the sweep; must stay where they are
  ArrayRoute(const std::vector<Column>& outputs, const ArrayOffer& offer, bool is_root);

  /// Whether outcomes hold something to be sent ahead.
  bool is_needed() const { return has_arrays_ && has_store_; }
  /// Sends the arrays of a result on their way, so that files take their place in it, and of programs' files those that
  /// the result names. Where that fails for want of room and the like, the result says so (Evaluated::store_error).
  /// @return a failure if the arrays are too large to travel
  std::optional<TaskFailure> send(Evaluated& evaluated, WorkerContext& context) const;
  /// A file that a program wrote, as send() does.
  ArrayFile send_file(const std::filesystem::path& file, WorkerContext& context) const;

 private:
  bool sees_directory() const;
  ArrayFile send_array(const Array& array, WorkerContext& context) const;

  const std::vector<Column>& outputs_;
  bool has_arrays_;
  bool has_store_;
  bool sees_directory_;
  std::filesystem::path directory_;
  pid_t root_;  // -1 on other ranks; forked workers of the root are not it
};

/// The root's side of messages: the files that grow in the store's directory.
class ArrayPieces {
 public:
  explicit ArrayPieces(std::filesystem::path directory) : directory_(std::move(directory)) {}
  /// @throws StoreError
  void take(int worker, std::span<const std::byte> piece);
  /// Where the arrays of a result are, as the store wants them.
  void claim(int worker, std::vector<ArrayFile>& arrays);

 private:
  struct Growing {
    Growing(std::uint64_t n, const std::filesystem::path& directory) : number(n), sink(directory) {}
    std::uint64_t number;
    ArrayFileSink sink;
  };
  std::filesystem::path directory_;
  std::map<int, Growing> growing_;                                     // by worker
  std::map<int, std::map<std::uint64_t, std::string>> finished_ = {};  // by worker and number: their names
};

}  // namespace windrow::detail
