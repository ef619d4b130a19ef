# tandem-sim-mutants: the simulator with the planted bugs of sim/mutants.list (ADR 0009). Its few
# copies of sources stand before the libraries on the command line of the linker, which then takes
# them instead of the library's. Not part of `all` unless TANDEM_MUTANTS says so.
option(TANDEM_MUTANTS "Build tandem-sim-mutants with everything else" OFF)

set(plant "${CMAKE_SOURCE_DIR}/scripts/plant-mutants")
set(mutants_list "${CMAKE_SOURCE_DIR}/sim/mutants.list")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${mutants_list}" "${plant}")
execute_process(COMMAND "${Python3_EXECUTABLE}" "${plant}" --files
                OUTPUT_VARIABLE planted_files OUTPUT_STRIP_TRAILING_WHITESPACE
                COMMAND_ERROR_IS_FATAL ANY)
string(REPLACE "\n" ";" planted_files "${planted_files}")

set(planted_folder "${CMAKE_BINARY_DIR}/planted")
set(planted_sources "")
set(originals "")
foreach(file IN LISTS planted_files)
  set(copy "${planted_folder}/${file}")
  add_custom_command(OUTPUT "${copy}"
    COMMAND "${Python3_EXECUTABLE}" "${plant}" --plant "${file}" --to "${copy}"
    COMMAND "${CMAKE_COMMAND}" -E touch "${copy}"
    DEPENDS "${plant}" "${mutants_list}" "${CMAKE_SOURCE_DIR}/${file}" VERBATIM)
  list(APPEND planted_sources "${copy}")
  list(APPEND originals "${CMAKE_SOURCE_DIR}/${file}")
endforeach()
add_custom_command(OUTPUT "${planted_folder}/mutants_table.cc"
  COMMAND "${Python3_EXECUTABLE}" "${plant}" --table --to "${planted_folder}/mutants_table.cc"
  COMMAND "${CMAKE_COMMAND}" -E touch "${planted_folder}/mutants_table.cc"
  DEPENDS "${plant}" "${mutants_list}" ${originals} VERBATIM)

add_executable(tandem-sim-mutants
  sim/mutants_main.cc sim/mutants.cc sim/mutants_scenarios.cc
  "${planted_folder}/mutants_table.cc" ${planted_sources})
target_link_libraries(tandem-sim-mutants PRIVATE tandem_sim CLI11::CLI11
                      nlohmann_json::nlohmann_json Threads::Threads)
tandem_use_jemalloc(tandem-sim-mutants)
target_precompile_headers(tandem-sim-mutants PRIVATE ${TANDEM_COMMON_HEADERS})
if(NOT TANDEM_MUTANTS)
  set_target_properties(tandem-sim-mutants PROPERTIES EXCLUDE_FROM_ALL ON)
endif()

# A list that does not fit its sources any more is noticed at every test run, not at the next hunt.
add_test(NAME checks.mutants COMMAND "${Python3_EXECUTABLE}" "${plant}" --check)
add_test(NAME checks.mutants.planted
         COMMAND "${Python3_EXECUTABLE}" "${CMAKE_SOURCE_DIR}/scripts/tests/plant_mutants_test.py")
set_tests_properties(checks.mutants checks.mutants.planted PROPERTIES LABELS checks)
