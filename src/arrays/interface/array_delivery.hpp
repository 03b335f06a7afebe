#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "windrow/arrays/array_file.hpp"

/// How arrays get from the rank that made them to the root.
namespace windrow::detail {

/// What the root says of where arrays may be written: all empty if there is no such place.
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
ArrayOffer offer_arrays(const std::filesystem::path& directory, bool by_messages);

/// What a rank can do with an array beside writing it.
class ArrayCarrier {
 public:
  virtual ~ArrayCarrier() = default;
  /// Sends a piece to the root, and returns once the root has taken it (ArrayPieces::take).
  virtual void send_piece(std::span<const std::byte> piece) = 0;
  /// Adds the time that writing an array took to the account.
  virtual void stored(double seconds) = 0;
};

/// A rank's side: arrays are written where the root will find them; where the rank does not see that directory, they go
/// in pieces.
class ArrayDelivery {
 public:
  ArrayDelivery(const ArrayOffer& offer, bool is_root);

  /// Sends an array on its way. @return as ArrayPieces::claim wants it. @throws StoreError if it cannot be written
  ArrayFile send(const Array& array, ArrayCarrier& carrier) const;
  /// The same of a file, which need not stay. @throws SpecError, too, if it is no file of an array
  ArrayFile send(const std::filesystem::path& file, ArrayCarrier& carrier) const;

 private:
  bool sees_directory() const;

  std::filesystem::path directory_;
  bool sees_directory_;
  pid_t root_;  // -1 on other ranks; forked workers of the root are not it
};

/// The root's side: the files that grow in its directory.
class ArrayPieces {
 public:
  explicit ArrayPieces(std::filesystem::path directory) : directory_(std::move(directory)) {}
  /// @throws StoreError if it cannot be written; ParallelError for a piece of no array
  void take(int worker, std::span<const std::byte> piece);
  /// Where the arrays of a result are.
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
