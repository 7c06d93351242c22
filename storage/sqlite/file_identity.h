// FileIdentity: whether the path still leads to the file that was opened. A store whose file was
// removed or replaced would go on acknowledging writes into a file that nobody can find again.
// Thread: any. Owns: nothing.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace storage {

class FileIdentity {
 public:
  FileIdentity() = default;
  explicit FileIdentity(std::string path);
  // Empty when it is the same file; otherwise what happened to it.
  std::string change() const;

 private:
  std::string path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace storage
