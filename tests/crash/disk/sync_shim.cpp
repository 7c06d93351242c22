// A disk that does not keep its word, for programs that are linked dynamically (LD_PRELOAD). The
// file named by PADDOCK_DISK says what a sync does from now on: "fail" (an input/output error),
// "lie" (yes, and nothing has been done), "hang" (no answer until the file says something else);
// anything else, or no file: what the system does.
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

namespace {

enum class Word { honest, fail, lie, hang };

Word word() {
  const char* path = getenv("PADDOCK_DISK");
  if (!path) return Word::honest;
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return Word::honest;
  char text[8] = {};
  const bool read_some = read(fd, text, sizeof(text) - 1) > 0;
  close(fd);
  if (!read_some) return Word::honest;
  if (strncmp(text, "fail", 4) == 0) return Word::fail;
  if (strncmp(text, "lie", 3) == 0) return Word::lie;
  return strncmp(text, "hang", 4) == 0 ? Word::hang : Word::honest;
}

int sync_by(const char* name, int fd) {
  while (word() == Word::hang) usleep(20'000);
  switch (word()) {
    case Word::fail:
      errno = EIO;
      return -1;
    case Word::lie:
      return 0;
    default:
      return reinterpret_cast<int (*)(int)>(dlsym(RTLD_NEXT, name))(fd);
  }
}

}  // namespace

extern "C" int fsync(int fd) {
  return sync_by("fsync", fd);
}
extern "C" int fdatasync(int fd) {
  return sync_by("fdatasync", fd);
}
