# The load generator of scripts/bench, optimised whatever the preset. A short run of it against its
# own trivial server is a test, so that it keeps working.
add_executable(bench_load tests/load/bench/bench_load.cpp tests/load/bench/answer_reader.cpp
  tests/load/bench/request_load.cpp tests/load/bench/side.cpp tests/load/bench/trivial_server.cpp
  tests/load/bench/watch_load.cpp)
target_link_libraries(bench_load PRIVATE load_client)
target_compile_options(bench_load PRIVATE -O2)
add_test(NAME load/bench_get COMMAND bench_load get --connections 4 --seconds 0.3)
add_test(NAME load/bench_list COMMAND bench_load list --seconds 0.1)
add_test(NAME load/bench_watch COMMAND bench_load watch --watchers 50 --silent 2 --events 50)
set_tests_properties(load/bench_get load/bench_list load/bench_watch
  PROPERTIES LABELS "load" TIMEOUT 60)
