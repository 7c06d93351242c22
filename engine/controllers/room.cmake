paddock_embed(engine_controllers management_settings ${CMAKE_SOURCE_DIR}/engine/controllers/management/settings.json)
