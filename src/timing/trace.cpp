#include "windrow/timing/trace.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "timing/json.hpp"
#include "windrow/timing/record.hpp"

namespace windrow {

namespace timing = detail::timing;
namespace {

/// The format counts in microseconds.
void append_microseconds(std::string& out, std::chrono::nanoseconds time) {
  const auto count = time.count();
  const auto size = count < 0 ? 0 - static_cast<std::uint64_t>(count) : static_cast<std::uint64_t>(count);
  fmt::format_to(std::back_inserter(out), "{}{}.{:03}", count < 0 ? "-" : "", size / 1000, size % 1000);
}

}  // namespace

TraceWriter::TraceWriter(std::ostream& out, std::span<const TraceTrack> tracks) : out_(out) {
  out_ << "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[";
  std::vector<std::string_view> processes;
  for (std::size_t track = 0; track < tracks.size(); ++track) {
    const std::string_view name = tracks[track].process;
    const auto found = std::find(processes.begin(), processes.end(), name);
    const auto process = static_cast<std::size_t>(found - processes.begin()) + 1;
    if (found == processes.end()) {
      processes.push_back(name);
      metadata("process_name", process, 0, name);
    }
    process_of_.push_back(process);
    metadata("thread_name", process, track + 1, tracks[track].name);
    text_ = fmt::format(R"({{"ph":"M","name":"thread_sort_index","pid":{},"tid":{},"args":{{"sort_index":{}}}}})",
                        process, track + 1, track);
    event(text_);
  }
}

TraceWriter::~TraceWriter() {
  try {
    close();
  } catch (...) {  // whoever wants to know calls close()
  }
}

void TraceWriter::metadata(std::string_view what, std::size_t process, std::size_t thread, std::string_view name) {
  text_ = fmt::format(R"({{"ph":"M","name":"{}","pid":{},"tid":{},"args":{{"name":)", what, process, thread);
  timing::append_json(text_, name);
  text_ += "}}";
  event(text_);
}

void TraceWriter::event(std::string_view text) {
  out_ << (first_ ? "\n" : ",\n") << text;
  first_ = false;
}

void TraceWriter::write(const TraceSlice& slice) {
  if (closed_) throw TimingError("the trace is closed");
  if (slice.track >= process_of_.size()) {
    throw TimingError(fmt::format("there is no track {}: the trace has {}", slice.track, process_of_.size()));
  }
  if (slice.duration.count() < 0) throw TimingError(fmt::format("the slice `{}` ends before it begins", slice.name));
  text_ = fmt::format(R"({{"ph":"X","pid":{},"tid":{},"ts":)", process_of_[slice.track], slice.track + 1);
  append_microseconds(text_, slice.begin);
  text_ += ",\"dur\":";
  append_microseconds(text_, slice.duration);
  text_ += ",\"name\":";
  timing::append_json(text_, slice.name);
  if (!slice.args.empty()) text_ += ",\"args\":";
  for (std::size_t i = 0; i < slice.args.size(); ++i) {
    text_ += i == 0 ? '{' : ',';
    timing::append_json(text_, slice.args[i].first);
    text_ += ':';
    const auto& value = slice.args[i].second;
    if (const auto* integer = std::get_if<std::int64_t>(&value)) {
      fmt::format_to(std::back_inserter(text_), "{}", *integer);
    } else if (const auto* number = std::get_if<double>(&value)) {
      timing::append_json(text_, *number);
    } else {
      timing::append_json(text_, std::get<std::string>(value));
    }
  }
  text_ += slice.args.empty() ? "}" : "}}";
  event(text_);
}

void TraceWriter::close() {
  if (closed_) return;
  closed_ = true;
  out_ << "\n]}\n" << std::flush;
  if (!out_) throw TimingError("the trace could not be written completely");
}

void write_trace(std::ostream& out, std::span<const TraceTrack> tracks, std::span<const TraceSlice> slices) {
  TraceWriter writer(out, tracks);
  for (const TraceSlice& slice : slices) writer.write(slice);
  writer.close();
}

}  // namespace windrow
