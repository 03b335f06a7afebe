#include "text_scan.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "bad_output.hpp"
#include "output_size.hpp"

namespace windrow::detail {

std::ifstream open_output(const std::filesystem::path& file, std::uint64_t most) {
  struct stat status {};  // one look for all questions
  if (::stat(file.c_str(), &status) != 0) throw MissingOutput(fmt::format("there is no file {}", file.string()));
  if (!S_ISREG(status.st_mode)) throw BadOutput(fmt::format("{} is no regular file", file.string()));
  require_size(file, static_cast<std::uint64_t>(status.st_size), most);
  std::ifstream in(file, std::ios::binary);
  if (!in) throw BadOutput(fmt::format("{} cannot be read", file.string()));
  return in;
}

void scan_text(const std::filesystem::path& file, std::uint64_t most, std::span<TextScanner* const> scanners) {
  constexpr std::size_t overlap = TextScanner::reach + TextScanner::behind;
  constexpr std::size_t step = std::size_t{1} << 12U;  // most files are short, and what is read is zeroed first
  std::ifstream in = open_output(file, most);
  std::vector<TextScanner*> active(scanners.begin(), scanners.end());
  std::string text;
  std::uint64_t offset = 0;
  while (!active.empty()) {
    while (in && text.size() < TextScanner::part) {
      const std::size_t before = text.size();
      text.resize(std::min(before + std::max(step, before), TextScanner::part));
      in.read(text.data() + before, static_cast<std::streamsize>(text.size() - before));
      text.resize(before + static_cast<std::size_t>(in.gcount()));
    }
    if (in.bad()) throw BadOutput(fmt::format("{} cannot be read to its end", file.string()));
    const TextWindow window{text, offset, !in};
    std::erase_if(active, [&window](TextScanner* scanner) { return !scanner->scan(window); });
    if (window.is_last) return;
    const std::size_t done = text.size() - overlap;
    text.erase(0, done);
    offset += done;
  }
}

bool LineScanner::scan(const TextWindow& window) {
  while (true) {
    const std::string_view rest = window.text.substr(static_cast<std::size_t>(next_ - window.offset));
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos && !window.is_last) {
      if (rest.size() <= reach) return true;
      passes_over_ = true;
      next_ += rest.size();
      return true;
    }
    if (rest.empty()) return false;
    const bool is_told = !passes_over_;
    passes_over_ = false;
    next_ += end == std::string_view::npos ? rest.size() : end + 1;
    if (is_told && !take(rest.substr(0, end))) return false;
  }
}

}  // namespace windrow::detail
