add_executable(json_bench EXCLUDE_FROM_ALL tests/load/json_bench.cpp)
target_link_libraries(json_bench PRIVATE engine_api)
