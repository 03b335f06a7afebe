#include <fmt/format.h>

#include <iterator>

#include "timing/json.hpp"
#include "windrow/timing/record.hpp"

namespace windrow {

namespace timing = detail::timing;
namespace {

using std::chrono::nanoseconds;

class Writer {
 public:
  void record(const TimingRecord& record) {
    open('{');
    member("name", record.name);
    member("total_ns", record.total);
    member("stamps_sum_ns", record.stamps_sum());
    member("overhead_ns", record.overhead);
    member("count", record.count);
    if (!record.iterations.empty()) iterations(record.iterations);
    list("stamps", record.stamps, [this](const StampRecord& item) { stamp(item); });
    list("subdivisions", record.subdivisions, [this](const PlacedRecord& item) {
      open('{');
      member("position", item.position);
      key("record");
      this->record(item.record);
      close('}');
    });
    list("parallel", record.parallel, [this](const ParallelRecords& item) {
      open('{');
      member("position", item.position);
      member("group", item.group);
      list("records", item.records, [this](const TimingRecord& member) { this->record(member); });
      close('}');
    });
    close('}');
  }

  std::string text;

 private:
  void stamp(const StampRecord& stamp) {
    open('{');
    member("name", stamp.name);
    member("cumulative_ns", stamp.cumulative);
    member("count", stamp.count);
    member("min_ns", stamp.min);
    member("max_ns", stamp.max);
    if (!stamp.iterations.empty()) iterations(stamp.iterations);
    close('}');
  }

  void iterations(const std::vector<IterationTime>& times) {
    list("iterations", times, [this](const IterationTime& item) {
      fmt::format_to(std::back_inserter(text), "[{},{}]", item.index, item.time.count());
    });
  }

  template <class Items, class Write>
  void list(std::string_view name, const Items& items, Write write) {
    key(name);
    open('[');
    for (const auto& item : items) {
      separate();
      write(item);
    }
    close(']');
  }

  void member(std::string_view name, std::string_view value) {
    key(name);
    timing::append_json(text, value);
  }
  void member(std::string_view name, nanoseconds value) { number(name, value.count()); }
  void member(std::string_view name, std::uint64_t value) { number(name, value); }
  template <class Number>
  void number(std::string_view name, Number value) {
    key(name);
    fmt::format_to(std::back_inserter(text), "{}", value);
  }

  void key(std::string_view name) {
    separate();
    timing::append_json(text, name);
    text += ':';
  }
  void separate() {
    if (text.back() != '[' && text.back() != '{') text += ',';
  }
  void open(char bracket) { text += bracket; }
  void close(char bracket) { text += bracket; }
};

}  // namespace

std::string to_json(const TimingRecord& record) {
  Writer writer;
  writer.record(record);
  return std::move(writer.text);
}

}  // namespace windrow
