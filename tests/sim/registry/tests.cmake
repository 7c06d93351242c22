add_executable(sim_registry tests/sim/registry/registry_sim.cpp)
target_link_libraries(sim_registry PRIVATE engine_controllers test_support)
add_test(NAME sim/registry COMMAND sim_registry)
set_tests_properties(sim/registry PROPERTIES LABELS "sim" TIMEOUT 120)
