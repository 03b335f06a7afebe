#pragma once

#include <mpi.h>

#include <array>
#include <boost/mpi/communicator.hpp>
#include <cstdint>
#include <exception>
#include <memory>
#include <span>
#include <vector>

#include "parallel/mpi/call_watch.hpp"
#include "parallel/mpi/mpi_wait.hpp"
#include "windrow/parallel/collective.hpp"

namespace windrow::detail {

/// Collective calls made of messages between two ranks, which are tested, so that nobody waits inside MPI for a rank
/// that is dead or elsewhere. A message carries the number and the kind of its call: it is never taken for one of
/// another call, and ranks whose calls do not pair wait until CallWatch notices. For one thread at a time.
class Collectives {
 public:
  /// Collective. @param comm  duplicated
  explicit Collectives(MPI_Comm comm);
  Collectives(const Collectives&) = delete;
  Collectives& operator=(const Collectives&) = delete;

  /// Who is asked while a call waits; may be null.
  void ask(RankWatch* watch, CallWatch* calls);
  /// Whether a call was given up: MPI may still touch the memory of this object, which is then to be kept.
  bool is_broken() const { return is_broken_; }

  // Each is one call. @throws whatever RankWatch::check and CallWatch::look throw
  void sync();
  void broadcast(std::span<const std::byte> data, Room& room);
  void gather(std::span<const std::byte> data, Room& room);
  void all_gather(std::span<const std::byte> data, Room& room);
  /// Begins an all_reduce. @param size  of `in`, or what tells the others that it is wrong
  /// @return the sizes of all; reduce_small() or reduce_shares() follows if they are one
  std::vector<std::uint64_t> begin_reduce(std::uint64_t size, std::span<const std::byte> in);
  /// Of at most kSmall bytes, which have come with the sizes: every rank folds all of it. @pre it does not throw
  void reduce_small(std::span<std::byte> out, const Reduction& reduction);
  /// Each rank folds its share of the elements. @param in  may be `out`
  void reduce_shares(std::span<const std::byte> in, std::span<std::byte> out, const Reduction& reduction);

  /// What goes with its head, in one message.
  static constexpr std::size_t kSmall = 2048;

 private:
  /// What a rank sends: its size, and its content if that is small.
  struct Record {
    std::uint64_t size = 0;
    std::span<const std::byte> content;
  };
  struct alignas(64) Line {
    std::array<std::byte, 64> bytes;
  };

  void next_call(CallKind kind);
  void keep_pace();
  void send(int rank, std::span<const std::byte> data);
  void receive(int rank, std::span<std::byte> room);
  std::size_t take(int rank, std::span<std::byte> room);
  void wait();
  void wait_for(MPI_Request& request, MPI_Status* status);
  void give_up();

  std::size_t put_record(std::uint64_t size, std::span<const std::byte> data);
  static Record read_record(std::span<const std::byte> bytes);
  void exchange_records(std::uint64_t size, std::span<const std::byte> data);
  Record record_of(int rank) const;
  std::vector<std::uint64_t> sizes_of_records() const;
  void pass_on(std::span<std::byte> data);
  void pass_round(std::span<const std::byte> own, std::span<const std::uint64_t> sizes, Room& room);
  std::byte* scratch(std::size_t bytes);
  void reduce_block(std::span<const std::byte> in, std::span<std::byte> out, const Reduction& reduction,
                    std::exception_ptr& thrown);
  void fold_share(std::span<const std::byte> own, std::span<std::byte> out, std::byte* inputs,
                  const Reduction& reduction) const;
  void tell_what_was_thrown(const std::exception_ptr& thrown);

  boost::mpi::communicator comm_;
  RankWatch* watch_ = nullptr;
  CallWatch* calls_ = nullptr;
  int rank_;
  int size_;
  int call_ = 0;
  int tag_ = 0;      // of all messages of a call
  int one_way_ = 0;  // calls, of late, in which the sender waits for nobody
  std::vector<MPI_Request> pending_;
  std::unique_ptr<std::byte[]> memory_;  // of the records; not touched before it is used, for there may be many ranks
  std::span<std::byte> records_;         // of this rank, the next one, and so on
  std::vector<std::size_t> ends_;        // of each record
  std::vector<Line> scratch_;            // what others contribute to a share
  bool is_broken_ = false;
};

}  // namespace windrow::detail
