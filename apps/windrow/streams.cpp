#include "streams.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

#include "common.hpp"

namespace windrow::app {
namespace {

int first_error = 0;  // of standard output

void note_error() {
  if (first_error == 0) first_error = errno != 0 ? errno : EIO;
}

}  // namespace

void take_standard_streams() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(fd, F_GETFD) >= 0 || errno != EBADF) continue;
    // The wrong way round: what is read there, or written, is an error as if it were closed. The lowest number is
    // taken, which is this one.
    static_cast<void>(::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY));
  }
  for (const int number : {SIGPIPE, SIGXFSZ}) ::signal(number, SIG_IGN);
}

bool put(std::string_view text) {
  errno = 0;
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) note_error();
  return first_error == 0;
}

void put_aside(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
}

int flush_output() {
  errno = 0;
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) note_error();
  return first_error;
}

int end_of_output(int code) {
  const int error = flush_output();
  if (error == 0) return code;
  if (error == EPIPE) return code == 0 ? kNobodyReads : code;  // `| head -1` has what it wanted
  const int usage =
      complain(fmt::format("cannot write to standard output: {}", std::generic_category().message(error)));
  return code == 0 ? usage : code;
}

}  // namespace windrow::app
