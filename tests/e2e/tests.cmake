# End to end: the release program and a real cluster. The real programs are built by scripts/peers.
add_test(NAME e2e/import_cluster COMMAND ${CMAKE_SOURCE_DIR}/tests/e2e/import_cluster.py)
set_tests_properties(e2e/import_cluster PROPERTIES LABELS "e2e" TIMEOUT 900 SKIP_RETURN_CODE 77
  RUN_SERIAL ON)
foreach(name agent_peer program hostile many_agents many_bindings authorization cluster_faults projects users audit rights nodes far_projects far_resources far_audit workloads schema_client secret_errors)
  add_test(NAME e2e/${name} COMMAND ${CMAKE_SOURCE_DIR}/tests/e2e/${name}.py)
  set_tests_properties(e2e/${name} PROPERTIES LABELS "e2e" TIMEOUT 600)
endforeach()
# These fill the machine by themselves.
set_tests_properties(e2e/hostile e2e/many_agents PROPERTIES RUN_SERIAL ON)
