#pragma once

#include "process/process_mark.hpp"

struct sockaddr_un;

/// The guardian of a process that starts Processes: ends what these leave, and what is left of them when that process
/// has gone. One for each such process, made by the first of its Processes; it ends by itself when the parent has ended
/// and nothing is left.
namespace windrow::detail {

/// In a Process, before it runs anything of the user's: marks it, and makes sure that the parent's guardian knows it.
/// @throws SystemError if there is no room for a guardian
void be_guarded(ProcessParent parent);

/// Where the guardian of a parent listens: an abstract address, which leaves nothing behind. @return its length
unsigned guardian_address(ProcessParent parent, sockaddr_un& address);

/// What a guardian begins with.
struct GuardianStart {
  ProcessParent parent;
  int parent_end;  ///< readable when the parent has ended
  int ready;       ///< is closed when Processes may be told to the guardian, or it has failed
};

/// Forks the guardian, with all signals blocked. It copies no more than a fork does, is no child of this process, and
/// runs no handler of pthread_atfork. @pre this process has one thread
void spawn_guardian(const GuardianStart& start);

}  // namespace windrow::detail
