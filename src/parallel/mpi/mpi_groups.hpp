#pragma once

#include <mpi.h>

#include <cstdint>
#include <map>
#include <memory>
#include <span>

#include "windrow/parallel/rank_group.hpp"

namespace windrow::detail {

/// Groups with communicators of their own, made from those of one communicator.
class MpiGroups : public RankGroups {
 public:
  /// @param base  of all ranks; belongs to this object, and nobody else uses it
  explicit MpiGroups(MPI_Comm base) : base_(base) {}
  /// Models first, then communicators, in the same order on every rank.
  ~MpiGroups() override;
  MpiGroups(const MpiGroups&) = delete;
  MpiGroups& operator=(const MpiGroups&) = delete;

  RankGroup& use(std::uint64_t id, std::span<const int> members) override;
  void free(std::uint64_t id) override;
  RankGroup& alone() override;

 private:
  struct Entry {
    Entry() = default;
    ~Entry();
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;
    void describe();

    MPI_Comm comm = MPI_COMM_NULL;
    RankGroup group{};
  };

  MPI_Comm make(std::uint64_t id, std::span<const int> members) const;

  MPI_Comm base_;  // may be MPI_COMM_NULL: then there is only alone()
  std::map<std::uint64_t, Entry> groups_;
  std::unique_ptr<Entry> alone_;
};

}  // namespace windrow::detail
