# Real clients against the embedded API, compared with a real kube-apiserver (scripts/peers builds it).
add_test(NAME conformance/kubectl COMMAND ${CMAKE_SOURCE_DIR}/tests/conformance/kubectl.py)
set_tests_properties(conformance/kubectl PROPERTIES LABELS "conformance" TIMEOUT 900)
add_test(NAME conformance/informers COMMAND ${CMAKE_SOURCE_DIR}/tests/conformance/informers.py)
set_tests_properties(conformance/informers PROPERTIES LABELS "conformance" TIMEOUT 300)
