// sd_notify: tells systemd what state the service is in (READY=1, STOPPING=1, STATUS=...,
// WATCHDOG=1), over the datagram socket that it names in NOTIFY_SOCKET. Without that variable
// nothing happens. Source: sd_notify(3). Thread: any. Owns: nothing.
#pragma once

#include <string_view>

namespace appliance {

// False when there is nobody to tell or the socket does not take it.
bool sd_notify(std::string_view state);

}  // namespace appliance
