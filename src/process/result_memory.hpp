#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "process/fork_wire.hpp"
#include "windrow/process/byte_channel.hpp"
#include "windrow/process/fd.hpp"

namespace windrow::detail {

/// Where an evaluation leaves its result for the owner of its session: a file in memory without a name, gone with the
/// last process that has it. Small results lie in a part that all have mapped; larger ones are written behind it, so
/// that a lack of memory is an error, and given back once they are read.
class ResultMemory {
 public:
  /// Makes one. @throws SystemError
  ResultMemory();
  /// Of another process. @throws SystemError
  explicit ResultMemory(Fd file);
  ~ResultMemory();
  ResultMemory(const ResultMemory&) = delete;
  ResultMemory& operator=(const ResultMemory&) = delete;

  const Fd& file() const { return file_; }

  /// Before an evaluation; gives back what the one before left.
  void clear();
  /// In the evaluating process. @throws SystemError if there is no memory for it
  void put(EvaluationState state, std::span<const std::byte> content);
  void note_memory_ran_out();

  EvaluationState state() const;
  bool memory_ran_out() const;
  /// @throws ParallelError if what is there is not what put() writes, as after a stray write of the evaluation
  Bytes take() const;

 private:
  struct Head;
  void map();
  Head& head() const;
  std::byte* content() const;

  Fd file_;
  void* data_ = nullptr;
};

}  // namespace windrow::detail
