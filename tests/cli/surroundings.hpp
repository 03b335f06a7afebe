#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>

/// What a program that is tested runs in.
namespace windrow::test {

/// A new directory below that for temporary files.
std::filesystem::path fresh_directory(const std::string& prefix);

/// Names in /dev/shm, which belongs to the whole machine, that could be windrow's: its segments, named semaphores.
std::set<std::string> names_in_shared_memory();

/// Variables for mpirun on a machine with fewer cores than ranks.
std::map<std::string, std::string> mpi_environment();

}  // namespace windrow::test
