#include "appliance/base/data_dir.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace appliance {

engine::Result<engine::Unit> prepare_data_dir(const std::string& dir) {
  std::error_code error;
  const bool made = std::filesystem::create_directories(dir, error);
  if (error)
    return engine::Status::other(
        1, "DataDir", "the data directory " + dir + " can't be made: " + error.message());
  if (!std::filesystem::is_directory(dir))
    return engine::Status::other(1, "DataDir", dir + " is not a directory");
  if (made) ::chmod(dir.c_str(), 0700);
  if (::access(dir.c_str(), R_OK | W_OK | X_OK) != 0)
    return engine::Status::other(
        1, "DataDir", "the data directory " + dir + " can't be written: " + std::strerror(errno));
  // access() lets root through where a read-only file system will not.
  const std::string probe = dir + "/.probe";
  if (auto* file = std::fopen(probe.c_str(), "w")) {
    std::fclose(file);
    ::unlink(probe.c_str());
    return engine::Unit{};
  }
  return engine::Status::other(
      1, "DataDir", "the data directory " + dir + " can't be written: " + std::strerror(errno));
}

}  // namespace appliance
