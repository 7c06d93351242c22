#include "storage/sqlite/file_identity.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace storage {

FileIdentity::FileIdentity(std::string path) : path_(std::move(path)) {
  struct stat info {};
  if (::stat(path_.c_str(), &info) == 0) {
    device_ = info.st_dev;
    inode_ = info.st_ino;
  }
}

std::string FileIdentity::change() const {
  struct stat info {};
  if (::stat(path_.c_str(), &info) != 0) {
    if (errno != ENOENT) return {};  // cannot tell; the write itself will say more
    return path_ + " was removed while in use";
  }
  if (info.st_dev == device_ && info.st_ino == inode_) return {};
  return path_ + " was replaced by another file while in use";
}

}  // namespace storage
