# Tests of the code's shape, with label `checks`: the floors, the symbols of the pure libraries,
# and for each of these checks a test that plants violations and demands that it sees them.
find_package(Python3 3.9 REQUIRED COMPONENTS Interpreter)

function(tandem_check name)
  add_test(NAME checks.${name} COMMAND ${ARGN})
  set_tests_properties(checks.${name} PROPERTIES LABELS checks)
endfunction()

set(scripts "${CMAKE_SOURCE_DIR}/scripts")
tandem_check(layers Python3::Interpreter "${scripts}/check-layers"
             --graph "${CMAKE_BINARY_DIR}/link-graph.txt")
tandem_check(layers.planted Python3::Interpreter "${scripts}/tests/check_layers_test.py")

# Instrumented code asks for more than its authors wrote.
if(NOT TANDEM_SANITIZE AND NOT TANDEM_THREAD_SANITIZE AND NOT TANDEM_FUZZ AND NOT TANDEM_COVERAGE)
  tandem_check(symbols Python3::Interpreter "${scripts}/check-symbols" --build "${CMAKE_BINARY_DIR}")
  tandem_check(symbols.planted Python3::Interpreter "${scripts}/tests/check_symbols_test.py")
  set_tests_properties(checks.symbols.planted PROPERTIES ENVIRONMENT "CXX=${CMAKE_CXX_COMPILER}")
endif()
