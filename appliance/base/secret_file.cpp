#include "appliance/base/secret_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

namespace appliance {
namespace {

engine::Status problem(const std::string& path, const char* what) {
  return engine::Status::internal(path + ": " + what + ": " + std::strerror(errno));
}

}  // namespace

engine::Result<engine::Unit> write_secret_file(const std::string& path,
                                               const std::string& content) {
  const std::string fresh = path + ".new";
  ::unlink(fresh.c_str());
  int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return problem(fresh, "can't be made");
  bool written =
      ::write(fd, content.data(), content.size()) == static_cast<ssize_t>(content.size()) &&
      ::fsync(fd) == 0;
  int error = errno;
  ::close(fd);
  errno = error;
  if (!written) return problem(fresh, "can't be written");
  if (::rename(fresh.c_str(), path.c_str()) != 0) return problem(path, "can't be put in place");
  return engine::Unit{};
}

engine::Result<std::string> secret_file(const std::string& path,
                                        const std::function<engine::Result<std::string>()>& make) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) {
    if (errno != ENOENT) return problem(path, "can't be looked at");
    std::string made = TRY(make());
    TRY(write_secret_file(path, made));
    return made;
  }
  if (info.st_mode & 077)
    return engine::Status::internal(path + ": others may read it; it wants mode 0600");
  std::ifstream in(path, std::ios::binary);
  if (!in) return problem(path, "can't be read");
  return std::string(std::istreambuf_iterator<char>(in), {});
}

}  // namespace appliance
