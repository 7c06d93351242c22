# The dashboard in a real browser; needs build/web (scripts/web). speed.mjs beside it is a benchmark, not a test: run.sh speed.mjs.
if(EXISTS ${CMAKE_SOURCE_DIR}/build/web/manifest.json)
  add_test(NAME e2e/web/dashboard COMMAND ${CMAKE_SOURCE_DIR}/tests/e2e/web/run.sh dashboard.mjs)
  set_tests_properties(e2e/web/dashboard PROPERTIES LABELS "e2e" TIMEOUT 900)
  add_test(NAME e2e/web/management COMMAND ${CMAKE_SOURCE_DIR}/tests/e2e/web/run.sh management.mjs)
  set_tests_properties(e2e/web/management PROPERTIES LABELS "e2e" TIMEOUT 900)
  add_test(NAME e2e/web/axe COMMAND ${CMAKE_SOURCE_DIR}/tests/e2e/web/run.sh axe.mjs)
  set_tests_properties(e2e/web/axe PROPERTIES LABELS "e2e" TIMEOUT 900)
  add_test(NAME e2e/web/real_cluster COMMAND ${CMAKE_SOURCE_DIR}/tests/e2e/web/real_cluster.py)
  set_tests_properties(e2e/web/real_cluster PROPERTIES LABELS "e2e" TIMEOUT 900)
endif()
# The API's page needs no dashboard.
add_test(NAME e2e/web/api_page COMMAND ${CMAKE_SOURCE_DIR}/tests/e2e/web/api_page.py)
set_tests_properties(e2e/web/api_page PROPERTIES LABELS "e2e" TIMEOUT 120)
