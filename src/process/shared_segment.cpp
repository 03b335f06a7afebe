// Named shared memory: files in memory (memfd) that other processes find through /proc/<owner>/fd. Unlike a file in
// /dev/shm, the kernel frees such a file with the last process that has it open or mapped, however that ends.
#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "process/process_identity.hpp"
#include "windrow/error.hpp"
#include "windrow/process/shared_memory.hpp"

namespace windrow {
namespace {

constexpr std::string_view kPrefix = "windrow-";
constexpr std::size_t kLongestName = 100;
// Nobody can shrink the file under a mapping; their presence also says that the memory is ready to be opened.
constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

bool is_name(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  };
  return !name.empty() && name.size() <= kLongestName && std::all_of(name.begin(), name.end(), allowed);
}

std::string read_link(int directory, const char* name) {
  std::array<char, 512> text{};
  const ssize_t length = ::readlinkat(directory, name, text.data(), text.size());
  return length < 0 ? std::string() : std::string(text.data(), static_cast<std::size_t>(length));
}

std::string own_link(const Fd& fd) {
  return "/proc/self/fd/" + std::to_string(fd.get());
}

struct FullName {
  int pid = 0;
  std::uint64_t start = 0;
};

// @throws SpecError
FullName parse(const std::string& full_name) {
  FullName parsed;
  const char* const end = full_name.data() + full_name.size();
  if (full_name.starts_with(kPrefix)) {
    const auto pid = std::from_chars(full_name.data() + kPrefix.size(), end, parsed.pid);
    if (pid.ec == std::errc() && pid.ptr != end && *pid.ptr == '-' && parsed.pid > 0) {
      const auto start = std::from_chars(pid.ptr + 1, end, parsed.start);
      if (start.ec == std::errc() && start.ptr != end && *start.ptr == '-' &&
          is_name({start.ptr + 1, static_cast<std::size_t>(end - start.ptr - 1)})) {
        return parsed;
      }
    }
  }
  throw SpecError("\"" + full_name + "\" is not the full name of shared memory, as SharedMemory::full_name() gives it");
}

PeerLost owner_gone(const std::string& full_name) {
  return PeerLost("the process that owned the shared memory " + full_name + " has ended");
}

// The owner's directory in /proc. Stays bound to that very process, whoever gets its pid later.
Fd directory_of(const FullName& name, const std::string& full_name) {
  const std::string path = "/proc/" + std::to_string(name.pid);
  Fd directory(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  const auto times = directory ? detail::times_of(directory.get()) : std::nullopt;
  if (!times || times->state == 'Z' || times->state == 'X' || times->start != name.start) throw owner_gone(full_name);
  return directory;
}

struct Candidate {
  std::uint64_t generation;
  std::string entry;  // in /proc/<owner>/fd
  std::string link;   // what it pointed to
};

// What the owner has under a name, the newest first.
std::vector<Candidate> candidates(int descriptors, const std::string& full_name) {
  const std::string wanted = "/memfd:" + full_name + "#";
  std::vector<Candidate> found;
  DIR* const opened = ::fdopendir(::openat(descriptors, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened == nullptr) return found;
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(opened, ::closedir);
  while (const dirent* entry = ::readdir(listing.get())) {
    std::string link = read_link(descriptors, entry->d_name);
    if (!link.starts_with(wanted)) continue;
    std::uint64_t generation = 0;
    std::from_chars(link.data() + wanted.size(), link.data() + link.size(), generation);
    found.push_back({generation, entry->d_name, std::move(link)});
  }
  std::sort(found.begin(), found.end(),
            [](const Candidate& a, const Candidate& b) { return a.generation > b.generation; });
  return found;
}

// The file, if it is still what it was and ready.
Fd open_candidate(int descriptors, const Candidate& candidate) {
  // The owner may close it and reuse its number meanwhile, perhaps for a device: look before opening for real.
  const Fd path(::openat(descriptors, candidate.entry.c_str(), O_PATH | O_CLOEXEC));
  if (!path || read_link(AT_FDCWD, own_link(path).c_str()) != candidate.link) return Fd();
  Fd file(::open(own_link(path).c_str(), O_RDWR | O_CLOEXEC));
  if (!file) throw SystemError("cannot open shared memory of another process", errno);
  const int seals = ::fcntl(file.get(), F_GET_SEALS);
  return seals >= 0 && (seals & F_SEAL_SEAL) != 0 ? std::move(file) : Fd();
}

}  // namespace

std::string shared_name(std::string_view name) {
  if (!is_name(name)) {
    throw SpecError("\"" + std::string(name) +
                    "\" cannot name shared memory: use 1 to 100 letters, digits, '.', '_' or '-'");
  }
  const Fd self(::open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC));
  const auto times = self ? detail::times_of(self.get()) : std::nullopt;
  if (!times) throw SystemError("cannot read /proc/self/stat", errno);
  return std::string(kPrefix) + std::to_string(::getpid()) + "-" + std::to_string(times->start) + "-" +
         std::string(name);
}

SharedMemory SharedMemory::create(std::string_view name, std::size_t bytes, const std::function<void(void*)>& prepare) {
  static std::atomic<std::uint64_t> generations = 0;
  SharedMemory memory;
  memory.full_name_ = shared_name(name);
  if (bytes == 0) throw SpecError("shared memory of no bytes");
  const std::string label = memory.full_name_ + "#" + std::to_string(++generations) + "#";
  memory.file_ = Fd(::memfd_create(label.c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!memory.file_ || ::ftruncate(memory.file_.get(), static_cast<off_t>(bytes)) != 0) {
    throw SystemError("cannot create shared memory", errno);
  }
  memory.map(memory.file_.get(), bytes);
  if (prepare) prepare(memory.data_);
  if (::fcntl(memory.file_.get(), F_ADD_SEALS, kSeals) != 0) throw SystemError("cannot seal shared memory", errno);
  return memory;
}

SharedMemory SharedMemory::open(const std::string& full_name) {
  const FullName name = parse(full_name);
  const Fd process = directory_of(name, full_name);
  const Fd descriptors(::openat(process.get(), "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!descriptors) {
    if (errno == ENOENT || errno == ESRCH) throw owner_gone(full_name);
    throw SystemError("cannot look for the shared memory " + full_name, errno);
  }
  // An owner that replaces the memory during a scan can hide both the old and the new from it: look again.
  for (int scan = 0; scan < 10; ++scan) {
    for (const Candidate& candidate : candidates(descriptors.get(), full_name)) {
      const Fd file = open_candidate(descriptors.get(), candidate);
      struct stat info {};
      if (!file || ::fstat(file.get(), &info) != 0) continue;
      SharedMemory memory;
      memory.map(file.get(), static_cast<std::size_t>(info.st_size));
      memory.full_name_ = full_name;
      return memory;
    }
  }
  directory_of(name, full_name);  // or it has ended meanwhile
  throw SpecError("process " + std::to_string(name.pid) + " has no shared memory " + full_name);
}

}  // namespace windrow
