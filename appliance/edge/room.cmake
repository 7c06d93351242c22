target_link_libraries(appliance_edge ${scope} lib_httplib lib_ssl Threads::Threads)
