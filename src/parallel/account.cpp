#include "windrow/parallel/account.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string_view>

namespace windrow {
namespace {

std::chrono::nanoseconds nanoseconds_of(double seconds) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(seconds));
}

/// Counts are those of what is counted; of the rest it is known how long, not how often.
void add_stamp(TimingRecord& record, std::string_view name, double seconds, std::uint64_t count) {
  if (seconds <= 0.0) return;
  StampRecord stamp;
  stamp.name = name;
  stamp.cumulative = nanoseconds_of(seconds);
  stamp.count = std::max<std::uint64_t>(count, 1);
  stamp.min = stamp.max = stamp.mean();
  record.stamps.push_back(std::move(stamp));
}

TimingRecord record_of(const WorkerAccount& account) {
  TimingRecord record;
  record.name = account.worker < 0 ? fmt::format("root on {}", account.host)
                                   : fmt::format("worker {} on {}", account.worker, account.host);
  record.count = 1;
  const ActivityTimes& spent = account.spent;
  add_stamp(record, "build", spent.build, 1);
  add_stamp(record, "evaluate", spent.evaluate, account.attempts);
  add_stamp(record, "transfer", spent.transfer, 1);
  add_stamp(record, "store", spent.store, 1);
  add_stamp(record, "coordinate", spent.coordinate, 1);
  add_stamp(record, "wait", spent.wait, 1);
  record.total = std::max(nanoseconds_of(account.wall), record.stamps_sum());
  return record;
}

template <typename Number, typename Part>
Number sum_over(const std::vector<WorkerAccount>& workers, Part part) {
  Number sum{};
  for (const WorkerAccount& worker : workers) sum += part(worker);
  return sum;
}

}  // namespace

ActivityTimes& ActivityTimes::operator+=(const ActivityTimes& more) {
  build += more.build;
  evaluate += more.evaluate;
  transfer += more.transfer;
  store += more.store;
  coordinate += more.coordinate;
  wait += more.wait;
  return *this;
}

ActivityTimes TimeAccount::spent() const {
  return sum_over<ActivityTimes>(workers, [](const WorkerAccount& worker) { return worker.spent; });
}

double TimeAccount::failed() const {
  return sum_over<double>(workers, [](const WorkerAccount& worker) { return worker.failed; });
}

double TimeAccount::other() const {
  return sum_over<double>(workers, [](const WorkerAccount& worker) { return worker.other(); });
}

std::uint64_t TimeAccount::points() const {
  return sum_over<std::uint64_t>(workers, [](const WorkerAccount& worker) { return worker.points; });
}

std::uint64_t TimeAccount::attempts() const {
  return sum_over<std::uint64_t>(workers, [](const WorkerAccount& worker) { return worker.attempts; });
}

double TimeAccount::efficiency() const {
  return available() > 0.0 ? spent().evaluate / available() : 0.0;
}

double TimeAccount::imbalance() const {
  double most = 0.0;
  for (const WorkerAccount& worker : workers) most = std::max(most, worker.busy());
  const double all = sum_over<double>(workers, [](const WorkerAccount& worker) { return worker.busy(); });
  return all > 0.0 ? most * static_cast<double>(workers.size()) / all : 1.0;
}

double TimeAccount::overhead() const {
  if (attempts() == 0) return 0.0;
  const auto beside = [](const ActivityTimes& spent) { return spent.transfer + spent.store + spent.coordinate; };
  const double seconds = beside(spent()) + std::max(0.0, other()) + (root ? beside(root->spent) : 0.0);
  return seconds / static_cast<double>(attempts());
}

std::vector<TimingRecord> timing_records(const TimeAccount& account) {
  std::vector<TimingRecord> records;
  for (const WorkerAccount& worker : account.workers) records.push_back(record_of(worker));
  if (account.root) records.push_back(record_of(*account.root));
  return records;
}

}  // namespace windrow
