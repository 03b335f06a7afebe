#include "windrow/timing/trace.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/interface/json.hpp"
#include "windrow/timing/record.hpp"

namespace windrow {
namespace {

using detail::Json;

std::string metadata(const char* what, std::size_t process, std::size_t thread, Json arguments) {
  return detail::json_line(
      {{"ph", "M"}, {"name", what}, {"pid", process}, {"tid", thread}, {"args", std::move(arguments)}});
}

/// What the format counts in.
Json microseconds(std::chrono::nanoseconds time) {
  return static_cast<double>(time.count()) / 1000.0;
}

Json json_of(const TraceArgument& argument) {
  if (const auto* number = std::get_if<double>(&argument.value)) return detail::json_number(*number);
  if (const auto* integer = std::get_if<std::int64_t>(&argument.value)) return *integer;
  return std::get<std::string>(argument.value);
}

}  // namespace

TraceWriter::TraceWriter(std::ostream& out, std::span<const TraceTrack> tracks) : out_(out) {
  out_ << "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[";
  std::vector<std::string> processes;
  for (std::size_t track = 0; track < tracks.size(); ++track) {
    const std::string& name = tracks[track].process;
    const auto found = std::find(processes.begin(), processes.end(), name);
    const auto process = static_cast<std::size_t>(found - processes.begin()) + 1;
    if (found == processes.end()) {
      processes.push_back(name);
      event(metadata("process_name", process, 0, {{"name", name}}));
    }
    process_of_.push_back(process);
    event(metadata("thread_name", process, track + 1, {{"name", tracks[track].name}}));
    event(metadata("thread_sort_index", process, track + 1, {{"sort_index", track}}));
  }
}

TraceWriter::~TraceWriter() {
  try {
    close();
  } catch (...) {  // whoever wants to know calls close()
  }
}

void TraceWriter::event(const std::string& json) {
  out_ << (first_ ? "\n" : ",\n") << json;
  first_ = false;
}

void TraceWriter::write(const TraceSlice& slice) {
  if (closed_) throw TimingError("the trace is closed");
  if (slice.track >= process_of_.size()) {
    throw TimingError(fmt::format("there is no track {}: the trace has {}", slice.track, process_of_.size()));
  }
  if (slice.duration.count() < 0) throw TimingError(fmt::format("the slice `{}` ends before it begins", slice.name));
  Json json = {{"ph", "X"},
               {"pid", process_of_[slice.track]},
               {"tid", slice.track + 1},
               {"ts", microseconds(slice.begin)},
               {"dur", microseconds(slice.duration)},
               {"name", slice.name}};
  for (const TraceArgument& argument : slice.args) json["args"][argument.name] = json_of(argument);
  event(detail::json_line(json));
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
