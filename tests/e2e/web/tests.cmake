# The dashboard in a real browser; needs build/web (scripts/web).
if(EXISTS ${CMAKE_SOURCE_DIR}/build/web/manifest.json)
  foreach(name dashboard speed)
    add_test(NAME e2e/web/${name} COMMAND ${CMAKE_SOURCE_DIR}/tests/e2e/web/run.sh ${name}.mjs)
    set_tests_properties(e2e/web/${name} PROPERTIES LABELS "e2e" TIMEOUT 600 RUN_SERIAL TRUE)
  endforeach()
endif()
