#include "parallel/mpi/rank_watch.hpp"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <utility>

#include "parallel/mpi/call_watch.hpp"
#include "process/interface/helper_process.hpp"
#include "process/interface/lifeline.hpp"
#include "windrow/base/clock.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

constexpr auto kConnecting = std::chrono::seconds(20);  // longer than a rank tries
constexpr double kDrainSeconds = 0.1;  // without a message of a dead rank, after which there are no more
enum ControlTag : int { kLost = 1, kParting, kParted, kUnreachable };

// Processes with the same text can see each other.
std::string machine_of_rank(int rank) {
  if (std::getenv("WINDROW_TEST_REMOTE_RANKS") != nullptr) return fmt::format("rank {}", rank);
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string boot;
  file >> boot;
  std::error_code error;
  return boot + " " + std::filesystem::read_symlink("/proc/self/ns/pid", error).string();
}

// A name of its own for each watch of this process.
std::string next_mark_name() {
  static std::atomic<int> count = 0;
  return fmt::format("rank-mark-{}", ++count);
}

std::atomic<std::uint64_t>& word(const SharedMemory& memory) {
  static_assert(std::atomic<std::uint64_t>::is_always_lock_free);
  return *static_cast<std::atomic<std::uint64_t>*>(memory.data());
}

}  // namespace

/// What ranks tell each other of themselves.
struct RankWatch::Card {
  std::string machine;
  std::string mark;  // full name of its memory, which holds the identity of the process
  int pid = 0;

  template <typename Archive>
  void serialize(Archive& archive, unsigned /*version*/) {
    archive& machine& mark& pid;
  }
};

namespace {

// Before main, since MPI_Init reads it, and a program may call that itself. A value from outside stays.
[[maybe_unused]] const bool kFinalizeWaitsForNobody =
    job_outlives_ranks() && ::setenv("OMPI_MCA_async_mpi_finalize", "1", 0) == 0;

}  // namespace

bool job_outlives_ranks() {
  const char* text = std::getenv("OMPI_MCA_orte_enable_recovery");
  if (text == nullptr) return false;
  const std::string value = text;
  return value == "1" || value == "true" || value == "yes" || value == "enabled";
}

RankWatch::RankWatch(ParallelManager& manager, MPI_Comm comm, const std::vector<std::string>& hosts)
    : rank_(manager.rank()),
      hosts_(hosts),
      own_mark_(SharedMemory::create(next_mark_name(), sizeof(std::uint64_t))),
      marks_(hosts.size()),
      states_(hosts.size()),
      silent_since_(hosts.size(), 0.0),
      outbox_(MPI_COMM_NULL) {
  check_mpi(MPI_Comm_dup(comm, &control_), "MPI_Comm_dup");
  MPI_Comm_set_errhandler(control_, MPI_ERRORS_RETURN);
  outbox_.use(control_, this);
  const Card own{machine_of_rank(rank_), own_mark_.full_name(), static_cast<int>(::getpid())};
  std::vector<Card> cards = manager.gather(own);
  Card root = manager.broadcast(own);
  if (!is_root()) cards.push_back(std::move(root));
  for (const Card& card : cards) pids_.push_back(card.pid);
  lifelines_.resize(is_root() ? cards.size() : 1);
  if (is_root()) {
    epoll_ = Fd(::epoll_create1(EPOLL_CLOEXEC));
    if (!epoll_) throw SystemError("cannot create an epoll descriptor", errno);
  }
  std::vector<int> missing;
  for (std::size_t other = 0; other < cards.size(); ++other) {
    if ((other == 0) == is_root()) continue;  // the root watches the others, and they the root
    const int number = static_cast<int>(other);
    Fd lifeline = cards[other].machine == own.machine ? watch_locally(cards[other], marks_[other]) : Fd();
    lifeline ? add(number, std::move(lifeline)) : missing.push_back(number);
  }
  watch_remotely(manager, missing);
}

RankWatch::~RankWatch() {
  outbox_.forget();
  int finalized = 0;
  MPI_Finalized(&finalized);
  if (finalized == 0 && losses_.empty() && !is_gone(0)) MPI_Comm_free(&control_);
}

// The memory can only be opened while its owner lives: so the process that was opened before is the owner.
Fd RankWatch::watch_locally(const Card& card, SharedMemory& mark) const {
  Fd process = open_process(card.pid);
  if (!process) return {};
  try {
    mark = SharedMemory::open(card.mark);
  } catch (const Error&) {
    return {};
  }
  return process;
}

// Those that the root cannot see, and that cannot see the root, connect to it.
void RankWatch::watch_remotely(ParallelManager& manager, const std::vector<int>& missing) {
  std::optional<LifelineHost> host;
  std::string address;
  if (is_root()) {
    host.emplace();
    address = host->address();
  }
  address = manager.broadcast(address);
  const std::vector<int> misses = manager.gather(static_cast<int>(missing.size()));
  std::set<int> expected;
  if (is_root()) expected.insert(missing.begin(), missing.end());
  for (std::size_t r = 1; r < misses.size(); ++r) {
    if (misses[r] > 0) expected.insert(static_cast<int>(r));
  }
  const auto all_expected = manager.broadcast(std::vector<int>(expected.begin(), expected.end()));
  if (is_root()) return accept(*host, std::move(expected));
  if (!std::binary_search(all_expected.begin(), all_expected.end(), rank_)) return;
  if (Fd connection = connect_lifeline(address, rank_)) {
    add(0, std::move(connection));
  } else {
    outbox_.send(0, kUnreachable, {});
  }
}

// Who neither connects nor says that it cannot has died meanwhile.
void RankWatch::accept(LifelineHost& host, std::set<int> expected) {
  using Clock = std::chrono::steady_clock;
  const auto deadline = Clock::now() + kConnecting;
  while (!expected.empty() && Clock::now() < deadline) {
    if (auto lifeline = host.accept_until(Clock::now() + std::chrono::milliseconds(20))) {
      if (expected.erase(lifeline->number) > 0) add(lifeline->number, std::move(lifeline->connection));
    }
    while (const auto rank = receive_empty(kUnreachable)) {
      if (expected.erase(*rank) == 0) continue;
      unwatched_.push_back(name_of(*rank) + " cannot reach the root over TCP: its death would not be noticed");
    }
  }
  for (const int rank : expected) note_death(rank);
}

// At the root: a message without content. @return from whom
std::optional<int> RankWatch::receive_empty(int tag) {
  int arrived = 0;
  MPI_Status status;
  check_mpi(MPI_Iprobe(MPI_ANY_SOURCE, tag, control_, &arrived, &status), "MPI_Iprobe");
  if (arrived == 0) return std::nullopt;
  check_mpi(MPI_Recv(nullptr, 0, MPI_BYTE, status.MPI_SOURCE, tag, control_, MPI_STATUS_IGNORE), "MPI_Recv");
  return status.MPI_SOURCE;
}

// At the root a later one, over TCP, goes before an earlier one.
void RankWatch::add(int rank, Fd lifeline) {
  const auto at = static_cast<std::size_t>(rank);
  if (is_root()) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLRDHUP;
    event.data.u32 = static_cast<std::uint32_t>(rank);
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, lifeline.get(), &event) != 0) {
      throw SystemError("cannot watch a rank", errno);
    }
    if (lifelines_[at]) ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, lifelines_[at].get(), nullptr);
  }
  lifelines_[at] = std::move(lifeline);
}

void RankWatch::look() {
  if (!is_root()) {
    if (!is_gone(0) && has_ended(lifelines_.front())) note_death(0);
    return;
  }
  std::array<epoll_event, 16> events{};
  int count = 0;
  do {
    count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 0);
    for (int i = 0; i < count; ++i) note_death(static_cast<int>(events[static_cast<std::size_t>(i)].data.u32));
  } while (count == static_cast<int>(events.size()));
}

void RankWatch::note_death(int rank) {
  const auto at = static_cast<std::size_t>(rank);
  if (states_[at] != State::alive) return;
  states_[at] = State::dead;
  silent_since_[at] = monotonic_seconds();
  ++dying_;
  if (!is_root()) return;
  // A forked child may hold a copy, which would keep a closed descriptor in the epoll. Closing it here ends a rank that
  // lives, but cannot be reached.
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, lifelines_[at].get(), nullptr);
  lifelines_[at].reset();
}

int RankWatch::descriptor() const {
  return is_root() ? epoll_.get() : is_gone(0) ? -1 : root_lifeline();
}

void RankWatch::heard_from(int rank) {
  if (dying_ > 0) silent_since_[static_cast<std::size_t>(rank)] = monotonic_seconds();
}

void RankWatch::declare_lost() {
  if (dying_ == 0) return;
  const double now = monotonic_seconds();
  for (std::size_t r = 0; r < states_.size(); ++r) {
    if (states_[r] != State::dead || now - silent_since_[r] < kDrainSeconds) continue;
    states_[r] = State::lost;
    --dying_;
    lost_.push_back(static_cast<int>(r));
    losses_.push_back(name_of(lost_.back()));
    const auto& text = losses_.back();
    for (std::size_t other = 1; other < states_.size(); ++other) {
      if (states_[other] == State::alive) {
        outbox_.send(static_cast<int>(other), kLost, std::as_bytes(std::span(text.data(), text.size())));
      }
    }
  }
}

std::string RankWatch::name_of(int rank) const {
  const auto at = static_cast<std::size_t>(rank);
  return fmt::format("{} {} (pid {} on {})", rank == 0 ? "the root, rank" : "rank", rank, pids_[at], hosts_[at]);
}

// At another rank: what the root has told.
void RankWatch::hear() {
  for (;;) {
    int arrived = 0;
    MPI_Status status;
    check_mpi(MPI_Iprobe(0, kLost, control_, &arrived, &status), "MPI_Iprobe");
    if (arrived == 0) return;
    int length = 0;
    check_mpi(MPI_Get_count(&status, MPI_BYTE, &length), "MPI_Get_count");
    std::string text(static_cast<std::size_t>(length), ' ');
    check_mpi(MPI_Recv(text.data(), length, MPI_BYTE, 0, kLost, control_, MPI_STATUS_IGNORE), "MPI_Recv");
    losses_.push_back(std::move(text));
  }
}

void RankWatch::check() {
  look();
  if (is_root()) {
    declare_lost();
  } else {
    hear();
    if (is_gone(0) && monotonic_seconds() - silent_since_.front() >= kDrainSeconds) check_root();
  }
  if (!losses_.empty()) throw_loss();
}

void RankWatch::throw_loss() const {
  throw ParallelError(fmt::format("{} was lost: the ranks can make no collective calls any more", losses_.front()));
}

void RankWatch::check_root() {
  look();
  if (is_gone(0)) throw PeerLost(fmt::format("{} is gone", name_of(0)));
}

void RankWatch::part(CallWatch& calls) {
  BackOff pause;
  if (!is_root()) {
    outbox_.send(0, kParting, {});
    for (int arrived = 0;;) {
      check_mpi(MPI_Iprobe(0, kParted, control_, &arrived, MPI_STATUS_IGNORE), "MPI_Iprobe");
      look();
      if (arrived != 0 || is_gone(0)) return;
      calls.look();
      pause.sleep();
    }
  }
  for (std::vector<bool> parted(states_.size(), false); !all_have_parted(parted);) {
    calls.look();
    pause.sleep();
  }
  for (std::size_t r = 1; r < states_.size(); ++r) outbox_.send(static_cast<int>(r), kParted, {});
}

bool RankWatch::all_have_parted(std::vector<bool>& parted) {
  look();
  declare_lost();
  while (const auto rank = receive_empty(kParting)) parted[static_cast<std::size_t>(*rank)] = true;
  for (std::size_t r = 1; r < parted.size(); ++r) {
    if (!parted[r] && !is_gone(static_cast<int>(r))) return false;
  }
  return true;
}

std::atomic<std::uint64_t>* RankWatch::own_mark() const {
  return &word(own_mark_);
}

std::optional<std::uint64_t> RankWatch::mark_of(int rank) const {
  const std::uint64_t mark = word(marks_[static_cast<std::size_t>(rank)]).load(std::memory_order_relaxed);
  return mark == 0 ? std::nullopt : std::optional(mark - 1);
}

}  // namespace windrow::detail
