// Four instruments, each in a process of its own, share a list of measurements: whichever has been idle longest gets
// the next one. One event loop hears of results, of instruments that died, and of the time; an instrument that dies or
// hangs is replaced, and its measurement made again.
//
//   service-pool 40             forty measurements
//   service-pool 40 --faults    the same with instruments that crash and hang now and then
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <deque>
#include <iostream>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "windrow/process/event_loop.hpp"
#include "windrow/process/service.hpp"

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// The back end: takes its time, and with `faults` fails at the first attempt of some measurements.
void instrument(windrow::Service::Backend& backend, bool faults) {
  auto random = std::make_shared<std::mt19937>(static_cast<unsigned>(::getpid()));
  backend.on("measure", [random, faults](int job, int attempt) {
    if (faults && attempt == 1 && job % 10 == 3) ::raise(SIGKILL);
    if (faults && attempt == 1 && job % 10 == 7) {
      for (;;) ::pause();
    }
    std::this_thread::sleep_for(milliseconds(std::uniform_int_distribution(1, 20)(*random)));
    return std::sqrt(job);
  });
}

struct Job {
  int number = 0;
  int attempt = 0;
};

class Pool {
 public:
  Pool(std::size_t size, int jobs, bool faults) : faults_(faults), members_(size) {
    for (int number = 0; number < jobs; ++number) jobs_.push_back({number, 0});
    for (std::size_t i = 0; i < size; ++i) start(i);
  }

  /// @return how often each measurement was made
  std::vector<int> run() {
    done_.assign(jobs_.size(), 0);
    left_ = jobs_.size();
    loop_.every(milliseconds(50), [this] { tick(); });
    for (const int number : {SIGINT, SIGTERM}) loop_.on_signal(number, [this] { loop_.stop(); });
    dispatch();
    if (left_ > 0) loop_.run();
    for (Member& member : members_) member.service.request_stop();  // all of them, before waiting for each
    for (Member& member : members_) member.service.stop();
    return done_;
  }

 private:
  struct Member {
    windrow::Service service;
    std::optional<Job> job;
    Clock::time_point since;
  };

  void start(std::size_t i) {
    Member& member = members_[i];
    member.service =
        windrow::Service("instrument-" + std::to_string(i), [this](auto& backend) { instrument(backend, faults_); },
                         {.ignore_interrupts = true});
    member.service.attach(loop_);
    member.job.reset();
    idle_.push_back(i);
  }

  void dispatch() {
    while (!jobs_.empty() && !idle_.empty()) {
      const std::size_t i = idle_.front();  // the longest idle
      idle_.pop_front();
      Job job = jobs_.front();
      jobs_.pop_front();
      ++job.attempt;
      members_[i].job = job;
      members_[i].since = Clock::now();
      try {
        const auto reply = members_[i].service.call<double>("measure", job.number, job.attempt);
        reply.then([this, i, job](const windrow::Reply<double>& result) { finish(i, job, result); });
      } catch (const windrow::PeerLost& lost) {  // it died while it was idle
        replace(i, job, lost);
      }
    }
  }

  void finish(std::size_t i, const Job& job, const windrow::Reply<double>& reply) {
    try {
      const double value = reply.get();
      std::cout << "job " << job.number << ": " << value << " by instrument " << i << "\n";
      ++done_[static_cast<std::size_t>(job.number)];
      members_[i].job.reset();
      idle_.push_back(i);
      if (--left_ == 0) loop_.stop();
    } catch (const windrow::PeerLost& lost) {
      // Not from within a callback of the service that is to be replaced.
      loop_.post([this, i, job, message = windrow::PeerLost(lost)] {
        replace(i, job, message);
        dispatch();
      });
    }
    dispatch();
  }

  void replace(std::size_t i, const Job& job, const windrow::PeerLost& lost) {
    std::cerr << "replaced: " << lost.what() << "\n";
    jobs_.push_front(job);
    start(i);
  }

  void tick() {
    for (Member& member : members_) {
      if (member.job && Clock::now() - member.since > milliseconds(500)) member.service.kill();
    }
  }

  bool faults_;
  windrow::EventLoop loop_;  // before the services that are attached to it, so that it goes after them
  std::vector<Member> members_;
  std::deque<std::size_t> idle_;
  std::deque<Job> jobs_;
  std::vector<int> done_;
  std::size_t left_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  const int jobs = argc > 1 ? std::atoi(argv[1]) : 40;
  const bool faults = argc > 2 && std::string(argv[2]) == "--faults";
  if (jobs < 1) {
    std::cerr << "usage: service-pool [JOBS [--faults]]\n";
    return 2;
  }
  try {
    for (const int times : Pool(4, jobs, faults).run()) {
      if (times != 1) return 1;
    }
  } catch (const std::exception& error) {
    std::cerr << "service-pool: " << error.what() << "\n";
    return 1;
  }
  return 0;
}
