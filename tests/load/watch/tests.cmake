# Measures the dispatcher, the frames and the lists without sockets: `watch_bench` prints a table.
add_executable(watch_bench EXCLUDE_FROM_ALL ${CMAKE_CURRENT_LIST_DIR}/watch_bench.cpp)
target_link_libraries(watch_bench PRIVATE engine_api storage_memory test_support)
