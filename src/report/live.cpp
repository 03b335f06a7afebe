#include "windrow/report/live.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <system_error>

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

LiveStatus decode(const Json& from) {
  LiveStatus live;
  from.at("study").get_to(live.study);
  from.at("shard").get_to(live.shard);
  from.at("host").get_to(live.host);
  from.at("process").get_to(live.process);
  from.at("written").get_to(live.written);
  from.at("revision").get_to(live.revision);
  from.at("points").get_to(live.progress.points);
  from.at("done").get_to(live.progress.done);
  from.at("failed").get_to(live.progress.failed);
  from.at("evaluated").get_to(live.progress.evaluated);
  from.at("elapsed").get_to(live.progress.elapsed);
  from.at("finished").get_to(live.progress.finished);
  from.at("stopping").get_to(live.progress.stopping);
  from.at("stopped").get_to(live.stopped);
  for (const Json& worker : from.at("workers")) {
    LiveWorker& one = live.workers.emplace_back();
    worker.at(0).get_to(one.rank);
    from.at("hosts").at(worker.at(1).get<std::size_t>()).get_to(one.host);
    worker.at(2).get_to(one.evaluated);
    if (!worker.at(3).is_null()) one.point = worker.at(3).get<std::uint64_t>();
    worker.at(4).get_to(one.seconds);
  }
  return live;
}

}  // namespace

std::optional<LiveStatus> read_live(const fs::path& store) {
  try {
    const auto text = detail::read_file(store / kName);
    return text ? std::optional(decode(Json::parse(*text))) : std::nullopt;
  } catch (const Json::exception&) {  // another program's, or another version's
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
