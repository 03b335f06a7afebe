#include "process/process_child.hpp"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>

#include "process/guardian.hpp"
#include "process/inherited.hpp"
#include "windrow/base/exception_text.hpp"
#include "windrow/base/text.hpp"

namespace windrow::detail {
namespace {

std::string& this_name() {
  static std::string name = ::program_invocation_short_name;
  return name;
}

// The parent of this process, for the handler below.
volatile pid_t parent_process = 0;

void set_action(int number, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  ::sigaction(number, &action, nullptr);
}

// The kernel's signal on the parent's death comes when the THREAD that forked ends. Of the main thread that is the
// process's end, and SIGKILL, which nothing can hold up, is right. Of another thread it may not be; but the child is
// then handed on to the parent's next thread, the last of which ends with the process, and each hand-over sends the
// signal again, after getppid() tells the new parent. So a handler that asks getppid() sees the end, and ends nothing
// before. (A thread in the child that watches the parent would do too, but every such child would have two threads.)
void end_with_parent(pid_t parent, bool by_main_thread) {
  parent_process = parent;
  if (by_main_thread) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  } else {
    set_action(SIGRTMAX, [](int) {
      if (::getppid() != parent_process) ::kill(::getpid(), SIGKILL);
    });
    ::prctl(PR_SET_PDEATHSIG, SIGRTMAX);
  }
  if (::getppid() != parent) ::_exit(1);  // it died before the lines above
}

void prepare_signals(bool ignore_interrupts) {
  if (ignore_interrupts) set_action(SIGUSR1, [](int) {});
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction now {};
    ::sigaction(number, nullptr, &now);
    // A handler that does nothing, rather than SIG_IGN: programs that this process executes then start with the
    // default.
    if (ignore_interrupts) {
      set_action(number, [](int) {});
    } else if (now.sa_handler != SIG_IGN) {  // nohup(1) is obeyed
      set_action(number, SIG_DFL);
    }
  }
  sigset_t none;
  ::sigemptyset(&none);
  ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
}

}  // namespace

void flush_standard_streams() {
  std::cout.flush();
  std::clog.flush();
  std::fflush(stdout);
  std::fflush(stderr);
}

const std::string& name_of_this_process() {
  return this_name();
}

void run_child(const std::function<int()>& body, const ProcessOptions& options, ProcessParent parent,
               bool by_main_thread) noexcept {
  end_with_parent(parent.pid(), by_main_thread);
  this_name() = options.name;
  ::prctl(PR_SET_NAME, options.name.c_str());
  close_all_but(options.inherit);
  int code = 1;
  try {
    be_guarded(parent);
    prepare_signals(options.ignore_interrupts);
    code = body();
  } catch (...) {
    std::fprintf(stderr, "%s: %s\n", options.name.c_str(),
                 text::visible(exception_text(std::current_exception()), "\n\t").c_str());
  }
  flush_standard_streams();
  ::_exit(code);
}

}  // namespace windrow::detail
