// Bytes per second from one process to another through a FrameRing, beside what memcpy moves in one process, frame by
// frame through memory as large as the ring, and beside a Channel. Interleaved repetitions: median (minimum to maximum)
// and the ratio of medians.
//
//   bench-frames [--anyway]    refused while other processes use the cores, or with a remark anyway
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "measure.hpp"
#include "windrow/process/channel.hpp"
#include "windrow/process/frame_ring.hpp"
#include "windrow/process/process.hpp"
#include "windrow/process/sync.hpp"

namespace {

constexpr int kRepetitions = 7;
constexpr std::size_t kCapacity = 8;
constexpr std::size_t kMoved = std::size_t{2} << 30;  // bytes, at least
constexpr std::size_t kMostFrames = 2'000'000;

std::size_t frames_for(std::size_t bytes) {
  return std::min(kMostFrames, kMoved / bytes);
}

double rate(std::size_t bytes, double seconds) {
  return static_cast<double>(bytes * frames_for(bytes)) / seconds * 1e-9;
}

double memcpy_rate(std::size_t bytes) {
  const std::vector<char> from(bytes, 1);
  std::vector<char> to(bytes * kCapacity, 2);
  volatile char used = 0;
  const double seconds = bench::seconds_of([&] {
    for (std::size_t i = 0; i < frames_for(bytes); ++i) {
      char* const place = to.data() + i % kCapacity * bytes;
      std::memcpy(place, from.data(), bytes);
      used = place[i % bytes];  // or there is no need to copy
    }
  });
  return rate(bytes, seconds);
}

// With readers for whom the writer waits: every frame is copied in and, by each reader, out.
double ring_rate(std::size_t bytes, int readers) {
  windrow::FrameRing<char> ring(bytes, {.capacity = kCapacity, .when_full = windrow::WhenFull::wait});
  windrow::Barrier ready(static_cast<std::size_t>(readers) + 1);
  std::vector<windrow::Process> processes;
  for (int i = 0; i < readers; ++i) {
    processes.emplace_back([&] {
      auto reader = ring.reader();
      std::vector<char> frame(bytes);
      ready.wait();
      for (std::size_t k = 0; k < frames_for(bytes); ++k) reader.read(frame);
    });
  }
  auto writer = ring.writer();
  const std::vector<char> frame(bytes, 1);
  ready.wait();
  return rate(bytes, bench::seconds_of([&] {
                for (std::size_t k = 0; k < frames_for(bytes); ++k) writer.write(frame);
                for (windrow::Process& process : processes) process.join();
              }));
}

double channel_rate(std::size_t bytes) {
  auto [here, there] = windrow::Channel<std::vector<char>>::pair();
  const std::vector<char> frame(bytes, 1);
  windrow::Process reader(
      [&end = there, bytes] {
        for (std::size_t k = 0; k < frames_for(bytes); ++k) end.receive();
      },
      {.inherit = {there.descriptor()}});
  return rate(bytes, bench::seconds_of([&, &end = here] {
                for (std::size_t k = 0; k < frames_for(bytes); ++k) end.send(frame);
                reader.join();
              }));
}

std::string text_of(const std::vector<double>& rates) {
  const bench::Figures figures = bench::figures_of(rates);
  return fmt::format("{:7.3f} ({:.3f} to {:.3f})", figures.median, figures.low, figures.high);
}

void measure(std::size_t bytes) {
  std::vector<double> copies, one, two, channel;
  for (int i = 0; i < kRepetitions; ++i) {
    copies.push_back(memcpy_rate(bytes));
    one.push_back(ring_rate(bytes, 1));
    two.push_back(ring_rate(bytes, 2));
    channel.push_back(channel_rate(bytes));
  }
  const double base = bench::figures_of(copies).median;
  const auto row = [&](const char* name, const std::vector<double>& rates) {
    fmt::print("{:>9} bytes  {:22} {:28} GB/s  {:5.2f}\n", bytes, name, text_of(rates),
               bench::figures_of(rates).median / base);
  };
  row("memcpy", copies);
  row("FrameRing, 1 reader", one);
  row("FrameRing, 2 readers", two);
  row("Channel", channel);
}

}  // namespace

int main(int argc, char** argv) {
  if (!bench::may_measure(bench::anyway_given(argc, argv))) return 1;
  for (const std::size_t bytes : {1024, 64 * 1024, 1024 * 1024, 8 * 1024 * 1024}) measure(bytes);
}
