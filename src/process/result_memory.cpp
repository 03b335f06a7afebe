#include "process/result_memory.hpp"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "process/futex.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {

static constexpr std::size_t kMapped = 64 * 1024;

struct ResultMemory::Head {
  std::uint32_t state;
  std::uint32_t memory_ran_out;
  std::uint64_t size;
};

ResultMemory::ResultMemory() : file_(::memfd_create("windrow-results", MFD_CLOEXEC)) {
  if (!file_ || ::ftruncate(file_.get(), kMapped) != 0) throw SystemError("cannot create memory for results", errno);
  map();
}

ResultMemory::ResultMemory(Fd file) : file_(std::move(file)) {
  map();
}

ResultMemory::~ResultMemory() {
  ::munmap(data_, kMapped);
}

void ResultMemory::map() {
  data_ = ::mmap(nullptr, kMapped, PROT_READ | PROT_WRITE, MAP_SHARED, file_.get(), 0);
  if (data_ == MAP_FAILED) throw SystemError("cannot map memory for results", errno);
}

ResultMemory::Head& ResultMemory::head() const {
  return *static_cast<Head*>(data_);
}

std::byte* ResultMemory::content() const {
  return static_cast<std::byte*>(data_) + sizeof(Head);
}

void ResultMemory::clear() {
  if (head().size > kMapped - sizeof(Head) || state() == EvaluationState::unfinished) {
    struct stat info {};
    if (::fstat(file_.get(), &info) == 0 && info.st_size != static_cast<off_t>(kMapped) &&
        ::ftruncate(file_.get(), kMapped) != 0) {
      throw SystemError("cannot give back the memory of a result", errno);
    }
  }
  head().size = 0;
  head().memory_ran_out = 0;
  atomic(head().state).store(static_cast<std::uint32_t>(EvaluationState::unfinished), std::memory_order_release);
}

void ResultMemory::put(EvaluationState state, std::span<const std::byte> result) {
  if (result.size() <= kMapped - sizeof(Head)) {
    if (!result.empty()) std::memcpy(content(), result.data(), result.size());
  } else {
    for (std::size_t written = 0; written < result.size();) {
      const ssize_t n = ::pwrite(file_.get(), result.data() + written, result.size() - written,
                                 static_cast<off_t>(kMapped + written));
      if (n < 0 && errno != EINTR) throw SystemError("cannot store a result in shared memory", errno);
      if (n > 0) written += static_cast<std::size_t>(n);
    }
  }
  head().size = result.size();
  atomic(head().state).store(static_cast<std::uint32_t>(state), std::memory_order_release);
}

void ResultMemory::note_memory_ran_out() {
  head().memory_ran_out = 1;
}

EvaluationState ResultMemory::state() const {
  return static_cast<EvaluationState>(atomic(head().state).load(std::memory_order_acquire));
}

bool ResultMemory::memory_ran_out() const {
  return head().memory_ran_out != 0;
}

Bytes ResultMemory::take() const {
  const std::uint64_t size = head().size;
  if (size <= kMapped - sizeof(Head)) return Bytes(content(), content() + size);
  struct stat info {};
  if (::fstat(file_.get(), &info) != 0 || static_cast<std::uint64_t>(info.st_size) != kMapped + size) {
    throw ParallelError("the result of an evaluation is garbled");
  }
  Bytes result(static_cast<std::size_t>(size));
  for (std::size_t got = 0; got < result.size();) {
    const ssize_t n = ::pread(file_.get(), result.data() + got, result.size() - got, static_cast<off_t>(kMapped + got));
    if (n == 0 || (n < 0 && errno != EINTR)) throw SystemError("cannot read a result from shared memory", errno);
    if (n > 0) got += static_cast<std::size_t>(n);
  }
  return result;
}

}  // namespace windrow::detail
