# Real clients against the embedded API, compared with a real kube-apiserver (scripts/peers builds it).
add_test(NAME conformance/kubectl COMMAND ${CMAKE_SOURCE_DIR}/tests/conformance/kubectl.py)
set_tests_properties(conformance/kubectl PROPERTIES LABELS "conformance" TIMEOUT 900)
foreach(name informers helm writes quota)
  add_test(NAME conformance/${name} COMMAND ${CMAKE_SOURCE_DIR}/tests/conformance/${name}.py)
  set_tests_properties(conformance/${name} PROPERTIES LABELS "conformance" TIMEOUT 300)
endforeach()
