#include "windrow/report/scatter_matrix.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <ostream>

#include "windrow/base/display.hpp"
#include "windrow/base/text.hpp"

namespace windrow {
namespace {

// In pixels.
constexpr double kGap = 12.0;
constexpr double kLeft = 96.0;
constexpr double kTop = 44.0;
constexpr double kBelow = 84.0;
constexpr double kMargin = 7.0;  // of a cell, which no point touches
constexpr std::size_t kMostBars = 24;
constexpr std::size_t kMostLabels = 8;
constexpr std::size_t kLabelWidth = 11;  // letters

std::string escaped(std::string_view text) {
  std::string safe;
  for (const char c : text::as_cell(text)) {
    if (c == '&') {
      safe += "&amp;";
    } else if (c == '<') {
      safe += "&lt;";
    } else if (c == '>') {
      safe += "&gt;";
    } else if (c == '"') {
      safe += "&quot;";
    } else {
      safe += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
  }
  return safe;
}

struct Tick {
  double place;
  std::string label;
};

/// Where values lie along a cell.
class Axis {
 public:
  Axis(const ScatterColumn& column, double length) : column_(column), length_(length) {
    bool any = false;
    for (const double number : column.numbers) {
      const double place = scaled(number);
      if (!std::isfinite(place)) continue;
      low_ = any ? std::min(low_, place) : place;
      high_ = any ? std::max(high_, place) : place;
      any = true;
    }
    if (!column.categories.empty()) {
      low_ = -0.5;
      high_ = static_cast<double>(column.categories.size()) - 0.5;
    }
    if (!(high_ > low_)) {
      const double room = std::max(std::abs(low_) * 0.5, 0.5);
      low_ -= room;
      high_ += room;
    }
  }

  /// From the beginning of the cell; not finite for what has no place.
  double place(double number) const { return at(scaled(number)); }

  std::vector<Tick> ticks() const {
    if (!column_.categories.empty()) return of_categories();
    return column_.logarithmic && high_ - low_ >= 1.0 ? of_decades() : of_steps();
  }

  /// How many of the points are in each of so many equal parts.
  std::vector<std::size_t> histogram() const {
    const std::size_t bars = column_.categories.empty() ? bars_of(column_.numbers.size()) : column_.categories.size();
    std::vector<std::size_t> counts(bars);
    for (const double number : column_.numbers) {
      const double share = (scaled(number) - low_) / (high_ - low_);
      if (!std::isfinite(share)) continue;
      ++counts[std::min(static_cast<std::size_t>(std::max(share, 0.0) * static_cast<double>(bars)), bars - 1)];
    }
    return counts;
  }

 private:
  double scaled(double number) const { return column_.logarithmic ? std::log10(number) : number; }
  double at(double scaled) const { return kMargin + (scaled - low_) / (high_ - low_) * (length_ - 2 * kMargin); }

  static std::size_t bars_of(std::size_t points) {
    const auto root = static_cast<std::size_t>(std::sqrt(static_cast<double>(points)));
    return std::clamp<std::size_t>(root, 5, kMostBars);
  }

  std::vector<Tick> of_categories() const {
    std::vector<Tick> ticks;
    const std::size_t count = column_.categories.size();
    const std::size_t step = (count + kMostLabels - 1) / kMostLabels;
    for (std::size_t i = 0; i < count; i += step) {
      ticks.push_back({at(static_cast<double>(i)), text::shortened(column_.categories[i], kLabelWidth)});
    }
    return ticks;
  }

  std::vector<Tick> of_decades() const {
    std::vector<Tick> ticks;
    const double step = std::max(1.0, std::ceil((high_ - low_) / 4.0));
    for (double decade = std::ceil(low_ - 1e-9); decade <= high_ + 1e-9; decade += step) {
      ticks.push_back({at(decade), fmt::format("1e{}", static_cast<int>(decade))});
    }
    return ticks;
  }

  /// At 1, 2 or 5 times a power of ten.
  std::vector<Tick> of_steps() const {
    const double from = column_.logarithmic ? std::pow(10.0, low_) : low_;
    const double to = column_.logarithmic ? std::pow(10.0, high_) : high_;
    const double rough = (to - from) / 3.0;
    const double power = std::pow(10.0, std::floor(std::log10(rough)));
    double step = 10.0 * power;
    for (const double factor : {5.0, 2.0, 1.0}) {
      if (factor * power >= rough) step = factor * power;
    }
    std::vector<Tick> ticks;
    const double first = std::ceil(from / step - 1e-9);
    for (double i = 0; i < 8 && (first + i) * step <= to + 1e-9 * step; ++i) {
      const double number = (first + i) * step;
      if (!column_.logarithmic || number > 0.0) ticks.push_back({place(number), fmt::format("{:.6g}", number)});
    }
    return ticks;
  }

  const ScatterColumn& column_;
  double length_;
  double low_ = 0.0;
  double high_ = 1.0;
};

class Matrix {
 public:
  Matrix(std::ostream& out, const std::vector<ScatterColumn>& columns)
      : out_(out),
        columns_(columns),
        cell_(columns.size() <= 3   ? 190.0
              : columns.size() <= 5 ? 150.0
                                    : 118.0) {
    for (const ScatterColumn& column : columns) axes_.emplace_back(column, cell_);
  }

  void write(const std::string& title, const std::string& note) {
    const auto count = static_cast<double>(columns_.size());
    const double side = count * (cell_ + kGap);
    const double width = std::max(kLeft + side + kGap, 420.0), height = kTop + side + kBelow;
    out_ << fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" viewBox=\"0 0 {0:.0f} "
        "{1:.0f}\" "
        "font-family=\"Helvetica, Arial, sans-serif\" font-size=\"11\" fill=\"#333\">\n"
        "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
        width, height);
    put_text(kLeft, 26, "start", title, " font-size=\"15\" font-weight=\"bold\"");
    for (std::size_t row = 0; row < columns_.size(); ++row) {
      for (std::size_t column = 0; column < columns_.size(); ++column) write_cell(row, column);
      write_left(row);
      write_bottom(row);
    }
    put_text(kLeft, height - 12, "start", note, " fill=\"#777\"");
    out_ << "</svg>\n";
  }

 private:
  double x_of(std::size_t column) const { return kLeft + static_cast<double>(column) * (cell_ + kGap); }
  double y_of(std::size_t row) const { return kTop + static_cast<double>(row) * (cell_ + kGap); }

  void put_text(double x, double y, const char* anchor, const std::string& text, const std::string& more = "") {
    out_ << fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\"{}>{}</text>\n", x, y, anchor, more,
                        escaped(text));
  }

  void write_cell(std::size_t row, std::size_t column) {
    out_ << fmt::format("<g transform=\"translate({:.1f} {:.1f})\">\n", x_of(column), y_of(row));
    out_ << fmt::format("<rect width=\"{0:.0f}\" height=\"{0:.0f}\" fill=\"#fafafa\" stroke=\"#ccc\"/>\n", cell_);
    if (row == column) {
      write_histogram(row);
    } else {
      write_points(row, column);
    }
    out_ << "</g>\n";
  }

  void write_histogram(std::size_t variable) {
    const std::vector<std::size_t> counts = axes_[variable].histogram();
    const auto most = static_cast<double>(std::max<std::size_t>(1, *std::ranges::max_element(counts)));
    const double width = (cell_ - 2 * kMargin) / static_cast<double>(counts.size());
    for (std::size_t i = 0; i < counts.size(); ++i) {
      const double height = static_cast<double>(counts[i]) / most * (cell_ - 2 * kMargin - 16.0);
      out_ << fmt::format(
          "<rect class=\"bar\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" fill=\"#9db7d5\"/>\n",
          kMargin + static_cast<double>(i) * width, cell_ - height, std::max(width - 1.0, 0.5), height);
    }
    put_text(cell_ / 2, 15, "middle", text::shortened(columns_[variable].name, static_cast<std::size_t>(cell_ / 7)),
             " font-weight=\"bold\"");
  }

  /// Dots are lines without a length: few bytes for each.
  void write_points(std::size_t row, std::size_t column) {
    const std::size_t count = columns_[row].numbers.size();
    out_ << fmt::format(
        "<path class=\"points\" fill=\"none\" stroke=\"#2a5d9f\" stroke-opacity=\"{}\" stroke-width=\"{}\" "
        "stroke-linecap=\"round\" d=\"",
        count > 500 ? "0.45" : "0.7", count > 500 ? "2" : "3.5");
    for (std::size_t i = 0; i < count; ++i) {
      const double x = axes_[column].place(columns_[column].numbers[i]);
      const double y = cell_ - axes_[row].place(columns_[row].numbers[i]);
      if (std::isfinite(x) && std::isfinite(y)) out_ << fmt::format("M{:.1f} {:.1f}h0", x, y);
    }
    out_ << "\"/>\n";
  }

  std::string label_of(std::size_t variable) const {
    const ScatterColumn& column = columns_[variable];
    const auto most = static_cast<std::size_t>(cell_ / 6);
    return text::shortened(column.unit.empty() ? column.name : column.name + " [" + column.unit + "]", most);
  }

  /// The first cell of the row is a histogram, whose height is no value.
  void write_left(std::size_t row) {
    if (columns_.size() == 1) return;
    for (const Tick& tick : axes_[row].ticks()) {
      const double y = y_of(row) + cell_ - tick.place;
      out_ << fmt::format("<path d=\"M{:.1f} {:.1f}h-4\" stroke=\"#888\"/>\n", kLeft, y);
      put_text(kLeft - 7, y + 3.5, "end", tick.label, " font-size=\"10\"");
    }
    const double x = 18, y = y_of(row) + cell_ / 2;
    put_text(x, y, "middle", label_of(row), fmt::format(" transform=\"rotate(-90 {:.1f} {:.1f})\"", x, y));
  }

  void write_bottom(std::size_t column) {
    const double y = y_of(columns_.size() - 1) + cell_;
    const std::vector<Tick> ticks = axes_[column].ticks();
    std::size_t widest = 0;
    for (const Tick& tick : ticks) widest = std::max(widest, text::width(tick.label) + 1);
    const bool is_tight = static_cast<double>(widest * ticks.size()) * 6.0 > cell_;
    for (const Tick& tick : ticks) {
      const double x = x_of(column) + tick.place;
      out_ << fmt::format("<path d=\"M{:.1f} {:.1f}v4\" stroke=\"#888\"/>\n", x, y);
      const std::string turned =
          is_tight ? fmt::format(" transform=\"rotate(-30 {:.1f} {:.1f})\"", x + 3, y + 14) : std::string();
      put_text(is_tight ? x + 3 : x, y + 14, is_tight ? "end" : "middle", tick.label, " font-size=\"10\"" + turned);
    }
    put_text(x_of(column) + cell_ / 2, y + 50, "middle", label_of(column));
  }

  std::ostream& out_;
  const std::vector<ScatterColumn>& columns_;
  double cell_;
  std::vector<Axis> axes_;
};

}  // namespace

void write_scatter_matrix(std::ostream& out, const std::string& title, const std::string& note,
                          const std::vector<ScatterColumn>& columns) {
  Matrix(out, columns).write(title, note);
}

}  // namespace windrow
