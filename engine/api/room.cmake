target_link_libraries(engine_api ${scope} lib_z)
paddock_embed(engine_api protobuf_facts ${CMAKE_SOURCE_DIR}/engine/api/facts/protobuf.txt)
