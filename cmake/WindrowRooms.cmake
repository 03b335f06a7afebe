# A room is a folder of include/windrow with its twin in src and in tests.

# windrow_room(<name> [USES <room>...] [PACKAGES <target>...] [PRIVATE_PACKAGES <target>...])
# A room links only the rooms it may know, so an arrow that points up does not link.
function(windrow_room name)
  cmake_parse_arguments(ROOM "" "" "USES;PACKAGES;PRIVATE_PACKAGES" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.cpp)
  list(FILTER sources EXCLUDE REGEX "/src/${name}/mpi/")
  add_library(windrow_${name} STATIC ${sources})
  windrow_library_settings(windrow_${name})
  list(TRANSFORM ROOM_USES PREPEND windrow_)
  target_link_libraries(windrow_${name}
    PUBLIC ${ROOM_USES} ${ROOM_PACKAGES}
    PRIVATE ${ROOM_PRIVATE_PACKAGES} $<BUILD_INTERFACE:windrow_options>)
  windrow_quick_build(windrow_${name})
  set_property(GLOBAL APPEND PROPERTY WINDROW_ROOMS windrow_${name})
  set_property(GLOBAL APPEND PROPERTY WINDROW_PRIVATE_PACKAGES ${ROOM_PRIVATE_PACKAGES})
endfunction()

# windrow_mpi_part(<library> OF <room> [USES <library>...]): the folder mpi/ of a room. Whoever links the room links it.
function(windrow_mpi_part library)
  cmake_parse_arguments(PART "" "OF" "USES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${PART_OF}/mpi/*.cpp)
  add_library(${library} STATIC ${sources})
  windrow_library_settings(${library})
  target_link_libraries(${library} PUBLIC windrow_${PART_OF} ${PART_USES} Boost::mpi MPI::MPI_CXX
    PRIVATE fmt::fmt windrow_options)
  target_link_libraries(windrow_${PART_OF} INTERFACE ${library})
  windrow_quick_build(${library})
endfunction()

# Of every library: only what its public headers declare can be seen from outside of a shared library. Nobody replaces
# its functions by others, so g++ may inline them, as clang++ does: otherwise points of 1 us take 1 % longer.
function(windrow_library_settings target)
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON)
  target_compile_options(${target} PRIVATE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fno-semantic-interposition>)
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_include_directories(${target} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
    PRIVATE ${PROJECT_SOURCE_DIR}/src)
endfunction()

# windrow_quick_build(<library>): headers of others are compiled once, by the first library, for all; and the files of a
# room are compiled six at a time, so that templates are instantiated once for six. That halves the time of a build.
# Files of a room share their unnamed namespaces then: a name in them means one thing. Not so in the preset `debug`
# (CMAKE_DISABLE_PRECOMPILE_HEADERS=ON, CMAKE_UNITY_BUILD=OFF): there each file must include what it uses.
set(WINDROW_COMMON_HEADERS <algorithm> <array> <atomic> <chrono> <cmath> <cstdint> <cstring> <exception> <filesystem>
  <fstream> <functional> <limits> <map> <memory> <optional> <set> <span> <sstream> <string> <string_view> <tuple>
  <unordered_map> <utility> <variant> <vector> <fmt/format.h>)
function(windrow_quick_build target)
  get_property(owner GLOBAL PROPERTY WINDROW_HEADERS_OWNER)
  if(owner)
    target_precompile_headers(${target} REUSE_FROM ${owner})
  else()
    target_precompile_headers(${target} PRIVATE ${WINDROW_COMMON_HEADERS})
    set_property(GLOBAL PROPERTY WINDROW_HEADERS_OWNER ${target})
  endif()
  target_compile_options(${target} PRIVATE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fpch-preprocess>)  # for ccache
  windrow_unity(${target})
endfunction()

# windrow_is_never_hot(<target>): nothing in it is done for each point. With -O1 it compiles in two thirds of the time.
# (g++ sees less there: some values seem uninitialized to it that are not.)
function(windrow_is_never_hot target)
  target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1>
    $<$<AND:$<CONFIG:Release>,$<COMPILE_LANG_AND_ID:CXX,GNU>>:-Wno-maybe-uninitialized>)
endfunction()

# windrow_quick_test(<program>): tests are compiled without optimization, the headers of GoogleTest once for all, and the
# files of a program six at a time, as those of a room: what is in their unnamed namespaces means one thing in six. Each
# about halves the time; most of a build are tests. What they test is optimized, but for templates. (With -O1
# g++ 12 takes some copies of texts for too long.)
function(windrow_quick_test target)
  target_compile_options(${target} PRIVATE -O0)
  get_target_property(libraries ${target} LINK_LIBRARIES)
  if(NOT libraries MATCHES GTest)  # compiled with its headers all the same
    target_compile_definitions(${target} PRIVATE GTEST_HAS_PTHREAD=1)
  endif()
  get_property(owner GLOBAL PROPERTY WINDROW_TEST_HEADERS_OWNER)
  if(owner)
    target_precompile_headers(${target} REUSE_FROM ${owner})
  else()
    target_precompile_headers(${target} PRIVATE ${WINDROW_COMMON_HEADERS} <gmock/gmock.h> <gtest/gtest.h>)
    set_property(GLOBAL PROPERTY WINDROW_TEST_HEADERS_OWNER ${target})
  endif()
  target_compile_options(${target} PRIVATE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fpch-preprocess>)  # for ccache
  windrow_unity(${target})
endfunction()

function(windrow_unity target)
  if(NOT DEFINED CMAKE_UNITY_BUILD)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 6)
    # g++ takes what several files have in an unnamed namespace for a header's.
    target_compile_options(${target} PRIVATE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-subobject-linkage>)
  endif()
endfunction()

# Seconds that a test may take.
set(WINDROW_TEST_LIMIT 60)
if(WINDROW_SANITIZE)
  set(WINDROW_TEST_LIMIT 180)
endif()

# windrow_room_test(<room> [USES <room>...]): every tests/<room>/*_test.cpp in one program of GoogleTest cases.
function(windrow_room_test name)
  cmake_parse_arguments(ROOM "" "LABELS" "USES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/${name}/*_test.cpp)
  if(NOT sources)
    return()
  endif()
  if(NOT ROOM_LABELS)
    set(ROOM_LABELS unit)
  endif()
  list(TRANSFORM ROOM_USES PREPEND windrow_)
  add_executable(${name}_test ${sources})
  target_include_directories(${name}_test PRIVATE ${PROJECT_SOURCE_DIR}/tests ${PROJECT_SOURCE_DIR}/src)
  if(NOT name STREQUAL base)  # where the headers are compiled for all: a name defined there must be defined by all
    target_compile_definitions(${name}_test PRIVATE WINDROW_TEST_DATA="${PROJECT_SOURCE_DIR}/tests/${name}/data")
  endif()
  target_link_libraries(${name}_test PRIVATE windrow_${name} ${ROOM_USES} windrow_options GTest::gmock GTest::gtest_main)
  windrow_quick_test(${name}_test)
  gtest_discover_tests(${name}_test TEST_PREFIX "${name}." DISCOVERY_TIMEOUT 60
    PROPERTIES LABELS "${ROOM_LABELS}" TIMEOUT ${WINDROW_TEST_LIMIT})
endfunction()
