# Not a test: a program that prints figures. scripts/bench and people run it on a release build.
add_executable(store_bench EXCLUDE_FROM_ALL ${CMAKE_CURRENT_LIST_DIR}/store_bench.cpp)
target_link_libraries(store_bench PRIVATE storage_memory storage_sqlite test_support)
