#include "windrow/report/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "windrow/base/display.hpp"
#include "windrow/base/text.hpp"

namespace windrow {
namespace {

constexpr std::size_t kAnyWidth = 1000;
constexpr double kTerminalInterval = 0.1;
constexpr double kLongestInterval = 600.0;

/// A run goes on though nobody can read how far it is.
void print(std::FILE* out, const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), out);
  std::fflush(out);
}

}  // namespace

std::optional<double> Progress::remaining() const {
  if (evaluated == 0 || elapsed <= 0.0) return std::nullopt;
  const double seconds = static_cast<double>(points - done) / rate();
  return std::min(seconds, 1e9);  // some 30 years; more would not fit a duration
}

std::string render(const Progress& progress) {
  const std::string points = std::to_string(progress.points);
  const double share =
      progress.points == 0 ? 1.0 : static_cast<double>(progress.done) / static_cast<double>(progress.points);
  std::string line =
      fmt::format("[{:>{}}/{}] {:3.0f}%", progress.done, points.size(), points, std::min(share * 100.0, 100.0));
  if (progress.failed > 0) line += fmt::format("  {} failed", progress.failed);
  if (progress.evaluated > 0) line += fmt::format("  {:.{}f}/s", progress.rate(), progress.rate() < 10.0 ? 2 : 0);
  if (progress.stopping) return line + "  stopping";
  if (progress.finished) return line + "  in " + text::render_duration(progress.elapsed);
  if (const auto seconds = progress.remaining()) line += "  ETA " + text::render_duration(*seconds);
  return line;
}

ProgressPrinter::ProgressPrinter(std::FILE* out)
    : out_(out), terminal_(::isatty(::fileno(out)) == 1), next_(terminal_ ? 0.0 : interval_) {}

void ProgressPrinter::note(const std::string& text) {
  print(out_, fmt::format("{}{}\n", terminal_ ? "\r\033[K" : "", text::visible(text)));
  if (terminal_) next_ = 0.0;
}

void ProgressPrinter::operator()(const Progress& progress) {
  if (progress.finished) {
    if (terminal_ && shown_) print(out_, fmt::format("\r\033[K{}\n", render(progress)));
    return;
  }
  if (progress.elapsed < next_) return;
  if (terminal_) {
    const std::size_t columns = text::columns_of(::fileno(out_), kAnyWidth);  // a longer line would not renew itself
    print(out_, "\r\033[K" + text::clipped(render(progress), columns - 1));
    next_ = progress.elapsed + kTerminalInterval;
  } else {
    print(out_, render(progress) + "\n");
    next_ = progress.elapsed + interval_;
    interval_ = std::min(interval_ * 2.0, kLongestInterval);
  }
  shown_ = true;
}

}  // namespace windrow
