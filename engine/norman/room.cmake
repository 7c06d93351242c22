# The facts of the management API, packed at build time into one embedded file.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
file(GLOB norman_facts CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/engine/norman/facts/*.json)
set(norman_data ${CMAKE_BINARY_DIR}/generated/norman.data)
add_custom_command(OUTPUT ${norman_data}
  COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/generated
  COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/engine/norman/generate/pack.py ${CMAKE_SOURCE_DIR}/engine/norman/facts ${norman_data}
  DEPENDS ${norman_facts} ${CMAKE_SOURCE_DIR}/engine/norman/generate/pack.py)
paddock_embed(engine_norman norman_data ${norman_data})
target_link_libraries(engine_norman ${scope} lib_sodium lib_crypto)
# The API's page for browsers.
paddock_embed(engine_norman api_ui_js ${CMAKE_SOURCE_DIR}/engine/norman/ui/ui.js)
paddock_embed(engine_norman api_ui_css ${CMAKE_SOURCE_DIR}/engine/norman/ui/ui.css)
