#include "windrow/slurm/batch_script.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <regex>

#include "windrow/base/files.hpp"
#include "windrow/base/hash.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"

namespace windrow {
namespace {

namespace fs = std::filesystem;
using std::chrono::seconds;

// Minutes, minutes:seconds, hours:minutes:seconds, days-hours, days-hours:minutes, days-hours:minutes:seconds
std::optional<seconds> slurm_time(const std::string& text) {
  static const std::regex form(R"((?:(\d{1,5})-)?(\d{1,7})(?::(\d{1,7}))?(?::(\d{1,7}))?)");
  std::smatch found;
  if (!std::regex_match(text, found, form)) return std::nullopt;
  const auto part = [&](std::size_t i) { return found[i].matched ? std::stol(found[i].str()) : 0L; };
  const long days = part(1), a = part(2), b = part(3), c = part(4);
  if (found[1].matched || found[4].matched) return seconds(((days * 24 + a) * 60 + b) * 60 + c);
  return seconds(a * 60 + b);
}

std::string quoted_for_sbatch(const std::string& word) {
  if (text::is_plain_word(word)) return word;
  std::string quoted = "\"";
  for (const char c : word) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

/// A line for each option, with the words that belong to it.
std::string directives(const std::vector<std::string>& words) {
  std::string lines;
  for (const std::string& word : words) {
    lines += lines.empty() || word.starts_with('-') ? (lines.empty() ? "#SBATCH " : "\n#SBATCH ") : " ";
    lines += quoted_for_sbatch(word);
  }
  return lines.empty() ? lines : lines + '\n';
}

std::vector<std::string> options(const BatchJob& job) {
  std::vector<std::string> words = {"--job-name=" + job.name};
  const auto number = [&](const char* name, int value) {
    if (value > 0) words.push_back(fmt::format("--{}={}", name, value));
  };
  const auto text = [&](const char* name, const std::string& value) {
    if (!value.empty()) words.push_back(fmt::format("--{}={}", name, value));
  };
  text("array", job.array);
  number("nodes", job.nodes);
  number("ntasks", job.tasks);
  number("cpus-per-task", job.cpus_per_task);
  text("time", job.time);
  text("partition", job.partition);
  text("account", job.account);
  std::string directory = job.directory.string();
  for (std::size_t at = 0; (at = directory.find('%', at)) != std::string::npos; at += 2) directory.insert(at, 1, '%');
  words.push_back(fmt::format("--output={}/slurm-{}.out", directory, job.array.empty() ? "%j" : "%A_%a"));
  words.emplace_back("--open-mode=append");
  words.push_back(fmt::format("--signal=B:USR1@{}", job.notice.count()));
  if (job.requeue) words.emplace_back("--requeue");
  words.insert(words.end(), job.more.begin(), job.more.end());
  return words;
}

constexpr const char* kScript = R"(#!/bin/bash
# The study "{name}" as a job of Slurm, written by {written_by}; sbatch takes it as it is. It was asked for by
#   {again}
{directives}
echo "== $(date '+%F %T'): job $SLURM_JOB_ID${{SLURM_RESTART_COUNT:+, start $((SLURM_RESTART_COUNT + 1)),}} on $SLURM_JOB_NODELIST"

# Slurm tells this shell some time before the job ends (SIGUSR1), and when it is ended (SIGTERM). Both
# go on to windrow.
trap 'told=yes; kill -USR1 "$windrow" 2>/dev/null' USR1
trap 'told=yes; kill -TERM "$windrow" 2>/dev/null' TERM

{command} &
windrow=$!
while # a signal ends this wait, not windrow
  told=
  wait "$windrow"
  code=$?
  [ "$told" ]
do :; done
{ending}
exit "$code"
)";

constexpr const char* kEnding = R"(
if [ "$code" = 75 ]; then
  echo "Time ended before the points did. This goes on:"
  echo {go_on}
fi
)";

void refuse_line_breaks(const BatchJob& job) {
  std::vector<std::string> words = job.more;
  words.insert(words.end(), job.command.begin(), job.command.end());
  for (const std::string* word : {&job.directory.native(), &job.partition, &job.account, &job.again, &job.go_on}) {
    words.push_back(*word);
  }
  for (const std::string& word : words) {
    if (word.find_first_of("\n\r") != std::string::npos) {
      throw SpecError(fmt::format("a batch script cannot hold a line break: {}", text::shell_line({word})));
    }
  }
}

constexpr const char* kSeal = "# This line tells windrow whether the script was edited: ";

/// With a last line that fits no other text.
std::string sealed(const std::string& text) {
  return fmt::format("{}{}{:016x}\n", text, kSeal, detail::hash64(text));
}

bool is_as_written(const std::string& text) {
  const std::size_t seal = text.rfind(kSeal);
  return seal != std::string::npos && sealed(text.substr(0, seal)) == text;
}

bool was_edited(const fs::path& file) {
  if (!fs::exists(file)) return false;
  const auto text = detail::read_file(file);
  if (!text) throw SystemError("cannot read " + file.string(), errno);
  return !is_as_written(*text);
}

// "slurm.sh" goes to "slurm.1.sh", or the next number that is free. A link fails where a name is taken.
fs::path put_aside(const fs::path& file) {
  for (int number = 1;; ++number) {
    fs::path other = file;
    other.replace_extension(fmt::format(".{}{}", number, file.extension().string()));
    if (::link(file.c_str(), other.c_str()) == 0) return other;
    if (errno != EEXIST) throw SystemError(fmt::format("cannot keep the edited {}", file.string()), errno);
  }
}

}  // namespace

std::optional<BatchTime> batch_time(std::string_view given) {
  const std::string word(given);
  if (word == "UNLIMITED" || word == "INFINITE") return BatchTime{word, std::nullopt};
  if (const auto limit = slurm_time(word)) {
    return limit->count() > 0 ? std::optional(BatchTime{word, limit}) : std::nullopt;
  }
  const auto duration = text::parse_duration(word);
  if (!duration || duration->count() <= 0) return std::nullopt;
  const auto minutes = std::chrono::ceil<std::chrono::minutes>(*duration).count();
  const std::string clock = fmt::format("{:02}:{:02}:00", minutes / 60 % 24, minutes % 60);
  return BatchTime{minutes < 24 * 60 ? clock : fmt::format("{}-{}", minutes / (24 * 60), clock),
                   std::chrono::minutes(minutes)};
}

std::string batch_script(const BatchJob& job) {
  refuse_line_breaks(job);
  std::string command = text::shell_line(job.command);
  for (const std::string& word : job.variables) command += ' ' + word;
  const std::string ending =
      job.requeue
          ? ""
          : fmt::format(fmt::runtime(kEnding),
                        fmt::arg("go_on", text::shell_line({"  " + (job.go_on.empty() ? job.again : job.go_on)})));
  return fmt::format(fmt::runtime(kScript), fmt::arg("name", job.name), fmt::arg("written_by", job.written_by),
                     fmt::arg("again", job.again), fmt::arg("directives", directives(options(job))),
                     fmt::arg("command", command), fmt::arg("ending", ending));
}

namespace {

/// For all who may read it: the umask decides who that is.
void make_executable(const fs::path& file) {
  struct stat status {};
  const bool known = ::stat(file.c_str(), &status) == 0;
  const mode_t mode = (status.st_mode & 07777U) | (status.st_mode & 0444U) >> 2U;
  if (!known || ::chmod(file.c_str(), mode) != 0) throw SystemError("cannot write " + file.string(), errno);
}

}  // namespace

WrittenScript write_script(const fs::path& given, const std::string& text) {
  std::error_code error;
  fs::create_directories(given.parent_path(), error);
  if (error) throw SystemError("cannot make " + given.parent_path().string(), error.value());
  const detail::WriteTarget target = detail::write_target(given);
  if (!target.is_replaced)
    throw SystemError(fmt::format("cannot replace {} by a batch script", given.string()), EEXIST);
  const fs::path& file = target.path;
  WrittenScript written{given, {}};
  detail::NewFile script(file);
  script.stream() << sealed(text);
  script.finish();
  make_executable(script.beside());
  if (was_edited(file)) written.kept = put_aside(file);
  script.take_name();
  return written;
}

}  // namespace windrow
