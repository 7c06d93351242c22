#include "appliance/base/sd_notify.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace appliance {

bool sd_notify(std::string_view state) {
  const char* name = std::getenv("NOTIFY_SOCKET");
  if (!name || (name[0] != '/' && name[0] != '@')) return false;
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  size_t size = std::strlen(name);
  if (size >= sizeof(to.sun_path)) return false;
  std::memcpy(to.sun_path, name, size);
  // A leading '@' is how an abstract socket is written down; its real first byte is zero.
  if (to.sun_path[0] == '@') to.sun_path[0] = '\0';
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return false;
  auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + size);
  ssize_t sent = sendto(fd, state.data(), state.size(), MSG_NOSIGNAL,
                        reinterpret_cast<const sockaddr*>(&to), length);
  ::close(fd);
  return sent == static_cast<ssize_t>(state.size());
}

}  // namespace appliance
