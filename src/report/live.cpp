#include "windrow/report/live.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "base/interface/json.hpp"
#include "base/interface/leftover_names.hpp"
#include "report/interface/live_writer.hpp"
#include "store/interface/journal.hpp"
#include "store/interface/writer_lock.hpp"
#include "windrow/base/clock.hpp"
#include "windrow/base/files.hpp"
#include "windrow/base/machine.hpp"
#include "windrow/error.hpp"

namespace windrow {
namespace {

namespace fs = std::filesystem;
using detail::Json;

constexpr const char* kName = "live.json";
constexpr double kFresh = 20.0;  // seconds; clocks of machines that share files differ by less

/// Hosts once each; a rank takes some 30 bytes.
Json encode(const LiveStatus& live) {
  Json hosts = Json::array();
  Json workers = Json::array();
  std::map<std::string, std::size_t> places;
  for (const LiveWorker& worker : live.workers) {
    const auto [place, is_new] = places.emplace(worker.host, places.size());
    if (is_new) hosts.push_back(worker.host);
    Json point = worker.point ? Json(*worker.point) : Json();
    workers.push_back({worker.rank, place->second, worker.evaluated, std::move(point), worker.seconds});
  }
  const Progress& p = live.progress;
  return {{"study", live.study},          {"shard", live.shard},     {"host", live.host},
          {"process", live.process},      {"written", live.written}, {"revision", live.revision},
          {"points", p.points},           {"done", p.done},          {"failed", p.failed},
          {"evaluated", p.evaluated},     {"elapsed", p.elapsed},    {"finished", p.finished},
          {"stopping", p.stopping},       {"stopped", live.stopped}, {"hosts", std::move(hosts)},
          {"workers", std::move(workers)}};
}

/// Not what a run writes. Whoever can write the file can write anything.
class WrongContent : public std::runtime_error {
 public:
  WrongContent() : std::runtime_error("not as a run writes it") {}
};

void require(bool right) {
  if (!right) throw WrongContent();
}

// A conversion would make something of any number.
std::uint64_t count_in(const Json& from) {
  constexpr std::uint64_t kMost = std::uint64_t{1} << 53U;  // more points than a run can have
  require(from.is_number_unsigned() && from.get<std::uint64_t>() <= kMost);
  return from.get<std::uint64_t>();
}

int number_in(const Json& from) {
  require(from.is_number_integer() && std::in_range<int>(from.get<std::int64_t>()));
  return from.get<int>();
}

double seconds_in(const Json& from) {
  constexpr double kMost = 1e12;  // 30,000 years
  require(from.is_number() && from.get<double>() >= 0.0 && from.get<double>() <= kMost);
  return from.get<double>();
}

Progress progress_in(const Json& from) {
  Progress progress;
  progress.points = count_in(from.at("points"));
  progress.done = count_in(from.at("done"));
  progress.failed = count_in(from.at("failed"));
  progress.evaluated = count_in(from.at("evaluated"));
  progress.elapsed = seconds_in(from.at("elapsed"));
  from.at("finished").get_to(progress.finished);
  from.at("stopping").get_to(progress.stopping);
  require(progress.failed <= progress.done && progress.done <= progress.points);
  return progress;
}

LiveWorker worker_in(const Json& from, const Json& hosts) {
  LiveWorker worker;
  worker.rank = number_in(from.at(0));
  hosts.at(count_in(from.at(1))).get_to(worker.host);
  worker.evaluated = count_in(from.at(2));
  if (!from.at(3).is_null()) worker.point = count_in(from.at(3));
  worker.seconds = seconds_in(from.at(4));
  return worker;
}

LiveStatus decode(const Json& from) {
  LiveStatus live;
  from.at("study").get_to(live.study);
  from.at("shard").get_to(live.shard);
  from.at("host").get_to(live.host);
  live.process = number_in(from.at("process"));
  live.written = seconds_in(from.at("written"));
  live.revision = count_in(from.at("revision"));
  live.progress = progress_in(from);
  from.at("stopped").get_to(live.stopped);
  for (const Json& worker : from.at("workers")) live.workers.push_back(worker_in(worker, from.at("hosts")));
  return live;
}

/// Of a regular file of sane size: others have no end, or keep who opens them waiting.
std::optional<std::string> text_of_run(const fs::path& file) {
  constexpr std::uintmax_t kMost = std::uintmax_t{64} << 20U;  // some two million ranks
  std::error_code error;
  if (!fs::is_regular_file(file, error) || fs::file_size(file, error) > kMost || error) return std::nullopt;
  return detail::read_file(file);
}

}  // namespace

std::optional<LiveStatus> read_live(const fs::path& store) {
  try {
    const auto text = text_of_run(store / kName);
    return text ? std::optional(decode(Json::parse(*text))) : std::nullopt;
  } catch (const Json::exception&) {  // another program's, or another version's
    return std::nullopt;
  } catch (const WrongContent&) {
    return std::nullopt;
  }
}

LivenessWatch::Look LivenessWatch::look() {
  Look look;
  look.live = read_live(store_);
  const auto revision = look.live ? std::optional(look.live->revision) : std::nullopt;
  const bool is_newer = revision && revision_ && *revision != *revision_;
  if (revision) revision_ = revision;
  if (look.live) look.silence = std::max(0.0, detail::unix_seconds() - look.live->written);
  const bool held = detail::WriterLock::is_held(store_);
  if (held) {
    look.liveness = Liveness::running;
    if (look.live && look.live->progress.finished) look.live.reset();  // of the run before: this one has just begun
  } else if (!look.live) {
    look.liveness = Liveness::none;
  } else if (look.live->progress.finished) {
    look.liveness = Liveness::ended;
  } else {
    // On this machine no lock means no process; elsewhere, and over a network, a lock may be there unseen.
    const bool elsewhere = look.live->host != host_name() || detail::is_on_network(store_);
    look.liveness = elsewhere && (is_newer || look.silence < kFresh) ? Liveness::running : Liveness::broken;
  }
  return look;
}

namespace detail {

void LiveWriter::write(LiveStatus status) noexcept {
  const Clock::time_point begin = Clock::now();
  try {
    status.host = host_name();
    status.process = ::getpid();
    status.written = unix_seconds();
    status.revision = ++revisions_;
    NewFile file(store_ / kName, store_ / live_part);
    file.stream() << json_line(windrow::encode(status)) << '\n';
    file.take_name();
  } catch (const std::exception&) {
    // No memory or no room, for example: the run matters more.
  }
  const Clock::time_point end = Clock::now();
  // The first of them soon, for who looks at a run that has just begun.
  const auto interval = std::chrono::milliseconds(revisions_ < 3 ? 300 : 1000);
  next_ = end + std::max<Clock::duration>(interval, 100 * (end - begin));
}

}  // namespace detail
}  // namespace windrow
