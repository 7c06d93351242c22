# The load generator of the edge; scripts/bench uses its parts. A short run of it is a test, so that it keeps working.
add_library(load_client STATIC EXCLUDE_FROM_ALL tests/load/edge/load_client.cpp)
target_include_directories(load_client PUBLIC ${CMAKE_SOURCE_DIR})
target_link_libraries(load_client PUBLIC lib_ssl Threads::Threads)
add_executable(edge_load tests/load/edge/edge_load.cpp)
target_link_libraries(edge_load PRIVATE load_client appliance_edge)
add_test(NAME load/edge_requests COMMAND edge_load requests 4 0.2)
set_tests_properties(load/edge_requests PROPERTIES LABELS "load" TIMEOUT 60)
