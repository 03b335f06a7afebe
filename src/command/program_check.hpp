#pragma once

#include <filesystem>
#include <string>
#include <string_view>

/// What can be said of a program before it is started, and of why it was not.
namespace windrow::detail {

bool is_program(const std::filesystem::path& path);
/// The file that a name without a slash stands for by PATH; empty if there is none.
std::filesystem::path find_in_path(const std::string& program);

/// Why a file that is there cannot be started, and what to do: an absent interpreter or carriage returns in its `#!`
/// line, or that it was built for another machine. Empty if nothing is wrong.
std::string why_no_start(const std::filesystem::path& program);

/// Whether it is a text without a `#!` line: what starts it takes it for a script of /bin/sh.
bool lacks_interpreter(const std::filesystem::path& program);
/// That in words, and what to do.
std::string no_interpreter(const std::filesystem::path& program);

/// What to do about a file that may not be executed: "; `chmod +x sim.py` mends it, or run = ["python3",
/// "{{study.dir}}/sim.py"]". @param program  as the study names it
std::string how_to_run(const std::string& program, const std::filesystem::path& path);

/// That a file of a program's name lies beside the study, and how it is named: "; `sim` lies beside the study: write
/// `./sim`". Empty if there is none.
std::string lies_beside(const std::string& program, const std::filesystem::path& study_directory);

/// What may be said of a shell text that ended with 126 or 127, from the last words of the shell.
std::string shell_advice(std::string_view last_words, const std::filesystem::path& study_directory);

/// Whether a program misses a file, by its last words, that lies beside the study, and what to do: points run in
/// directories of their own.
std::string missed_file(std::string_view last_words, const std::filesystem::path& study_directory,
                        const std::filesystem::path& directory);

}  // namespace windrow::detail
