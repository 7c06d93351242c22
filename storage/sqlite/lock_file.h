// LockFile: one process at a time has a store. The lock is the kernel's (flock), so it ends with
// the process however that ends; the file itself stays. Thread: one. Owns: the file descriptor.
#pragma once

#include <string>

#include "storage/kv/store.h"

namespace storage {

class LockFile {
 public:
  static StoreResult<LockFile> take(const std::string& path);
  ~LockFile();
  LockFile(LockFile&& other) noexcept;
  LockFile& operator=(LockFile&&) = delete;

 private:
  explicit LockFile(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace storage
