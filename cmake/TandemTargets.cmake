# One folder of src/ is one static library, one namespace and one call of tandem_library.
#
#   tandem_library(NAME FLOOR n [PURE]
#                  SOURCES ... [DEPS tandem folders] [EXTERNAL imported targets]
#                  [TESTS x_test.cc ...] [FUZZ x_fuzz.cc ...] [BENCH x_bench.cc ...])
#
# A PURE library owns no clock, thread, file, socket or dice: scripts/check-symbols holds its
# undefined symbols against an allow-list. scripts/check-layers reads the link graph that
# tandem_write_link_graph leaves in the build folder and refuses sideways and upward imports.

set(TANDEM_COMMON_HEADERS
    <algorithm> <array> <bit> <charconv> <compare> <concepts> <cstdint> <cstring> <expected>
    <functional> <limits> <map> <memory> <optional> <span> <string> <string_view> <tuple>
    <type_traits> <utility> <variant> <vector> <boost/container/small_vector.hpp>)

set_property(GLOBAL PROPERTY TANDEM_LINK_GRAPH "")

function(tandem_library name)
  cmake_parse_arguments(ARG "PURE" "FLOOR" "SOURCES;DEPS;EXTERNAL;TESTS;FUZZ;BENCH" ${ARGN})
  if(ARG_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "tandem_library(${name}): unknown arguments ${ARG_UNPARSED_ARGUMENTS}")
  endif()
  set(target tandem_${name})
  add_library(${target} STATIC ${ARG_SOURCES})
  add_library(tandem::${name} ALIAS ${target})
  target_include_directories(${target} PUBLIC "${CMAKE_SOURCE_DIR}/src")
  list(TRANSFORM ARG_DEPS PREPEND tandem:: OUTPUT_VARIABLE deps)
  target_link_libraries(${target} PUBLIC ${deps} Boost::headers fmt::fmt
                        ${ARG_EXTERNAL})
  target_precompile_headers(${target} PRIVATE ${TANDEM_COMMON_HEADERS})

  set(kind "impure")
  if(ARG_PURE)
    set(kind "pure")
  endif()
  set_property(GLOBAL APPEND PROPERTY TANDEM_LINK_GRAPH "${name} ${ARG_FLOOR} ${kind}")

  if(ARG_TESTS)
    add_executable(${name}_tests ${ARG_TESTS})
    target_link_libraries(${name}_tests PRIVATE tandem::${name} tandem_test_main)
    target_precompile_headers(${name}_tests REUSE_FROM tandem_test_main)
    add_test(NAME ${name} COMMAND ${name}_tests)
    set_tests_properties(${name} PROPERTIES LABELS unit)
  endif()
  foreach(source IN LISTS ARG_FUZZ)
    tandem_fuzz_target(${name} ${source})
  endforeach()
  if(ARG_BENCH AND TANDEM_BENCH)
    add_executable(${name}_bench ${ARG_BENCH})
    target_link_libraries(${name}_bench PRIVATE tandem::${name} benchmark::benchmark_main)
  endif()
endfunction()

# The gtest main and the precompiled header that all test programs share.
add_library(tandem_test_main OBJECT "${CMAKE_SOURCE_DIR}/tests/test_main.cc")
target_link_libraries(tandem_test_main PUBLIC GTest::gtest GTest::gmock Boost::headers)
target_include_directories(tandem_test_main PUBLIC "${CMAKE_SOURCE_DIR}/src" "${CMAKE_SOURCE_DIR}")
target_precompile_headers(tandem_test_main PRIVATE ${TANDEM_COMMON_HEADERS} <gtest/gtest.h>)

# All fuzz programs, and nothing else: what the fuzz preset builds.
add_custom_target(fuzz_programs)
if(NOT TANDEM_FUZZ)
  add_library(tandem_replay_main OBJECT "${CMAKE_SOURCE_DIR}/fuzz/replay_main.cc")
endif()

# x_fuzz.cc defines LLVMFuzzerTestOneInput. With TANDEM_FUZZ it becomes a libFuzzer program;
# in every other build it is linked with a main that replays fuzz/corpus/<x> as an ordinary test.
function(tandem_fuzz_target library source)
  get_filename_component(stem ${source} NAME_WE)
  string(REGEX REPLACE "_fuzz$" "" stem ${stem})
  set(program fuzz_${stem})
  add_executable(${program} ${source})
  target_link_libraries(${program} PRIVATE tandem::${library})
  set(corpus "${CMAKE_SOURCE_DIR}/fuzz/corpus/${stem}")
  if(TANDEM_FUZZ)
    target_link_options(${program} PRIVATE -fsanitize=fuzzer)
  else()
    target_link_libraries(${program} PRIVATE tandem_replay_main)
    add_test(NAME ${program}.corpus COMMAND ${program} "${corpus}")
    set_tests_properties(${program}.corpus PROPERTIES LABELS corpus)
  endif()
  add_dependencies(fuzz_programs ${program})
  set_property(GLOBAL APPEND PROPERTY TANDEM_FUZZ_TARGETS ${stem})
endfunction()

# One line a library: "name floor kind dependency...". The dependencies are those that CMake
# itself will link, so one that was added behind tandem_library's back shows as well.
function(tandem_write_link_graph)
  get_property(graph GLOBAL PROPERTY TANDEM_LINK_GRAPH)
  set(text "")
  foreach(line IN LISTS graph)
    string(REGEX REPLACE " .*" "" name "${line}")
    get_target_property(libraries tandem_${name} LINK_LIBRARIES)
    list(FILTER libraries INCLUDE REGEX "^tandem(::|_)")
    list(TRANSFORM libraries REPLACE "^tandem(::|_)" "")
    list(REMOVE_DUPLICATES libraries)
    list(PREPEND libraries ${line})
    string(JOIN " " line ${libraries})
    string(APPEND text "${line}\n")
  endforeach()
  file(WRITE "${CMAKE_BINARY_DIR}/link-graph.txt" "${text}")
  get_property(fuzz GLOBAL PROPERTY TANDEM_FUZZ_TARGETS)
  string(JOIN "\n" text ${fuzz})
  file(WRITE "${CMAKE_BINARY_DIR}/fuzz-targets.txt" "${text}\n")
endfunction()
