#include "torture/victims.hpp"

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "faults/belongings.hpp"
#include "windrow/process/fd.hpp"

namespace windrow::test {
namespace {

struct Node {
  pid_t pid;
  pid_t parent;
  std::string name;
  Role role;
};

std::string name_of_process(pid_t pid) {
  std::string name = content_of("/proc/" + std::to_string(pid) + "/comm");
  if (name.ends_with('\n')) name.pop_back();
  return name;
}

bool is_rank_0(pid_t pid) {
  const std::string variables = '\0' + content_of("/proc/" + std::to_string(pid) + "/environ");
  return variables.find(std::string("\0OMPI_COMM_WORLD_RANK=0\0", 24)) != std::string::npos;
}

// By its name, and what its parent is: a program may have any name, and evaluations have that of their model.
Role role_of(pid_t pid, const std::string& name, const Node& parent) {
  if (parent.role == Role::helper || parent.role == Role::program) return Role::program;
  if (parent.role == Role::model || parent.role == Role::evaluation) return Role::evaluation;
  if (name == "windrow-launch") return Role::helper;
  if (name == "windrow-forks") return Role::server;
  if (name == "windrow-model") return Role::model;
  if (name == "windrow-guard") return Role::guardian;
  if (parent.role == Role::guardian) return Role::evaluation;  // an orphan
  if (name == "torture-subject" && parent.role == Role::main && is_rank_0(pid)) return Role::root;
  return Role::worker;
}

std::vector<Node> tree_of(pid_t main, Carrier carrier) {
  std::vector<Node> nodes = {{main, 0, name_of_process(main), carrier == Carrier::mpirun ? Role::main : Role::root}};
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    for (const pid_t child : children_of(nodes[i].pid)) {
      const std::string name = name_of_process(child);
      nodes.push_back({child, nodes[i].pid, name, role_of(child, name, nodes[i])});
    }
  }
  return nodes;
}

// The number may belong to another process by now: a descriptor does not, once its process is seen to be the same.
bool kill_surely(const Node& node) {
  const Fd process(static_cast<int>(::syscall(SYS_pidfd_open, node.pid, 0)));
  if (!process) return false;
  const auto siblings = node.parent > 0 ? children_of(node.parent) : std::vector<pid_t>{node.pid};
  if (std::count(siblings.begin(), siblings.end(), node.pid) == 0) return false;
  return ::syscall(SYS_pidfd_send_signal, process.get(), SIGKILL, nullptr, 0) == 0;
}

}  // namespace

std::optional<Victim> kill_one(pid_t main, Carrier carrier, Role role, std::uint64_t pick) {
  const std::vector<Node> nodes = tree_of(main, carrier);
  const Role wanted = role == Role::forks ? Role::server : role;
  std::vector<Node> candidates = nodes;
  if (wanted == Role::main) candidates.resize(1);
  if (wanted != Role::main && wanted != Role::anything) {
    std::erase_if(candidates, [wanted](const Node& node) { return node.role != wanted; });
  }
  if (candidates.empty()) return std::nullopt;
  const Node& node = candidates[pick % candidates.size()];
  if (!kill_surely(node)) return std::nullopt;
  if (role != Role::forks) return Victim{node.pid, node.name, node.role};
  for (const Node& model : nodes) {
    if (model.parent == node.pid) ::kill(model.pid, SIGKILL);  // just now it was the server's own
  }
  return Victim{node.pid, node.name, Role::forks};
}

}  // namespace windrow::test
