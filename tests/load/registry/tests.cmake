# What a write costs the registry beyond its store; run by hand (scripts/bench does).
add_executable(registry_bench EXCLUDE_FROM_ALL tests/load/registry/registry_bench.cpp)
target_link_libraries(registry_bench PRIVATE engine_registry test_support)
