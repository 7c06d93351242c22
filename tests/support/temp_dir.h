// TempDir: a new folder that is removed with everything in it.
// Thread: one. Owns: the folder.
#pragma once

#include <stdlib.h>

#include <cstdio>
#include <filesystem>
#include <string>

namespace tests {

class TempDir {
 public:
  // In `parent`, or where the system keeps temporary files.
  explicit TempDir(const std::string& parent = std::filesystem::temp_directory_path().string()) {
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
  std::string path_;
};

}  // namespace tests
