# The program, built for tests (failpoints, dynamic), killed at chosen places and on a disk that does not keep its word.
add_test(NAME crash/program COMMAND ${CMAKE_SOURCE_DIR}/tests/crash/program/program_crash.py)
set_tests_properties(crash/program PROPERTIES LABELS "crash" TIMEOUT 300 RUN_SERIAL TRUE
  ENVIRONMENT "PADDOCK_PROGRAM=$<TARGET_FILE:paddock>;PADDOCK_SYNC_SHIM=$<TARGET_FILE:sync_shim>")
