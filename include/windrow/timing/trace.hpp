#pragma once

#include <chrono>
#include <cstdint>
#include <ostream>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace [[gnu::visibility("default")]] windrow {

/// A row of a trace: one for each rank, worker or thread. Rows of the same process stand together.
struct TraceTrack {
  std::string name;
  std::string process = "windrow";
};

struct TraceArgument {
  std::string name;
  std::variant<std::int64_t, double, std::string> value;
};

/// Something that a track did. Begins count from wherever all tracks agree on, such as the start of the run; begins of
/// different hosts can be compared only if they were found by one clock.
struct TraceSlice {
  std::size_t track = 0;  ///< its position in the list of tracks
  std::string name;
  std::chrono::nanoseconds begin{0};
  std::chrono::nanoseconds duration{0};
  std::vector<TraceArgument> args;  ///< shown when selected
};

/// Writes the Chrome trace-event format, which Perfetto (https://ui.perfetto.dev) and chrome://tracing show. Slice by
/// slice: memory does not grow with the trace. Until close() the text is not complete, but viewers read it all the
/// same. Format: "Trace Event Format", Nduca & Sinclair, Google.
class TraceWriter {
 public:
  TraceWriter(std::ostream& out, std::span<const TraceTrack> tracks);
  /// Closes, but cannot tell that it failed.
  ~TraceWriter();
  TraceWriter(const TraceWriter&) = delete;
  TraceWriter& operator=(const TraceWriter&) = delete;

  /// @throws TimingError if there is no such track, if the duration is negative, or after close()
  void write(const TraceSlice& slice);

  /// @throws TimingError if the stream could not take everything
  void close();

 private:
  void event(const std::string& json);

  std::ostream& out_;
  std::vector<std::size_t> process_of_;  // by track
  bool first_ = true;
  bool closed_ = false;
};

/// All at once.
void write_trace(std::ostream& out, std::span<const TraceTrack> tracks, std::span<const TraceSlice> slices);

}  // namespace windrow
