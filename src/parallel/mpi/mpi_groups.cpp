#include "parallel/mpi/mpi_groups.hpp"

#include <vector>

#include "parallel/mpi/mpi_wait.hpp"
#include "windrow/error.hpp"
#include "windrow/parallel/mpi/self_groups.hpp"

namespace windrow::detail {
namespace {

constexpr std::uint64_t kTags = 32768;  // that MPI has at least

/// Waits until everything that the members have sent each other has arrived: the number of a communicator is used
/// again, and a late message must not meet the next one. Messages between two ranks do not overtake each other.
void settle(MPI_Comm comm, int size) {
  const std::vector<int> counts(static_cast<std::size_t>(size), 1);
  std::vector<int> offsets;
  for (int r = 0; r < size; ++r) offsets.push_back(r);
  const std::vector<char> out(counts.size());
  std::vector<char> in(counts.size());
  check_mpi(MPI_Alltoallv(out.data(), counts.data(), offsets.data(), MPI_CHAR, in.data(), counts.data(), offsets.data(),
                          MPI_CHAR, comm),
            "MPI_Alltoallv");
}

}  // namespace

MpiGroups::Entry::~Entry() {
  group.model.reset();
  if (comm != MPI_COMM_NULL) MPI_Comm_free(&comm);
}

void MpiGroups::Entry::describe() {
  group.communicator = &comm;
  check_mpi(MPI_Comm_rank(comm, &group.rank), "MPI_Comm_rank");
  check_mpi(MPI_Comm_size(comm, &group.size), "MPI_Comm_size");
}

MpiGroups::~MpiGroups() {
  alone_.reset();
  groups_.clear();
  if (base_ != MPI_COMM_NULL) MPI_Comm_free(&base_);
}

MPI_Comm MpiGroups::make(std::uint64_t id, std::span<const int> members) const {
  MPI_Comm comm = MPI_COMM_NULL;
  if (members.size() == 1) {
    check_mpi(MPI_Comm_dup(MPI_COMM_SELF, &comm), "MPI_Comm_dup");
    return comm;
  }
  MPI_Group all = MPI_GROUP_NULL;
  MPI_Group some = MPI_GROUP_NULL;
  check_mpi(MPI_Comm_group(base_, &all), "MPI_Comm_group");
  const int included = MPI_Group_incl(all, static_cast<int>(members.size()), members.data(), &some);
  MPI_Group_free(&all);
  check_mpi(included, "MPI_Group_incl");
  const int made = MPI_Comm_create_group(base_, some, static_cast<int>(id % kTags), &comm);
  MPI_Group_free(&some);
  check_mpi(made, "MPI_Comm_create_group");
  return comm;
}

RankGroup& MpiGroups::use(std::uint64_t id, std::span<const int> members) {
  Entry& entry = groups_[id];
  if (entry.comm == MPI_COMM_NULL) {
    entry.comm = make(id, members);
    // As on the communicators that programs know: whoever wants to handle errors of MPI says so.
    MPI_Comm_set_errhandler(entry.comm, MPI_ERRORS_ARE_FATAL);
    entry.describe();
  }
  return entry.group;
}

void MpiGroups::free(std::uint64_t id) {
  const auto found = groups_.find(id);
  if (found == groups_.end()) return;
  Entry& entry = found->second;
  if (entry.comm != MPI_COMM_NULL) settle(entry.comm, entry.group.size);
  groups_.erase(found);
}

RankGroup& MpiGroups::alone() {
  alone_ = std::make_unique<Entry>();
  check_mpi(MPI_Comm_dup(MPI_COMM_SELF, &alone_->comm), "MPI_Comm_dup");
  alone_->describe();
  return alone_->group;
}

std::shared_ptr<RankGroups> self_groups() {
  int initialized = 0;
  int finalized = 0;
  MPI_Initialized(&initialized);
  MPI_Finalized(&finalized);
  if (initialized == 0 || finalized != 0) {
    throw SpecError(
        "evaluations that take a communicator need MPI, which is not initialized: start the program by mpirun, or call "
        "MPI_Init_thread first");
  }
  return std::make_shared<MpiGroups>(MPI_COMM_NULL);
}

}  // namespace windrow::detail
