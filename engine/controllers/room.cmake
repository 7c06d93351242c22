paddock_embed(engine_controllers paddock_bootstrap_policy ${CMAKE_CURRENT_LIST_DIR}/core/bootstrap_policy.json)
paddock_embed(engine_controllers management_settings ${CMAKE_SOURCE_DIR}/engine/controllers/management/settings.json)
