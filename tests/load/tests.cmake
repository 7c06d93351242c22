add_executable(json_bench EXCLUDE_FROM_ALL tests/load/json_bench.cpp)
target_link_libraries(json_bench PRIVATE engine_api)
add_executable(audit_bench EXCLUDE_FROM_ALL tests/load/audit_bench.cpp)
target_link_libraries(audit_bench PRIVATE appliance_audit test_support)
