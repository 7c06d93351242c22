// TempDir: a new folder that is removed with everything in it.
// Thread: one. Owns: the folder.
#pragma once

#include <stdlib.h>

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>

namespace tests {

class TempDir {
 public:
  // In `parent`; without one in memory where the system has such a place, because most tests want a
  // folder and not a disk.
  explicit TempDir(const std::string& parent = default_parent()) {
    path_ = parent + "/paddock-test-XXXXXX";
    if (!::mkdtemp(path_.data())) std::perror(path_.c_str());
  }
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  static std::string default_parent() {
    constexpr uintmax_t kEnough = 256 * 1024 * 1024;
    std::error_code error;
    const auto memory = std::filesystem::space("/dev/shm", error);
    if (!error && memory.available > kEnough) return "/dev/shm";
    return std::filesystem::temp_directory_path().string();
  }

  std::string path_;
};

}  // namespace tests
