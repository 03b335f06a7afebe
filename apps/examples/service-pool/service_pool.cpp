// Four instruments, each in a process of its own, share a list of measurements: whichever has been idle longest gets
// the next one. One event loop hears of results, of instruments that died, of what they say by themselves, and of
// interrupts; an instrument that dies or hangs is replaced, and its measurement made again.
//
//   service-pool 40             forty measurements
//   service-pool 40 --faults    the same with instruments that crash and hang now and then
#include "windrow/process/service_pool.hpp"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "windrow/process/event_loop.hpp"
#include "windrow/process/shared_array.hpp"

namespace {

using std::chrono::milliseconds;

/// The back end: takes its time, and with `faults` fails at the first attempt of some measurements.
/// @param attempts  of each measurement, shared by all instruments
void instrument(windrow::Service::Backend& backend, windrow::SharedArray<int>& attempts, bool faults) {
  auto random = std::make_shared<std::mt19937>(static_cast<unsigned>(::getpid()));
  backend.on("measure", [&attempts, random, faults](int job) {
    const bool first = std::atomic_ref(attempts(job))++ == 0;
    if (faults && first && job % 10 == 3) ::raise(SIGKILL);
    if (faults && first && job % 10 == 7) {
      for (;;) ::pause();
    }
    std::this_thread::sleep_for(milliseconds(std::uniform_int_distribution(1, 20)(*random)));
    return std::sqrt(job);
  });
  backend.post("ready", backend.name());
}

/// @return how often each measurement was made
std::vector<int> measure_all(int jobs, bool faults) {
  std::vector<int> done(static_cast<std::size_t>(jobs));
  int left = jobs;
  windrow::SharedArray<int> attempts({static_cast<std::size_t>(jobs)});
  windrow::EventLoop loop;  // before the pool that is attached to it, so that it goes after that
  windrow::ServicePoolOptions options;
  options.service.ignore_interrupts = true;  // they are for the front
  options.retries = 2;
  options.time_limit = milliseconds(500);
  options.on_loss = [](const windrow::PeerLost& lost) { std::cerr << "replaced: " << lost.what() << "\n"; };
  windrow::ServicePool pool(
      "instrument", 4, [&](windrow::Service::Backend& backend) { instrument(backend, attempts, faults); }, options);
  pool.on("ready", [](const std::string& name) { std::cout << name << " is ready\n"; });
  pool.attach(loop);

  for (int job = 0; job < jobs; ++job) {
    pool.call<double>("measure", job).then([&, job](const windrow::Reply<double>& value) {
      std::cout << "job " << job << ": " << value.get() << "\n";
      ++done[static_cast<std::size_t>(job)];
      if (--left == 0) loop.stop();
    });
  }
  for (const int number : {SIGINT, SIGTERM}) loop.on_signal(number, [&] { loop.stop(); });
  loop.run();
  pool.stop();  // what was interrupted fails, which the callbacks above throw
  return done;
}

}  // namespace

int main(int argc, char** argv) {
  const int jobs = argc > 1 ? std::atoi(argv[1]) : 40;
  const bool faults = argc > 2 && std::string(argv[2]) == "--faults";
  if (jobs < 1) {
    std::cerr << "usage: service-pool [JOBS [--faults]]\n";
    return 2;
  }
  try {
    const std::vector<int> done = measure_all(jobs, faults);
    return std::all_of(done.begin(), done.end(), [](int times) { return times == 1; }) ? 0 : 1;
  } catch (const std::exception& error) {
    std::cerr << "service-pool: " << error.what() << "\n";
    return 1;
  }
}
