# 5,000 nodes and 50,000 pods, played; fails over 2 s behind at p99 or 150 MiB.
add_test(NAME load/nodes COMMAND ${CMAKE_SOURCE_DIR}/tests/load/nodes/nodes.py)
set_tests_properties(load/nodes PROPERTIES LABELS "load" TIMEOUT 300 RUN_SERIAL ON)
