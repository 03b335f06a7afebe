#include "parallel/mpi/collectives.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "windrow/base/exception_text.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

constexpr std::size_t kLargestPart = std::size_t{1} << 30U;  // MPI counts in int
constexpr std::size_t kPassedAtOnce = std::size_t{1} << 20U;
constexpr std::size_t kReducedTogether = std::size_t{2} << 20U;  // of each rank; what others contribute takes as much
constexpr int kMostFoldingRanks = 64;                            // more would connect very many ranks with all others
constexpr int kCallBits = 22;
constexpr int kKindBits = 3;       // beside them in a tag
constexpr int kOneWayCalls = 256;  // before those that only send wait for those that receive

/// The elements that one of some ranks folds.
struct Part {
  std::size_t begin, size;  // in bytes
};

Part part_of(int rank, int ranks, std::size_t bytes, std::size_t element_size) {
  const auto edge = [&](int r) {
    return bytes / element_size * static_cast<std::size_t>(r) / static_cast<std::size_t>(ranks) * element_size;
  };
  return {edge(rank), edge(rank + 1) - edge(rank)};
}

}  // namespace

Collectives::Collectives(MPI_Comm comm)
    : comm_(comm, boost::mpi::comm_duplicate), rank_(comm_.rank()), size_(comm_.size()) {
  MPI_Comm_set_errhandler(comm_, MPI_ERRORS_RETURN);
  const std::size_t bytes = static_cast<std::size_t>(size_) * (sizeof(std::uint64_t) + kSmall);
  memory_ = std::make_unique_for_overwrite<std::byte[]>(bytes);
  records_ = {memory_.get(), bytes};
}

void Collectives::ask(RankWatch* watch, CallWatch* calls) {
  watch_ = watch;
  calls_ = calls;
}

void Collectives::next_call(CallKind kind) {
  if (!pending_.empty()) give_up();  // of a call that threw
  call_ = (call_ + 1) % (1 << kCallBits);
  static_assert(static_cast<int>(CallKind::rank_groups) < 1 << kKindBits);
  tag_ = (call_ << kKindBits) + static_cast<int>(kind);
}

void Collectives::send(int rank, std::span<const std::byte> data) {
  do {
    const auto part = data.first(std::min(data.size(), kLargestPart));
    check_mpi(MPI_Isend(part.data(), mpi_count(part.size()), MPI_BYTE, rank, tag_, comm_,
                        &pending_.emplace_back(MPI_REQUEST_NULL)),
              "MPI_Isend");
    data = data.subspan(part.size());
  } while (!data.empty());
}

void Collectives::receive(int rank, std::span<std::byte> room) {
  do {
    const auto part = room.first(std::min(room.size(), kLargestPart));
    check_mpi(MPI_Irecv(part.data(), mpi_count(part.size()), MPI_BYTE, rank, tag_, comm_,
                        &pending_.emplace_back(MPI_REQUEST_NULL)),
              "MPI_Irecv");
    room = room.subspan(part.size());
  } while (!room.empty());
}

/// Waits for one message. @return its size
std::size_t Collectives::take(int rank, std::span<std::byte> room) {
  MPI_Status status;
  check_mpi(MPI_Irecv(room.data(), mpi_count(room.size()), MPI_BYTE, rank, tag_, comm_,
                      &pending_.emplace_back(MPI_REQUEST_NULL)),
            "MPI_Irecv");
  wait_for(pending_.back(), &status);
  pending_.pop_back();
  int size = 0;
  check_mpi(MPI_Get_count(&status, MPI_BYTE, &size), "MPI_Get_count");
  return static_cast<std::size_t>(size);
}

void Collectives::wait() {
  for (MPI_Request& request : pending_) wait_for(request, MPI_STATUS_IGNORE);
  pending_.clear();
}

void Collectives::wait_for(MPI_Request& request, MPI_Status* status) {
  try {
    wait_mpi(request, watch_, calls_, status);
  } catch (...) {
    give_up();
    throw;
  }
}

// What nobody has begun to send can be cancelled; the rest stays with MPI.
void Collectives::give_up() {
  is_broken_ = true;
  for (MPI_Request& request : pending_) {
    if (request != MPI_REQUEST_NULL) MPI_Cancel(&request);
  }
  pending_.clear();
}

std::size_t Collectives::put_record(std::uint64_t size, std::span<const std::byte> data) {
  std::memcpy(records_.data(), &size, sizeof size);
  if (size > kSmall || size == 0) return sizeof size;
  std::memcpy(records_.data() + sizeof size, data.data(), data.size());
  return sizeof size + data.size();
}

Collectives::Record Collectives::read_record(std::span<const std::byte> bytes) {
  Record record;
  std::memcpy(&record.size, bytes.data(), sizeof record.size);
  if (record.size <= kSmall) record.content = bytes.subspan(sizeof record.size, static_cast<std::size_t>(record.size));
  return record;
}

// In round k ranks send what they know, of 2^k ranks from themselves on, to the one 2^k before them.
void Collectives::exchange_records(std::uint64_t size, std::span<const std::byte> data) {
  ends_.assign(1, put_record(size, data));
  for (int known = 1; known < size_; known *= 2) {
    const auto count = static_cast<std::size_t>(std::min(known, size_ - known));
    send((rank_ - known + size_) % size_, records_.first(ends_[count - 1]));
    take((rank_ + known) % size_, records_.subspan(ends_.back()));
    for (std::size_t i = 0; i < count; ++i) {
      const Record record = read_record(records_.subspan(ends_.back()));
      ends_.push_back(ends_.back() + sizeof record.size + record.content.size());
    }
    wait();
  }
}

Collectives::Record Collectives::record_of(int rank) const {
  const auto at = static_cast<std::size_t>((rank - rank_ + size_) % size_);
  return read_record(records_.subspan(at == 0 ? 0 : ends_[at - 1]));
}

std::vector<std::uint64_t> Collectives::sizes_of_records() const {
  std::vector<std::uint64_t> sizes;
  for (int r = 0; r < size_; ++r) sizes.push_back(record_of(r).size);
  return sizes;
}

// In round k every rank hears that all from 2^k - 1 ranks before it on have come.
void Collectives::sync() {
  next_call(CallKind::sync);
  for (int distance = 1; distance < size_; distance *= 2) {
    send((rank_ + distance) % size_, {});
    receive((rank_ - distance + size_) % size_, {});
    wait();
  }
}

// What has arrived before its call is in the receiver's memory.
void Collectives::keep_pace() {
  one_way_ = (one_way_ + 1) % kOneWayCalls;
  if (one_way_ == 0) sync();
}

// The head, with what is small, goes down a binomial tree: few steps; what is large through one in which no rank sends
// more than twice what it receives.
void Collectives::broadcast(std::span<const std::byte> data, Room& room) {
  next_call(CallKind::broadcast);
  int below = 1;
  while (below < size_ && (rank_ & below) == 0) below *= 2;
  const std::size_t length = rank_ == 0 ? put_record(data.size(), data) : take(rank_ - below, records_);
  const std::span<const std::byte> record = records_.first(length);
  for (int distance = below / 2; distance > 0; distance /= 2) {
    if (rank_ + distance < size_) send(rank_ + distance, record);
  }
  const auto [size, content] = read_record(record);
  if (rank_ != 0) room.make({&size, 1});
  if (size > kSmall) {
    std::byte* const memory = rank_ == 0 ? const_cast<std::byte*>(data.data()) : room.of(0);  // the root only sends it
    pass_on({memory, static_cast<std::size_t>(size)});
  } else if (rank_ != 0 && !content.empty()) {
    std::memcpy(room.of(0), content.data(), content.size());
  }
  wait();
  keep_pace();
}

void Collectives::pass_on(std::span<std::byte> data) {
  const std::size_t first = pending_.size();
  std::vector<std::span<std::byte>> parts;
  for (; !data.empty(); data = data.subspan(parts.back().size())) {
    parts.push_back(data.first(std::min(data.size(), kPassedAtOnce)));
    if (rank_ != 0) receive((rank_ - 1) / 2, parts.back());
  }
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (2 * rank_ + 1 >= size_) break;
    if (rank_ != 0) wait_for(pending_[first + i], MPI_STATUS_IGNORE);
    for (int child = 2 * rank_ + 1; child <= 2 * rank_ + 2 && child < size_; ++child) send(child, parts[i]);
  }
}

void Collectives::gather(std::span<const std::byte> data, Room& room) {
  next_call(CallKind::gather);
  const std::size_t length = put_record(data.size(), data);
  if (rank_ != 0) {
    send(0, records_.first(length));
    if (data.size() > kSmall) send(0, data);
    wait();
    return keep_pace();
  }
  ends_.assign(1, length);
  for (int r = 1; r < size_; ++r) {
    ends_.push_back(ends_.back() + take(r, records_.subspan(ends_.back())));
  }
  const std::vector<std::uint64_t> sizes = sizes_of_records();
  room.make(sizes);
  for (int r = 1; r < size_; ++r) {
    const Record record = record_of(r);
    std::byte* const to = room.of(static_cast<std::size_t>(r));
    if (record.size > kSmall) receive(r, {to, static_cast<std::size_t>(record.size)});
    if (!record.content.empty()) std::memcpy(to, record.content.data(), record.content.size());
  }
  if (!data.empty()) std::memcpy(room.of(0), data.data(), data.size());
  wait();
  keep_pace();
}

void Collectives::all_gather(std::span<const std::byte> data, Room& room) {
  next_call(CallKind::all_gather);
  exchange_records(data.size(), data);
  const std::vector<std::uint64_t> sizes = sizes_of_records();
  room.make(sizes);
  for (int r = 0; r < size_; ++r) {
    const auto content = record_of(r).content;
    if (!content.empty()) std::memcpy(room.of(static_cast<std::size_t>(r)), content.data(), content.size());
  }
  pass_round(data, sizes, room);
}

// What is large goes from each rank to the next one, round by round.
void Collectives::pass_round(std::span<const std::byte> own, std::span<const std::uint64_t> sizes, Room& room) {
  const auto large_of = [&](int distance) -> std::span<std::byte> {
    const auto rank = static_cast<std::size_t>((rank_ - distance + size_) % size_);
    if (sizes[rank] <= kSmall) return {};
    return {room.of(rank), static_cast<std::size_t>(sizes[rank])};
  };
  std::span<const std::byte> known = own.size() > kSmall ? own : std::span<const std::byte>();
  for (int round = 1; round <= size_; ++round) {
    const auto coming = round < size_ ? large_of(round) : std::span<std::byte>();
    if (!coming.empty()) receive((rank_ - 1 + size_) % size_, coming);
    if (!known.empty() && round < size_) send((rank_ + 1) % size_, known);
    if (round == 1 && !known.empty()) std::memcpy(large_of(0).data(), known.data(), known.size());
    wait();
    known = coming;
  }
}

std::byte* Collectives::scratch(std::size_t bytes) {
  if (scratch_.size() * sizeof(Line) < bytes) scratch_.resize(bytes / sizeof(Line) + 1);
  return scratch_.front().bytes.data();
}

std::vector<std::uint64_t> Collectives::begin_reduce(std::uint64_t size, std::span<const std::byte> in) {
  next_call(CallKind::all_reduce);
  exchange_records(size, in);
  return sizes_of_records();
}

void Collectives::reduce_small(std::span<std::byte> out, const Reduction& reduction) {
  const std::size_t size = out.size();
  std::byte* const inputs = scratch(size * static_cast<std::size_t>(size_));
  for (int r = 0; r < size_; ++r) {
    std::memcpy(inputs + static_cast<std::size_t>(r) * size, record_of(r).content.data(), size);
  }
  for (std::size_t r = 1; r < static_cast<std::size_t>(size_); ++r) {
    reduction.fold(inputs, inputs, inputs + r * size, size);
  }
  std::memcpy(out.data(), inputs, size);
}

void Collectives::reduce_shares(std::span<const std::byte> in, std::span<std::byte> out, const Reduction& reduction) {
  const std::size_t element = reduction.element_size();
  const std::size_t most = std::max(kReducedTogether / element, std::size_t{1}) * element;
  std::exception_ptr thrown;
  for (std::size_t begin = 0; begin < in.size(); begin += most) {
    const std::size_t bytes = std::min(most, in.size() - begin);
    reduce_block(in.subspan(begin, bytes), out.subspan(begin, bytes), reduction, thrown);
  }
  if (reduction.may_throw()) tell_what_was_thrown(thrown);
}

// Each of the folding ranks is sent its share by all others, and sends all others the result.
void Collectives::reduce_block(std::span<const std::byte> in, std::span<std::byte> out, const Reduction& reduction,
                               std::exception_ptr& thrown) {
  const int folding = std::min(size_, kMostFoldingRanks);
  const auto share = [&](int rank) { return part_of(rank, folding, in.size(), reduction.element_size()); };
  const Part own = rank_ < folding ? share(rank_) : Part{0, 0};
  std::byte* const inputs = scratch(own.size * static_cast<std::size_t>(size_));
  const auto input_of = [&](int rank) { return inputs + static_cast<std::size_t>(rank) * own.size; };
  const auto with_others = [&](const auto& call) {
    for (int distance = 1; distance < size_; ++distance) call((rank_ + distance) % size_);
    wait();
  };
  with_others([&](int other) {
    if (own.size > 0) receive(other, {input_of(other), own.size});
    if (other >= folding) return;
    if (const Part theirs = share(other); theirs.size > 0) send(other, in.subspan(theirs.begin, theirs.size));
  });
  if (own.size > 0 && !thrown) {
    try {
      fold_share(in.subspan(own.begin, own.size), out.subspan(own.begin, own.size), inputs, reduction);
    } catch (...) {
      thrown = std::current_exception();
    }
  }
  with_others([&](int other) {
    if (own.size > 0) send(other, out.subspan(own.begin, own.size));
    if (other >= folding) return;
    if (const Part theirs = share(other); theirs.size > 0) receive(other, out.subspan(theirs.begin, theirs.size));
  });
}

// In rank order. `own` may be `out`, which is therefore written last.
void Collectives::fold_share(std::span<const std::byte> own, std::span<std::byte> out, std::byte* inputs,
                             const Reduction& reduction) const {
  const std::size_t size = own.size();
  const auto input = [&](int rank) {
    return rank == rank_ ? own.data() : inputs + static_cast<std::size_t>(rank) * size;
  };
  const std::byte* folded = input(0);
  if (size_ == 1 && folded != out.data()) std::memcpy(out.data(), folded, size);
  for (int r = 1; r < size_; ++r) {
    std::byte* const to = r + 1 == size_ ? out.data() : inputs;
    reduction.fold(to, folded, input(r), size);
    folded = to;
  }
}

void Collectives::tell_what_was_thrown(const std::exception_ptr& thrown) {
  std::string text = thrown ? exception_text(thrown) : std::string();
  if (thrown && text.empty()) text = "an exception";
  text.resize(std::min(text.size(), kSmall));
  exchange_records(text.size(), std::as_bytes(std::span(text)));
  if (thrown) std::rethrow_exception(thrown);
  for (int r = 0; r < size_; ++r) {
    const auto told = record_of(r).content;
    if (told.empty()) continue;
    throw ParallelError(fmt::format("the operation of all_reduce threw at {}: {}",
                                    r == 0 ? std::string("the root") : fmt::format("rank {}", r),
                                    std::string(reinterpret_cast<const char*>(told.data()), told.size())));
  }
}

}  // namespace windrow::detail
